//! What is done, one thing at a time: reading, compiling, showing rows, building.

use super::changes::{self, Changes};
use super::event::Event;
use crate::arguments::DevArguments;
use crate::revision;
use crate::workspace::{Judge, Loaded, NotLoaded, Workspace};
use dbgo_compiler::diagnostic::{Diagnostic, render};
use dbgo_compiler::lineage::project::ProjectLineage;
use dbgo_compiler::lineage::text::{self, Ways};
use dbgo_compiler::project::Development;
use dbgo_compiler::source::SourceSet;
use dbgo_contract::{Materialization, ModelDef};
use dbgo_runtime::cli::{self, PreviewOptions, Terminal};
use dbgo_runtime::error::{Code, Error, Kind};
use dbgo_runtime::execute::{self, HeldEngine, Interrupt, RunOptions};
use dbgo_runtime::project::{Project, Relation};
use dbgo_runtime::selection::{self, Facts};
use dbgo_runtime::situation::{Place, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How many models may change at once for each to be looked at by itself: more are the work of git or
/// of a change of settings, after which nobody waits for the rows of one model.
const FEW: usize = 20;

/// Something to do.
#[derive(Clone, Debug)]
pub enum Job {
    /// Files were saved.
    Save(Save),
    /// Build what was edited, and all that it needs.
    Build,
    /// Build what was edited and all that reads it.
    BuildDownstream,
    /// Build the model that is shown anew.
    FullRefresh,
    /// Show the SQL of the model that is shown.
    Sql,
    /// Show what the columns of the model that is shown are made of, and what is made of them.
    Lineage,
    /// Let go of the engine.
    Release,
}

/// Files that were saved.
#[derive(Clone, Debug)]
pub struct Save {
    /// Their paths; none for the first look at the project.
    pub files: BTreeSet<String>,
    /// When the last of them was.
    pub at: Instant,
}

/// The development loop's state: the last good version of the project, and the engine.
pub struct Work {
    root: PathBuf,
    arguments: DevArguments,
    settings: Development,
    /// The last version that could be loaded.
    loaded: Option<Loaded>,
    /// The version that was shown last.
    shown: Option<Shown>,
    /// The model whose rows are shown, by import path.
    focus: Option<String>,
    /// The models that were edited and not built since.
    edited: BTreeSet<String>,
    engine: Option<HeldEngine>,
    /// The warnings that were told last.
    told: String,
}

/// What a process knows that another one takes the place of.
#[derive(Clone, Debug, Default)]
pub struct Heritage {
    /// The model that is shown.
    pub focus: Option<String>,
    /// The hash of the project that was loaded last.
    pub shown: Option<String>,
}

/// A version of the project that was shown.
struct Shown {
    bodies: BTreeMap<&'static str, [u8; 32]>,
    models: BTreeMap<&'static str, &'static ModelDef>,
}

impl Work {
    /// Nothing is known yet.
    pub fn new(root: &Path, arguments: &DevArguments) -> Self {
        Self {
            root: root.to_owned(),
            focus: arguments.focus.clone(),
            arguments: arguments.clone(),
            settings: Development::default(),
            loaded: None,
            shown: None,
            edited: BTreeSet::new(),
            engine: None,
            told: String::new(),
        }
    }

    /// What a process that takes this one's place has to know.
    pub fn heritage(&self) -> Heritage {
        let loaded = self.loaded.as_ref();
        Heritage {
            focus: self.focus.clone(),
            shown: loaded.map(|loaded| loaded.project.def.hash.to_string()),
        }
    }

    /// Does something, and tells what happens. A wish to stop is followed between two steps and within
    /// a statement of the engine.
    pub fn perform(&mut self, job: &Job, interrupt: &Interrupt, tell: &mut dyn FnMut(Event)) {
        match job {
            Job::Save(save) => self.save(save, interrupt, tell),
            Job::Release => {
                self.engine = None;
                tell(Event::Released);
            }
            Job::Build => {
                let wanted = self.wanted();
                let select = wanted.iter().map(|model| format!("+{model}")).collect();
                self.build_on_request(select, false, interrupt, tell);
            }
            Job::BuildDownstream => {
                let wanted = self.wanted();
                let select = wanted.iter().map(|model| format!("{model}+")).collect();
                self.build_on_request(select, false, interrupt, tell);
            }
            Job::FullRefresh => match self.focus.clone() {
                Some(model) => self.build_on_request(vec![model], true, interrupt, tell),
                None => tell(nothing_shown()),
            },
            Job::Sql => self.sql(tell),
            Job::Lineage => self.lineage(tell),
        }
    }

    fn save(&mut self, save: &Save, interrupt: &Interrupt, tell: &mut dyn FnMut(Event)) {
        if !save.files.is_empty() {
            tell(Event::Saved {
                files: save.files.clone(),
            });
        }
        let workspace = Workspace::at(&self.root);
        if let Some(settings) = workspace.settings() {
            self.settings = settings.dev;
        }
        let (sources, loaded) = workspace.renew();
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(NotLoaded::Findings(found)) => {
                self.told.clear();
                tell(findings(&sources, &found.diagnostics, save.at));
                return;
            }
            Err(NotLoaded::Broken(error)) => return tell(Event::Failed(error)),
        };
        self.warn(&sources, &loaded.diagnostics, save.at, tell);
        let is_first = self.loaded.is_none();
        let models = loaded.project.models().len();
        if is_first {
            tell(Event::Started {
                project: loaded.project.def.name.to_string(),
                place: place(&loaded.project, self.arguments.env.clone()),
                models,
            });
        }
        let touched = changes::touched(&loaded, &save.files);
        let (steps, bodies) = (loaded.steps, loaded.bodies.clone());
        let loaded = self.loaded.insert(loaded);
        let is_first_look = self.shown.is_none();
        let shown = self.shown.get_or_insert_with(|| Shown::of(loaded));
        let changes = Changes::between(&shown.bodies, &bodies);
        if is_first_look && save.files.is_empty() {
            return self.catch_up(save, interrupt, tell);
        }
        let present = changes.present().cloned().collect();
        tell(Event::Loaded {
            models,
            changes,
            steps,
        });
        let selected = (self.selected(touched)).and_then(|touched| {
            let present = self.selected(present)?;
            Ok((touched, present))
        });
        let (touched, present) = match selected {
            Ok(selected) => selected,
            Err(error) => return tell(Event::Failed(error)),
        };
        self.look(save, &touched, &present);
        if interrupt.is_wished() {
            return;
        }
        self.show(save, (&touched, &present), interrupt, tell);
        if let Some(loaded) = self.loaded.as_ref().filter(|_| !interrupt.is_wished()) {
            self.shown = Some(Shown::of(loaded));
        }
    }

    /// Looks at the shown model again if something was saved while this process took another one's place.
    fn catch_up(&mut self, save: &Save, interrupt: &Interrupt, tell: &mut dyn FnMut(Event)) {
        let (Some(shown), Some(focus)) = (self.arguments.shown.take(), self.focus.clone()) else {
            return;
        };
        let loaded = self.loaded.as_ref();
        if loaded.is_some_and(|loaded| loaded.project.def.hash.as_str() != shown) {
            let edited = BTreeSet::from([focus]);
            self.edited.clone_from(&edited);
            self.show(save, (&edited, &edited), interrupt, tell);
        }
    }

    /// Tells warnings that are new.
    fn warn(
        &mut self,
        sources: &SourceSet,
        found: &[Diagnostic],
        at: Instant,
        tell: &mut dyn FnMut(Event),
    ) {
        let text = render::concise(sources, found);
        if !text.is_empty() && text != self.told {
            tell(findings(sources, found, at));
        }
        self.told = text;
    }

    /// Decides which model is looked at from now on.
    fn look(&mut self, save: &Save, touched: &BTreeSet<String>, present: &BTreeSet<String>) {
        let both: BTreeSet<String> = touched.intersection(present).cloned().collect();
        let few = |models: &&BTreeSet<String>| !models.is_empty() && models.len() <= FEW;
        let chosen = [&both, touched, present].into_iter().find(few);
        let is_there = |model: &String| {
            let loaded = self.loaded.as_ref();
            loaded.is_some_and(|loaded| loaded.bodies.contains_key(model.as_str()))
        };
        self.focus = self.focus.take().filter(is_there);
        self.edited.extend(touched.union(present).cloned());
        let loaded = self.loaded.as_ref();
        self.edited.retain(|model| {
            loaded.is_some_and(|loaded| loaded.bodies.contains_key(model.as_str()))
        });
        let Some(chosen) = chosen.filter(|_| !save.files.is_empty()) else {
            return;
        };
        if !self
            .focus
            .as_ref()
            .is_some_and(|focus| chosen.contains(focus))
        {
            self.focus = chosen.first().cloned();
        }
    }

    /// Shows the model that is looked at, and builds what was edited if that takes no time.
    fn show(
        &mut self,
        save: &Save,
        (touched, present): (&BTreeSet<String>, &BTreeSet<String>),
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(Event),
    ) {
        let edited: BTreeSet<String> = touched.union(present).cloned().collect();
        if edited.is_empty() {
            return;
        }
        if edited.len() > FEW {
            let count = edited.len();
            tell(Event::Note(format!(
                "{count} models changed at once: `a` builds them"
            )));
            return;
        }
        self.tell_columns(tell);
        if let Err(error) = self.hold() {
            return tell(Event::Failed(error));
        }
        // Rows of a seed are in the engine only when it was loaded.
        let is_data = save.files.iter().any(|file| file.starts_with("seeds/"));
        if !is_data {
            self.preview(save.at, interrupt, tell);
        }
        if interrupt.is_wished() {
            return;
        }
        self.build_if_small(&edited, interrupt, tell);
        if is_data && !interrupt.is_wished() {
            self.preview(save.at, interrupt, tell);
        }
    }

    fn tell_columns(&self, tell: &mut dyn FnMut(Event)) {
        let (Some(focus), Some(shown)) = (&self.focus, &self.shown) else {
            return;
        };
        let before = shown.models.get(focus.as_str());
        let Some((after, before)) = self.model(focus).map(|(_, after)| after).zip(before) else {
            return;
        };
        let changes = changes::columns(before, after);
        if !changes.is_empty() {
            tell(Event::Columns {
                model: focus.clone(),
                changes,
            });
        }
    }

    /// A model of the last good version.
    fn model(&self, path: &str) -> Option<(usize, &'static ModelDef)> {
        let project = &self.loaded.as_ref()?.project;
        match project.find(path).ok()? {
            Relation::Model(index) => Some((index, project.model(index).def)),
            _ => None,
        }
    }

    /// Opens the engine, if it isn't open.
    fn hold(&mut self) -> Result<(), Error> {
        let Some(loaded) = &self.loaded else {
            return Ok(());
        };
        let held = execute::hold_engine(&loaded.project, &self.request())?;
        self.engine = Some(held);
        Ok(())
    }

    fn request(&self) -> Request {
        Request {
            environment: self.arguments.env.clone(),
            ..Request::default()
        }
    }

    fn preview(&self, at: Instant, interrupt: &Interrupt, tell: &mut dyn FnMut(Event)) {
        let (Some(focus), Some(loaded)) = (&self.focus, &self.loaded) else {
            return;
        };
        let Some((index, _)) = self.model(focus) else {
            return;
        };
        let began = Instant::now();
        let preview = cli::preview(&loaded.project, index, &self.options(), interrupt);
        let model = loaded.project.model(index).relation();
        match preview {
            Ok(preview) => tell(Event::Rows {
                model: model.clone(),
                preview: Box::new(preview),
                took: began.elapsed(),
                since_save: at.elapsed(),
            }),
            Err(error) if error.code == Code::Interrupted => return,
            Err(error) => tell(Event::NoRows {
                model: model.clone(),
                error,
            }),
        }
        let readers = loaded.project.graph().children(index).len();
        if readers > 0 {
            tell(Event::Downstream { model, readers });
        }
    }

    fn options(&self) -> PreviewOptions {
        PreviewOptions {
            environment: self.arguments.env.clone(),
            limit: self.arguments.limit,
            as_json: self.arguments.json,
        }
    }

    /// Builds edited models unless one of them has to go through many rows.
    fn build_if_small(
        &mut self,
        edited: &BTreeSet<String>,
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(Event),
    ) {
        let Some(loaded) = &self.loaded else { return };
        if is_protected(&loaded.project, &self.request()) {
            return;
        }
        for path in edited {
            let Some((index, _)) = self.model(path) else {
                continue;
            };
            let model = loaded.project.model(index);
            if matches!(
                model.materialization,
                Materialization::View | Materialization::Ephemeral
            ) {
                continue;
            }
            let most = self.settings.auto_rows;
            match cli::largest_step(&loaded.project, index, &self.options(), interrupt) {
                Some(rows) if rows <= most => {}
                Some(rows) => {
                    let model = model.relation();
                    return tell(Event::NotBuilt { model, rows, most });
                }
                // Why it can't be told was said where its rows were to be shown.
                None => return,
            }
        }
        let suffix = if self.arguments.downstream { "+" } else { "" };
        let select = edited.iter().map(|model| format!("{model}{suffix}"));
        self.build(select.collect(), false, interrupt, tell);
    }

    /// What a key is about: the models that were edited and aren't built, or else the one that is shown.
    fn wanted(&self) -> BTreeSet<String> {
        match &self.focus {
            Some(focus) if self.edited.is_empty() => BTreeSet::from([focus.clone()]),
            _ => self.edited.clone(),
        }
    }

    fn build_on_request(
        &mut self,
        mut select: Vec<String>,
        full_refresh: bool,
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(Event),
    ) {
        if select.is_empty() {
            select.clone_from(&self.arguments.select);
        }
        match self.hold() {
            Ok(()) => self.build(select, full_refresh, interrupt, tell),
            Err(error) => tell(Event::Failed(error)),
        }
    }

    fn build(
        &mut self,
        select: Vec<String>,
        full_refresh: bool,
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(Event),
    ) {
        let Some(loaded) = &self.loaded else { return };
        let terminal = Terminal {
            commit: revision::commit(&self.root).unwrap_or_default(),
            ..Terminal::plain()
        };
        let options = RunOptions {
            environment: self.arguments.env.clone(),
            select,
            full_refresh,
            forgets_versions: true,
            author: terminal.author(),
            ..RunOptions::default()
        };
        let outcome = execute::run(&loaded.project, &options, interrupt, &mut |event| {
            tell(Event::Run(event));
        });
        match outcome {
            Ok(outcome) if outcome.trouble.is_none() => self.edited.clear(),
            Ok(_) => {}
            Err(error) if error.code == Code::Interrupted => {}
            Err(error) => tell(Event::Failed(error)),
        }
    }

    fn sql(&self, tell: &mut dyn FnMut(Event)) {
        let (Some(focus), Some(loaded)) = (&self.focus, &self.loaded) else {
            return tell(nothing_shown());
        };
        let Some((index, _)) = self.model(focus) else {
            return tell(nothing_shown());
        };
        let text = cli::query_text(&loaded.project, index, self.arguments.env.as_deref());
        tell(match text {
            Ok(text) => Event::Shown {
                what: "sql",
                model: loaded.project.model(index).relation(),
                text,
            },
            Err(error) => Event::Failed(error),
        });
    }

    fn lineage(&self, tell: &mut dyn FnMut(Event)) {
        let Some(focus) = &self.focus else {
            return tell(nothing_shown());
        };
        let (compilation, _) = Workspace::at(&self.root).compile(Judge::Compiler);
        let project = ProjectLineage::new(&compilation.project);
        let ways = Ways {
            up: true,
            down: true,
        };
        match project.find(focus) {
            Ok((table, column)) => tell(Event::Shown {
                what: "lineage",
                model: focus.clone(),
                text: text::text(&project, table, column, ways),
            }),
            Err(unknown) => tell(Event::Note(unknown.message)),
        }
    }

    /// Those of the models that the command line selects.
    fn selected(&self, models: BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        let Some(loaded) = self
            .loaded
            .as_ref()
            .filter(|_| !self.arguments.select.is_empty())
        else {
            return Ok(models);
        };
        let selection = selection::select(&loaded.project, &self.arguments.select, &[], &NoState)?;
        let models = models.into_iter();
        Ok(models
            .filter(|path| {
                self.model(path)
                    .is_some_and(|(index, _)| selection.models.contains(&index))
            })
            .collect())
    }
}

impl Shown {
    fn of(loaded: &Loaded) -> Self {
        let models = loaded.project.models().iter();
        Self {
            bodies: loaded.bodies.clone(),
            models: models
                .map(|model| (model.def.path.as_str(), model.def))
                .collect(),
        }
    }
}

fn nothing_shown() -> Event {
    Event::Note("no model is shown: save one".to_owned())
}

/// The environment and where its engine is, as far as that can be told.
fn place(project: &Project, environment: Option<String>) -> Option<(String, String)> {
    let request = Request {
        environment,
        ..Request::default()
    };
    let place = Place::of(project, &request).ok()?;
    let engine = format!("{} {}", place.engine.kind, place.engine.shown);
    Some((place.environment.name.to_owned(), engine))
}

/// Whether only a plan may change the environment.
fn is_protected(project: &Project, request: &Request) -> bool {
    Place::of(project, request).is_ok_and(|place| place.environment.protected)
}

fn findings(sources: &SourceSet, found: &[Diagnostic], at: Instant) -> Event {
    let json = render::json(sources, found);
    Event::Findings {
        text: render::full(sources, found, false),
        json: serde_json::from_str(&json).unwrap_or_default(),
        has_errors: found.iter().any(Diagnostic::is_error),
        took: at.elapsed(),
    }
}

/// Selectors of the development loop name models by what the project says of them.
struct NoState;

impl Facts for NoState {
    fn is_changed(&self, _: usize) -> dbgo_runtime::error::Result<bool> {
        Err(needs_state("changed"))
    }

    fn with_result(&self, status: &str) -> dbgo_runtime::error::Result<BTreeSet<usize>> {
        Err(needs_state(&format!("result:{status}")))
    }
}

fn needs_state(selector: &str) -> Error {
    let message = format!("`{selector}` asks for the state, which `dbgo dev` doesn't select by");
    Error::new(Kind::Usage, Code::UnknownSelector, message).hint("name models, folders or tags")
}
