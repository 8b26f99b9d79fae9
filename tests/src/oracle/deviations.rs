//! The list of deviations in `tests/oracle/deviations.tsv`: where our answer to a query of a corpus
//! differs from the engine's and is let be. It names places, not texts: the corpora aren't part of
//! the repository.
//!
//! A line is the corpus, the list, the place and the cause, with tabs between them: for a query that
//! the engine refuses the type of its error, for one that no project could hold the reason.

use super::verdict::{Engine, Finding, Judged};
use std::collections::BTreeSet;

/// The file, from the folder of this crate.
pub const FILE: &str = "oracle/deviations.tsv";

/// What the file lists; in what else differs nothing is let be.
const LISTED: [Finding; 5] = [
    Finding::DependsOnData,
    Finding::Outside,
    Finding::Unread,
    Finding::MissedSyntax,
    Finding::MissedNames,
];

/// The lines of a corpus.
pub fn lines(corpus: &str, judged: &[Judged]) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for query in judged {
        for finding in query.findings() {
            if LISTED.contains(&finding) {
                let place = query.statement.place();
                let (name, cause) = (finding.name(), cause(query));
                lines.insert(format!("{corpus}\t{name}\t{place}\t{cause}"));
            }
        }
    }
    lines
}

fn cause(query: &Judged) -> &str {
    match &query.engine {
        Engine::Refuses(refusal) => &refusal.kind,
        Engine::Binds { .. } => {
            let outside = query.ours.as_ref().and_then(|ours| ours.outside);
            outside.unwrap_or("-")
        }
    }
}
