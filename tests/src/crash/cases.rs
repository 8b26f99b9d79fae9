//! The list of deaths.

use super::ways::Way;
use dbgo_runtime::faults::{Bug, Point};
use std::fmt;

/// From where a case starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// The old release is published.
    Published,
    /// Nothing was ever built.
    Fresh,
    /// The old release is published, and the state database is lost.
    Adopting,
}

impl Start {
    /// All of them.
    pub const ALL: &'static [Start] = &[Start::Published, Start::Fresh, Start::Adopting];
}

/// What an armed point does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The process dies.
    Kill,
    /// What surrounds the point fails.
    Error,
    /// Somebody else takes the lease.
    TakeOver,
}

/// One death, or something as bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Where it happens.
    pub point: Point,
    /// What the point must be about: a part of a batch's id.
    pub text: &'static str,
    /// The how manieth time that the point is reached.
    pub count: u32,
    /// What happens.
    pub action: Action,
    /// From where.
    pub start: Start,
    /// Where the process waits before, so that the point is reached.
    pub waiting: &'static str,
    /// Where an earlier process was killed, after which this one is the first; nowhere if it is empty.
    pub earlier: &'static str,
    /// The bug that the process has, on purpose: the case must find something then.
    pub bug: Option<Bug>,
}

impl Case {
    const fn killed(point: Point) -> Self {
        Self {
            point,
            text: "",
            count: 1,
            action: Action::Kill,
            start: Start::Published,
            waiting: "",
            earlier: "",
            bug: None,
        }
    }

    const fn about(self, text: &'static str, count: u32) -> Self {
        Self {
            text,
            count,
            ..self
        }
    }

    const fn with(self, action: Action) -> Self {
        Self { action, ..self }
    }

    const fn from(self, start: Start) -> Self {
        Self { start, ..self }
    }

    /// What arms the point.
    pub fn variable(&self) -> String {
        let action = match self.action {
            Action::Kill => "kill",
            Action::Error => "error",
            Action::TakeOver => "take-over",
        };
        let name = self.point.text();
        let armed = match self.text {
            "" => format!("{name}:{}={action}", self.count),
            text => format!("{name}@{text}:{}={action}", self.count),
        };
        match self.waiting {
            "" => armed,
            waiting => format!("{waiting}=wait;{armed}"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = match self.start {
            Start::Published => "",
            Start::Fresh => ", from nothing",
            Start::Adopting => ", without state",
        };
        if let Some(bug) = self.bug {
            write!(formatter, "{}: ", bug.text())?;
        }
        match self.earlier {
            "" => write!(formatter, "{}{start}", self.variable()),
            earlier => write!(formatter, "{earlier}, then {}{start}", self.variable()),
        }
    }
}

/// A batch of each kind of model: the model, and which of its batches.
const BATCHES: &[(&str, u32)] = &[
    ("seeds.countries", 1),
    ("models.staging.orders", 1),
    ("models.core.order_totals", 1),
    ("models.filled.daily_sales", 2),
    ("models.filled.daily_rebuilt", 2),
    ("models.filled.monthly_events", 1),
    ("models.merged.last_orders", 1),
    ("models.merged.latest_orders", 1),
    ("models.merged.homes", 1),
    ("models.merged.status_days", 1),
    ("models.merged.moves", 1),
    ("models.added.loads", 1),
    ("models.marts.sales", 1),
];

/// What a command writes to the state, of which each may be the last thing that it does, and from
/// where it does.
const WRITTEN: &[(&str, Start)] = &[
    ("create environment", Start::Fresh),
    ("update environment", Start::Published),
    ("claim", Start::Published),
    ("save project version", Start::Published),
    ("run-started", Start::Published),
    ("snapshots", Start::Published),
    ("intend", Start::Published),
    ("finish", Start::Published),
    ("dropped", Start::Published),
    ("run-ended", Start::Published),
];

/// A process must live for a part of its lease before it keeps it alive.
const BEFORE_HEARTBEAT: &str = "before-batch@models.core.order_lines:1";

/// Each point once, batches once for each kind of model, and all again as errors.
pub fn short() -> Vec<Case> {
    let mut cases = Vec::new();
    for point in Point::ALL {
        let case = Case::killed(*point).from(start_of(*point));
        match point {
            Point::BeforeBatchCommit | Point::AfterBatchCommit => {
                let of_each = BATCHES
                    .iter()
                    .map(|(text, count)| case.clone().about(text, *count));
                cases.extend(of_each);
            }
            Point::BeforeStatementsCommit | Point::AfterStatementsCommit => {
                cases.extend(["before", "after"].map(|text| case.clone().about(text, 1)));
            }
            Point::BeforeBatch => cases.push(case.about("models.core.order_lines", 1)),
            Point::BeforeStateCommit | Point::AfterStateCommit => {
                let of_each = WRITTEN.iter();
                cases.extend(of_each.map(|(text, start)| case.clone().about(text, 1).from(*start)));
                cases.push(Case {
                    waiting: BEFORE_HEARTBEAT,
                    ..case.about("heartbeat", 1)
                });
            }
            _ => cases.push(case),
        }
        let error = Case::killed(*point)
            .from(start_of(*point))
            .with(Action::Error);
        cases.push(match point {
            Point::BeforeBatch | Point::BeforeBatchCommit | Point::AfterBatchCommit => {
                error.about("models.added.loads", 1)
            }
            _ => error,
        });
    }
    cases.extend(taken_over());
    let given_up = [Point::BeforeStateCommit, Point::AfterStateCommit].map(|point| Case {
        earlier: "after-state-commit@claim:1=kill",
        ..Case::killed(point).about("abandon", 1)
    });
    cases.extend(given_up);
    cases
}

/// Other commands, with where each of them dies: what `run` and `apply` don't pass.
pub fn chores() -> Vec<(Way, Vec<Case>)> {
    use Point::{
        AfterPublicationCommit, AfterStateCommit, AfterSweepCommit, BeforePublicationCommit,
        BeforeStateCommit, BeforeSweepCommit,
    };
    let written = |names: &[&'static str]| -> Vec<Case> {
        let each = names.iter().flat_map(|name| {
            [BeforeStateCommit, AfterStateCommit].map(|point| Case::killed(point).about(name, 1))
        });
        each.collect()
    };
    let at = |points: &[Point]| -> Vec<Case> {
        points.iter().map(|point| Case::killed(*point)).collect()
    };
    let about = |text| {
        [BeforeSweepCommit, AfterSweepCommit].map(|point| Case::killed(point).about(text, 1))
    };
    let published = || at(&[BeforePublicationCommit, AfterPublicationCommit]);
    let imported = |case: Case| case.from(Start::Adopting);
    vec![
        (Way::again(), written(&["release", "set plan status"])),
        (
            Way::janitor(),
            [
                written(&[
                    "claim engine",
                    "retire",
                    "bury",
                    "dropped",
                    "release",
                    "prune",
                ]),
                at(&[BeforeSweepCommit, AfterSweepCommit]),
                about("ledger").to_vec(),
            ]
            .concat(),
        ),
        (
            Way::promote(),
            [written(&["claim", "intend", "finish"]), published()].concat(),
        ),
        (
            Way::drop(),
            [
                written(&["claim", "finish", "drop environment"]),
                published(),
            ]
            .concat(),
        ),
        (
            Way::forget(),
            [
                written(&["claim engine", "forget", "release"]),
                at(&[BeforeSweepCommit, AfterSweepCommit]),
            ]
            .concat(),
        ),
        (
            Way::import(),
            written(&["import"]).into_iter().map(imported).collect(),
        ),
    ]
}

/// The cases that differ where a plan is applied: from where it is stored to where it is done.
pub fn of_a_plan() -> Vec<Case> {
    let state = |text| Case::killed(Point::AfterStateCommit).about(text, 1);
    vec![
        Case::killed(Point::BeforeStateCommit).about("save plan", 1),
        state("save plan"),
        state("claim"),
        state("run-started"),
        Case::killed(Point::AfterFenceCommit),
        Case::killed(Point::AfterBatchCommit).about("models.marts.sales", 1),
        Case::killed(Point::BeforePublication),
        state("intend"),
        Case::killed(Point::AfterPublicationCommit),
        state("finish"),
        Case::killed(Point::BeforePublication).with(Action::TakeOver),
    ]
}

/// The cases that are about the state.
pub fn of_the_state() -> Vec<Case> {
    use Point::{AfterLayoutCommit, AfterStateCommit, BeforeLayoutCommit, BeforeStateCommit};
    const ABOUT: [Point; 4] = [
        BeforeLayoutCommit,
        AfterLayoutCommit,
        BeforeStateCommit,
        AfterStateCommit,
    ];
    let mut cases = short();
    cases.retain(|case| ABOUT.contains(&case.point));
    cases
}

/// Somebody else takes the lease before a batch, before the last one and before the publication.
pub fn taken_over() -> Vec<Case> {
    let taken = |point| Case::killed(point).with(Action::TakeOver);
    vec![
        taken(Point::BeforeBatch).about("models.added.loads", 1),
        taken(Point::BeforeBatch).about("models.marts.sales", 1),
        taken(Point::BeforePublication),
    ]
}

/// The cases that must find the seeded bugs.
pub fn revealing() -> Vec<Case> {
    Bug::ALL
        .iter()
        .flat_map(|bug| revealing_one(*bug))
        .collect()
}

fn revealing_one(bug: Bug) -> Vec<Case> {
    let added = |point| Case::killed(point).about("models.added.loads", 1);
    let cases = match bug {
        Bug::IntervalBeforeCommit => vec![added(Point::BeforeBatchCommit)],
        Bug::IntervalAfterWithoutLedger => vec![added(Point::AfterBatchCommit)],
        Bug::NoFence => taken_over(),
        Bug::TwoPublications => vec![Case::killed(Point::AfterPublicationCommit)],
    };
    let with = |case| Case {
        bug: Some(bug),
        ..case
    };
    cases.into_iter().map(with).collect()
}

/// A part of all cases: where a lake differs from a file.
pub fn of_a_lake() -> Vec<Case> {
    use Point::{
        AfterBatchCommit, AfterFenceCommit, AfterPublicationCommit, AfterStateCommit, BeforeBatch,
    };
    vec![
        Case::killed(AfterFenceCommit),
        Case::killed(AfterBatchCommit).about("models.added.loads", 1),
        Case::killed(AfterPublicationCommit),
        Case::killed(AfterStateCommit).about("claim engine", 1),
        Case::killed(BeforeBatch)
            .about("models.added.loads", 1)
            .with(Action::TakeOver),
    ]
}

/// From where a point is reached.
fn start_of(point: Point) -> Start {
    match point {
        Point::BeforeBookkeepingCommit
        | Point::AfterBookkeepingCommit
        | Point::BeforeLayoutCommit
        | Point::AfterLayoutCommit => Start::Fresh,
        Point::BeforeAdoptCommit | Point::AfterAdoptCommit => Start::Adopting,
        _ => Start::Published,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeSet, HashSet};
    use std::path::Path;

    fn all() -> Vec<Case> {
        let chores = chores().into_iter().flat_map(|(_, cases)| cases);
        let of_run = short().into_iter().chain(of_a_plan());
        of_run.chain(chores).collect()
    }

    #[test]
    fn every_point_kills() {
        let killed: HashSet<Point> = all()
            .iter()
            .filter(|case| case.action == Action::Kill)
            .map(|case| case.point)
            .collect();
        let missing = Point::ALL.iter().find(|point| !killed.contains(point));
        assert_eq!(missing, None);
    }

    /// The names of what is written to the state stand in its sources, beside the project whose part it is.
    #[test]
    fn every_commit_of_the_state_kills() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src/state");
        let mut names = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                names.extend(written_in(&std::fs::read_to_string(path).unwrap()));
            }
        }
        assert!(names.len() > 15, "{names:?}");
        let all = all();
        for point in [Point::BeforeStateCommit, Point::AfterStateCommit] {
            let killed: HashSet<&str> = all
                .iter()
                .filter(|case| case.point == point && case.action == Action::Kill)
                .map(|case| case.text)
                .collect();
            let missing = names.iter().find(|name| !killed.contains(name.as_str()));
            assert_eq!(missing, None, "{point:?}");
        }
    }

    /// What follows `.write((project, "`, `.write_quietly((project, "` and `.transact((Mode::Write, "`, on
    /// however many lines.
    fn written_in(source: &str) -> Vec<String> {
        let words: Vec<&str> = source.split_whitespace().collect();
        let text = words.join(" ");
        let calls = ["write((", "write_quietly((", "transact((Mode::Write"];
        let calls = calls.iter().flat_map(|it| {
            text.match_indices(it)
                .map(|(at, it)| &text[at + it.len()..])
        });
        let name = |call: &str| {
            let (project, rest) = call.split_once(", \"")?;
            let (name, _) = rest.split_once('"')?;
            (!project.contains(')')).then(|| name.to_owned())
        };
        calls.filter_map(name).collect()
    }
}
