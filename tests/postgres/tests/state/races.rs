//! Several at once.

use crate::fixture::*;
use dbgo_runtime::state::*;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::Duration;

const ADDRESS: &str = "DBGO_TEST_STATE";

#[test]
fn of_several_claims_at_once_exactly_one_wins() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 10;
    on_both(|address| {
        let mut state = open(address);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        let mut last = 0;
        let barrier = Barrier::new(THREADS);
        for round in 0..ROUNDS {
            let results: Vec<ClaimResult> = std::thread::scope(|threads| {
                let claiming: Vec<_> = (0..THREADS)
                    .map(|thread| {
                        let barrier = &barrier;
                        threads.spawn(move || {
                            let mut state = open(address);
                            let me = holder(&format!("u{thread}"));
                            let mut claim = claim(&me, "p1", &["t2", "t1"]);
                            claim.expected_revision = round as u64;
                            barrier.wait();
                            state.claim(&claim).unwrap()
                        })
                    })
                    .collect();
                let joined = claiming.into_iter().map(|thread| thread.join().unwrap());
                joined.collect()
            });
            let won: Vec<&Claimed> = results.iter().flatten().collect();
            assert_eq!(won.len(), 1, "{results:?}");
            let token = won[0].token;
            assert!(token > last);
            last = token;
            let lost = results.iter().filter_map(|result| result.as_ref().err());
            assert!(
                lost.into_iter()
                    .all(|refusal| matches!(refusal, Refusal::Held(_)))
            );
            let done = finish(token, &format!("v{round}"), vec![]);
            assert!(state.finish(&scope_of("prod"), &done).unwrap());
        }
        assert_eq!(state.history(PROJECT, "prod", 99).unwrap().len(), ROUNDS);
    });
}

/// Whoever has the claim adds one to a number that nothing but the claim protects.
#[test]
fn between_a_claim_and_its_end_nobody_else_works() {
    const THREADS: usize = 4;
    const EACH: usize = 6;
    on_both(|address| {
        let mut state = open(address);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        std::thread::scope(|threads| {
            for thread in 0..THREADS {
                threads.spawn(move || {
                    let mut state = open(address);
                    let me = holder(&format!("u{thread}"));
                    for _ in 0..EACH {
                        add_one(&mut state, &me);
                    }
                });
            }
        });
        let found = state.environment(PROJECT, "prod").unwrap().unwrap();
        assert_eq!(found.revision, (THREADS * EACH) as u64);
        assert_eq!(found.project_version, (THREADS * EACH).to_string());
    });
}

fn add_one(state: &mut State, me: &Holder) {
    loop {
        let before = state.environment(PROJECT, "prod").unwrap().unwrap();
        let mut claim = claim(me, "p1", &["t1"]);
        claim.expected_revision = before.revision;
        match state.claim(&claim).unwrap() {
            Ok(claimed) => {
                let number: usize = before.project_version.parse().unwrap_or(0);
                let done = finish(claimed.token, &(number + 1).to_string(), vec![]);
                assert!(state.finish(&scope_of("prod"), &done).unwrap());
                return;
            }
            Err(Refusal::Held(_) | Refusal::Moved(_)) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn writers_of_one_project_wait_for_each_other() {
    const THREADS: usize = 6;
    const EACH: usize = 20;
    on_both(|address| {
        open(address).close().unwrap();
        std::thread::scope(|threads| {
            for thread in 0..THREADS {
                threads.spawn(move || {
                    let mut state = open(address);
                    for number in 0..EACH {
                        let one = snapshot(&format!("m{thread}_{number}"), "v1");
                        let two = snapshot("shared", "v1");
                        let mut changes = built(&one).to_vec();
                        changes.extend(built(&two));
                        changes.push(published("prod", &two));
                        state.apply(&scope(), &changes).unwrap();
                    }
                });
            }
        });
        let known = open(address).known(&scope()).unwrap();
        assert_eq!(known.snapshots.len(), THREADS * EACH + 1);
    });
}

#[test]
fn many_may_make_the_state_at_once() {
    const THREADS: usize = 8;
    on_both(|address| {
        let barrier = Barrier::new(THREADS);
        let identities: Vec<String> = std::thread::scope(|threads| {
            let opening: Vec<_> = (0..THREADS)
                .map(|_| {
                    threads.spawn(|| {
                        barrier.wait();
                        open(address).identity().to_owned()
                    })
                })
                .collect();
            let joined = opening.into_iter().map(|thread| thread.join().unwrap());
            joined.collect()
        });
        let is_same = |identity: &String| *identity == identities[0];
        assert!(identities.iter().all(is_same), "{identities:?}");
    });
}

/// A process of its own, which only the test below starts.
#[test]
#[ignore = "started by another test as a process of its own"]
fn child_that_opens_the_state() {
    let Ok(url) = std::env::var(ADDRESS) else {
        return;
    };
    let mut state = open(&address(&url));
    let id = format!("r{}", std::process::id());
    state.apply(&scope(), &[run(&id)]).unwrap();
    state.close().unwrap();
}

#[test]
fn several_processes_may_make_a_file_at_once() {
    const PROCESSES: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let StateAddress::Sqlite(path) = sqlite(&folder) else {
        panic!("it's a file");
    };
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "races::child_that_opens_the_state", "--ignored"])
                .env(ADDRESS, format!("sqlite:{}", path.display()))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let mut state = open(&sqlite(&folder));
    assert_eq!(state.runs(PROJECT, 99).unwrap().len(), PROCESSES);
}
