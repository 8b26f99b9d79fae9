//! What keeps others out of an environment.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::Table;
use dbgo_runtime::error::Kind;
use dbgo_runtime::events::Event;
use dbgo_runtime::execute::{ApplyOptions, Interrupt, apply};
use dbgo_runtime::plan::Plan;
use dbgo_runtime::project::Project;
use dbgo_runtime::state::{Claim, Holder, State, StateAddress, StoredPlan};
use std::time::Duration;

render!(one, |facts, sql| {
    sql.text("SELECT 1::INTEGER AS x");
});

fn project(place: &Place) -> Project {
    let columns = &[("x", "INTEGER", false)];
    let models = vec![model("models.main.first", Table, &[], columns, one)];
    place.project(models, Vec::new(), Vec::new())
}

fn state(place: &Place) -> State {
    State::open(&StateAddress::Sqlite(place.path.join(".dbgo/state.db"))).unwrap()
}

/// Takes the environment for a plan, as another process would, and doesn't let go.
fn taken(place: &Place, plan: &str, holder: Holder) {
    let mut state = state(place);
    let claim = Claim {
        project: "shop",
        engine: "local",
        environment: "dev_test",
        expected_revision: 1,
        plan,
        holder,
        leases: Vec::new(),
        lease: Duration::from_secs(60),
        engine_epoch: 0,
        resume: false,
    };
    state.claim(&claim).unwrap().unwrap();
    state.close().unwrap();
}

#[test]
fn a_living_holder_keeps_others_out() {
    let place = Place::new();
    run_all(&project(&place));
    let holder = Holder::this_process("ben");
    taken(&place, "11111111222222223333333344444444", holder);
    let error = run_with(&project(&place), &selected(&[])).err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("lease-held", Kind::Refused)
    );
    assert!(
        error.message.contains("`dev_test` is being changed by ben"),
        "{error}"
    );
}

#[test]
fn a_plan_that_was_begun_has_to_be_ended() {
    let place = Place::new();
    run_all(&project(&place));
    let id = "11111111222222223333333344444444";
    let mut known = state(&place);
    let now = known.now().unwrap();
    let plan = StoredPlan {
        id: id.to_owned(),
        environment: "dev_test".to_owned(),
        revision: 1,
        created_at: now,
        created_by: "ben@there".to_owned(),
        status: "applying".to_owned(),
        document: "{}".to_owned(),
    };
    known.save_plan("shop", &plan).unwrap();
    known.close().unwrap();
    // No process has this number: the one that began is dead.
    let dead = Holder {
        pid: u32::MAX - 1,
        ..Holder::this_process("ben")
    };
    taken(&place, id, dead);
    let options = ApplyOptions::default();
    let mut agrees = |_: &Plan| Ok(true);
    let mut ignore = |_: Event| {};
    let project = project(&place);
    let mut applied = |options: &ApplyOptions| {
        apply(
            &project,
            options,
            &mut agrees,
            &Interrupt::new(),
            &mut ignore,
        )
    };
    let error = applied(&options).err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("pending-plan", Kind::Refused)
    );
    let abandon = ApplyOptions {
        abandon: true,
        ..options.clone()
    };
    applied(&abandon).unwrap();
    applied(&options).unwrap();
}
