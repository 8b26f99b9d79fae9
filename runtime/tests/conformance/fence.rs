//! The fence: who may commit.

use crate::Subject;
use dbgo_runtime::adapters::{ErrorClass, Session};

fn fenced(subject: &Subject) -> Session {
    let mut session = subject.session();
    session.create_bookkeeping("state").unwrap();
    session
}

/// The token and the holder that the engine knows, and how often it was given away.
fn holder(session: &mut Session) -> (u64, String, u64) {
    let meta = session.meta().unwrap().unwrap();
    (meta.epoch, meta.holder, meta.fences)
}

pub fn a_fence_is_given_to_a_larger_token(subject: &Subject) {
    let mut session = fenced(subject);
    session.fence("state", 1, "ana").unwrap();
    session.fence("state", 1, "ana").unwrap();
    assert_eq!(holder(&mut session), (1, "ana".to_owned(), 2));
    session.fence("state", 5, "bob").unwrap();
    for (token, name) in [(5, "ana"), (4, "bob"), (1, "ana"), (0, "")] {
        let error = session.fence("state", token, name).unwrap_err();
        assert_eq!(error.class, ErrorClass::Fenced, "{token} {name}");
        assert_eq!(
            error.message,
            format!("lease {token} on the database isn't valid: bob holds it with lease 5")
        );
    }
    assert_eq!(holder(&mut session), (5, "bob".to_owned(), 3));
}

/// Eight who want the same token in the same instant.
pub fn a_fence_is_given_to_one_of_many(subject: &Subject) {
    fenced(subject);
    for token in 1..=10 {
        let given: Vec<bool> = std::thread::scope(|scope| {
            let names = (0..8).map(|name| format!("worker {name}"));
            let threads: Vec<_> = names
                .map(|name| {
                    scope.spawn(
                        move || match subject.session().fence("state", token, &name) {
                            Ok(()) => true,
                            Err(error) => {
                                assert_eq!(error.class, ErrorClass::Fenced, "{error:?}");
                                false
                            }
                        },
                    )
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(given.iter().filter(|given| **given).count(), 1);
        let (epoch, name, fences) = holder(&mut subject.session());
        let index = given.iter().position(|given| *given).unwrap();
        assert_eq!(
            (epoch, name, fences),
            (token, format!("worker {index}"), token)
        );
    }
}

pub fn a_former_holder_commits_nothing(subject: &Subject) {
    let mut session = fenced(subject);
    session.fence("state", 1, "ana").unwrap();
    let create = "create table _dbgo.t as select 1 as id";
    for (token, is_valid) in [(2, false), (0, false), (1, true)] {
        let mut transaction = session.begin().unwrap();
        transaction.execute(create).unwrap();
        let checked = transaction.check_fence(token).map_err(|error| error.class);
        assert_eq!(checked.is_ok(), is_valid);
        let committed = transaction.commit().map_err(|error| error.class);
        assert_eq!(committed, checked);
        if !is_valid {
            assert_eq!(committed, Err(ErrorClass::Fenced));
        }
        assert_eq!(session.query("select * from _dbgo.t").is_ok(), is_valid);
    }
    subject.session().fence("state", 2, "bob").unwrap();
    let mut transaction = session.begin().unwrap();
    transaction
        .execute("insert into _dbgo.t values (2)")
        .unwrap();
    let error = transaction.check_fence(1).unwrap_err();
    assert_eq!(
        error.message,
        "lease 1 on the database isn't valid: bob holds it with lease 2"
    );
    assert_eq!(transaction.commit(), Err(error));
    assert_eq!(subject.number("select count(*) from _dbgo.t"), 1);
}

pub fn another_state_gets_no_fence(subject: &Subject) {
    let mut session = fenced(subject);
    let error = session.fence("other", 9, "ana").unwrap_err();
    assert_eq!(error.class, ErrorClass::Fenced);
    assert_eq!(
        error.message,
        "the database belongs to another state database"
    );
    assert_eq!(holder(&mut session), (0, String::new(), 0));
}

/// Workers of one holder commit side by side.
pub fn the_check_doesnt_hinder_others(subject: &Subject) {
    fenced(subject).fence("state", 3, "ana").unwrap();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || {
                let mut session = subject.session();
                for index in 0..20 {
                    let mut transaction = session.begin().unwrap();
                    let create = format!("create table _dbgo.t{worker}_{index} (id integer)");
                    transaction.execute(&create).unwrap();
                    transaction.check_fence(3).unwrap();
                    transaction.commit().unwrap();
                }
            });
        }
    });
    let tables = subject.session().relations(&["_dbgo"]).unwrap();
    let made = tables
        .iter()
        .filter(|table| table.relation.name.starts_with('t'));
    assert_eq!(made.count(), 80);
}
