//! `dbgo init`: writes a new project, and never over a file that exists.

use crate::arguments::InitArguments;
use crate::embedded::{EXAMPLE_PROJECT, INIT_TEMPLATE};
use crate::exit;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Writes the project, or the workflow of one that is there.
///
/// # Errors
/// The exit code, after saying what is in the way.
pub fn init(directory: &Path, arguments: &InitArguments) -> Result<ExitCode, ExitCode> {
    let folder = match directory == Path::new(".") {
        true => arguments.folder.clone(),
        false => directory.join(&arguments.folder),
    };
    match arguments.ci {
        Some(host) => super::workflow::write(&folder, host),
        None => Ok(write_project(&folder, arguments.example)),
    }
}

fn write_project(folder: &Path, example: bool) -> ExitCode {
    let files = match example {
        true => EXAMPLE_PROJECT,
        false => INIT_TEMPLATE,
    };
    let targets: Vec<(PathBuf, Vec<u8>)> = match prepared(folder, files, example) {
        Ok(targets) => targets,
        Err(error) => {
            return exit::usage(&format!("can't use `{}`: {error}", folder.display()));
        }
    };
    let existing: Vec<&PathBuf> = targets
        .iter()
        .map(|(path, _)| path)
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    if !existing.is_empty() {
        eprintln!("error: these files exist already, and nothing was written");
        for path in existing.iter().take(10) {
            eprintln!("  {}", path.display());
        }
        eprintln!("hint: choose another folder: `dbgo init my_project`");
        return exit::FINDINGS;
    }
    for (path, content) in &targets {
        if let Err(error) = write_new(path, content) {
            eprintln!(
                "error[unwritable]: can't write `{}`: {error}",
                path.display()
            );
            eprintln!("hint: make the folder writable, or choose another one");
            return exit::FINDINGS;
        }
    }
    eprintln!("wrote {} files to `{}`", targets.len(), folder.display());
    if folder == Path::new(".") {
        eprintln!("next: `dbgo run`");
    } else {
        let folder = quoted(&folder.to_string_lossy());
        eprintln!("next: `cd {folder}` and `dbgo run`");
    }
    exit::OK
}

fn prepared(
    folder: &Path,
    files: &[(&str, &[u8])],
    example: bool,
) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let name = project_name(folder)?;
    let file = |(path, content): &(&str, &[u8])| {
        let path = folder.join(
            path.replace("gitignore", ".gitignore")
                .replace("..gitignore", ".gitignore"),
        );
        match std::str::from_utf8(content) {
            Ok(text) if !example => (path, text.replace("{{name}}", &name).into_bytes()),
            _ => (path, content.to_vec()),
        }
    };
    Ok(files.iter().map(file).collect())
}

/// The folder's own name as a project's: lower case, other characters as `_`.
fn project_name(folder: &Path) -> io::Result<String> {
    let absolute = std::path::absolute(folder)?;
    let name = absolute
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    Ok(if starts_well {
        name
    } else {
        format!("project_{name}").trim_end_matches('_').to_owned()
    })
}

/// A path as a shell takes it for one word.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+~:@%".contains(c);
    if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// Writes a file that doesn't exist yet, and the folders on the way to it.
///
/// # Errors
/// Where it exists, or can't be written.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?
        .write_all(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_become_project_names() {
        assert_eq!(project_name(Path::new("/tmp/My Shop")).unwrap(), "my_shop");
        assert_eq!(
            project_name(Path::new("/tmp/2024")).unwrap(),
            "project_2024"
        );
        assert_eq!(project_name(Path::new("/")).unwrap(), "project");
        assert_eq!(
            project_name(Path::new("/tmp/1 Shop Ünï")).unwrap(),
            "project_1_shop_n"
        );
    }

    #[test]
    fn paths_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("/tmp/my_shop"), "/tmp/my_shop");
        assert_eq!(quoted("/tmp/my shop"), "'/tmp/my shop'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
