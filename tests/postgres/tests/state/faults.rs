//! Databases that fail, are somebody else's, or go away.

use crate::fixture::*;
use dbgo_runtime::error::{Error, Kind};
use dbgo_runtime::state::*;
use dbgo_test_postgres::{PASSWORD, Server, server};
use std::net::TcpListener;
use std::time::{Duration, Instant};

fn fails(error: &Error) {
    assert_eq!(
        (error.code.text(), error.kind),
        ("state-failed", Kind::Failed),
        "{error}"
    );
    assert!(!error.to_string().contains(PASSWORD), "{error}");
}

/// The schema that an address names.
fn schema(url: &str) -> &str {
    url.rsplit_once("schema=").unwrap().1
}

#[test]
fn a_layout_that_another_version_changed_meanwhile_is_not_written() {
    let Some(server) = server() else { return };
    let url = server.fresh();
    let mut state = open(&address(&url));
    state
        .create_environment(PROJECT, &environment("prod"))
        .unwrap();
    let token = state
        .claim(&claim(&holder("ana"), "p1", &[]))
        .unwrap()
        .unwrap()
        .token;
    server
        .execute(schema(&url), "UPDATE layout SET version = 9999")
        .unwrap();
    let before = lines(&mut state);
    let retention = Retention {
        runs_since: at(0),
        plans_since: at(0),
        history_since: at(0),
    };
    let errors = [
        state.apply(&scope(), &[run("r1")]).unwrap_err(),
        state.heartbeat(PROJECT, ENGINE, token, LEASE).unwrap_err(),
        state
            .intend(PROJECT, "prod", ENGINE, token, "{}")
            .unwrap_err(),
        state
            .finish(&scope_of("prod"), &finish(token, "v1", vec![]))
            .unwrap_err(),
        state.release(PROJECT, ENGINE, token).unwrap_err(),
        state.abandon(PROJECT, "prod", "p1").unwrap_err(),
        state.claim(&claim(&holder("bob"), "p1", &[])).unwrap_err(),
        state
            .create_environment(PROJECT, &environment("dev"))
            .unwrap_err(),
        state
            .update_environment(PROJECT, &environment("prod"), 0)
            .unwrap_err(),
        state.drop_environment(PROJECT, "prod").unwrap_err(),
        state.save_plan(PROJECT, &plan("p1", "new")).unwrap_err(),
        state.set_plan_status(PROJECT, "p1", "new").unwrap_err(),
        state.bury(&scope(), &[text("t")]).unwrap_err(),
        state.forget(&scope(), "m").unwrap_err(),
        state.prune(PROJECT, &retention).unwrap_err(),
        State::open(&address(&url)).err().unwrap(),
    ];
    for error in errors {
        assert_eq!(
            (error.code.text(), error.kind),
            ("state-moved-on", Kind::Refused),
            "{error}"
        );
        assert!(!error.to_string().contains(PASSWORD), "{error}");
    }
    assert_eq!(lines(&mut state), before);
}

#[test]
fn a_layout_can_not_change_while_somebody_writes() {
    let Some(server) = server() else { return };
    let url = server.fresh();
    let mut state = open(&address(&url));
    let migrating = "\
        BEGIN; LOCK TABLE layout IN EXCLUSIVE MODE; SELECT pg_sleep(0.6); \
        UPDATE layout SET version = 9999; COMMIT";
    std::thread::scope(|threads| {
        threads.spawn(|| server.execute(schema(&url), migrating).unwrap());
        std::thread::sleep(Duration::from_millis(300));
        let error = state.apply(&scope(), &[run("r1")]).unwrap_err();
        assert_eq!(error.code.text(), "state-moved-on");
    });
}

#[test]
fn a_server_that_is_not_there_is_said_at_once() {
    // A port that nobody listens on.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let started = Instant::now();
    let url = format!("postgres://dbgo:{PASSWORD}@127.0.0.1:{port}/shop");
    let error = State::open(&address(&url)).err().unwrap();
    fails(&error);
    let hint = error.hint.unwrap();
    assert!(
        hint.contains(&format!("postgres://dbgo@127.0.0.1:{port}/shop")),
        "{hint}"
    );
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = std::thread::spawn(move || listener.accept());
    let url = format!("postgres://dbgo:{PASSWORD}@127.0.0.1:{port}/shop?connect_timeout=1");
    let started = Instant::now();
    fails(&State::open(&address(&url)).err().unwrap());
    assert!(started.elapsed() < Duration::from_secs(20));
    silent.join().unwrap().unwrap();
}

#[test]
fn a_wrong_password_is_not_shown() {
    let Some(server) = server() else { return };
    let wrong = server.fresh().replace(PASSWORD, "another-one");
    let error = State::open(&address(&wrong)).err().unwrap();
    fails(&error);
    assert!(!error.to_string().contains("another-one"), "{error}");
    let nowhere = server.fresh().replace("/postgres?", "/nowhere?");
    fails(&State::open(&address(&nowhere)).err().unwrap());
}

#[test]
fn a_role_without_rights_is_refused() {
    let Some(server) = server() else { return };
    let url = server.fresh();
    let role = format!("reader_{}", schema(&url));
    let statements = format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'");
    server.execute("public", &statements).unwrap();
    let as_role = url.replace("//dbgo:", &format!("//{role}:"));
    fails(&State::open(&address(&as_role)).err().unwrap());

    // It may read what is there, and no more.
    let mut state = open(&address(&url));
    state.apply(&scope(), &[run("r1")]).unwrap();
    let grants = format!(
        "GRANT USAGE ON SCHEMA {0} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {role}",
        schema(&url)
    );
    server.execute("public", &grants).unwrap();
    let mut reader = open(&address(&as_role));
    assert!(reader.has_run("r1").unwrap());
    fails(&reader.apply(&scope(), &[run("r2")]).unwrap_err());
    assert!(!reader.has_run("r2").unwrap());
}

#[test]
fn a_broken_connection_is_made_again() {
    let Some(server) = server() else { return };
    let url = server.fresh();
    let mut state = open(&address(&format!("{url}&application_name=to_be_ended")));
    let end = "\
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE application_name = 'to_be_ended'";
    for round in 0..3 {
        let (one, two) = (format!("a{round}"), format!("b{round}"));
        assert_eq!(server.execute("public", end).unwrap(), ["t"]);
        state.apply(&scope(), &[run(&one)]).unwrap();
        assert_eq!(server.execute("public", end).unwrap(), ["t"]);
        assert!(state.has_run(&one).unwrap());
        state.apply(&scope(), &[run(&two)]).unwrap();
        assert!(state.has_run(&two).unwrap());
    }
}

#[test]
fn a_restarted_server_is_connected_to_again() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let url = server.fresh();
    let mut state = open(&address(&url));
    let identity = state.identity().to_owned();
    state.apply(&scope(), &[run("r1")]).unwrap();
    server.kill().unwrap();
    fails(&state.has_run("r1").unwrap_err());
    fails(&state.apply(&scope(), &[run("r2")]).unwrap_err());
    server.start_again().unwrap();
    assert!(state.has_run("r1").unwrap(), "what was committed is there");
    assert!(!state.has_run("r2").unwrap(), "what wasn't isn't");
    state.apply(&scope(), &[run("r2")]).unwrap();
    assert!(state.has_run("r2").unwrap());
    assert_eq!(state.identity(), identity);

    // A server that comes back while it is waited for is as good as one that never went.
    server.kill().unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            server.start_again().unwrap();
        });
        state.apply(&scope(), &[run("r3")]).unwrap();
    });
    assert!(state.has_run("r3").unwrap());

    // Another state in the same place is no continuation of this one.
    server.kill().unwrap();
    server.start_again().unwrap();
    let drop = format!("DROP SCHEMA {} CASCADE", schema(&url));
    server.execute("public", &drop).unwrap();
    fails(&state.has_run("r1").unwrap_err());
}

#[test]
fn what_can_not_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let StateAddress::Sqlite(path) = sqlite(&folder) else {
        panic!("it's a file");
    };
    // Something else is where the folder would be.
    let parent = path.parent().unwrap();
    std::fs::write(parent, "x").unwrap();
    fails(&State::open(&sqlite(&folder)).err().unwrap());
    std::fs::remove_file(parent).unwrap();

    std::fs::create_dir(parent).unwrap();
    std::fs::write(&path, "this is no database, and stays what it is").unwrap();
    fails(&State::open(&sqlite(&folder)).err().unwrap());
    let text_of = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text_of, "this is no database, and stays what it is");
    std::fs::remove_file(&path).unwrap();

    let mut state = open(&sqlite(&folder));
    state.apply(&scope(), &[run("r1")]).unwrap();
    state.close().unwrap();
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(&path, mode(0o444)).unwrap();
    std::fs::set_permissions(parent, mode(0o555)).unwrap();
    // Root may write whatever it likes.
    let is_barred = std::fs::File::options().append(true).open(&path).is_err();
    let opened = State::open(&sqlite(&folder));
    let written = opened.and_then(|mut state| state.apply(&scope(), &[run("r2")]));
    std::fs::set_permissions(parent, mode(0o755)).unwrap();
    assert_eq!(written.is_err(), is_barred, "{written:?}");
    written.err().iter().for_each(fails);
}

#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let StateAddress::Sqlite(path) = sqlite(&folder) else {
        panic!("it's a file");
    };
    let mut state = open(&sqlite(&folder));
    for number in 0..50 {
        let one = snapshot(&format!("m{number}"), "v1");
        state.apply(&scope(), &built(&one)).unwrap();
    }
    state.close().unwrap();
    let whole = std::fs::read(&path).unwrap();
    for start in (100..whole.len()).step_by(whole.len() / 23) {
        let mut bytes = whole.clone();
        let end = (start + 3000).min(bytes.len());
        bytes[start..end].fill(0xa5);
        std::fs::write(&path, &bytes).unwrap();
        let _ = std::fs::remove_file(path.with_extension("db-wal"));
        let _ = std::fs::remove_file(path.with_extension("db-shm"));
        let read = State::open(&sqlite(&folder)).and_then(|mut state| {
            state.known(&scope())?;
            state.apply(&scope(), &[run("r1")])?;
            state.close()
        });
        if let Err(error) = read {
            fails(&error);
        }
    }
}

#[test]
fn the_layout_of_a_server_is_changed_only_on_demand_and_after_a_copy() {
    let Some(server) = server() else { return };
    let url = server.fresh();
    let state = open(&address(&url));
    let identity = state.identity().to_owned();
    // A state with the tables that all versions have, and no others.
    let tables = server
        .execute(
            schema(&url),
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
        )
        .unwrap();
    let others = tables
        .iter()
        .filter(|name| !["layout", "identity", "changes"].contains(&name.as_str()));
    let drop: Vec<String> = others.map(|name| format!("DROP TABLE {name};")).collect();
    assert_eq!(drop.len(), 16);
    let earlier = format!("{} UPDATE layout SET version = 0", drop.concat());
    server.execute(schema(&url), &earlier).unwrap();
    let error = State::open(&address(&url)).err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("state-outdated", Kind::Refused),
        "{error}"
    );
    assert!(
        error.hint.is_some() && !error.to_string().contains(PASSWORD),
        "{error}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.jsonl");
    let backup = || -> Result<Box<dyn std::io::Write>, Error> {
        Ok(Box::new(std::fs::File::create(&path).unwrap()))
    };
    assert_eq!(State::migrate(&address(&url), backup).unwrap(), (0, 1));
    let copy = std::fs::read_to_string(&path).unwrap();
    assert!(
        copy.contains("\"layout\":0") && copy.contains(&identity),
        "{copy}"
    );
    let mut state = open(&address(&url));
    assert_eq!(state.identity(), identity);
    state.apply(&scope(), &[run("r1")]).unwrap();
    let nothing = || panic!("there is nothing to do");
    assert_eq!(State::migrate(&address(&url), nothing).unwrap(), (1, 1));
}
