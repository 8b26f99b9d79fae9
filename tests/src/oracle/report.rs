//! Figures and lists as text.

use super::verdict::{Cause, Engine, Finding, Judged};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub part: usize,
    /// The whole.
    pub whole: usize,
}

impl Share {
    /// Adds to both.
    fn add(&mut self, part: usize, whole: usize) {
        self.part += part;
        self.whole += whole;
    }

    /// The part of the whole in percent; 0 of nothing.
    pub fn percent(self) -> f64 {
        100.0 * self.part as f64 / self.whole.max(1) as f64
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} of {} ({:.2} %)",
            self.part,
            self.whole,
            self.percent()
        )
    }
}

/// What was found in a corpus.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Queries.
    pub queries: usize,
    /// Queries that the engine prepares.
    pub bound: usize,
    /// How often there was each finding.
    pub findings: BTreeMap<&'static str, usize>,
    /// Columns whose type we state and the engine states otherwise.
    pub wrong_types: usize,
    /// Columns that we type, of the distinct queries that read a table and that our parser reads.
    pub typed_of_read: Share,
    /// The same of all distinct queries that read a table.
    pub typed_of_all: Share,
    /// The same of all queries.
    pub typed_of_every: Share,
    /// Columns of distinct queries that read a table and that we prove to be never null.
    pub proven_not_null: Share,
    /// Queries that the engine can't read: those we accept.
    pub missed_syntax: Share,
    /// Queries that the engine refuses for a name, a type or a constant: those we accept.
    pub missed_names: Share,
    /// Queries that the engine refuses for something that isn't in them, by what it is.
    pub apart: BTreeMap<&'static str, usize>,
    /// Queries that no project could hold and that we refuse, by the reason.
    pub outside: BTreeMap<&'static str, usize>,
}

impl Figures {
    /// Counts.
    pub fn of(judged: &[Judged]) -> Figures {
        let mut figures = Figures {
            queries: judged.len(),
            bound: judged.iter().filter(|query| query.binds()).count(),
            ..Figures::default()
        };
        let mut seen = BTreeSet::new();
        for query in judged {
            for finding in query.findings() {
                *figures.findings.entry(finding.name()).or_default() += 1;
            }
            figures.count_refusal(query);
            figures.count_columns(query, &mut seen);
        }
        figures
    }

    /// How often there was a finding.
    pub fn count(&self, finding: Finding) -> usize {
        self.findings.get(finding.name()).copied().unwrap_or(0)
    }

    fn count_refusal(&mut self, query: &Judged) {
        let accepted = usize::from(query.accepted());
        match query.cause() {
            Some(Cause::Syntax) => self.missed_syntax.add(accepted, 1),
            Some(Cause::NamesAndTypes) => self.missed_names.add(accepted, 1),
            Some(Cause::Apart(reason)) => *self.apart.entry(reason).or_default() += 1,
            None => {
                let outside = query.ours.as_ref().and_then(|ours| ours.outside);
                if let Some(reason) = outside
                    && query.findings().contains(&Finding::Outside)
                {
                    *self.outside.entry(reason).or_default() += 1;
                }
            }
        }
    }

    fn count_columns<'q>(
        &mut self,
        query: &'q Judged,
        seen: &mut BTreeSet<(&'q str, &'q [(String, String)])>,
    ) {
        let (Some(theirs), Some(ours)) = (query.engine_columns(), &query.ours) else {
            return;
        };
        let typed = query.typed().min(theirs.len());
        self.typed_of_every.add(typed, theirs.len());
        if query.findings().contains(&Finding::WrongType) {
            self.wrong_types += wrong_types(query);
        }
        if !ours.reads_table || !seen.insert((query.statement.sql.trim(), theirs)) {
            return;
        }
        self.typed_of_all.add(typed, theirs.len());
        if ours.parsed {
            self.typed_of_read.add(typed, theirs.len());
        }
        let proven = query.our_columns().unwrap_or_default().iter();
        self.proven_not_null.add(
            proven.filter(|column| !column.nullable).count(),
            theirs.len(),
        );
    }

    /// The table.
    pub fn text(&self, title: &str) -> String {
        let mut rows: Vec<(String, String, &str)> = vec![(
            "queries, and those that the engine binds".into(),
            format!("{}, {}", self.queries, self.bound),
            "",
        )];
        let mut counted = |label: &str, finding: Finding, bar| {
            rows.push((label.to_owned(), self.count(finding).to_string(), bar));
        };
        counted("we panic", Finding::Panic, "0");
        counted(
            "the engine binds and we refuse (false-errors)",
            Finding::FalseError,
            "0",
        );
        counted(
            "the same, apart: columns depend on data",
            Finding::DependsOnData,
            "",
        );
        counted(
            "the same, apart: no project could hold it (outside)",
            Finding::Outside,
            "",
        );
        counted(
            "the engine binds and our parser can't read (unread)",
            Finding::Unread,
            "",
        );
        counted(
            "queries with a type that differs (wrong-types)",
            Finding::WrongType,
            "0",
        );
        counted(
            "queries with a name that differs (wrong-names)",
            Finding::WrongName,
            "0",
        );
        counted(
            "queries with a null where we say never (wrong-not-null)",
            Finding::WrongNotNull,
            "0",
        );
        let mut row = |label: &str, value: String, bar| rows.push((label.to_owned(), value, bar));
        row(
            "columns whose type differs",
            self.wrong_types.to_string(),
            "0",
        );
        row(
            "columns typed, of queries that our parser reads",
            self.typed_of_read.to_string(),
            "93 %",
        );
        row(
            "columns typed, of all",
            self.typed_of_all.to_string(),
            "86 %",
        );
        row(
            "columns typed, of every query, also without a table",
            self.typed_of_every.to_string(),
            "",
        );
        row(
            "columns proven never null, of all",
            self.proven_not_null.to_string(),
            "",
        );
        row(
            "the engine can't read and we accept (missed-syntax)",
            self.missed_syntax.to_string(),
            "3 %",
        );
        row(
            "names and types refused and we accept (missed-names)",
            self.missed_names.to_string(),
            "8 %",
        );
        row(
            "either, and `check --engine` accepts it (missed-with-engine)",
            self.count(Finding::MissedWithEngine).to_string(),
            "0",
        );
        for (reason, count) in &self.outside {
            row(&format!("outside: {reason}"), count.to_string(), "");
        }
        for (reason, count) in &self.apart {
            row(
                &format!("refused by the engine, apart: {reason}"),
                count.to_string(),
                "",
            );
        }
        let mut text = format!("{title}\n");
        for (label, value, bar) in rows {
            let bar = match bar {
                "" => String::new(),
                bar => format!("  [{bar}]"),
            };
            let _ = writeln!(text, "  {label:<58} {value}{bar}");
        }
        text
    }
}

fn wrong_types(query: &Judged) -> usize {
    let (Some(ours), Some(theirs)) = (query.our_columns(), query.engine_columns()) else {
        return 0;
    };
    if ours.len() != theirs.len() {
        return ours.len().max(theirs.len());
    }
    let differs = |(ours, theirs): &(&dbgo_compiler::resolve::BoundColumn, &(String, String))| {
        !ours.sql_type.has_unknown() && ours.sql_type.to_string() != theirs.1
    };
    ours.iter().zip(theirs).filter(differs).count()
}

/// One query in full: where it comes from, its text, what we say and what the engine says.
pub fn entry(query: &Judged) -> String {
    let mut text = format!("{}\n", query.statement.place());
    for line in query.statement.sql.trim().lines() {
        let _ = writeln!(text, "    {line}");
    }
    let _ = writeln!(text, "  ours    {}", ours(query));
    let _ = writeln!(text, "  engine  {}", theirs(query));
    text
}

fn ours(query: &Judged) -> String {
    let Some(ours) = &query.ours else {
        return "panic".to_owned();
    };
    if !ours.errors.is_empty() {
        return ours.text();
    }
    let Some(columns) = &ours.columns else {
        return "columns unknown".to_owned();
    };
    let theirs = query
        .engine_columns()
        .filter(|theirs| theirs.len() == columns.len());
    let nulls = match &query.engine {
        Engine::Binds { nulls, .. } => nulls.as_deref().unwrap_or_default(),
        Engine::Refuses(_) => &[],
    };
    let listed: Vec<String> = columns
        .iter()
        .enumerate()
        .filter_map(|(index, column)| {
            let written = column.sql_type.to_string();
            let wrong_null = !column.nullable && nulls.get(index) == Some(&true);
            let equal = theirs.is_some_and(|theirs| {
                let (name, sql_type) = &theirs[index];
                *sql_type == written && column.name.as_ref().is_none_or(|own| own == name)
            });
            let null = if column.nullable { "" } else { " NOT NULL" };
            let wrong = if wrong_null { " (yields a null)" } else { "" };
            let name = column.name.as_deref().unwrap_or("?");
            (!equal || wrong_null).then(|| format!("{}: {name} {written}{null}{wrong}", index + 1))
        })
        .collect();
    listed.join(", ")
}

fn theirs(query: &Judged) -> String {
    match &query.engine {
        Engine::Refuses(refusal) => refusal.to_string(),
        Engine::Binds { columns: None, .. } => "binds".to_owned(),
        Engine::Binds {
            columns: Some(columns),
            ..
        } => {
            let ours = query
                .our_columns()
                .filter(|ours| ours.len() == columns.len());
            let listed: Vec<String> = columns
                .iter()
                .enumerate()
                .filter(|(index, (name, sql_type))| {
                    ours.is_none_or(|ours| {
                        let own = &ours[*index];
                        own.sql_type.to_string() != *sql_type
                            || own.name.as_ref().is_some_and(|own| own != name)
                    })
                })
                .map(|(index, (name, sql_type))| format!("{}: {name} {sql_type}", index + 1))
                .collect();
            listed.join(", ")
        }
    }
}
