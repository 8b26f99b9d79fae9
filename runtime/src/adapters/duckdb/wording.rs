//! DuckDB's messages for people: what is wrong, and of long lists only their beginnings.

/// How many of the functions or parameters that might have been meant are named.
const CANDIDATES: usize = 3;

/// How many characters of a line are shown.
const CHARACTERS: usize = 400;

/// A message without empty lines, in which a list of candidates is one line, and no line is endless. What
/// somebody's own `error('…')` says stays as it is but for that.
pub(super) fn in_short(message: &str) -> String {
    let mut short: Vec<String> = Vec::new();
    let mut lines = message.lines().map(str::trim_end).peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        if !matches!(line.trim(), "Candidate functions:" | "Candidates:") {
            short.push(cut(line));
            continue;
        }
        let mut candidates: Vec<&str> = Vec::new();
        let is_indented = |line: &&str| line.starts_with(['\t', ' ']);
        while let Some(candidate) = lines.next_if(is_indented) {
            candidates.push(candidate.trim());
        }
        if candidates.is_empty() {
            short.push(cut(line));
            continue;
        }
        let mut line = format!(
            "candidates: {}",
            candidates
                .iter()
                .take(CANDIDATES)
                .copied()
                .collect::<Vec<_>>()
                .join(", ")
        );
        if candidates.len() > CANDIDATES {
            line.push_str(&format!(" and {} more", candidates.len() - CANDIDATES));
        }
        short.push(cut(&line));
    }
    short.join("\n")
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_few() {
        let message = "No function matches 'abs(VARCHAR)'. You might need to add explicit type casts.\n\
                       \tCandidate functions:\n\tabs(TINYINT) -> TINYINT\n\tabs(SMALLINT) -> SMALLINT\n\
                       \tabs(INTEGER) -> INTEGER\n\tabs(BIGINT) -> BIGINT\n\tabs(HUGEINT) -> HUGEINT\n\n";
        assert_eq!(
            in_short(message),
            "No function matches 'abs(VARCHAR)'. You might need to add explicit type casts.\n\
             candidates: abs(TINYINT) -> TINYINT, abs(SMALLINT) -> SMALLINT, abs(INTEGER) -> INTEGER \
             and 2 more"
        );
        let few = "Invalid named parameter \"foo\"\nCandidates:\n    header BOOLEAN\n    names VARCHAR[]\n";
        assert_eq!(
            in_short(few),
            "Invalid named parameter \"foo\"\ncandidates: header BOOLEAN, names VARCHAR[]"
        );
    }

    #[test]
    fn what_is_useful_stays() {
        for message in [
            "Table with name nosuch does not exist!\nDid you mean \"much\"?",
            "one\n  two",
            "Candidate functions: none",
            "",
        ] {
            assert_eq!(in_short(message), message);
        }
        let endless = "é".repeat(1000);
        assert_eq!(in_short(&endless).chars().count(), CHARACTERS + 1);
        assert_eq!(in_short("Candidates:\nx"), "Candidates:\nx");
    }
}
