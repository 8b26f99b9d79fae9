//! The project as it was at a revision of its git repository.
//!
//! The program `git` writes the files into a folder of their own, by an index of their own: the
//! repository and its working tree stay as they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The files of a project at a revision, in a folder that goes with this value.
pub struct Revision {
    /// The folder of `dbgo.toml`.
    pub root: PathBuf,
    _folder: TempDir,
}

/// The files of the project in `root` at a revision.
///
/// # Errors
/// What is wrong: no such revision, no project at it, no repository, no `git`.
pub fn checked_out(root: &Path, revision: &str) -> Result<Revision, String> {
    let folder = TempDir::new().map_err(|error| format!("no folder can be made: {error}"))?;
    let root_there = folder.path().join("project");
    let top = git(root, None, ["rev-parse", "--show-toplevel"])?;
    let prefix = git(root, None, ["rev-parse", "--show-prefix"])?;
    let wanted = format!("{revision}^{{commit}}");
    let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    let commit = git(root, None, verify.into_iter().chain([wanted.as_str()]))
        .map_err(|_| format!("there is no revision `{revision}`"))?;
    let tree = format!("{commit}:{}", prefix.trim_end_matches('/'));
    let (top, index) = (Path::new(&top), folder.path().join("index"));
    let index = Some(index.as_path());
    git(top, index, ["read-tree", &tree])
        .map_err(|_| format!("there is no project at `{revision}`"))?;
    let mut destination = OsString::from("--prefix=");
    destination.push(&root_there);
    destination.push("/");
    let write = [
        OsString::from("checkout-index"),
        "--all".into(),
        destination,
    ];
    git(top, index, write)?;
    if !root_there.join("dbgo.toml").is_file() {
        return Err(format!("there is no project at `{revision}`"));
    }
    Ok(Revision {
        root: root_there,
        _folder: folder,
    })
}

/// The commit that a project's folder is at; nothing outside of a repository, or where the folder
/// differs from it.
pub fn commit(root: &Path) -> Option<String> {
    let changed = git(
        root,
        None,
        ["status", "--porcelain", "--untracked-files=no", "."],
    )
    .ok()?;
    if !changed.is_empty() {
        return None;
    }
    git(root, None, ["rev-parse", "HEAD"]).ok()
}

/// Runs `git` in a folder and gives what it says, without the end of its last line.
fn git<T: Into<OsString>>(
    folder: &Path,
    index: Option<&Path>,
    arguments: impl IntoIterator<Item = T>,
) -> Result<String, String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder);
    command.args(arguments.into_iter().map(Into::into));
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let output = command
        .output()
        .map_err(|error| format!("`git` can't be started: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("`git` says: {}", text(&output.stderr))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(folder: &Path) {
        for arguments in [
            &["init", "--quiet"][..],
            &["add", "."],
            &[
                "-c",
                "user.name=test",
                "-c",
                "user.email=test@localhost",
                "-c",
                "commit.gpgsign=false",
                "commit",
                "--quiet",
                "--message=first",
            ],
        ] {
            git(folder, None, arguments).expect("git works");
        }
    }

    #[test]
    fn a_project_below_the_top_is_found_as_it_was() {
        let repository = tempfile::tempdir().expect("a folder");
        let project = repository.path().join("warehouse");
        std::fs::create_dir_all(project.join("models")).expect("a folder");
        let settings = project.join("dbgo.toml");
        std::fs::write(&settings, "name = \"before\"\n").expect("a file");
        let model = project.join("models/a.sql");
        std::fs::write(&model, "select 1 as id\n").expect("a file");
        committed(repository.path());
        std::fs::write(&settings, "name = \"after\"\n").expect("a file");
        std::fs::remove_file(&model).expect("a file");

        let revision = checked_out(&project, "HEAD").expect("the revision");
        let read = |path: &str| std::fs::read_to_string(revision.root.join(path));
        assert_eq!(
            read("dbgo.toml").ok().as_deref(),
            Some("name = \"before\"\n")
        );
        assert_eq!(
            read("models/a.sql").ok().as_deref(),
            Some("select 1 as id\n")
        );
        let status = git(repository.path(), None, ["status", "--short"]).expect("git works");
        assert_eq!(
            status.trim(),
            "M warehouse/dbgo.toml\n D warehouse/models/a.sql"
        );
        let refused = |revision: &str| checked_out(&project, revision).err();
        let unknown = refused("no-such-branch").expect("a refusal");
        assert_eq!(unknown, "there is no revision `no-such-branch`");
        let option = refused("--all").expect("a refusal");
        assert_eq!(option, "there is no revision `--all`");
    }

    #[test]
    fn a_folder_without_a_repository_has_no_revision() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = checked_out(folder.path(), "HEAD").err().expect("a refusal");
        assert!(refused.contains("not a git repository"), "{refused}");
    }
}
