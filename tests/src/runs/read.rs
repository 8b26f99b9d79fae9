//! The format of scenarios.

/// A scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its heading.
    pub title: String,
    /// What is done, in order.
    pub blocks: Vec<Block>,
}

/// A part of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A file that is written.
    File {
        /// Its path in the project.
        path: String,
        /// What it has.
        text: String,
    },
    /// Commands.
    Steps(Vec<Step>),
}

/// A command, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its line in the scenario's file, from 1.
    pub line: usize,
    /// What is behind the `$`.
    pub command: String,
    /// How it ends.
    pub exit: i32,
    /// Words of lines, in their order; or the rows of a query.
    pub shown: Vec<String>,
    /// Words that no line has.
    pub unshown: Vec<String>,
}

/// A number of seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait(pub f64);

impl Wait {
    /// Reads `wait 1.1 s`.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn read(command: &str) -> Result<Self, String> {
        let number = command
            .strip_prefix("wait ")
            .and_then(|rest| rest.strip_suffix(" s"));
        let seconds = number.and_then(|number| number.trim().parse().ok());
        let seconds = seconds.filter(|seconds: &f64| (0.0..60.0).contains(seconds));
        seconds
            .map(Self)
            .ok_or_else(|| format!("`{command}` is no number of seconds"))
    }
}

/// Reads the scenarios of a file.
///
/// # Errors
/// A block that isn't closed, or words outside of a command.
pub fn read(text: &str) -> Result<Vec<Scenario>, String> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            scenarios.push(Scenario {
                title: title.to_owned(),
                blocks: Vec::new(),
            });
            continue;
        }
        let Some(head) = line.strip_prefix("```") else {
            continue;
        };
        let mut body = Vec::new();
        loop {
            match lines.next() {
                Some((_, "```")) => break,
                Some(line) => body.push(line),
                None => return Err(format!("line {}: the block isn't closed", number + 1)),
            }
        }
        let Some(scenario) = scenarios.last_mut() else {
            return Err(format!("line {}: no `##` is above the block", number + 1));
        };
        scenario.blocks.push(match head.split_once(' ') {
            Some((_, path)) => Block::File {
                path: path.trim().to_owned(),
                text: body.iter().map(|(_, line)| format!("{line}\n")).collect(),
            },
            None => Block::Steps(steps(&body)?),
        });
    }
    Ok(scenarios)
}

fn steps(lines: &[(usize, &str)]) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for (number, line) in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                line: number + 1,
                command: command.to_owned(),
                exit: 0,
                shown: Vec::new(),
                unshown: Vec::new(),
            });
            continue;
        }
        let step = steps.last_mut();
        let step = step.ok_or_else(|| format!("line {}: no `$` is above", number + 1))?;
        if let Some(exit) = line.strip_prefix("exit: ") {
            step.exit = exit
                .parse()
                .map_err(|_| format!("line {}: `{exit}` is no exit code", number + 1))?;
        } else if let Some(words) = line.strip_prefix("no: ") {
            step.unshown.push(words.to_owned());
        } else {
            step.shown.push((*line).to_owned());
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_has_files_and_commands() {
        let text = "# T\n\n## One\n\n```sql models/a.sql\nselect 1\n```\n\n\
                    ```console\n$ dbgo run\nmain.a\nno: main.b\nexit: 1\n$ sql select 1\n1\n```\n";
        let scenarios = read(text).unwrap();
        assert_eq!(scenarios.len(), 1);
        let [Block::File { path, text }, Block::Steps(steps)] = &scenarios[0].blocks[..] else {
            panic!("{scenarios:?}");
        };
        assert_eq!(
            (path.as_str(), text.as_str()),
            ("models/a.sql", "select 1\n")
        );
        assert_eq!(steps[0].line, 10);
        assert_eq!(steps[0].shown, ["main.a"]);
        assert_eq!(steps[0].unshown, ["main.b"]);
        assert_eq!((steps[0].exit, steps[1].exit), (1, 0));
        assert_eq!(steps[1].shown, ["1"]);
    }

    #[test]
    fn what_is_no_scenario_is_refused() {
        for text in [
            "```console\n$ dbgo\n```\n",
            "## A\n```sql a\n",
            "## A\n```console\nx\n```\n",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(Wait::read("wait 1.5 s"), Ok(Wait(1.5)));
        assert!(Wait::read("wait for it").is_err());
    }
}
