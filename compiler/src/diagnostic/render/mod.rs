//! Findings as text. What a finding says is decided before; here is only how it looks.

mod concise;
mod full;
mod github;
mod json;
mod junit;
mod lines;
mod sarif;

#[cfg(test)]
mod tests;

use super::Diagnostic;
use crate::source::SourceSet;
use crate::span::Span;

pub use concise::concise;
pub use full::full;
pub use github::github;
pub use json::json;
pub use junit::junit;
pub use lines::{Place, place};
pub use sarif::{SarifContext, sarif};

/// Orders findings by file (its path), place and code, those without a place first; the same
/// finding twice becomes one.
pub fn sort(sources: &SourceSet, diagnostics: &mut Vec<Diagnostic>) {
    let key = |diagnostic: &Diagnostic| {
        diagnostic.primary.as_ref().map(|label| {
            let Span { start, end, .. } = label.span;
            (sources.file(label.span.file).path.clone(), start, end)
        })
    };
    diagnostics.sort_by_cached_key(|diagnostic| (key(diagnostic), diagnostic.code));
    diagnostics.dedup();
}
