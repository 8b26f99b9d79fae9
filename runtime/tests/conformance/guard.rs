//! Transactions, cancelling and timeouts.

use crate::Subject;
use dbgo_runtime::adapters::{EngineError, ErrorClass, Relation};
use std::time::{Duration, Instant};

/// Takes minutes, on few bytes.
const SLOW: &str =
    "select count(*) from range(3000000) as a, range(3000000) as b where a.range * b.range = 7";

fn table(subject: &Subject) -> (Relation, String) {
    let relation = Relation::new("work", "t");
    let dialect = subject.adapter.dialect();
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(&relation, "select 1 as id"),
    ]);
    let name = dialect.relation(&relation);
    (relation, name)
}

fn count(subject: &Subject) -> i64 {
    subject.number("select count(*) from work.t")
}

pub fn commit_stores(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    let rows = transaction
        .execute(&format!("insert into {name} values (2), (3)"))
        .unwrap();
    assert_eq!(rows, 2);
    transaction.commit().unwrap();
    assert_eq!(count(subject), 3);
}

pub fn drop_rolls_back(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    {
        let mut transaction = session.begin().unwrap();
        transaction
            .execute(&format!("insert into {name} values (2)"))
            .unwrap();
    }
    assert_eq!(
        crate::number(&mut session, "select count(*) from work.t"),
        1
    );
    session.begin().unwrap().commit().unwrap();
}

pub fn rollback_rolls_back(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    transaction.execute(&format!("delete from {name}")).unwrap();
    transaction.rollback().unwrap();
    assert_eq!(count(subject), 1);
}

/// One statement per class of error, swallowed between two that work.
pub fn swallowed_errors_fail_the_commit(subject: &Subject) {
    let (_, name) = table(subject);
    subject.run(&["create table work.keyed (id integer primary key, x integer not null)".into()]);
    let failing = [
        ("select nothing_like_this from work.t", ErrorClass::Binder),
        ("select from where", ErrorClass::Binder),
        (
            "insert into work.keyed values (1, 1), (1, 2)",
            ErrorClass::Constraint,
        ),
        (
            "insert into work.keyed values (2, null)",
            ErrorClass::Constraint,
        ),
        ("select cast('x' as integer)", ErrorClass::Data),
        ("create table work.t (id integer)", ErrorClass::Catalog),
        ("select * from work.missing", ErrorClass::Catalog),
        ("select 1; select 2", ErrorClass::Refused),
    ];
    for (statement, class) in failing {
        let mut session = subject.session();
        let mut transaction = session.begin().unwrap();
        transaction
            .execute(&format!("insert into {name} values (2)"))
            .unwrap();
        let error = transaction.execute(statement).unwrap_err();
        assert_eq!(error.class, class, "{statement}: {error:?}");
        let _ = transaction.execute(&format!("insert into {name} values (3)"));
        assert_eq!(transaction.commit().unwrap_err(), error, "{statement}");
        assert_eq!(count(subject), 1, "{statement}");
    }
}

pub fn a_failed_check_fails_the_commit(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    transaction
        .execute(&format!("insert into {name} values (2)"))
        .unwrap();
    let error = EngineError::new(ErrorClass::Constraint, "a null in `id`");
    transaction.fail(error.clone());
    assert_eq!(transaction.commit().unwrap_err(), error);
    assert_eq!(count(subject), 1);
}

pub fn later_statements_are_refused(subject: &Subject) {
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    let first = transaction.query("select nothing_like_this").unwrap_err();
    assert_eq!(transaction.query("select 1").unwrap_err(), first);
    assert_eq!(transaction.execute("select 1").unwrap_err(), first);
    assert_eq!(transaction.describe("select 1").unwrap_err(), first);
}

pub fn batches_are_atomic(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    transaction
        .execute("create table work.second as select 1 as id")
        .unwrap();
    transaction.execute(&format!("delete from {name}")).unwrap();
    let insert =
        format!("insert into {name} select cast(x as integer) from (values ('5'), ('x')) as v(x)");
    assert_eq!(
        transaction.execute(&insert).unwrap_err().class,
        ErrorClass::Data
    );
    drop(transaction);
    assert_eq!(count(subject), 1);
    assert_eq!(session.relations(&["work"]).unwrap().len(), 1);
}

pub fn reading_sessions_change_nothing(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    for statement in [
        format!("insert into {name} values (2)"),
        format!("delete from {name}"),
        "create table work.other (id integer)".to_owned(),
        "drop table work.t".to_owned(),
    ] {
        assert!(session.query(&statement).is_err(), "{statement}");
    }
    assert_eq!(count(subject), 1);
    assert_eq!(session.relations(&["work"]).unwrap().len(), 1);
}

pub fn transaction_control_is_refused(subject: &Subject) {
    let (_, name) = table(subject);
    for control in ["commit", "ROLLBACK;", "/* a */ begin", "end", "abort"] {
        let mut session = subject.session();
        assert_eq!(
            session.query(control).unwrap_err().class,
            ErrorClass::Refused
        );
        let mut transaction = session.begin().unwrap();
        transaction
            .execute(&format!("insert into {name} values (2)"))
            .unwrap();
        let error = transaction.execute(control).unwrap_err();
        assert_eq!(error.class, ErrorClass::Refused, "{control}");
        transaction.commit().unwrap_err();
        assert_eq!(count(subject), 1);
    }
}

pub fn statements_run_together_are_single_ones_and_fail_together(subject: &Subject) {
    let (_, name) = table(subject);
    let together = |statements: &[&str]| {
        let statements: Vec<String> = statements.iter().map(|it| (*it).to_owned()).collect();
        let mut session = subject.session();
        let mut transaction = session.begin().unwrap();
        let result = transaction.execute_together(&statements);
        let committed = transaction.commit();
        result.and(committed).map_err(|error| error.class)
    };
    let insert = format!("insert into {name} values (2)");
    for (statements, class) in [
        (
            vec![&*insert, "select nothing_like_this"],
            ErrorClass::Binder,
        ),
        (vec![&*insert, "select 1; commit"], ErrorClass::Refused),
        (vec![&*insert, "commit"], ErrorClass::Refused),
        (
            vec!["create table work.t (id integer)", &*insert],
            ErrorClass::Catalog,
        ),
    ] {
        assert_eq!(together(&statements), Err(class), "{statements:?}");
        assert_eq!(count(subject), 1, "{statements:?}");
    }
    let commented = format!("{insert} -- once more");
    assert_eq!(together(&[&commented, &insert, "select 1;"]), Ok(()));
    assert_eq!(count(subject), 3);
    assert_eq!(together(&[]), Ok(()));
}

pub fn several_statements_are_refused(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    let text = format!("insert into {name} values (2); commit; select 1");
    assert_eq!(session.query(&text).unwrap_err().class, ErrorClass::Refused);
    let mut transaction = session.begin().unwrap();
    let error = transaction.execute(&text).unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused);
    drop(transaction);
    assert_eq!(count(subject), 1);
}

pub fn two_sessions_in_parallel(subject: &Subject) {
    subject.run(&[subject.adapter.dialect().create_schema("work")]);
    std::thread::scope(|scope| {
        for worker in 0..2 {
            scope.spawn(move || {
                let mut session = subject.session();
                for index in 0..25 {
                    let table = Relation::new("work", format!("t{worker}_{index}"));
                    let create = subject
                        .adapter
                        .dialect()
                        .create_table_as(&table, "select 1 as id");
                    let mut transaction = session.begin().unwrap();
                    assert_eq!(transaction.execute(&create).unwrap(), 1);
                    transaction.commit().unwrap();
                }
            });
        }
    });
    assert_eq!(subject.session().relations(&["work"]).unwrap().len(), 50);
}

pub fn conflicts_are_retryable(subject: &Subject) {
    let (_, name) = table(subject);
    let (mut first, mut second) = (subject.session(), subject.session());
    let mut winner = first.begin().unwrap();
    let mut loser = second.begin().unwrap();
    let update = format!("update {name} set id = id + 1");
    winner.execute(&update).unwrap();
    let result = loser.execute(&update);
    winner.commit().unwrap();
    let error = result.and_then(|_| loser.commit()).unwrap_err();
    assert!(error.class.is_retryable(), "{error:?}");
    let mut again = second.begin().unwrap();
    again.execute(&update).unwrap();
    again.commit().unwrap();
    assert_eq!(subject.number("select id from work.t"), 3);

    let mut winner = first.begin().unwrap();
    let mut loser = second.begin().unwrap();
    let create = "create table work.same (id integer)";
    winner.execute(create).unwrap();
    let result = loser.execute(create);
    winner.commit().unwrap();
    let error = result.and_then(|_| loser.commit()).unwrap_err();
    assert!(error.class.is_retryable(), "{error:?}");
}

pub fn a_swallowed_conflict_fails_the_commit(subject: &Subject) {
    let (_, name) = table(subject);
    let (mut first, mut second) = (subject.session(), subject.session());
    let mut winner = first.begin().unwrap();
    let mut loser = second.begin().unwrap();
    loser
        .execute("create table work.lost as select 1 as id")
        .unwrap();
    let update = format!("update {name} set id = id + 1");
    winner.execute(&update).unwrap();
    let swallowed = loser.execute(&update);
    winner.commit().unwrap();
    let error = loser.commit().unwrap_err();
    assert!(error.class.is_retryable(), "{error:?}");
    if let Err(swallowed) = swallowed {
        assert_eq!(swallowed, error);
    }
    assert_eq!(second.relations(&["work"]).unwrap().len(), 1);
    assert_eq!(subject.number("select id from work.t"), 2);
}

pub fn cancel_stops_a_statement(subject: &Subject) {
    let mut session = subject.session();
    let canceller = session.canceller();
    let begun = Instant::now();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        canceller.cancel();
    });
    let mut transaction = session.begin().unwrap();
    transaction
        .execute("create table cancelled as select 1 as id")
        .unwrap();
    let error = transaction.query(SLOW).unwrap_err();
    assert_eq!(error.class, ErrorClass::Interrupted, "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(
        transaction.commit().unwrap_err().class,
        ErrorClass::Interrupted
    );
    thread.join().unwrap();
    assert_eq!(
        session.query("select 1").unwrap_err().class,
        ErrorClass::Interrupted
    );
    assert!(subject.session().query("select * from cancelled").is_err());
}

pub fn cancel_refuses_the_commit(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    let canceller = session.canceller();
    let mut transaction = session.begin().unwrap();
    transaction
        .execute(&format!("insert into {name} values (2)"))
        .unwrap();
    canceller.cancel();
    assert_eq!(
        transaction.commit().unwrap_err().class,
        ErrorClass::Interrupted
    );
    assert_eq!(count(subject), 1);
}

pub fn timeout_stops_a_statement(subject: &Subject) {
    let mut session = subject.session();
    session.set_statement_timeout(Some(Duration::from_millis(150)));
    let begun = Instant::now();
    let error = session.query(SLOW).unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout, "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(crate::number(&mut session, "select 5"), 5);
}

pub fn a_swallowed_timeout_fails_the_commit(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    session.set_statement_timeout(Some(Duration::from_millis(150)));
    let mut transaction = session.begin().unwrap();
    transaction
        .execute(&format!("insert into {name} values (2)"))
        .unwrap();
    let error = transaction.query(SLOW).unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout, "{error:?}");
    let _ = transaction.execute(&format!("insert into {name} values (3)"));
    assert_eq!(transaction.commit().unwrap_err(), error);
    assert_eq!(count(subject), 1);
}

pub fn a_session_lives_on_after_an_error(subject: &Subject) {
    let (_, name) = table(subject);
    let mut session = subject.session();
    session.query("select nothing_like_this").unwrap_err();
    let mut transaction = session.begin().unwrap();
    transaction.execute("select nothing_like_this").unwrap_err();
    transaction.commit().unwrap_err();
    let mut transaction = session.begin().unwrap();
    transaction
        .execute(&format!("insert into {name} values (2)"))
        .unwrap();
    transaction.commit().unwrap();
    assert_eq!(count(subject), 2);
}
