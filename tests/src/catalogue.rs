//! The list of the engine's functions, as `compiler/src/types/functions.tsv` keeps it.

use dbgo_runtime::adapters::arrow::array::{Array, StringArray};
use dbgo_runtime::adapters::{self, OpenOptions};
use std::error::Error;

/// One line per overload, as `dbgo_compiler::types::catalogue` describes them. A macro is as
/// stable as the functions that its definition names.
const LINES: &str = r"
with listed as (
    select
        lower(function_name) as name,
        function_type as kind,
        case
            when function_type in ('scalar', 'aggregate')
                then array_to_string(list_transform(parameter_types, lambda t: coalesce(t, '')), ';')
            when function_type = 'macro' then array_to_string(parameters, ';')
            else ''
        end as parameters,
        case when function_type in ('scalar', 'aggregate') then coalesce(varargs, '') else '' end as more,
        case when function_type in ('scalar', 'aggregate') then coalesce(return_type, '') else '' end as result,
        case stability
            when 'CONSISTENT' then 'c'
            when 'CONSISTENT_WITHIN_QUERY' then 'q'
            when 'VOLATILE' then 'v'
            else ''
        end as stability,
        lower(coalesce(macro_definition, '')) as definition
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
    end) as line, name
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

/// The file, from the repository's folder.
pub const FILE: &str = "compiler/src/types/functions.tsv";
