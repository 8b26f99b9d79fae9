//! Writes the texts that the fuzz targets `parse`, `resolve` and `types` of `compiler/fuzz` start from:
//! the queries of the language suites, of our own corpus for the engine, and expressions with types.

use dbgo_tests::oracle::corpus;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let statements = corpus::read(&tests.join("oracle/statements.test"))?;
    let mut queries: Vec<String> = statements
        .into_iter()
        .filter(corpus::Statement::is_query)
        .map(|statement| statement.sql)
        .collect();
    for entry in std::fs::read_dir(tests.join("language"))? {
        queries.extend(blocks(&std::fs::read_to_string(entry?.path())?));
    }
    let expressions = std::fs::read_to_string(tests.join("oracle/expressions.tsv"))?;
    let types = [
        "INTEGER",
        "DECIMAL(10,2)",
        "VARCHAR[]",
        "TIMESTAMP",
        "STRUCT(x INTEGER, y MAP(VARCHAR, DATE))",
    ];
    let typed: Vec<String> = expressions
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next())
        .enumerate()
        .map(|(index, expression)| {
            let (one, other) = (types[index % types.len()], types[(index / 2) % types.len()]);
            format!("{one}\n{other}\n{expression}")
        })
        .collect();
    for (target, texts) in [
        ("parse", &queries),
        ("resolve", &queries),
        ("types", &typed),
    ] {
        let folder = tests.join("../compiler/fuzz/corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        for (index, text) in texts.iter().enumerate() {
            std::fs::write(folder.join(format!("seed_{index:04}")), text)?;
        }
        println!("{} texts for `{target}`", texts.len());
    }
    Ok(())
}

/// The SQL of a suite's blocks, without their headers: a colon before a name is none here.
fn blocks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in text.split("\n```sql").skip(1) {
        let block = block.split("\n```").next().unwrap_or_default();
        let lines = block.lines().skip(1).filter(|line| !line.starts_with("--"));
        let query: Vec<&str> = lines.collect();
        found.push(query.join("\n").replace(" :", " "));
    }
    found
}
