//! The lists of the engine's functions, as `compiler/src/types/functions.tsv` and `tables.tsv` keep
//! them.

use dbgo_runtime::adapters::arrow::array::{Array, StringArray};
use dbgo_runtime::adapters::{self, OpenOptions};
use duckdb::Connection;
use std::error::Error;

/// One line per overload, as `dbgo_compiler::types::catalogue` describes them. A macro is as
/// stable as the functions that its definition names. Of the parameters of a function in `FROM`
/// those that have a place are called `col0`, `col1` and so on; the others are options,
/// which come with their types.
const LINES: &str = r"
with listed as (
    select
        lower(function_name) as name,
        function_type as kind,
        case
            when function_type in ('scalar', 'aggregate')
                then array_to_string(list_transform(parameter_types, lambda t: coalesce(t, '')), ';')
            when function_type = 'macro' then array_to_string(parameters, ';')
            when function_type = 'table' then array_to_string(
                list_transform(
                    list_filter(
                        list_zip(parameters, parameter_types),
                        lambda p: regexp_full_match(p[1], 'col\d+')
                    ),
                    lambda p: coalesce(p[2], '')
                ),
                ';'
            )
            else ''
        end as parameters,
        case when function_type in ('scalar', 'aggregate', 'table') then coalesce(varargs, '') else '' end as more,
        case when function_type in ('scalar', 'aggregate') then coalesce(return_type, '') else '' end as result,
        case stability
            when 'CONSISTENT' then 'c'
            when 'CONSISTENT_WITHIN_QUERY' then 'q'
            when 'VOLATILE' then 'v'
            else ''
        end as stability,
        lower(coalesce(macro_definition, '')) as definition,
        case function_type
            when 'macro' then replace(replace(macro_definition, chr(9), ' '), chr(10), ' ')
            when 'table' then nullif(array_to_string(
                list_sort(list_transform(
                    list_filter(
                        list_zip(parameters, parameter_types),
                        lambda p: not regexp_full_match(p[1], 'col\d+')
                    ),
                    lambda p: p[1] || ' ' || coalesce(p[2], 'ANY')
                )),
                ';'
            ), '')
        end as body
    from duckdb_functions()
    where database_name = 'system' and function_type <> 'pragma'
),
unstable as (
    select distinct name from listed where stability in ('q', 'v') and regexp_matches(name, '^[a-z_]+$')
    union
    select unnest(['current_timestamp', 'current_time', 'localtime', 'localtimestamp'])
)
select distinct concat_ws(chr(9), name, kind, parameters, more, result,
    case
        when kind = 'macro' and exists (
            select 1 from unstable u where regexp_matches(definition, '\b' || u.name || '\b')
        ) then 'q'
        else stability
    end, body) as line, name
from listed
order by name, line
";

/// The text of the file, as the linked engine gives it.
///
/// # Errors
/// Those of the engine.
pub fn text() -> Result<String, Box<dyn Error>> {
    let adapter = adapters::open("duckdb", ":memory:", &OpenOptions::default())?;
    let found = adapter.session()?.query(LINES)?;
    let mut text = String::new();
    for batch in &found.batches {
        let lines = batch
            .column(0)
            .as_any()
            .downcast_ref::<StringArray>()
            .ok_or("the engine's lines aren't texts")?;
        for line in lines.iter().flatten() {
            text.push_str(line);
            text.push('\n');
        }
    }
    Ok(text)
}

/// The first columns of an answer, row by row.
fn texts(connection: &Connection, query: &str, width: usize) -> duckdb::Result<Vec<String>> {
    let mut statement = connection.prepare(query)?;
    let mut answer = statement.query([])?;
    let mut texts = Vec::new();
    while let Some(row) = answer.next()? {
        for position in 0..width {
            texts.push(row.get(position)?);
        }
    }
    Ok(texts)
}

/// Functions in `FROM` that take no arguments.
const TABLES: &str = "
select distinct function_name as name
from duckdb_functions()
where function_type in ('table', 'table_macro') and database_name = 'system'
order by name
";

/// Those that take some, whatever they are: the columns are always the same.
const WITH_ARGUMENTS: [&str; 16] = [
    "glob('*')",
    "json_each('{}')",
    "json_tree('{}')",
    "pragma_show('one')",
    "pragma_storage_info('one')",
    "pragma_table_info('one')",
    "parquet_bloom_probe('PARQUET', 'a', 1)",
    "parquet_file_metadata('PARQUET')",
    "parquet_full_metadata('PARQUET')",
    "parquet_kv_metadata('PARQUET')",
    "parquet_metadata('PARQUET')",
    "parquet_schema('PARQUET')",
    "read_blob('PARQUET')",
    "read_text('CSV')",
    "sniff_csv('CSV')",
    "which_secret('a', 'b')",
];

/// One line per function in `FROM` whose columns are always the same: its name, `0` if that is so
/// without arguments or `1` if with some, then the name and the type of each column.
///
/// # Errors
/// Those of the engine and of the folder for its files.
pub fn tables() -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (parquet, csv) = (file("one.parquet"), file("one.csv"));
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(&format!(
        "create table one as select 1 as a; copy one to '{parquet}'; copy one to '{csv}'"
    ))?;
    let mut lines = std::collections::BTreeSet::new();
    let names = texts(&connection, TABLES, 1)?;
    let bare = names.into_iter().map(|name| format!("{name}()"));
    for call in bare.chain(WITH_ARGUMENTS.map(str::to_owned)) {
        let question = call.replace("PARQUET", &parquet).replace("CSV", &csv);
        // What needs arguments isn't in the list.
        let Ok(columns) = texts(&connection, &format!("describe from {question}"), 2) else {
            continue;
        };
        let name = call.split('(').next().unwrap_or_default().to_lowercase();
        let takes = if call.ends_with("()") { 0 } else { 1 };
        lines.insert(format!("{name}\t{takes}\t{}\n", columns.join("\t")));
    }
    Ok(lines.into_iter().collect())
}

/// The names of settings, and the other names that they have.
const SETTINGS: &str = "
select lower(name) as name from duckdb_settings()
union
select lower(unnest(aliases)) from duckdb_settings()
order by name
";

/// The names of the engine's settings, one a line; those of extensions that aren't loaded aren't among them.
///
/// # Errors
/// Those of the engine.
pub fn settings() -> Result<String, Box<dyn Error>> {
    let connection = Connection::open_in_memory()?;
    let names = texts(&connection, SETTINGS, 1)?;
    Ok(names.into_iter().map(|name| name + "\n").collect())
}

/// The file of [`settings`], from the repository's folder.
pub const SETTINGS_FILE: &str = "compiler/src/types/settings.txt";

/// The file of [`text`], from the repository's folder.
pub const FILE: &str = "compiler/src/types/functions.tsv";

/// The file of [`tables`], from the repository's folder.
pub const TABLES_FILE: &str = "compiler/src/types/tables.tsv";
