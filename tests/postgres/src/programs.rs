//! The server's programs, and who runs them: Postgres refuses to be run by root.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the programs are, and as whom they are run.
pub struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

/// Another user than the one who runs the tests.
struct User {
    name: &'static str,
    id: u32,
    group: u32,
}

impl Programs {
    /// Looks for them.
    pub fn find() -> Option<Self> {
        let folder = folders().find(|folder| {
            let programs = ["initdb", "postgres", "pg_isready", "psql"];
            programs
                .iter()
                .all(|program| folder.join(program).is_file())
        })?;
        let user = match is_root() {
            true => Some(["postgres", "nobody"].into_iter().find_map(user)?),
            false => None,
        };
        Some(Self { folder, user })
    }

    /// A call of one of them. It is the program's own process: no shell or daemon stands between.
    pub fn command(&self, program: &str) -> Command {
        let path = self.folder.join(program);
        let mut command = match &self.user {
            None => Command::new(path),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={}", user.name))
                    .arg(format!("--regid={}", user.group))
                    .arg("--clear-groups")
                    .arg(path);
                command
            }
        };
        // What a user has set for other servers has no say.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").current_dir(std::env::temp_dir());
        command
    }

    /// Gives a file or folder to whom the programs are run as.
    pub fn give(&self, path: &Path) -> io::Result<()> {
        match &self.user {
            Some(user) => std::os::unix::fs::chown(path, Some(user.id), Some(user.group)),
            None => Ok(()),
        }
    }
}

/// The folders that may hold the programs, the best first.
fn folders() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // What stands in the search path may be links; the programs find the rest of their
    // installation by where they are themselves.
    let linked = std::env::split_paths(&path)
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect::<Vec<_>>();
    let named = Command::new("pg_config").arg("--bindir").output();
    let named = named.ok().filter(|output| output.status.success());
    let named = named.map(|output| String::from_utf8_lossy(&output.stdout).trim().into());
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let versions = versions.into_iter().map(|(_, folder)| folder);
    linked.into_iter().chain(named).chain(versions)
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The folder belongs to whoever runs the process.
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn user(name: &'static str) -> Option<User> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let id = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        Some(User { name, id, group })
    })
}
