//! The columns of a CSV: names from its header row, types from its rows or from a declaration.

use super::infer::{Candidates, misfit};
use super::{CsvOptions, DeclaredColumn, SeedColumn};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::parse::written_name;
use crate::span::{FileId, Span, Spanned};
use csv::ByteRecord;
use std::collections::BTreeMap;

/// Reads the columns of a CSV. With `declared`, which comes from a typing file, every value is held
/// against its column's type; without, types are inferred from all rows.
///
/// Of each kind of fault the first is reported, for values the first of each column, with how many
/// there are.
pub fn csv_columns(
    file: FileId,
    text: &str,
    options: &CsvOptions,
    declared: Option<&[DeclaredColumn]>,
) -> (Vec<SeedColumn>, Vec<Diagnostic>) {
    let mut reading = Reading {
        file,
        text,
        options,
        diagnostics: Vec::new(),
    };
    let columns = reading.columns(declared);
    (columns, reading.diagnostics)
}

/// The values of a CSV's column with their places, in the order of its rows. Nulls are left out.
pub fn csv_values(
    file: FileId,
    text: &str,
    options: &CsvOptions,
    column: &str,
) -> Vec<Spanned<String>> {
    let reading = Reading {
        file,
        text,
        options,
        diagnostics: Vec::new(),
    };
    let mut reader = reading.reader();
    let mut record = ByteRecord::new();
    let mut values = Vec::new();
    let mut index = None;
    while matches!(reader.read_byte_record(&mut record), Ok(true)) {
        let Some(index) = index else {
            index = record
                .iter()
                .position(|field| same(String::from_utf8_lossy(field).trim(), column));
            if index.is_none() {
                break;
            }
            continue;
        };
        let field = record.get(index).unwrap_or_default();
        let value = String::from_utf8_lossy(field).into_owned();
        if !reading.is_null(&value) {
            values.push(Spanned::new(value, reading.field_span(&record, index)));
        }
    }
    values
}

struct Reading<'t> {
    file: FileId,
    text: &'t str,
    options: &'t CsvOptions,
    diagnostics: Vec<Diagnostic>,
}

/// What is known of a column while its values are read.
struct Column<'d> {
    name: Spanned<String>,
    declared: Option<&'d DeclaredColumn>,
    candidates: Candidates,
    /// The first value that doesn't fit, and how many more there are.
    misfit: Option<(Diagnostic, usize)>,
    nulls: Option<(Span, usize)>,
}

impl<'t> Reading<'t> {
    fn reader(&self) -> csv::Reader<&'t [u8]> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.options.delimiter)
            .quote(self.options.quote)
            .from_reader(self.text.as_bytes())
    }

    fn columns(&mut self, declared: Option<&[DeclaredColumn]>) -> Vec<SeedColumn> {
        let mut reader = self.reader();
        let mut record = ByteRecord::new();
        if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
            let top = Span::new(self.file, 0, 0);
            self.diagnostics.push(
                Diagnostic::error(Code::MalformedSeed, top, "this seed is empty")
                    .hint("the first row names the columns"),
            );
            return Vec::new();
        }
        let names = self.header(&record);
        self.other_delimiter(&names);
        if !self.diagnostics.is_empty() {
            return Vec::new();
        }
        let mut columns = self.declare(names, declared);
        let mut ragged: Option<(Diagnostic, usize)> = None;
        let mut last = start_of(&record);
        // The bytes are in memory and rows may have any length, so that reading can't fail.
        while matches!(reader.read_byte_record(&mut record), Ok(true)) {
            last = start_of(&record);
            if record.len() == columns.len() {
                self.row(&record, &mut columns);
                continue;
            }
            match &mut ragged {
                Some((_, more)) => *more += 1,
                None => ragged = Some((self.ragged(&record, columns.len()), 0)),
            }
        }
        if let Some(finding) = self.unclosed_quote(last) {
            self.diagnostics.push(finding);
        } else {
            self.diagnostics
                .extend(ragged.map(|(finding, more)| counted(finding, more, "rows")));
        }
        columns
            .into_iter()
            .map(|column| self.finish(column))
            .collect()
    }

    fn header(&mut self, record: &ByteRecord) -> Vec<Spanned<String>> {
        let mut names: Vec<Spanned<String>> = Vec::new();
        let mut first: BTreeMap<String, Span> = BTreeMap::new();
        let spans = self.field_spans(start_of(record));
        for (index, field) in record.iter().enumerate() {
            let name = String::from_utf8_lossy(field).trim().to_owned();
            let span = spans
                .get(index)
                .copied()
                .unwrap_or(Span::new(self.file, 0, 0));
            if name.is_empty() {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::MalformedSeed,
                        span,
                        format!("column {} has no name", index + 1),
                    )
                    .hint("the first row names the columns"),
                );
            } else if let Some(before) = first.insert(name.to_lowercase(), span) {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::MalformedSeed,
                        span,
                        format!("two columns are called `{name}`"),
                    )
                    .and_at(before, "the first one")
                    .hint("rename one of them"),
                );
            }
            names.push(Spanned::new(name, span));
        }
        names
    }

    /// A header that is one name with another delimiter within is a file written with that one. A
    /// name that really holds it can stand in quotes.
    fn other_delimiter(&mut self, names: &[Spanned<String>]) {
        let [name] = names else { return };
        let written = self.text.get(name.span.range()).unwrap_or_default();
        if written.as_bytes().first() == Some(&self.options.quote) {
            return;
        }
        let Some(delimiter) = [';', '\t', '|', ',']
            .into_iter()
            .filter(|other| u32::from(*other) != u32::from(self.options.delimiter))
            .find(|other| written.trim().contains(*other))
        else {
            return;
        };
        let shown = match delimiter {
            '\t' => "\\t".to_owned(),
            other => other.to_string(),
        };
        let message = format!("the header is the one column `{}`", name.value);
        let file_hint = "in a `.sql` file of the same name beside it";
        let finding = Diagnostic::error(Code::MalformedSeed, name.span, message);
        self.diagnostics
            .push(finding.hint(format!("say `-- @config: delimiter='{shown}'` {file_hint}")));
    }

    /// Finds each column's declaration; reports those that have none, and declared ones that the
    /// file doesn't have.
    fn declare<'d>(
        &mut self,
        names: Vec<Spanned<String>>,
        declared: Option<&'d [DeclaredColumn]>,
    ) -> Vec<Column<'d>> {
        if let Some(declared) = declared {
            for column in declared {
                let is_it = |name: &Spanned<String>| same(&name.value, &column.name.value);
                if !names.iter().any(is_it) {
                    let finding = Diagnostic::error(
                        Code::MalformedSeed,
                        column.name.span,
                        format!("the seed has no column `{}`", column.name.value),
                    );
                    let known = names.iter().map(|name| name.value.as_str());
                    self.diagnostics
                        .push(match nearest(&column.name.value, known.clone()) {
                            Some(near) => finding.hint(format!("it has `{near}`")).fix_name(
                                &column.name.value,
                                column.name.span,
                                known,
                                |near| written_name(near).into_owned(),
                            ),
                            None => finding.hint("remove the column here, or add it to the data"),
                        });
                }
            }
        }
        names
            .into_iter()
            .map(|name| {
                let declaration = declared.and_then(|declared| {
                    declared
                        .iter()
                        .find(|column| same(&column.name.value, &name.value))
                });
                if declared.is_some() && declaration.is_none() {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::MalformedSeed,
                            name.span,
                            format!("the column `{}` isn't declared", name.value),
                        )
                        .hint("add it to the `create table` of the typing file"),
                    );
                }
                Column {
                    name,
                    declared: declaration,
                    candidates: Candidates::ALL,
                    misfit: None,
                    nulls: None,
                }
            })
            .collect()
    }

    fn row(&self, record: &ByteRecord, columns: &mut [Column<'_>]) {
        for (index, (field, column)) in record.iter().zip(columns).enumerate() {
            // A delimiter is ASCII, so that a part of UTF-8 is UTF-8.
            let value = std::str::from_utf8(field).unwrap_or_default();
            if self.is_null(value) {
                if column.declared.is_some_and(|declared| declared.not_null) {
                    match &mut column.nulls {
                        Some((_, more)) => *more += 1,
                        None => column.nulls = Some((self.field_span(record, index), 0)),
                    }
                }
                continue;
            }
            match column.declared {
                None => column.candidates.see(value),
                Some(declared) => self.hold(record, index, value, declared, &mut column.misfit),
            }
        }
    }

    fn is_null(&self, value: &str) -> bool {
        value.is_empty() || self.options.null.as_deref() == Some(value)
    }

    fn hold(
        &self,
        record: &ByteRecord,
        index: usize,
        value: &str,
        declared: &DeclaredColumn,
        first: &mut Option<(Diagnostic, usize)>,
    ) {
        let Some(why) = misfit(value, &declared.sql_type) else {
            return;
        };
        if let Some((_, more)) = first {
            *more += 1;
            return;
        }
        let sql_type = declared.sql_type.to_string();
        let finding = Diagnostic::error(
            Code::SeedValue,
            self.field_span(record, index),
            format!("`{}` isn't of type {sql_type}", shortened(value)),
        )
        .saying(why)
        .and_at(
            declared.name.span,
            format!("`{}` is declared here", declared.name.value),
        );
        *first = Some((finding, 0));
    }

    fn ragged(&self, record: &ByteRecord, expected: usize) -> Diagnostic {
        let spans = self.field_spans(start_of(record));
        let span = match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => first.to(*last),
            _ => Span::new(self.file, start_of(record), start_of(record)),
        };
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        Diagnostic::error(
            Code::RaggedRow,
            span,
            format!(
                "this row has {} value{}, but the header has {expected} column{}",
                record.len(),
                plural(record.len()),
                plural(expected)
            ),
        )
        .hint(format!(
            "a value that contains `{0}` stands in quotes: {1}a{0}b{1}",
            char::from(self.options.delimiter),
            char::from(self.options.quote)
        ))
    }

    fn unclosed_quote(&self, last_record: usize) -> Option<Diagnostic> {
        let spans = self.field_spans(last_record);
        let open = spans.last()?;
        let quote = char::from(self.options.quote);
        let raw = &self.text[open.range()];
        if !raw.starts_with(quote) || self.quoted_end(open.start as usize).is_some() {
            return None;
        }
        let start = open.start as usize;
        Some(
            Diagnostic::error(
                Code::MalformedSeed,
                Span::new(self.file, start, start + 1),
                "this quote isn't closed",
            )
            .hint(format!("a quote within a value is doubled: {quote}{quote}")),
        )
    }

    fn finish(&mut self, column: Column<'_>) -> SeedColumn {
        self.diagnostics.extend(
            column
                .misfit
                .map(|(finding, more)| counted(finding, more, "values of this column")),
        );
        if let (Some((span, more)), Some(declared)) = (column.nulls, column.declared) {
            let finding = Diagnostic::error(
                Code::SeedValue,
                span,
                format!(
                    "`{}` is declared `not null`, and has no value here",
                    column.name.value
                ),
            )
            .and_at(declared.name.span, "declared here");
            self.diagnostics
                .push(counted(finding, more, "values of this column"));
        }
        SeedColumn {
            sql_type: match column.declared {
                Some(declared) => declared.sql_type.clone(),
                None => column.candidates.sql_type(),
            },
            nullable: !column.declared.is_some_and(|declared| declared.not_null),
            declared: column.declared.map(|declared| declared.name.span),
            name: column.name,
        }
    }

    fn field_span(&self, record: &ByteRecord, index: usize) -> Span {
        let start = start_of(record);
        self.field_spans(start)
            .get(index)
            .copied()
            .unwrap_or(Span::new(self.file, start, start))
    }

    /// The places of a row's values, with their quotes. The reader gives values without places, so
    /// that a row that is reported is split once more.
    fn field_spans(&self, row: usize) -> Vec<Span> {
        let bytes = self.text.as_bytes();
        // The reader's position of a row may lie before the end of the line before it.
        let mut at = row;
        while matches!(bytes.get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        let mut spans = Vec::new();
        loop {
            let start = at;
            if bytes.get(at) == Some(&self.options.quote) {
                at = self.quoted_end(at).unwrap_or(bytes.len());
            }
            while bytes.get(at).is_some_and(|byte| {
                *byte != self.options.delimiter && !matches!(byte, b'\r' | b'\n')
            }) {
                at += 1;
            }
            spans.push(Span::new(self.file, start, at));
            if bytes.get(at) != Some(&self.options.delimiter) {
                return spans;
            }
            at += 1;
        }
    }

    /// The byte after the closing quote of the one at `start`.
    fn quoted_end(&self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            at += bytes
                .get(at..)?
                .iter()
                .position(|byte| *byte == self.options.quote)?
                + 1;
            if bytes.get(at) != Some(&self.options.quote) {
                return Some(at);
            }
            at += 1;
        }
    }
}

fn start_of(record: &ByteRecord) -> usize {
    record
        .position()
        .map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0))
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

fn counted(finding: Diagnostic, more: usize, what: &str) -> Diagnostic {
    match more {
        0 => finding,
        1 => finding.note(format!(
            "1 more {} is wrong as well",
            what.trim_end_matches('s')
        )),
        _ => finding.note(format!("{more} more {what} are wrong as well")),
    }
}

/// A value that is short enough to be read in a message.
fn shortened(value: &str) -> String {
    const LONGEST: usize = 40;
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    let start: String = value.chars().take(LONGEST).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql_type::SqlType;

    const FILE: FileId = FileId(0);

    fn read(text: &str) -> (Vec<(String, SqlType)>, Vec<Diagnostic>) {
        let (columns, diagnostics) = csv_columns(FILE, text, &CsvOptions::default(), None);
        let columns = columns
            .into_iter()
            .map(|column| (column.name.value, column.sql_type))
            .collect();
        (columns, diagnostics)
    }

    #[test]
    fn types_come_from_all_rows() {
        let (columns, diagnostics) =
            read("code,n,x,day\r\n001,1,,2013-01-01\r\n\"0,2\",2,\"1.5\",\r\n");
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let types: Vec<SqlType> = columns.into_iter().map(|(_, sql_type)| sql_type).collect();
        assert_eq!(
            types,
            [
                SqlType::Varchar,
                SqlType::BigInt,
                SqlType::Double,
                SqlType::Date
            ]
        );
    }

    #[test]
    fn a_ragged_row_is_shown_whole() {
        let text = "a,b\n1,2\n3\n4,5,6\n";
        let (_, diagnostics) = read(text);
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].code, Code::RaggedRow);
        let span = diagnostics[0].primary.as_ref().unwrap().span;
        assert_eq!(&text[span.range()], "3");
        assert_eq!(diagnostics[0].notes.len(), 1);
        let crlf = "a,b\r\n1,2\r\n3,4,5\r\n";
        let (_, diagnostics) = read(crlf);
        let span = diagnostics[0].primary.as_ref().unwrap().span;
        assert_eq!(&crlf[span.range()], "3,4,5");
    }

    #[test]
    fn headers_that_cannot_be_used() {
        for (text, at) in [("", ""), ("a,A\n1,2", "A"), ("a,\n1,2", ""), ("\n\n", "")] {
            let (columns, diagnostics) = read(text);
            assert!(columns.is_empty());
            assert_eq!(diagnostics.len(), 1, "{text:?}");
            assert_eq!(diagnostics[0].code, Code::MalformedSeed);
            let span = diagnostics[0].primary.as_ref().unwrap().span;
            assert_eq!(&text[span.range()], at);
        }
    }

    #[test]
    fn a_quote_that_stays_open_is_named_where_it_opens() {
        let text = "a,b\n1,\"x\n2,y\n3,z\n";
        let (_, diagnostics) = read(text);
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].primary.as_ref().unwrap().span.start, 6);
    }

    #[test]
    fn declared_values_are_held_against_their_types() {
        let text = "id|amount|note\n1|2.50|a\n2|x|\n3|y|NA\n";
        let declared = |name: &str, sql_type: SqlType, not_null: bool| DeclaredColumn {
            name: Spanned::new(name.to_owned(), Span::new(FileId(1), 0, 0)),
            sql_type,
            not_null,
        };
        let declared = [
            declared("note", SqlType::Varchar, true),
            declared("ID", SqlType::Integer, true),
            declared("amount", SqlType::Decimal(5, 2), false),
        ];
        let options = CsvOptions {
            delimiter: b'|',
            null: Some("NA".to_owned()),
            ..CsvOptions::default()
        };
        let (columns, diagnostics) = csv_columns(FILE, text, &options, Some(&declared));
        assert_eq!(columns[0].sql_type, SqlType::Integer);
        assert!(!columns[0].nullable && columns[1].nullable);
        let codes: Vec<Code> = diagnostics.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::SeedValue, Code::SeedValue]);
        let places: Vec<&str> = diagnostics
            .iter()
            .map(|finding| &text[finding.primary.as_ref().unwrap().span.range()])
            .collect();
        assert_eq!(places, ["x", ""]);
        assert_eq!(diagnostics[0].notes.len(), 1);
    }

    #[test]
    fn columns_and_declarations_must_match() {
        let declared = [DeclaredColumn {
            name: Spanned::new("amuont".to_owned(), Span::new(FileId(1), 3, 9)),
            sql_type: SqlType::Integer,
            not_null: false,
        }];
        let (_, diagnostics) =
            csv_columns(FILE, "amount\n1\n", &CsvOptions::default(), Some(&declared));
        assert_eq!(diagnostics.len(), 2);
        assert_eq!(diagnostics[0].hints, ["it has `amount`"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[a,\"\n\r1;é]{0,60}") {
            let (_, diagnostics) = read(&text);
            for finding in diagnostics {
                let range = finding.primary.unwrap().span.range();
                proptest::prop_assert!(text.get(range).is_some());
            }
        }
    }
}
