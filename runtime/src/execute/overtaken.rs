//! What a promotion would take back though the environment that is promoted never knew it.
//!
//! An environment that was made from another one remembers at which revision, and is compared with that.
//! Any other one may have been applied from whatever project, so that only histories tell what it knows.
//! Something that the target shows is lost where the promotion shows something else in its place, the
//! promoted environment never had it, and
//!
//! - that one was there before the target got it, so that nobody who worked there has seen it; or
//! - what comes in its place is what the target showed before, as by somebody who works on an old project.
//!
//! What is left is what began after the target had it: such work may be taken to begin there.

use crate::error::{Code, Error, Kind, Result};
use crate::plan::{Plan, Purpose, Target};
use crate::situation::Situation;
use crate::state::{Environment as Row, HistoryEntry, PinnedModel, State};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// How many models a message names.
const NAMED: usize = 5;

/// Refuses a promotion that would take back what the promoted environment never knew.
///
/// # Errors
/// `base-moved` with the models; failures of the state.
pub fn check_overtaken(situation: &mut Situation<'_>, from: &Row, target: &Target) -> Result<()> {
    let Some(row) = situation.pointer().cloned() else {
        return Ok(());
    };
    let replaced: BTreeMap<String, PinnedModel> = situation
        .pinned
        .iter()
        .filter(|(path, shown)| shown.kind != "source" && version_in(target, path) != shown.version)
        .map(|(path, shown)| (path.clone(), shown.clone()))
        .collect();
    if replaced.is_empty() {
        return Ok(());
    }
    let project = situation.place.scope.project.clone();
    let mut lists = Lists {
        state: &mut situation.state,
        project: &project,
        read: HashMap::new(),
    };
    let known = Known::of(&mut lists, from)?;
    if known.hashes.contains(&row.project_hash) {
        return Ok(());
    }
    let mut looking = Looking {
        known: &known,
        target,
        open: replaced,
        lost: BTreeSet::new(),
    };
    looking.drop_known();
    looking.look_back(&mut lists, &row.name)?;
    match looking.lost.is_empty() {
        true => Ok(()),
        false => Err(overtaken(&row.name, &from.name, &looking.lost)),
    }
}

fn version_in<'t>(target: &'t Target, path: &str) -> &'t str {
    let model = target.models.get(path);
    model.map_or("", |model| model.pinned.version.as_str())
}

fn overtaken(name: &str, from: &str, lost: &BTreeSet<String>) -> Error {
    let mut names: Vec<String> = lost
        .iter()
        .take(NAMED)
        .map(|it| format!("`{it}`"))
        .collect();
    if lost.len() > NAMED {
        names.push(format!("and {} more", lost.len() - NAMED));
    }
    Error::new(
        Kind::Refused,
        Code::BaseMoved,
        format!(
            "`{name}` shows what `{from}` never had, and would lose it: {}",
            names.join(", ")
        ),
    )
    .hint(format!(
        "bring the project in line with it and apply it to `{from}`; `--rebase` promotes all the same"
    ))
}

/// Lists of models by the id of their project version, each read once.
struct Lists<'s> {
    state: &'s mut State,
    project: &'s str,
    read: HashMap<String, Rc<HashMap<String, String>>>,
}

impl Lists<'_> {
    /// The version of each model; nothing for a list that isn't known any more.
    fn versions(&mut self, id: &str) -> Result<Rc<HashMap<String, String>>> {
        if let Some(list) = self.read.get(id) {
            return Ok(list.clone());
        }
        let version = self.state.project_version(self.project, id)?;
        let models = version.map(|version| version.models).unwrap_or_default();
        let list = models.into_iter().map(|it| (it.model, it.version));
        let list: Rc<HashMap<String, String>> = Rc::new(list.collect());
        self.read.insert(id.to_owned(), list.clone());
        Ok(list)
    }

    fn history(&mut self, environment: &str) -> Result<Vec<HistoryEntry>> {
        self.state.history(self.project, environment, u32::MAX)
    }

    /// The environment that was promoted by a plan.
    fn promoted_by(&mut self, plan: &str) -> Result<Option<String>> {
        let found = self.state.plan(self.project, plan)?;
        let plan = found.iter().find(|stored| stored.id == plan);
        let plan = plan.and_then(|stored| Plan::from_json(&stored.document).ok());
        Ok(match plan.map(|plan| plan.purpose) {
            Some(Purpose::Promote { from }) => Some(from),
            _ => None,
        })
    }
}

/// What an environment has, and had.
struct Known {
    name: String,
    /// Projects that were applied to it.
    hashes: HashSet<String>,
    /// Models with their versions.
    versions: HashSet<(String, String)>,
    /// When it was first applied.
    since: jiff::Timestamp,
}

impl Known {
    fn of(lists: &mut Lists<'_>, row: &Row) -> Result<Self> {
        let mut known = Self {
            name: row.name.clone(),
            hashes: HashSet::new(),
            versions: HashSet::new(),
            since: row.created_at,
        };
        let entries = lists.history(&row.name)?;
        let ids = entries.iter().map(|entry| entry.project_version.as_str());
        let ids: BTreeSet<&str> = ids.chain([row.project_version.as_str()]).collect();
        for id in ids {
            let list = lists.versions(id)?;
            let pairs = list.iter();
            let pairs = pairs.map(|(model, version)| (model.clone(), version.clone()));
            known.versions.extend(pairs);
        }
        let hashes = entries.into_iter().map(|entry| entry.project_hash);
        let hashes = hashes.chain([row.project_hash.clone()]);
        // A part of a project has no hash, and is no project that anybody knows.
        known.hashes = hashes.filter(|hash| !hash.is_empty()).collect();
        Ok(known)
    }
}

/// Looks for what would be lost.
struct Looking<'a> {
    known: &'a Known,
    target: &'a Target,
    /// Models of which it isn't decided yet, as the environment shows them.
    open: BTreeMap<String, PinnedModel>,
    /// The names of those that would be lost.
    lost: BTreeSet<String>,
}

impl Looking<'_> {
    /// Leaves out what the promoted environment had once, and moved on from.
    fn drop_known(&mut self) {
        let known = self.known;
        self.open.retain(|path, shown| {
            let pair = (path.clone(), shown.version.clone());
            !known.versions.contains(&pair)
        });
    }

    /// Goes back in the history of the environment until of each model it is known when it got what it shows,
    /// and whether it had before what it would get.
    fn look_back(&mut self, lists: &mut Lists<'_>, name: &str) -> Result<()> {
        // Models that it had otherwise before: only whether it goes back is left to be told.
        let mut earlier: BTreeMap<String, PinnedModel> = BTreeMap::new();
        let mut introduced: Option<HistoryEntry> = None;
        for entry in lists.history(name)? {
            if self.open.is_empty() && earlier.is_empty() {
                break;
            }
            let list = lists.versions(&entry.project_version)?;
            let version = |path: &str| list.get(path).map_or("", String::as_str);
            let (kept, ended): (Vec<_>, Vec<_>) = std::mem::take(&mut self.open)
                .into_iter()
                .partition(|(path, shown)| version(path) == shown.version);
            self.open = kept.into_iter().collect();
            if let (Some(first), false) = (&introduced, ended.is_empty())
                && !self.brought(lists, first)?
            {
                for (path, shown) in ended {
                    match self.known.since < first.at {
                        true => self.lose(&shown),
                        false => drop(earlier.insert(path, shown)),
                    }
                }
            }
            let (back, others): (Vec<_>, Vec<_>) = earlier
                .into_iter()
                .partition(|(path, _)| version(path) == version_in(self.target, path));
            back.iter().for_each(|(_, shown)| self.lose(shown));
            earlier = others.into_iter().collect();
            introduced = Some(entry);
        }
        // What it shows since it is known at all.
        if let Some(first) = introduced
            && self.known.since < first.at
            && !self.brought(lists, &first)?
        {
            let rest: Vec<PinnedModel> = std::mem::take(&mut self.open).into_values().collect();
            rest.iter().for_each(|shown| self.lose(shown));
        }
        Ok(())
    }

    fn lose(&mut self, shown: &PinnedModel) {
        self.lost.insert(format!("{}.{}", shown.schema, shown.name));
    }

    /// Whether an entry of the history came from what the promoted environment had.
    fn brought(&self, lists: &mut Lists<'_>, entry: &HistoryEntry) -> Result<bool> {
        Ok(self.known.hashes.contains(&entry.project_hash)
            || lists.promoted_by(&entry.plan)?.as_ref() == Some(&self.known.name))
    }
}
