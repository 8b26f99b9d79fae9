//! Connections that break in the middle of a transaction.

use crate::fixture::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::state::*;
use dbgo_test_postgres::{Cut, PASSWORD, Proxy, Server, server};

#[test]
fn a_connection_is_encrypted_and_the_server_proves_itself() {
    let Some(server) = Server::start() else {
        return;
    };
    let url = server.fresh();
    let with = |parameters: &str| State::open(&address(&format!("{url}&{parameters}")));
    let refused = |parameters: &str| {
        let error = with(parameters).err().unwrap();
        assert_eq!(
            (error.code.text(), error.kind),
            ("state-failed", Kind::Failed),
            "{error}"
        );
        assert!(!error.to_string().contains(PASSWORD), "{error}");
    };
    refused("sslmode=require");
    refused("sslmode=sometimes");
    let Some(authority) = server.encrypt().unwrap() else {
        return;
    };
    let authority = authority.display();
    let proving = format!("sslmode=verify-full&sslrootcert={authority}&application_name=proved");
    let encrypted = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'proved'";
    let mut state = with(&proving).unwrap();
    state.apply(&scope(), &[run("r1")]).unwrap();
    assert_eq!(server.execute("public", encrypted).unwrap(), ["t"]);
    assert!(with("sslmode=require").unwrap().has_run("r1").unwrap());
    // Nobody whom everybody believes vouches for it, and it isn't called so.
    refused("sslmode=verify-full");
    let renamed = url.replace("@127.0.0.1:", "@localhost:");
    let renamed = format!("{renamed}&sslmode=verify-full&sslrootcert={authority}");
    assert!(State::open(&address(&renamed)).is_err());
}

#[test]
fn what_never_reached_its_commit_is_tried_again() {
    let Some(server) = server() else { return };
    for cut in [Cut::Before, Cut::After] {
        for text in ["INSERT INTO runs", "INSERT INTO changes", "BEGIN"] {
            let proxy = Proxy::start(server, cut, text).unwrap();
            let url = server.fresh();
            let mut state = open(&address(&proxy.through(&url)));
            // What is prepared isn't sent again, so each connection's first one is cut.
            proxy.cut(2);
            state.apply(&scope(), &[run("r1")]).unwrap();
            assert_eq!(proxy.left(), 0, "{cut:?} {text}");
            assert!(state.has_run("r1").unwrap());
        }
    }
}

/// The statement, as its message ends: there is a `COMMIT` in `READ COMMITTED` too.
const COMMIT: &str = "COMMIT\0";

#[test]
fn a_commit_without_an_answer_is_not_tried_again() {
    let Some(server) = server() else { return };
    for (cut, is_there) in [(Cut::Before, false), (Cut::After, true)] {
        let proxy = Proxy::start(server, cut, COMMIT).unwrap();
        let url = server.fresh();
        let mut state = open(&address(&proxy.through(&url)));
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        proxy.cut(1);
        let claiming = claim(&holder("ana"), "p1", &["t1"]);
        let error = state.claim(&claiming).unwrap_err();
        assert_eq!(
            (error.code.text(), error.kind),
            ("state-failed", Kind::Failed)
        );
        assert!(
            error.message.contains("whether it did isn't known"),
            "{error}"
        );
        assert!(!error.to_string().contains(PASSWORD), "{error}");
        // The next call has a new connection, and sees what became of it.
        let leases = state.leases(PROJECT, ENGINE).unwrap();
        assert_eq!(!leases.is_empty(), is_there, "{cut:?}");
        let mut again = claiming.clone();
        again.resume = true;
        let token = state.claim(&again).unwrap().unwrap().token;
        assert_eq!(token, if is_there { 2 } else { 1 });
    }
}
