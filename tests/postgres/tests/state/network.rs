//! Connections that break in the middle of a transaction.

use crate::fixture::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::state::*;
use dbgo_test_postgres::{PASSWORD, Server, server};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

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

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// The server never gets the statement.
    Before,
    /// The server gets it, and its answer is lost.
    After,
}

/// Something between a client and the server that cuts connections when the client sends a text.
struct Proxy {
    port: u16,
    /// How many more connections it cuts.
    cuts: Arc<AtomicU32>,
}

impl Proxy {
    fn start(server: &Server, cut: Cut, text: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::new(AtomicU32::new(0));
        let (to, left) = (server.port(), Arc::clone(&cuts));
        // It ends with the process; nobody waits for it.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let left = Arc::clone(&left);
                std::thread::spawn(move || forward(client, server, (cut, text), &left));
            }
        });
        Self { port, cuts }
    }

    fn state(&self, server: &Server, url: &str) -> State {
        let (direct, through) = (server.port().to_string(), self.port.to_string());
        open(&address(
            &url.replace(&format!(":{direct}/"), &format!(":{through}/")),
        ))
    }
}

fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    (cut, text): (Cut, &str),
    left: &AtomicU32,
) {
    let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let answering = std::thread::spawn(move || std::io::copy(&mut answers, &mut to_client));
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..length];
        let found = sent.windows(text.len()).any(|part| part == text.as_bytes());
        let cuts = found && left.load(Ordering::SeqCst) > 0;
        if cuts && cut == Cut::After {
            // The answer isn't passed on, whenever it comes.
            let _ = client.shutdown(Shutdown::Both);
        }
        let passes = !cuts || cut == Cut::After;
        if passes && server.write_all(sent).is_err() {
            break;
        }
        if cuts {
            left.fetch_sub(1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(50));
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = answering.join();
}

#[test]
fn what_never_reached_its_commit_is_tried_again() {
    let Some(server) = server() else { return };
    for cut in [Cut::Before, Cut::After] {
        for text in ["INSERT INTO runs", "INSERT INTO changes", "BEGIN"] {
            let proxy = Proxy::start(server, cut, text);
            let url = server.fresh();
            let mut state = proxy.state(server, &url);
            // What is prepared isn't sent again, so each connection's first one is cut.
            proxy.cuts.store(2, Ordering::SeqCst);
            state.apply(&scope(), &[run("r1")]).unwrap();
            assert_eq!(proxy.cuts.load(Ordering::SeqCst), 0, "{cut:?} {text}");
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
        let proxy = Proxy::start(server, cut, COMMIT);
        let url = server.fresh();
        let mut state = proxy.state(server, &url);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        proxy.cuts.store(1, Ordering::SeqCst);
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
