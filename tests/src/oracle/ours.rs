//! What our own parser and binder say to a query, the engine not asked.

use super::catalog::Catalog;
use dbgo_compiler::diagnostic::{Code, Diagnostic, Severity};
use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::data_columns;
use dbgo_compiler::resolve::{BindInput, BoundColumn, Schema, bind};
use dbgo_compiler::span::FileId;
use dbgo_compiler::token::{Token, TokenKind};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What we say.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Whether our parser reads the query.
    pub parsed: bool,
    /// What is wrong with it.
    pub errors: Vec<Diagnostic>,
    /// Its columns; `None` if not even their number is known.
    pub columns: Option<Vec<BoundColumn>>,
    /// Whether it reads a table.
    pub reads_table: bool,
    /// Why no project could hold such a query, if that is so.
    pub outside: Option<&'static str>,
    /// Whether it asks for a variable of the session, which isn't set here.
    pub reads_session: bool,
    /// The schemas and databases that were left out in front of relations, as they are written.
    pub left_out: Vec<String>,
}

impl Answer {
    /// Whether the only thing wrong is that the columns depend on data.
    pub fn depends_on_data(&self) -> bool {
        let depends = |error: &Diagnostic| error.code == Code::ColumnsDependOnData;
        !self.errors.is_empty() && self.errors.iter().all(depends)
    }

    /// What is wrong, in a line.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self
            .errors
            .iter()
            .map(|error| format!("{}: {}", error.code, error.message))
            .collect();
        lines.join("; ")
    }
}

/// Parses and binds a query over the relations that exist.
pub fn answer(sql: &str, catalog: &Catalog) -> Answer {
    let (tokens, found) = lex(FileId(0), sql, 0..sql.len());
    let query = Names::of(sql, &tokens, catalog);
    let mut answer = Answer {
        outside: query.outside,
        reads_table: query.reads_table,
        reads_session: query.reads_session,
        left_out: query.left_out,
        ..Answer::default()
    };
    if let Some(error) = found.into_iter().next() {
        answer.errors.push(error);
        return answer;
    }
    let tree = match parse_query(sql, &query.tokens) {
        Ok(tree) => tree,
        Err(error) => {
            answer.outside = answer.outside.or(match error.code {
                Code::SeveralStatements => Some("several statements"),
                Code::NotAQuery => Some("another statement"),
                _ => None,
            });
            answer.errors.push(error);
            return answer;
        }
    };
    let input = BindInput {
        imports: match query.qualified.is_empty() {
            true => Cow::Borrowed(&catalog.bare),
            false => {
                let mut imports = catalog.bare.clone();
                imports.extend(query.qualified);
                Cow::Owned(imports)
            }
        },
        text: sql,
        ..BindInput::default()
    };
    let bound = bind(&tree, &input);
    answer.parsed = true;
    answer.reads_table |= !bound.relations.is_empty();
    answer.columns = bound.columns;
    answer.errors = bound.diagnostics;
    data_columns::check(sql, &query.tokens, &mut answer.errors);
    answer
        .errors
        .retain(|finding| finding.severity == Severity::Error);
    answer
}

/// Whether a text within a query names a type that statements made.
fn has_type_of(text: &str, catalog: &Catalog) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    words.any(|word| catalog.types.contains(word))
}

/// A query as a model would hold it, where relations have names of one part: the parts before the
/// last one are left out where they lead to a relation that exists.
struct Names {
    tokens: Vec<Token>,
    qualified: BTreeMap<String, Schema>,
    /// How each qualified name is written in full.
    paths: BTreeMap<String, String>,
    reads_table: bool,
    reads_session: bool,
    left_out: Vec<String>,
    outside: Option<&'static str>,
}

impl Names {
    fn of(sql: &str, tokens: &[Token], catalog: &Catalog) -> Names {
        let tokens: Vec<Token> = tokens
            .iter()
            .filter(|token| token.kind != TokenKind::Comment)
            .copied()
            .collect();
        let words: Vec<String> = tokens.iter().map(|token| plain(sql, token)).collect();
        let is_name = |index: usize| {
            tokens
                .get(index)
                .is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
        };
        let is = |index: usize, symbol: &str| {
            tokens
                .get(index)
                .is_some_and(|token| token.kind == TokenKind::Symbol)
                && words[index] == symbol
        };
        let mut names = Names {
            tokens: Vec::with_capacity(tokens.len()),
            qualified: BTreeMap::new(),
            paths: BTreeMap::new(),
            reads_table: false,
            reads_session: false,
            left_out: Vec::new(),
            outside: None,
        };
        // Their texts name types.
        let makes_types = words.iter().any(|word| {
            matches!(word.as_str(), "make_type")
                || word.starts_with("json_transform")
                || word.starts_with("from_json")
        });
        if catalog.fails {
            names.outside = Some("an engine that failed");
        }
        let mut index = 0;
        while index < tokens.len() {
            let first_of_path = is_name(index) && !(index > 0 && is(index - 1, "."));
            if tokens[index].kind == TokenKind::Parameter {
                names.outside.get_or_insert("a parameter");
            }
            if is_name(index) && is(index + 1, "(") && catalog.macros.contains(&words[index]) {
                names.outside.get_or_insert("a macro of the session");
            }
            if is_name(index) && catalog.types.contains(&words[index]) {
                names.outside.get_or_insert("a type of the session");
            }
            if makes_types && has_type_of(&words[index], catalog) {
                names.outside.get_or_insert("a type of the session");
            }
            names.reads_session |= words[index] == "getvariable" && is(index + 1, "(");
            if first_of_path {
                let mut path = vec![words[index].as_str()];
                while path.len() < 3
                    && is(index + 2 * path.len() - 1, ".")
                    && is_name(index + 2 * path.len())
                {
                    path.push(&words[index + 2 * path.len()]);
                }
                let found = qualified(&path, catalog).filter(|(skipped, _)| {
                    path.len() == skipped + 1 || !only_renamed(&words, &path[..=*skipped], &is)
                });
                if let Some((skipped, schema)) = found {
                    let written = path[..=skipped].join(".");
                    names.add(path[skipped], &written, schema, catalog);
                    let ends = tokens[index].span.start..tokens[index + 2 * skipped].span.start;
                    let left_out = sql.get(ends.start as usize..ends.end as usize);
                    names.left_out.extend(left_out.map(str::to_owned));
                    if path.len() == skipped + 1 && index > 0 && words[index - 1] == "select" {
                        // `SELECT main.t FROM …`: without its schema it might be a column.
                        names.outside.get_or_insert("a schema in front of a value");
                    }
                    // `WITH s AS (…) SELECT * FROM main.s, s`: two relations again.
                    let is_member = |at: usize| {
                        words[at] == path[skipped] && words[at + 1] == "as" && is(at + 2, "(")
                    };
                    if (0..tokens.len().saturating_sub(2)).any(is_member) {
                        names.outside.get_or_insert("two relations of one name");
                    }
                    index += 2 * skipped;
                } else if path.len() == 1 && catalog.bare.contains_key(path[0]) {
                    names.reads_table |= index > 0
                        && [
                            "from",
                            "join",
                            ",",
                            "table",
                            "pivot",
                            "unpivot",
                            "pivot_wider",
                            "(",
                        ]
                        .contains(&words[index - 1].as_str());
                }
            }
            names.tokens.push(tokens[index]);
            index += 1;
        }
        names
    }

    fn add(&mut self, name: &str, written: &str, schema: &Schema, catalog: &Catalog) {
        self.reads_table = true;
        let other = |known: Option<&Schema>| known.is_some_and(|known| known != schema);
        let before = self.paths.insert(name.to_owned(), written.to_owned());
        if before.is_some_and(|before| before != written)
            || other(self.qualified.get(name))
            || other(catalog.bare.get(name))
        {
            // Which of the two the rest of the query means can't be told without binding it.
            self.outside.get_or_insert("two relations of one name");
        }
        self.qualified.insert(name.to_owned(), schema.clone());
    }
}

/// How many parts of a path lead to a relation, and the relation.
fn qualified<'c>(path: &[&str], catalog: &'c Catalog) -> Option<(usize, &'c Schema)> {
    let find = |database: &str, schema: &str, name: &str| {
        let key = (database.to_owned(), schema.to_owned(), name.to_owned());
        catalog.relations.get(&key)
    };
    // The engine's own relations are in two schemas, both on the search path.
    let in_database = |database: &str, name: &str| {
        find(database, "main", name).or_else(|| find(database, "pg_catalog", name))
    };
    let in_schema = |schema: &str, name: &str| {
        let mut databases = ["memory", "temp", "system"].into_iter();
        databases.find_map(|database| find(database, schema, name))
    };
    match path {
        [database, schema, name] if catalog.databases.contains(*database) => {
            if let Some(found) = find(database, schema, name) {
                return Some((2, found));
            }
            Some((1, in_database(database, schema)?))
        }
        [schema, name, ..] => {
            if let Some(found) = in_schema(schema, name) {
                return Some((1, found));
            }
            let is_database = catalog.databases.contains(*schema);
            Some((1, in_database(schema, name).filter(|_| is_database)?))
        }
        _ => None,
    }
}

/// Whether a relation that is written with its schema has another name wherever the query reads it, so that
/// nothing is left that the schema could stand in front of.
fn only_renamed(words: &[String], path: &[&str], is: &dyn Fn(usize, &str) -> bool) -> bool {
    let width = 2 * path.len() - 1;
    let mut reads = (0..words.len().saturating_sub(width)).filter(|start| {
        let mut parts = path.iter().enumerate();
        let here = parts.all(|(index, part)| words[start + 2 * index] == *part);
        let before = *start == 0 || !is(start - 1, ".");
        here && before && path.len() > 1 && is(start + 1, ".") && !is(start + width, ".")
    });
    let mut read = false;
    let renamed = reads.all(|start| {
        read = true;
        words.get(start + width).is_some_and(|word| word == "as")
    });
    read && renamed
}

/// A token's text in lower case, a name without its quotes.
fn plain(sql: &str, token: &Token) -> String {
    let written = sql.get(token.span.range()).unwrap_or_default();
    match token.kind {
        TokenKind::QuotedName => written
            .trim_matches('"')
            .replace("\"\"", "\"")
            .to_lowercase(),
        _ => written.to_lowercase(),
    }
}
