//! What a difference has in common with others.

use crate::oracle::verdict::{Engine, Finding, Judged};

/// The findings that are looked for.
const FINDINGS: [Finding; 8] = [
    Finding::Panic,
    Finding::FalseError,
    Finding::Unread,
    Finding::WrongType,
    Finding::WrongName,
    Finding::WrongNotNull,
    Finding::MissedSyntax,
    Finding::MissedNames,
];

/// What differs and how, without names and numbers.
pub fn template(judged: &Judged) -> Option<(&'static str, String)> {
    let found = judged.findings();
    let finding = FINDINGS
        .into_iter()
        .find(|finding| found.contains(finding))?;
    let said = match (finding, &judged.engine) {
        (Finding::MissedSyntax | Finding::MissedNames, Engine::Refuses(refusal)) => {
            masked(&refusal.to_string())
        }
        (Finding::FalseError | Finding::Unread, _) => masked(
            &judged
                .ours
                .as_ref()
                .map(|ours| ours.text())
                .unwrap_or_default(),
        ),
        (Finding::WrongType | Finding::WrongName, _) => differing(judged, finding),
        _ => String::new(),
    };
    Some((finding.name(), said))
}

fn differing(judged: &Judged, finding: Finding) -> String {
    let ours = judged.our_columns().unwrap_or_default();
    let theirs = judged.engine_columns().unwrap_or_default();
    if ours.len() != theirs.len() {
        return "number of columns".to_owned();
    }
    let mut pairs = ours.iter().zip(theirs);
    let differs = pairs.find_map(|(ours, (name, sql_type))| {
        let own = ours.sql_type.to_string();
        match finding {
            Finding::WrongType => (own != *sql_type && !ours.sql_type.has_unknown())
                .then(|| masked(&format!("{own}, not {sql_type}"))),
            _ => {
                let own = ours.name.clone().filter(|own| own != name)?;
                Some(masked(&format!("{own}, not {name}")))
            }
        }
    });
    differs.unwrap_or_default()
}

/// A text with `N` for numbers and `…` between quotes.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let starts = !masked.ends_with(char::is_alphanumeric);
        if ['"', '`'].contains(&letter) || letter == '\'' && starts {
            if letters.any(|other| other == letter) {
                masked.push(letter);
                masked.push('…');
            }
            masked.push(letter);
        } else if letter.is_ascii_digit() {
            while letters.next_if(char::is_ascii_digit).is_some() {}
            masked.push('N');
        } else {
            masked.push(letter);
        }
    }
    masked.chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn names_and_numbers_are_left_out() {
        assert_eq!(
            masked("column `a b` isn't in 12 of 'x'"),
            "column `…` isn't in N of '…'"
        );
    }
}
