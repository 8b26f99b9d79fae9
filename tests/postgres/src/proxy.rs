//! Something between clients and a server that cuts connections.

use crate::Server;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never gets the statement.
    Before,
    /// The server gets it, and its answer is lost.
    After,
    /// The client loses its connection, and the server gets the statement so much later.
    Late(Duration),
}

/// A port that leads to a server, and cuts connections when a client sends a text.
pub struct Proxy {
    port: u16,
    server: u16,
    /// How many more connections it cuts.
    cuts: Arc<AtomicU32>,
}

impl Proxy {
    /// Begins to listen; it ends with the process.
    ///
    /// # Errors
    /// If there is no port.
    pub fn start(server: &Server, cut: Cut, text: &'static str) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let cuts = Arc::new(AtomicU32::new(0));
        let (to, left) = (server.port(), Arc::clone(&cuts));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client of a server that is gone loses its connection.
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else {
                    continue;
                };
                let left = Arc::clone(&left);
                std::thread::spawn(move || forward(client, server, (cut, text), &left));
            }
        });
        Ok(Self {
            port,
            server: server.port(),
            cuts,
        })
    }

    /// Cuts so many connections from now on.
    pub fn cut(&self, count: u32) {
        self.cuts.store(count, Ordering::SeqCst);
    }

    /// How many are still to be cut.
    pub fn left(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }

    /// An address of the server, through here.
    pub fn through(&self, url: &str) -> String {
        let (direct, through) = (self.server, self.port);
        url.replace(&format!(":{direct}/"), &format!(":{through}/"))
    }
}

fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    (cut, text): (Cut, &str),
    left: &AtomicU32,
) {
    let (Ok(mut answers), Ok(mut to_client)) = (server.try_clone(), client.try_clone()) else {
        return;
    };
    let answering = std::thread::spawn(move || std::io::copy(&mut answers, &mut to_client));
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..length];
        let found = sent.windows(text.len()).any(|part| part == text.as_bytes());
        let one_less = |left: u32| left.checked_sub(1);
        let cuts = found
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
                .is_ok();
        if cuts && cut != Cut::Before {
            // The answer isn't passed on, whenever it comes.
            let _ = client.shutdown(Shutdown::Both);
        }
        if let (true, Cut::Late(time)) = (cuts, cut) {
            std::thread::sleep(time);
        }
        let passes = !cuts || cut != Cut::Before;
        if passes && server.write_all(sent).is_err() {
            break;
        }
        if cuts {
            std::thread::sleep(Duration::from_millis(50));
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = answering.join();
}
