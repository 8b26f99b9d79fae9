//! A seed with the `.sql` beside it that gives its columns their types.

use super::parquet_columns::null_counts;
use super::{DeclaredColumn, SeedColumn, csv_columns, parquet_columns};
use crate::check;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::header::{EffectiveConfig, Header};
use crate::parse::written_name;
use crate::source::{ProjectFiles, SeedFile, SeedFormat};
use crate::span::{FileId, Spanned};
use crate::sql_type::coerce::fits_into;

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
        Some((file, header)) => declared_columns(files, file, header),
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
                Some(declared) if found.is_empty() => {
                    hold_parquet(columns, &null_counts(&seed.footer), &declared)
                }
                _ => (columns, found),
            }
        }
    };
    diagnostics.extend(found);
    (columns, diagnostics)
}

/// The columns of the `create table` in a file; `None` if it can't be read.
fn declared_columns(
    files: &ProjectFiles,
    file: FileId,
    header: &Header,
) -> (Option<Vec<DeclaredColumn>>, Vec<Diagnostic>) {
    let definitions = match check::table::read(files, file, header) {
        Ok(definitions) => definitions,
        Err(found) => return (None, found),
    };
    let mut columns = Vec::with_capacity(definitions.len());
    let mut diagnostics = Vec::new();
    for definition in definitions {
        let written = &definition.type_name;
        match check::table::written_type(&written.text, written.span) {
            Ok(sql_type) => columns.push(DeclaredColumn {
                name: Spanned::new(definition.name.value, definition.name.span),
                sql_type,
                not_null: definition.not_null,
            }),
            Err(finding) => diagnostics.push(finding),
        }
    }
    (diagnostics.is_empty().then_some(columns), diagnostics)
}

/// Holds a Parquet file's columns against their declaration, which names them all and gives each
/// the file's type or a wider one. `nulls` is how many nulls the file counts in each column.
fn hold_parquet(
    columns: Vec<SeedColumn>,
    nulls: &[Option<u64>],
    declared: &[DeclaredColumn],
) -> (Vec<SeedColumn>, Vec<Diagnostic>) {
    let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
    let mut diagnostics = Vec::new();
    for declaration in declared {
        let name = &declaration.name;
        if !columns
            .iter()
            .any(|column| same(&column.name.value, &name.value))
        {
            let message = format!("the seed has no column `{}`", name.value);
            let finding = Diagnostic::error(Code::MalformedSeed, name.span, message);
            let known = columns.iter().map(|column| column.name.value.as_str());
            diagnostics.push(match nearest(&name.value, known.clone()) {
                Some(near) => finding.hint(format!("it has `{near}`")).fix_name(
                    &name.value,
                    name.span,
                    known,
                    |near| written_name(near).into_owned(),
                ),
                None => finding.hint("remove the column here, or add it to the data"),
            });
        }
    }
    let nulls = nulls.iter().copied().chain(std::iter::repeat(None));
    let held = columns.into_iter().zip(nulls).map(|(column, nulls)| {
        let declaration = declared
            .iter()
            .find(|declaration| same(&declaration.name.value, &column.name.value));
        hold_parquet_column(column, nulls, declaration, &mut diagnostics)
    });
    let held = held.collect();
    (held, diagnostics)
}

fn hold_parquet_column(
    column: SeedColumn,
    nulls: Option<u64>,
    declaration: Option<&DeclaredColumn>,
    diagnostics: &mut Vec<Diagnostic>,
) -> SeedColumn {
    let name = &column.name.value;
    let Some(declaration) = declaration else {
        let message = format!("the column `{name}` isn't declared");
        let finding = Diagnostic::error(Code::MalformedSeed, column.name.span, message);
        diagnostics.push(finding.hint("add it to the `create table` of the typing file"));
        return column;
    };
    let place = declaration.name.span;
    if !fits_into(&column.sql_type, &declaration.sql_type) {
        let message = format!(
            "`{name}` is of type {} in the seed, which doesn't fit into {}",
            column.sql_type, declaration.sql_type
        );
        let finding = Diagnostic::error(Code::MalformedSeed, place, message);
        diagnostics.push(finding.hint("declare the file's type or a wider one"));
    }
    if declaration.not_null && column.nullable && nulls != Some(0) {
        let message = match nulls {
            Some(1) => format!("`{name}` is declared `not null`, and has a null in the seed"),
            Some(count) => {
                format!("`{name}` is declared `not null`, and has {count} nulls in the seed")
            }
            None => format!("the seed doesn't tell whether `{name}` has a null"),
        };
        let finding = Diagnostic::error(Code::SeedValue, place, message);
        diagnostics.push(finding.hint("leave out `not null`, or write the data anew"));
    }
    SeedColumn {
        sql_type: declaration.sql_type.clone(),
        nullable: column.nullable && !declaration.not_null,
        declared: Some(place),
        name: column.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;
    use crate::sql_type::SqlType;
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

    /// A column of a Parquet file that may have nulls.
    fn stored(name: &str, sql_type: SqlType) -> SeedColumn {
        SeedColumn {
            name: Spanned::new(name.to_owned(), Span::new(FileId(0), 0, 0)),
            sql_type,
            nullable: true,
            declared: None,
        }
    }

    fn declaration(name: &str, sql_type: SqlType, not_null: bool) -> DeclaredColumn {
        DeclaredColumn {
            name: Spanned::new(name.to_owned(), Span::new(FileId(1), 0, 1)),
            sql_type,
            not_null,
        }
    }

    #[test]
    fn a_declaration_of_parquet_gives_wider_types_and_proves_nulls_by_their_number() {
        let columns = vec![
            stored("id", SqlType::Integer),
            stored("name", SqlType::Varchar),
        ];
        let declared = [
            declaration("ID", SqlType::BigInt, true),
            declaration("name", SqlType::Varchar, false),
        ];
        let (held, found) = hold_parquet(columns, &[Some(0), Some(3)], &declared);
        assert!(found.is_empty(), "{found:?}");
        let held: Vec<_> = held
            .iter()
            .map(|column| (column.sql_type.clone(), column.nullable))
            .collect();
        assert_eq!(held, [(SqlType::BigInt, false), (SqlType::Varchar, true)]);
    }

    #[test]
    fn a_declaration_of_parquet_that_does_not_fit() {
        let columns = vec![
            stored("id", SqlType::BigInt),
            stored("name", SqlType::Varchar),
            stored("more", SqlType::Varchar),
        ];
        let declared = [
            declaration("id", SqlType::Varchar, false),
            declaration("name", SqlType::Varchar, true),
            declaration("other", SqlType::Varchar, false),
        ];
        let (_, found) = hold_parquet(columns, &[Some(0), Some(2), None], &declared);
        let messages: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the seed has no column `other`",
                "`id` is of type BIGINT in the seed, which doesn't fit into VARCHAR",
                "`name` is declared `not null`, and has 2 nulls in the seed",
                "the column `more` isn't declared",
            ]
        );
    }
}
