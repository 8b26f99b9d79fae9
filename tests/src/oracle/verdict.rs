//! Our answer and the engine's to one query, compared.

use super::corpus::Statement;
use super::engine::Refusal;
use super::lend::missing_table;
use super::ours::Answer;
use dbgo_compiler::resolve::BoundColumn;
use dbgo_compiler::sql_type::SqlType;

/// What the engine says to a query.
#[derive(Clone, Debug)]
pub enum Engine {
    /// It prepares it.
    Binds {
        /// Names and types as `DESCRIBE` gives them; `None` where it doesn't take such a query.
        columns: Option<Vec<(String, String)>>,
        /// For each column whether a null came; `None` where the query failed or took too long.
        nulls: Option<Vec<bool>>,
    },
    /// It doesn't.
    Refuses(Refusal),
}

/// Why the engine refuses a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Its parser can't read it.
    Syntax,
    /// A name, a type or a constant is wrong.
    NamesAndTypes,
    /// Something that isn't in the query: the word says what.
    Apart(&'static str),
}

/// A query that both have judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The query.
    pub statement: Statement,
    /// What we say; `None` if we panicked.
    pub ours: Option<Answer>,
    /// What the engine says.
    pub engine: Engine,
    /// For a query that the engine refuses and we accept: whether it also refuses it as `dbgo check
    /// --engine` asks, over empty tables.
    pub refused_when_asked: Option<bool>,
}

/// Something that is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// We panicked.
    Panic,
    /// The engine binds the query, and we report an error in it.
    FalseError,
    /// The same, as the columns depend on data.
    DependsOnData,
    /// The same, as no project could hold the query.
    Outside,
    /// The engine binds the query, and our parser can't read it.
    Unread,
    /// The engine gives another type, or another number of columns.
    WrongType,
    /// The engine gives another name.
    WrongName,
    /// A column that we call not null yields one.
    WrongNotNull,
    /// We don't know the type of a column.
    Unknown,
    /// The engine refuses the query as it can't read it, and we accept it.
    MissedSyntax,
    /// The engine refuses the query for a name, a type or a constant, and we accept it.
    MissedNames,
    /// The same two, and the engine accepts it over empty tables.
    MissedWithEngine,
    /// The engine refuses the query for something that isn't in it.
    Apart,
}

impl Finding {
    /// All, with the names of their lists.
    pub const ALL: [(Finding, &'static str); 13] = [
        (Finding::Panic, "panics"),
        (Finding::FalseError, "false-errors"),
        (Finding::DependsOnData, "depends-on-data"),
        (Finding::Outside, "outside"),
        (Finding::Unread, "unread"),
        (Finding::WrongType, "wrong-types"),
        (Finding::WrongName, "wrong-names"),
        (Finding::WrongNotNull, "wrong-not-null"),
        (Finding::Unknown, "unknown"),
        (Finding::MissedSyntax, "missed-syntax"),
        (Finding::MissedNames, "missed-names"),
        (Finding::MissedWithEngine, "missed-with-engine"),
        (Finding::Apart, "apart"),
    ];

    /// The name of its list.
    pub fn name(self) -> &'static str {
        Finding::ALL
            .iter()
            .find(|(finding, _)| *finding == self)
            .map_or("", |(_, name)| name)
    }
}

impl Judged {
    /// Whether the engine prepares it.
    pub fn binds(&self) -> bool {
        matches!(self.engine, Engine::Binds { .. })
    }

    /// Whether we report no error.
    pub fn accepted(&self) -> bool {
        self.ours
            .as_ref()
            .is_some_and(|ours| ours.errors.is_empty())
    }

    /// The engine's columns.
    pub fn engine_columns(&self) -> Option<&[(String, String)]> {
        match &self.engine {
            Engine::Binds { columns, .. } => columns.as_deref(),
            Engine::Refuses(_) => None,
        }
    }

    /// Our columns, if we accept the query and know how many there are.
    pub fn our_columns(&self) -> Option<&[BoundColumn]> {
        let ours = self.ours.as_ref().filter(|ours| ours.errors.is_empty())?;
        ours.columns.as_deref()
    }

    /// How many of the engine's columns we type.
    pub fn typed(&self) -> usize {
        let known = |column: &&BoundColumn| !column.sql_type.has_unknown();
        self.our_columns()
            .map_or(0, |columns| columns.iter().filter(known).count())
    }

    /// Why the engine refuses it.
    pub fn cause(&self) -> Option<Cause> {
        match &self.engine {
            Engine::Binds { .. } => None,
            Engine::Refuses(refusal) => {
                if let Some(reason) = self.not_held() {
                    return Some(Cause::Apart(reason));
                }
                if names_nothing_of(&self.statement.sql, refusal) {
                    return Some(Cause::Apart(
                        "a view of the session that can't be read any more",
                    ));
                }
                // A missing table that was meant to be one is our matter only if we don't see it.
                let expected = self.statement.expects_error
                    && (missing_table(refusal).is_none() || self.accepted());
                let outside = self.ours.as_ref().and_then(|ours| ours.outside);
                Some(match (cause(refusal, expected), outside) {
                    // What the session's own objects are can't be told from the query.
                    (Cause::NamesAndTypes, Some(reason)) => Cause::Apart(reason),
                    (cause, _) => cause,
                })
            }
        }
    }

    /// Why a refused query is none that a project could hold: what it calls or names was made in
    /// the session by another statement, or is asked of the session. Such an object decides what
    /// the query means, so that the engine's refusal may be one of the object, as that of a macro
    /// which calls itself.
    fn not_held(&self) -> Option<&'static str> {
        let ours = self.ours.as_ref().filter(|ours| ours.parsed)?;
        let asked = ours.reads_session.then_some("a variable of the session");
        ours.outside.or(asked)
    }

    /// Whether both refuse it, for something that is in it: nothing to look at, but it shows what
    /// queries are refused for.
    pub fn agreed(&self) -> bool {
        let counted = matches!(self.cause(), Some(Cause::Syntax | Cause::NamesAndTypes));
        counted && !self.accepted()
    }

    /// What is to be looked at.
    pub fn findings(&self) -> Vec<Finding> {
        let Some(ours) = &self.ours else {
            return vec![Finding::Panic];
        };
        match self.cause() {
            Some(Cause::Apart(_)) => return vec![Finding::Apart],
            Some(cause) => return self.missed(cause),
            None => {}
        }
        let refused = match ours {
            Answer { errors, .. } if errors.is_empty() => None,
            Answer {
                outside: Some(_), ..
            } => Some(Finding::Outside),
            Answer { parsed: false, .. } => Some(Finding::Unread),
            answer if answer.depends_on_data() => Some(Finding::DependsOnData),
            _ => Some(Finding::FalseError),
        };
        if let Some(finding) = refused {
            return vec![finding];
        }
        let mut found = self.differences();
        if ours.outside.is_some() && found.iter().any(|finding| *finding != Finding::Unknown) {
            // What the session's own objects hide can't be told.
            found = vec![Finding::Outside];
        }
        found
    }

    fn missed(&self, cause: Cause) -> Vec<Finding> {
        if !self.accepted() {
            return Vec::new();
        }
        let mut found = vec![match cause {
            Cause::Syntax => Finding::MissedSyntax,
            _ => Finding::MissedNames,
        }];
        if self.refused_when_asked == Some(false) {
            found.push(Finding::MissedWithEngine);
        }
        found
    }

    fn differences(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let Some(theirs) = self.engine_columns() else {
            return found;
        };
        let Some(ours) = self.our_columns() else {
            return vec![Finding::Unknown];
        };
        if ours.len() != theirs.len() {
            return vec![Finding::WrongType];
        }
        let mut add = |finding| {
            if !found.contains(&finding) {
                found.push(finding);
            }
        };
        for (index, (ours, (name, sql_type))) in ours.iter().zip(theirs).enumerate() {
            match &ours.sql_type {
                unknown if unknown.has_unknown() => add(Finding::Unknown),
                known if !same_type(known, sql_type) => add(Finding::WrongType),
                _ => {}
            }
            let differs = |ours: &String| *ours != *name && *ours != self.without_schemas(name);
            if ours.name.as_ref().is_some_and(differs) {
                add(Finding::WrongName);
            }
            if !ours.nullable && self.yields_null(index) {
                add(Finding::WrongNotNull);
            }
        }
        found
    }

    /// A name of the engine's without the schemas that were left out of our query.
    fn without_schemas(&self, name: &str) -> String {
        let left_out = self.ours.iter().flat_map(|ours| &ours.left_out);
        left_out.fold(name.to_owned(), |name, schemas| name.replace(schemas, ""))
    }

    fn yields_null(&self, index: usize) -> bool {
        match &self.engine {
            Engine::Binds {
                nulls: Some(nulls), ..
            } => nulls.get(index) == Some(&true),
            _ => false,
        }
    }
}

fn same_type(ours: &SqlType, theirs: &str) -> bool {
    ours.to_string() == theirs
        || theirs
            .parse::<SqlType>()
            .is_ok_and(|theirs| theirs == *ours)
}

/// Whether what the engine misses isn't named in the statement: it stands in a view that was made when
/// it was still there. What the session's views are made of can't be told from the query.
fn names_nothing_of(sql: &str, refusal: &Refusal) -> bool {
    let message = refusal.message.as_str();
    let missing = message
        .strip_prefix("Table with name ")
        .and_then(|rest| rest.split_once(" does not exist"))
        .map(|(name, _)| name.to_lowercase());
    let unquoted = sql.replace('"', "").to_lowercase();
    missing.is_some_and(|name| !has_word(&unquoted, &name))
}

/// Whether a name stands in a text, and not as a part of a longer word.
fn has_word(text: &str, name: &str) -> bool {
    let in_a_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !(before.ends_with(in_a_word) || after.starts_with(in_a_word))
    })
}

/// Sorts an error of the engine.
fn cause(refusal: &Refusal, expected: bool) -> Cause {
    let message = refusal.message.as_str();
    if message.contains("exists in the") && message.contains("extension") {
        return Cause::Apart("an extension that isn't loaded");
    }
    if message.contains("infinite recursion detected") {
        return Cause::Apart("a view of the session that reads itself");
    }
    let missing = |what: &str| message.starts_with(what) && message.contains("does not exist");
    if missing("Sequence with name ") || missing("Catalog \"") {
        // Sequences and attached databases belong to an engine's own state: no project declares
        // them, so that a binder that sees only the project can't know of them.
        return Cause::Apart("a sequence or database of the engine's own");
    }
    match refusal.kind.as_str() {
        "Parser" | "Syntax" => Cause::Syntax,
        "Catalog" if !expected => Cause::Apart("an object that the corpus doesn't make"),
        "Binder"
        | "Catalog"
        | "Conversion"
        | "Out of Range"
        | "Decimal"
        | "Mismatch Type"
        | "Divide by Zero"
        | "Invalid Input"
        | "Invalid type"
        | "Not implemented"
        | "Expression"
        | "Parameter Not Resolved"
        | "Parameter Not Allowed"
        | "Constraint" => Cause::NamesAndTypes,
        "TransactionContext" => Cause::Apart("the session's transaction"),
        "Permission" => Cause::Apart("access to the outside"),
        "IO" | "HTTP" => Cause::Apart("a file"),
        "INTERRUPT" => Cause::Apart("time"),
        "Out of Memory" => Cause::Apart("memory"),
        "Missing Extension" | "Extension Autoloading" => {
            Cause::Apart("an extension that isn't loaded")
        }
        "Dependency" | "Settings" | "Invalid Configuration" | "Sequence" | "Serialization" => {
            Cause::Apart("the session's state")
        }
        "INTERNAL" | "FATAL" => Cause::Apart("a fault of the engine"),
        _ => Cause::Apart("another error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_only_a_view_names_is_not_missed_by_the_query() {
        let missing = |name: &str| Refusal {
            kind: "Catalog".to_owned(),
            message: format!("Table with name {name} does not exist!"),
            position: None,
        };
        assert!(names_nothing_of("select * from v", &missing("gone")));
        assert!(!names_nothing_of("select * from Gone", &missing("gone")));
        assert!(!names_nothing_of(
            "select * from a.\"go\"ne",
            &missing("gone")
        ));
        assert!(!names_nothing_of("select * from f('')", &missing("")));
        assert!(names_nothing_of("select * from t_view", &missing("t")));
        assert!(!names_nothing_of("select * from main.t", &missing("t")));
    }
}
