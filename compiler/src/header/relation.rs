//! What a header says of a model's table: `@merge`, `@grant` and `@index`.

use super::pragmas::Pragma;
use super::tokens::{Token, TokenKind, outermost_parts, unquote};
use super::{Header, damage};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::span::{Span, Spanned};
use serde::{Deserialize, Serialize};

/// A clause of `@merge`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeNote {
    /// What it says.
    pub clause: MergeClause,
    /// All of it.
    pub span: Span,
}

/// What a clause of `@merge` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MergeClause {
    /// `on COND`: what must hold besides the key.
    On(WrittenSql),
    /// `update (a, b)` or `update except (a, b)`.
    Update {
        /// Whether these are the columns that stay as they are.
        except: bool,
        /// The columns, without quotes; their places have them.
        columns: Vec<Spanned<String>>,
    },
    /// `delete when COND`: which rows go.
    DeleteWhen(WrittenSql),
}

impl MergeClause {
    fn word(&self) -> &'static str {
        match self {
            MergeClause::On(_) => "on",
            MergeClause::Update { .. } => "update",
            MergeClause::DeleteWhen(_) => "delete when",
        }
    }
}

/// A piece of SQL in a header: its place in each of the lines that it goes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenSql {
    /// The places, at least one.
    pub lines: Vec<Span>,
}

/// `@grant: select to a, b`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantNote {
    /// The privilege, in lower case.
    pub privilege: Spanned<String>,
    /// Who gets it, without quotes.
    pub to: Vec<Spanned<String>>,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

/// `@index: [unique] (a, b)`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexNote {
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// The columns, without quotes; their places have them.
    pub columns: Vec<Spanned<String>>,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

/// Reads `@merge`: one clause, or several with commas between them.
pub(super) fn merge(pragma: &Pragma<'_>, header: &mut Header, diagnostics: &mut Vec<Diagnostic>) {
    for part in outermost_parts(&pragma.tokens) {
        let note = match clause(pragma, part) {
            Ok(note) => note,
            Err(finding) => {
                damage::note(pragma.name, pragma.rest.value, header);
                return diagnostics.push(finding);
            }
        };
        let word = note.clause.word();
        let same = |other: &&MergeNote| other.clause.word() == word;
        match header.merge.iter().find(same) {
            Some(first) => {
                let message = format!("`@merge` says `{word}` twice");
                let finding = Diagnostic::error(Code::DuplicatePragma, note.span, message)
                    .and_at(first.span, "first here")
                    .hint(match word {
                        "update" => "write all columns into one list",
                        _ => "join the conditions with `and` or `or`",
                    });
                diagnostics.push(finding);
            }
            None => header.merge.push(note),
        }
    }
}

fn clause(pragma: &Pragma<'_>, tokens: &[Token]) -> Result<MergeNote, Diagnostic> {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return Err(pragma.malformed(pragma.end(), "a clause is missing"));
    };
    let span = pragma.span_of(*first).to(pragma.span_of(*last));
    let is = |index: usize, word: &str| {
        let token = tokens.get(index);
        token.is_some_and(|token| pragma.text_of(*token).eq_ignore_ascii_case(word))
    };
    let clause = if is(0, "on") {
        MergeClause::On(condition(pragma, &tokens[1..], *first)?)
    } else if is(0, "delete") && is(1, "when") {
        MergeClause::DeleteWhen(condition(pragma, &tokens[2..], tokens[1])?)
    } else if is(0, "update") {
        let except = is(1, "except");
        MergeClause::Update {
            except,
            columns: columns(pragma, &tokens[1 + usize::from(except)..], *first)?,
        }
    } else {
        let written = pragma.text_of(*first);
        let message = format!("`{written}` begins no clause of `@merge`");
        let finding = pragma.malformed(pragma.span_of(*first), message);
        return Err(match nearest(written, ["on", "update", "delete"]) {
            Some("delete") => finding.hint("write `delete when`"),
            Some(near) => finding.hint(format!("write `{near}`")),
            None => finding,
        });
    };
    Ok(MergeNote { clause, span })
}

/// A condition: all that is left of a clause.
fn condition(
    pragma: &Pragma<'_>,
    tokens: &[Token],
    behind: Token,
) -> Result<WrittenSql, Diagnostic> {
    if tokens.is_empty() {
        let span = pragma.span_of(behind).after();
        return Err(pragma.malformed(span, "a condition is missing"));
    }
    let lines = tokens.chunk_by(|a, b| a.line == b.line).map(|line| {
        pragma
            .span_of(line[0])
            .to(pragma.span_of(line[line.len() - 1]))
    });
    Ok(WrittenSql {
        lines: lines.collect(),
    })
}

/// `(a, b)`, and nothing behind it. `behind` is the word in front.
fn columns(
    pragma: &Pragma<'_>,
    tokens: &[Token],
    behind: Token,
) -> Result<Vec<Spanned<String>>, Diagnostic> {
    let [open, inside @ .., close] = tokens else {
        let span = pragma.span_of(behind).after();
        return Err(pragma.malformed(span, "columns in parentheses are missing"));
    };
    if open.kind != TokenKind::Symbol('(') || close.kind != TokenKind::Symbol(')') {
        let message = "columns stand in parentheses, and nothing behind them";
        return Err(pragma.malformed(pragma.span_of(*open), message));
    }
    let mut columns: Vec<Spanned<String>> = Vec::new();
    for part in inside.split(|token| token.kind == TokenKind::Symbol(',')) {
        let column = match part {
            [only] => name(pragma, *only),
            _ => None,
        };
        let Some(column) = column else {
            let place = part.first().unwrap_or(close);
            let message = "the name of a column is expected here";
            return Err(pragma.malformed(pragma.span_of(*place), message));
        };
        if let Some(first) = columns
            .iter()
            .find(|other| same_name(&other.value, &column.value))
        {
            let message = format!("`{}` is in the list twice", column.value);
            return Err(
                Diagnostic::error(Code::DuplicatePragma, column.span, message)
                    .and_at(first.span, "first here")
                    .hint("remove one of them"),
            );
        }
        columns.push(column);
    }
    Ok(columns)
}

/// A word, or what stands in double quotes.
fn name(pragma: &Pragma<'_>, token: Token) -> Option<Spanned<String>> {
    let text = pragma.text_of(token);
    let name = match token.kind {
        TokenKind::Word => text.to_owned(),
        TokenKind::Quoted => unquote(text),
        _ => return None,
    };
    Some(Spanned::new(name, pragma.span_of(token)))
}

/// Reads `@grant`.
pub(super) fn grant(pragma: &Pragma<'_>, header: &mut Header, diagnostics: &mut Vec<Diagnostic>) {
    match read_grant(pragma) {
        Ok(grant) => {
            for name in &grant.to {
                let mut all = header.grants.iter().flat_map(|other| &other.to);
                if let Some(first) = all.find(|other| other.value == name.value) {
                    diagnostics.push(
                        Diagnostic::error(
                            Code::DuplicatePragma,
                            name.span,
                            format!("`{}` has this privilege already", name.value),
                        )
                        .and_at(first.span, "first here")
                        .hint("remove one of them"),
                    );
                    return;
                }
            }
            header.grants.push(grant);
        }
        Err(finding) => diagnostics.push(finding),
    }
}

fn read_grant(pragma: &Pragma<'_>) -> Result<GrantNote, Diagnostic> {
    let [privilege, to, names @ ..] = pragma.tokens.as_slice() else {
        let message = "a privilege and who gets it are missing";
        return Err(pragma.malformed(pragma.end(), message));
    };
    let written = pragma.text_of(*privilege).to_ascii_lowercase();
    if written != "select" {
        let message = format!("`{written}` can't be granted: dbgo alone writes a model's table");
        let span = pragma.span_of(*privilege);
        return Err(Diagnostic::error(Code::MalformedPragma, span, message).hint("write `select`"));
    }
    if !pragma.text_of(*to).eq_ignore_ascii_case("to") {
        return Err(pragma.malformed(pragma.span_of(*to), "`to` is missing here"));
    }
    let mut grantees: Vec<Spanned<String>> = Vec::new();
    for part in names.split(|token| token.kind == TokenKind::Symbol(',')) {
        let grantee = match part {
            [only] => name(pragma, *only),
            _ => None,
        };
        let Some(grantee) = grantee else {
            let span = part
                .first()
                .map_or(pragma.end(), |token| pragma.span_of(*token));
            let message = "the name of who gets it is expected here";
            return Err(pragma.malformed(span, message));
        };
        if let Some(first) = grantees.iter().find(|other| other.value == grantee.value) {
            let message = format!("`{}` is in the list twice", grantee.value);
            return Err(
                Diagnostic::error(Code::DuplicatePragma, grantee.span, message)
                    .and_at(first.span, "first here")
                    .hint("remove one of them"),
            );
        }
        grantees.push(grantee);
    }
    Ok(GrantNote {
        privilege: Spanned::new(written, pragma.span_of(*privilege)),
        to: grantees,
        span: pragma.span,
    })
}

/// Reads `@index`.
pub(super) fn index(pragma: &Pragma<'_>, header: &mut Header, diagnostics: &mut Vec<Diagnostic>) {
    let index = match read_index(pragma) {
        Ok(index) => index,
        Err(finding) => return diagnostics.push(finding),
    };
    let lower = |index: &IndexNote| -> Vec<String> {
        let columns = index.columns.iter();
        columns.map(|column| column.value.to_lowercase()).collect()
    };
    let same = |other: &&IndexNote| lower(other) == lower(&index);
    match header.indexes.iter().find(same) {
        Some(first) => diagnostics.push(
            Diagnostic::error(
                Code::DuplicatePragma,
                index.span,
                "there is an index over these columns already",
            )
            .and_at(first.span, "first here")
            .hint("remove one of them"),
        ),
        None => header.indexes.push(index),
    }
}

fn read_index(pragma: &Pragma<'_>) -> Result<IndexNote, Diagnostic> {
    let tokens = pragma.tokens.as_slice();
    let Some(first) = tokens.first() else {
        return Err(pragma.malformed(pragma.end(), "columns in parentheses are missing"));
    };
    let unique = pragma.text_of(*first).eq_ignore_ascii_case("unique");
    Ok(IndexNote {
        unique,
        columns: columns(pragma, &tokens[usize::from(unique)..], *first)?,
        span: pragma.span,
    })
}
