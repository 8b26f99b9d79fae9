//! States, and what is written into them.

use dbgo_runtime::intervals::{IntervalSet, Range, parse_instant};
use dbgo_runtime::state::*;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

pub const PROJECT: &str = "shop";
pub const ENGINE: &str = "local";

/// Runs a test on a new file, and on a new schema of a server where Postgres is installed.
pub fn on_both(test: impl Fn(&StateAddress)) {
    let folder = tempfile::tempdir().unwrap();
    test(&sqlite(&folder));
    if let Some(server) = dbgo_test_postgres::server() {
        test(&address(&server.fresh()));
    }
}

pub fn sqlite(folder: &tempfile::TempDir) -> StateAddress {
    StateAddress::Sqlite(folder.path().join("deep/state.db"))
}

pub fn address(url: &str) -> StateAddress {
    StateAddress::parse(url, |path| path.into()).unwrap()
}

pub fn open(address: &StateAddress) -> State {
    State::open(address).unwrap()
}

pub fn scope() -> Scope {
    scope_of("dev_ana")
}

pub fn scope_of(environment: &str) -> Scope {
    Scope {
        project: PROJECT.to_owned(),
        engine: ENGINE.to_owned(),
        environment: environment.to_owned(),
    }
}

/// An instant some seconds after 2013 began.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_356_998_400 + seconds).unwrap()
}

pub fn text(text: &str) -> String {
    text.to_owned()
}

pub fn snapshot(model: &str, version: &str) -> Snapshot {
    Snapshot {
        model: text(model),
        version: text(version),
        physical: format!("main__{model}__{version}_1"),
        generation: 1,
        kind: text("table"),
        load: text("b1"),
        reads: BTreeMap::from([(text("seeds.x"), text("l\"1"))]),
        columns: vec![(text("a"), text("DECIMAL(18,2)"))],
        definition: String::new(),
        uses: Vec::new(),
        loaded_at: Timestamp::UNIX_EPOCH,
        audits: Vec::new(),
        preview: String::new(),
    }
}

pub fn object(snapshot: &Snapshot) -> Object {
    Object {
        physical: snapshot.physical.clone(),
        kind: snapshot.kind.clone(),
        model: snapshot.model.clone(),
        version: snapshot.version.clone(),
        generation: snapshot.generation,
        load: snapshot.load.clone(),
        reads: snapshot.reads.clone(),
        uses: snapshot.uses.clone(),
        loaded_at: snapshot.loaded_at,
        created_at: at(0),
        preview: snapshot.preview.clone(),
        tombstone: None,
    }
}

/// What a batch that built a snapshot writes.
pub fn built(snapshot: &Snapshot) -> [Change; 2] {
    [
        Change::Object(object(snapshot)),
        Change::Snapshot(snapshot.clone()),
    ]
}

pub fn published(environment: &str, snapshot: &Snapshot) -> Change {
    Change::Published {
        environment: text(environment),
        entry: Published {
            model: snapshot.model.clone(),
            version: snapshot.version.clone(),
            physical: snapshot.physical.clone(),
            view_schema: format!("main__{environment}"),
            view_name: snapshot.model.clone(),
            columns: text("c"),
        },
    }
}

pub fn ranges(ranges: &[(&str, &str)]) -> IntervalSet {
    let range = |(start, end): &(&str, &str)| {
        Range::new(parse_instant(start).unwrap(), parse_instant(end).unwrap()).unwrap()
    };
    ranges.iter().map(range).collect()
}

pub fn run(id: &str) -> Change {
    run_at(id, at(0))
}

pub fn run_at(id: &str, started_at: Timestamp) -> Change {
    Change::RunStarted(RunRecord {
        id: text(id),
        command: text("apply"),
        plan: text("0a0b0c0d"),
        by: text("ana"),
        project_hash: text("h"),
        started_at,
    })
}

pub fn ended(id: &str) -> Change {
    Change::RunEnded {
        id: text(id),
        status: "done",
        duration_ms: Some(12),
    }
}

pub fn environment(name: &str) -> Environment {
    Environment {
        name: text(name),
        engine: text(ENGINE),
        revision: 0,
        project_version: String::new(),
        project_hash: String::new(),
        commit: String::new(),
        base: String::new(),
        base_revision: 0,
        protected: false,
        created_at: at(1),
        changed_at: at(2),
        changed_by: text("ana"),
        expires_at: None,
        pending_plan: String::new(),
        intent: String::new(),
    }
}

pub fn plan(id: &str, status: &str) -> StoredPlan {
    StoredPlan {
        id: text(id),
        environment: text("prod"),
        revision: 0,
        created_at: at(5),
        created_by: text("ana"),
        status: text(status),
        document: text(r#"{"models":[]}"#),
    }
}

pub fn holder(user: &str) -> Holder {
    Holder::this_process(user)
}

pub const LEASE: Duration = Duration::from_secs(600);

/// A claim of `prod`, which never was applied.
pub fn claim(holder: &Holder, plan: &'static str, leases: &[&str]) -> Claim<'static> {
    Claim {
        project: PROJECT,
        engine: ENGINE,
        environment: "prod",
        expected_revision: 0,
        plan,
        holder: holder.clone(),
        leases: leases.iter().map(|name| text(name)).collect(),
        lease: LEASE,
        engine_epoch: 0,
        resume: false,
    }
}

pub fn pointer(version: &str) -> Pointer {
    Pointer {
        project_version: text(version),
        project_hash: text("h1"),
        commit: text("c1"),
        action: text("apply"),
    }
}

pub fn finish(token: u64, version: &str, changes: Vec<Change>) -> Finish {
    Finish {
        token,
        pointer: Some(pointer(version)),
        plan_status: text("applied"),
        by: text("ana"),
        changes,
    }
}

/// Everything that a state holds, as lines; without its identity.
pub fn lines(state: &mut State) -> Vec<String> {
    let mut out = Vec::new();
    state.export(None, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let mut lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    lines.sort();
    lines
}
