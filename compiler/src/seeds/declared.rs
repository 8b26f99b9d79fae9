//! A seed with the `.sql` beside it that gives its columns their types.

use super::{DeclaredColumn, SeedColumn, csv_columns, parquet_columns};
use crate::diagnostic::{Code, Diagnostic};
use crate::header::{EffectiveConfig, Header};
use crate::lexer::lex;
use crate::parse::table::{ColumnDefinition, parse_create_table};
use crate::source::{ProjectFiles, SeedFile, SeedFormat};
use crate::span::{FileId, Spanned};
use crate::sql_type::SqlType;

/// Reads the columns of a seed. `header` is its typing file's, where it has one. A typing file
/// may also be a header alone, for the `delimiter` of a CSV or a description.
pub fn seed_columns(
    files: &ProjectFiles,
    seed: &SeedFile,
    header: Option<&Header>,
    config: &EffectiveConfig,
) -> (Vec<SeedColumn>, Vec<Diagnostic>) {
    if !files.is_usable(seed.data) {
        return (Vec::new(), Vec::new());
    }
    let typing = seed
        .typing
        .filter(|typing| files.is_usable(*typing))
        .zip(header.filter(|header| header.has_body));
    let (declared, mut diagnostics) = match typing {
        Some((file, header)) => {
            let text = &files.sources.file(file).text;
            declared_columns(file, text, header.body_start)
        }
        None => (None, Vec::new()),
    };
    let (columns, found) = match seed.format {
        SeedFormat::Csv => {
            let text = &files.sources.file(seed.data).text;
            csv_columns(seed.data, text, &config.csv_options(), declared.as_deref())
        }
        SeedFormat::Parquet => {
            let (columns, found) = parquet_columns(seed.data, &seed.footer);
            match declared {
                Some(declared) if found.is_empty() => hold_parquet(columns, &declared),
                _ => (columns, found),
            }
        }
    };
    diagnostics.extend(found);
    (columns, diagnostics)
}

/// The columns of the `create table` in a file, from a byte on; `None` if it can't be read.
fn declared_columns(
    file: FileId,
    text: &str,
    body_start: usize,
) -> (Option<Vec<DeclaredColumn>>, Vec<Diagnostic>) {
    let (tokens, mut diagnostics) = lex(file, text, body_start..text.len());
    if !diagnostics.is_empty() {
        return (None, diagnostics);
    }
    match parse_create_table(text, &tokens) {
        Ok(table) => {
            let columns = table
                .columns
                .into_iter()
                .filter_map(|column| match declared_column(column) {
                    Ok(column) => Some(column),
                    Err(finding) => {
                        diagnostics.push(finding);
                        None
                    }
                })
                .collect();
            (diagnostics.is_empty().then_some(columns), diagnostics)
        }
        Err(finding) => {
            diagnostics.push(finding);
            (None, diagnostics)
        }
    }
}

fn declared_column(column: ColumnDefinition) -> Result<DeclaredColumn, Diagnostic> {
    let written = &column.type_name;
    let sql_type: SqlType = written.text.parse().map_err(|_| {
        Diagnostic::error(
            Code::MalformedTable,
            written.span,
            format!("`{}` isn't a type", written.text),
        )
    })?;
    Ok(DeclaredColumn {
        name: Spanned::new(column.name.value, column.name.span),
        sql_type,
        not_null: column.not_null,
    })
}

/// A Parquet file has types of its own, so that a declaration can only say the same.
fn hold_parquet(
    columns: Vec<SeedColumn>,
    declared: &[DeclaredColumn],
) -> (Vec<SeedColumn>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    for declaration in declared {
        let name = &declaration.name;
        let found = columns
            .iter()
            .find(|column| column.name.value.eq_ignore_ascii_case(&name.value));
        let message = match found {
            None => format!("the seed has no column `{}`", name.value),
            Some(column) if column.sql_type != declaration.sql_type => format!(
                "`{}` is of type {} in the seed, not {}",
                name.value, column.sql_type, declaration.sql_type
            ),
            Some(_) => continue,
        };
        let finding = Diagnostic::error(Code::MalformedSeed, name.span, message);
        diagnostics.push(finding.hint("change it here, or write the data anew"));
    }
    (columns, diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph, header, project};

    fn read(data: &str, typing: &str) -> (Vec<(String, bool)>, Vec<Diagnostic>) {
        let (files, _) = ProjectFiles::from_texts([
            ("dbgo.toml", "name = 'shop'"),
            ("models/a.sql", "select 1"),
            ("seeds/rates.csv", data),
            ("seeds/rates.sql", typing),
        ]);
        let settings = project::parse(files.settings, "name = 'shop'").0;
        let (headers, found) = header::parse_all(&files);
        assert!(found.is_empty(), "{found:?}");
        let (graph, found) = graph::build(&files, &settings, &headers);
        assert!(found.is_empty(), "{found:?}");
        let node = graph.find("seeds.rates").map(|id| graph.node(id)).unwrap();
        let header = node.header.and_then(|file| headers.get(&file));
        let (columns, found) = seed_columns(&files, &files.seeds[0], header, &node.config);
        let columns = columns
            .into_iter()
            .map(|column| (column.sql_type.to_string(), column.nullable))
            .collect();
        (columns, found)
    }

    #[test]
    fn a_typing_file_gives_types_and_options() {
        let typing = "-- @config: delimiter=';', null='-'\n-- @description: Rates\ncreate table rates (code varchar not null, rate decimal(9,4));";
        let (columns, diagnostics) = read("code;rate\nUSD;1.5\nEUR;-\n", typing);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let expected = [("VARCHAR", false), ("DECIMAL(9,4)", true)];
        assert_eq!(
            columns,
            expected.map(|(name, nullable)| (name.to_owned(), nullable))
        );
        let (_, diagnostics) = read("code;rate\n-;1.5\nEUR;x\n", typing);
        let codes: Vec<Code> = diagnostics.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::SeedValue; 2]);
    }

    #[test]
    fn a_header_alone_leaves_the_types_to_the_data() {
        let (columns, diagnostics) = read("code|n\nUSD|1\n", "-- @config: delimiter='|'\n");
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(columns[1].0, "BIGINT");
    }

    #[test]
    fn a_typing_file_that_is_no_table() {
        let (columns, diagnostics) = read("a\n1\n", "select 1");
        assert_eq!(columns.len(), 1);
        assert_eq!(diagnostics[0].code, Code::MalformedTable);
    }
}
