//! Who may change an environment, and who can't any more.

use crate::fixture::*;
use dbgo_runtime::state::*;
use std::time::Duration;

fn with_prod(address: &StateAddress) -> State {
    let mut state = open(address);
    state
        .create_environment(PROJECT, &environment("prod"))
        .unwrap();
    state
        .create_environment(PROJECT, &environment("dev"))
        .unwrap();
    state
}

fn names(state: &mut State) -> Vec<String> {
    let leases = state.leases(PROJECT, ENGINE).unwrap();
    leases.into_iter().map(|lease| lease.name).collect()
}

fn prod(state: &mut State) -> Environment {
    state.environment(PROJECT, "prod").unwrap().unwrap()
}

#[test]
fn a_claim_takes_all_or_nothing() {
    on_both(|address| {
        let mut state = with_prod(address);
        state.save_plan(PROJECT, &plan("p1", "new")).unwrap();
        let (ana, bob) = (holder("ana"), holder("bob"));
        let claimed = state
            .claim(&claim(&ana, "p1", &["t2", "t1", "t2"]))
            .unwrap()
            .unwrap();
        assert_eq!((claimed.token, claimed.taken_over.len()), (1, 0));
        assert_eq!(names(&mut state), ["environment/prod", "t1", "t2"]);
        assert_eq!(prod(&mut state).pending_plan, "p1");
        assert_eq!(state.plans(PROJECT, None, 1).unwrap()[0].status, "applying");

        // Another environment, but one of the tables is the same.
        let mut other = claim(&bob, "p2", &["t0", "t1"]);
        other.environment = "dev";
        let Err(Refusal::Held(held)) = state.claim(&other).unwrap() else {
            panic!("it isn't held");
        };
        assert_eq!((held.name.as_str(), held.token), ("t1", 1));
        assert_eq!(held.holder, ana);
        assert_eq!(names(&mut state), ["environment/prod", "t1", "t2"]);
        let dev = state.environment(PROJECT, "dev").unwrap().unwrap();
        assert_eq!(dev.pending_plan, "");
        other.leases = vec![text("t0")];
        assert_eq!(state.claim(&other).unwrap().unwrap().token, 2);
    });
}

#[test]
fn a_claim_is_refused_by_what_is_in_its_way() {
    on_both(|address| {
        let mut state = with_prod(address);
        let ana = holder("ana");
        let mut elsewhere = claim(&ana, "p1", &[]);
        elsewhere.engine = "other";
        assert_eq!(state.claim(&elsewhere).unwrap(), Err(Refusal::Missing));
        let mut nowhere = claim(&ana, "p1", &[]);
        nowhere.environment = "nowhere";
        assert_eq!(state.claim(&nowhere).unwrap(), Err(Refusal::Missing));
        let mut early = claim(&ana, "p1", &[]);
        early.expected_revision = 1;
        let moved = Refusal::Moved(Box::new(prod(&mut state)));
        assert_eq!(state.claim(&early).unwrap(), Err(moved));
        let buried = Object {
            tombstone: Some(at(3)),
            ..object(&snapshot("m", "v1"))
        };
        state
            .apply(&scope(), &[Change::Object(buried.clone())])
            .unwrap();
        let physical = buried.physical.clone();
        let of_buried = claim(&ana, "p1", &[physical.as_str()]);
        assert_eq!(
            state.claim(&of_buried).unwrap(),
            Err(Refusal::Buried { physical })
        );
        assert!(names(&mut state).is_empty());
        assert_eq!(prod(&mut state), environment("prod"));
    });
}

#[test]
fn a_plan_that_was_begun_is_gone_on_with_or_abandoned() {
    on_both(|address| {
        let mut state = with_prod(address);
        state.save_plan(PROJECT, &plan("p1", "new")).unwrap();
        let nobody = |_: &Holder| true;
        let first = state
            .claim(&claim(&holder("ana"), "p1", &["t1"]))
            .unwrap()
            .unwrap();
        // Its process dies; the next one may only go on with the same plan, and has to say so.
        let bob = holder("bob");
        for id in ["p2", "p1"] {
            let refused = state
                .claim_with(&claim(&bob, id, &["t1"]), &nobody)
                .unwrap();
            assert_eq!(refused, Err(Refusal::Pending { plan: text("p1") }));
        }
        let mut going_on = claim(&bob, "p1", &["t2"]);
        going_on.resume = true;
        let second = state.claim_with(&going_on, &nobody).unwrap().unwrap();
        assert!(second.token > first.token);
        assert_eq!(second.taken_over.len(), 1, "{:?}", second.taken_over);
        assert_eq!(
            names(&mut state),
            ["environment/prod", "t2"],
            "all of the old claim goes"
        );

        assert!(!state.abandon(PROJECT, "prod", "p2").unwrap());
        assert!(state.abandon(PROJECT, "prod", "p1").unwrap());
        assert_eq!(prod(&mut state), environment("prod"));
        assert!(names(&mut state).is_empty());
        assert_eq!(state.plan(PROJECT, "p1").unwrap()[0].status, "abandoned");
        assert!(
            !state
                .heartbeat(PROJECT, ENGINE, second.token, LEASE)
                .unwrap()
        );
        assert!(state.claim(&claim(&bob, "p2", &["t1"])).unwrap().is_ok());
    });
}

#[test]
fn a_begun_publication_is_not_given_up() {
    on_both(|address| {
        let mut state = with_prod(address);
        let ana = holder("ana");
        let token = state.claim(&claim(&ana, "p1", &[])).unwrap().unwrap().token;
        let begin = |state: &mut State, environment: &str, token| {
            state
                .intend(PROJECT, environment, ENGINE, token, "{\"views\":1}")
                .unwrap()
        };
        assert!(
            !begin(&mut state, "dev", token),
            "the claim is of another one"
        );
        assert!(!begin(&mut state, "prod", token + 1));
        assert!(begin(&mut state, "prod", token));
        assert!(!state.abandon(PROJECT, "prod", "p1").unwrap());
        state.release(PROJECT, ENGINE, token).unwrap();
        let found = prod(&mut state);
        assert_eq!(
            (found.pending_plan.as_str(), found.intent.as_str()),
            ("p1", "{\"views\":1}")
        );
        let mut going_on = claim(&ana, "p1", &[]);
        going_on.resume = true;
        let token = state.claim(&going_on).unwrap().unwrap().token;
        assert!(
            state
                .finish(&scope_of("prod"), &finish(token, "p1", vec![]))
                .unwrap()
        );
        let found = prod(&mut state);
        assert_eq!(
            (found.pending_plan.as_str(), found.intent.as_str()),
            ("", "")
        );
    });
}

#[test]
fn who_is_taken_over_can_do_nothing_any_more() {
    on_both(|address| {
        let mut state = with_prod(address);
        let (ana, bob) = (holder("ana"), holder("bob"));
        let mut short = claim(&ana, "p1", &["t1", "t2"]);
        short.lease = Duration::from_millis(1);
        let old = state.claim(&short).unwrap().unwrap().token;
        std::thread::sleep(Duration::from_millis(20));
        // Nobody has taken over yet: the holder was only slow.
        assert!(
            state
                .heartbeat(PROJECT, ENGINE, old, Duration::from_millis(1))
                .unwrap()
        );
        std::thread::sleep(Duration::from_millis(20));
        let mut other = claim(&bob, "p2", &["t2"]);
        other.environment = "dev";
        let new = state.claim(&other).unwrap().unwrap();
        assert!(new.token > old);
        let taken: Vec<&str> = new
            .taken_over
            .iter()
            .map(|lease| lease.name.as_str())
            .collect();
        assert_eq!(taken, ["t2"]);
        assert_eq!(new.taken_over[0].holder, ana);

        let before = lines(&mut state);
        assert!(!state.heartbeat(PROJECT, ENGINE, old, LEASE).unwrap());
        assert!(!state.intend(PROJECT, "prod", ENGINE, old, "{}").unwrap());
        let late = finish(old, "v1", vec![published("prod", &snapshot("m", "v1"))]);
        assert!(!state.finish(&scope_of("prod"), &late).unwrap());
        state.release(PROJECT, ENGINE, old).unwrap();
        assert_eq!(lines(&mut state), before, "nothing has changed");
        assert!(state.heartbeat(PROJECT, ENGINE, new.token, LEASE).unwrap());
    });
}

#[test]
fn a_heartbeat_keeps_a_lease() {
    on_both(|address| {
        let mut state = with_prod(address);
        let (ana, bob) = (holder("ana"), holder("bob"));
        let mut short = claim(&ana, "p1", &["t1"]);
        short.lease = Duration::from_millis(1);
        let token = state.claim(&short).unwrap().unwrap().token;
        state.known(&scope()).unwrap();
        assert!(state.heartbeat(PROJECT, ENGINE, token, LEASE).unwrap());
        assert!(!state.is_stale().unwrap(), "nobody else has to notice it");
        let leases = state.leases(PROJECT, ENGINE).unwrap();
        let now = state.now().unwrap();
        assert!(
            leases
                .iter()
                .all(|lease| lease.expires_at > now && lease.taken_at <= now)
        );
        let refused = state.claim(&claim(&bob, "p1", &["t1"])).unwrap();
        assert!(matches!(refused, Err(Refusal::Held(_))), "{refused:?}");
    });
}

#[test]
fn the_lease_of_a_dead_process_of_this_machine_is_free() {
    on_both(|address| {
        let mut state = with_prod(address);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = Holder {
            pid: child.id(),
            process_start: 1,
            ..holder("ana")
        };
        child.wait().unwrap();
        state.claim(&claim(&dead, "p1", &["t1"])).unwrap().unwrap();
        let mut going_on = claim(&holder("bob"), "p1", &["t1"]);
        going_on.resume = true;
        let is_linux = cfg!(target_os = "linux");
        assert_eq!(state.claim(&going_on).unwrap().is_ok(), is_linux);
        state.drop_environment(PROJECT, "prod").unwrap();
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();

        let far = Holder {
            host: text("elsewhere"),
            ..dead
        };
        state.claim(&claim(&far, "p1", &["t1"])).unwrap().unwrap();
        let refused = state.claim(&going_on).unwrap();
        assert!(
            matches!(refused, Err(Refusal::Held(_))),
            "it may live there: {refused:?}"
        );
    });
}

#[test]
fn tokens_only_grow() {
    on_both(|address| {
        let mut state = with_prod(address);
        let ana = holder("ana");
        let mut last = 0;
        for epoch in [0, 0, 7, 3, 100, 0] {
            let mut claiming = claim(&ana, "p1", &["t1"]);
            claiming.engine_epoch = epoch;
            let token = state.claim(&claiming).unwrap().unwrap().token;
            assert_eq!(token, last.max(epoch) + 1);
            state.release(PROJECT, ENGINE, token).unwrap();
            assert!(names(&mut state).is_empty());
            last = token;
        }
        assert_eq!(prod(&mut state), environment("prod"));
    });
}

#[test]
fn finishing_moves_the_environment_with_all_that_belongs_to_it() {
    on_both(|address| {
        let mut state = with_prod(address);
        state.save_plan(PROJECT, &plan("p1", "new")).unwrap();
        let token = state
            .claim(&claim(&holder("ana"), "p1", &["t1"]))
            .unwrap()
            .unwrap()
            .token;
        let one = snapshot("m", "v1");
        let changes = vec![published("prod", &one), Change::Ledger { mark: text("7") }];
        let done = finish(token, "pv1", changes);
        let prod_scope = scope_of("prod");
        assert!(
            !state.finish(&scope_of("dev"), &done).unwrap(),
            "the claim is of another one"
        );
        assert!(state.finish(&prod_scope, &done).unwrap());
        let found = prod(&mut state);
        assert_eq!((found.revision, found.project_version.as_str()), (1, "pv1"));
        assert_eq!(
            (found.project_hash.as_str(), found.commit.as_str()),
            ("h1", "c1")
        );
        assert_eq!(
            (found.pending_plan.as_str(), found.changed_by.as_str()),
            ("", "ana")
        );
        assert!(found.changed_at > at(2));
        assert!(names(&mut state).is_empty());
        assert_eq!(state.plan(PROJECT, "p1").unwrap()[0].status, "applied");
        let known = state.known(&prod_scope).unwrap();
        assert_eq!(known.published["m"].physical, one.physical);
        assert_eq!(known.ledger.as_deref(), Some("7"));
        let history = state.history(PROJECT, "prod", 9).unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!((history[0].revision, history[0].plan.as_str()), (1, "p1"));
        assert_eq!(
            (history[0].action.as_str(), history[0].at),
            ("apply", found.changed_at)
        );
        assert!(!state.finish(&prod_scope, &done).unwrap(), "once");

        // A run that only adds rows moves nothing.
        let mut again = claim(&holder("ana"), "p2", &["t1"]);
        again.expected_revision = 1;
        let token = state.claim(&again).unwrap().unwrap().token;
        let done = Finish {
            pointer: None,
            ..finish(token, "", vec![])
        };
        assert!(state.finish(&prod_scope, &done).unwrap());
        assert_eq!(prod(&mut state), found);
        assert_eq!(state.history(PROJECT, "prod", 9).unwrap().len(), 1);
    });
}
