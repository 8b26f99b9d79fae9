//! Bugs that are put in on purpose, each in one place of the code.

/// A mistake that a test of crashes must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The ledger row is committed before the batch's rows, by itself.
    IntervalBeforeCommit,
    /// The ledger row is written after the batch's rows are committed, by itself.
    IntervalAfterWithoutLedger,
    /// A commit doesn't look at the fence.
    NoFence,
    /// The views are changed in two transactions.
    TwoPublications,
}

impl Bug {
    /// All of them.
    pub const ALL: &'static [Bug] = &[
        Bug::IntervalBeforeCommit,
        Bug::IntervalAfterWithoutLedger,
        Bug::NoFence,
        Bug::TwoPublications,
    ];

    /// The name by which the variable `DBGO_SEEDED_BUG` puts it in.
    pub const fn text(self) -> &'static str {
        match self {
            Bug::IntervalBeforeCommit => "interval-before-commit",
            Bug::IntervalAfterWithoutLedger => "interval-after-without-ledger",
            Bug::NoFence => "no-fence",
            Bug::TwoPublications => "two-publications",
        }
    }
}

/// Whether this process has the bug.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn is_seeded(_bug: Bug) -> bool {
    false
}

/// Whether this process has the bug.
#[cfg(debug_assertions)]
pub fn is_seeded(bug: Bug) -> bool {
    use std::sync::OnceLock;
    static NAMED: OnceLock<Option<String>> = OnceLock::new();
    let named = NAMED.get_or_init(|| std::env::var("DBGO_SEEDED_BUG").ok());
    named.as_deref() == Some(bug.text())
}
