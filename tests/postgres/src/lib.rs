//! A Postgres server for tests: a new cluster in a temporary folder, on this machine only, without
//! any care for its data, and gone with the process that started it, however that ends.
//!
//! The server's programs are looked for, and not brought along. Where there are none, tests say that
//! they were skipped; where the variable `CI` is set, they fail.

mod encryption;
mod programs;
mod proxy;

pub use proxy::{Cut, Proxy};

use programs::Programs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The password of the user that tests connect as: something that no message may hold.
pub const PASSWORD: &str = "pa55-of-the-tests";

/// The user that tests connect as.
pub const USER: &str = "dbgo";

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// The database that every cluster has.
const USUAL: &str = "postgres";

/// A server.
pub struct Server {
    programs: Programs,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
    /// Ends the server when this process ends, whatever ends it.
    guard: Option<Child>,
    schemas: AtomicU32,
}

/// The server of this process, started by the first who asks; nothing where Postgres isn't
/// installed, which is said.
///
/// # Panics
/// If Postgres can't be started, or isn't installed and the variable `CI` is set.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::start).as_ref()
}

impl Server {
    /// Starts a server; nothing where Postgres isn't installed, which is said.
    ///
    /// # Panics
    /// If Postgres can't be started, or isn't installed and the variable `CI` is set.
    pub fn start() -> Option<Self> {
        let Some(programs) = Programs::find() else {
            assert!(
                std::env::var_os("CI").is_none(),
                "Postgres isn't installed: no `initdb` is in the search path, in the folder that \
                 `pg_config --bindir` names or in `/usr/lib/postgresql`"
            );
            println!("skipped: Postgres isn't installed");
            return None;
        };
        match Self::make(programs) {
            Ok(server) => Some(server),
            Err(error) => panic!("can't start Postgres: {error}"),
        }
    }

    fn make(programs: Programs) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("dbgo-postgres-")
            .tempdir()?;
        programs.give(folder.path())?;
        let secret = folder.path().join("password");
        std::fs::write(&secret, PASSWORD)?;
        programs.give(&secret)?;
        let mut initdb = programs.command("initdb");
        initdb
            .args([
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
                "--username",
                USER,
            ])
            .arg("--auth=scram-sha-256")
            .arg(format!("--pwfile={}", secret.display()))
            .arg("--pgdata")
            .arg(data(folder.path()));
        succeed(initdb)?;
        let mut server = Self {
            programs,
            folder,
            port: 0,
            process: None,
            guard: None,
            schemas: AtomicU32::new(0),
        };
        server.start_again()?;
        Ok(server)
    }

    /// Starts the server after [`Server::kill`], on the port that it had.
    ///
    /// # Errors
    /// If it doesn't start.
    pub fn start_again(&mut self) -> io::Result<()> {
        let started = Instant::now();
        loop {
            match self.try_start() {
                // The processes of a killed server keep its memory for some moments, and a free
                // port may be somebody else's by now.
                Err(_) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                other => return other,
            }
        }
    }

    fn try_start(&mut self) -> io::Result<()> {
        let port = match self.port {
            0 => TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
            port => port,
        };
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        let mut postgres = self.programs.command("postgres");
        postgres.arg("-D").arg(data(self.folder.path()));
        postgres.args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            postgres.args(["-c", setting]);
        }
        let mut process = postgres
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let started = Instant::now();
        while !self.is_ready(port)? {
            if let Some(status) = process.try_wait()? {
                return Err(io::Error::other(format!(
                    "it ended: {status}; {}",
                    self.log()
                )));
            }
            if started.elapsed() > PATIENCE {
                process.kill()?;
                process.wait()?;
                return Err(io::Error::other(format!("it isn't ready; {}", self.log())));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.release_guard();
        self.guard = Some(guard(process.id(), self.folder.path())?);
        self.process = Some(process);
        self.port = port;
        Ok(())
    }

    fn is_ready(&self, port: u16) -> io::Result<bool> {
        let status = self
            .programs
            .command("pg_isready")
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .args(["-d", "postgres", "-U", USER])
            .stdin(Stdio::null())
            .status()?;
        Ok(status.success())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Kills the server as a power failure would; its connections break.
    ///
    /// # Errors
    /// If that can't be done.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a schema that nobody else has, as `[state] url` has it.
    pub fn fresh(&self) -> String {
        let number = self.schemas.fetch_add(1, Ordering::Relaxed);
        self.address(&format!("t{}_{number}", std::process::id()))
    }

    /// The address of a schema.
    pub fn address(&self, schema: &str) -> String {
        self.address_in(USUAL, schema)
    }

    /// The address of a schema in one of the server's databases.
    pub fn address_in(&self, database: &str, schema: &str) -> String {
        let port = self.port;
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/{database}?schema={schema}")
    }

    /// Makes a database that has what another one has, or nothing; one of that name that is there goes, with
    /// all connections to it. Nobody may be connected to the other one.
    ///
    /// # Errors
    /// What the server says.
    pub fn copy_database(&self, from: Option<&str>, to: &str) -> io::Result<()> {
        let drop = format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)");
        self.execute("public", &drop)?;
        let from = from.unwrap_or("template0");
        let create = format!("CREATE DATABASE {to} TEMPLATE {from}");
        self.execute("public", &create).map(|_| ())
    }

    /// Runs statements in a schema, each by itself, and gives the values of their rows, separated
    /// by `|`.
    ///
    /// # Errors
    /// What the server says.
    pub fn execute(&self, schema: &str, statements: &str) -> io::Result<Vec<String>> {
        self.execute_in(USUAL, schema, statements)
    }

    /// The same in one of the server's databases.
    ///
    /// # Errors
    /// What the server says.
    pub fn execute_in(
        &self,
        database: &str,
        schema: &str,
        statements: &str,
    ) -> io::Result<Vec<String>> {
        let mut psql = self.programs.command("psql");
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
        ])
        .args(["-p", &self.port.to_string(), "-U", USER, "-d", database])
        .args(["-c", statements])
        .env("PGPASSWORD", PASSWORD)
        .env("PGOPTIONS", format!("-c search_path={schema}"));
        let output = succeed(psql)?;
        Ok(output.lines().map(str::to_owned).collect())
    }

    fn release_guard(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            // It would end a process with a number that may be another one's by now.
            let _ = guard.kill();
            let _ = guard.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.release_guard();
        // What can't be ended here has ended.
        let _ = self.kill();
    }
}

/// Nothing is written through to the disk, and few connections are more than enough.
const SETTINGS: [&str; 9] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
    "max_connections=60",
    "autovacuum=off",
    "log_min_messages=fatal",
];

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// A process that waits for the end of this one, which closes its input, and ends the server then.
fn guard(server: u32, folder: &Path) -> io::Result<Child> {
    Command::new("sh")
        .args([
            "-c",
            "cat > /dev/null; kill -KILL \"$1\"; rm -rf \"$2\"",
            "guard",
        ])
        .arg(server.to_string())
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Runs a program that must succeed, and gives what it printed.
fn succeed(mut command: Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("{command:?}: {message}")))
}
