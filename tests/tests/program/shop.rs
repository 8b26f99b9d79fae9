//! A project made by hand: typed, without the stages before it.

use dbgo_compiler::fingerprint::Profile;
use dbgo_compiler::lineage::Lineage;
use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::typed::{
    BodyNode, EngineSettings, Materialization, Merge, OnSchemaChange, ProjectSettings, Slot,
    TypedColumn, TypedExposure, TypedModel, TypedProject, TypedSeed, TypedSource,
};
use std::sync::Arc;

/// The bytes of the project's seed.
pub const RATES: &str = "currency,rate\nEUR,1.08\nGBP,1.27\n";

/// A column; a type that ends in `NOT NULL` is checked.
pub fn column(name: &str, sql_type: &str, description: &str) -> TypedColumn {
    let bare = sql_type.trim_end_matches(" NOT NULL");
    TypedColumn {
        name: name.to_owned(),
        sql_type: bare.parse().unwrap_or(SqlType::Other(bare.to_owned())),
        not_null: bare != sql_type,
        checked: bare != sql_type,
        description: description.to_owned(),
    }
}

/// A model that is a view of a query without imports.
pub fn model(path: &str, description: &str, columns: Vec<TypedColumn>, sql: &str) -> TypedModel {
    let parts: Vec<&str> = path.split('.').collect();
    let schema = if parts.len() > 2 { parts[1] } else { "main" };
    TypedModel {
        path: path.to_owned(),
        file: format!("{}.sql", parts.join("/")),
        schema: schema.to_owned(),
        name: parts.last().copied().unwrap_or_default().to_owned(),
        description: description.to_owned(),
        owner: String::new(),
        tags: Vec::new(),
        materialization: Materialization::Table,
        imports: Vec::new(),
        columns,
        variables: Vec::new(),
        volatile: false,
        reads_this: false,
        on_schema_change: OnSchemaChange::Fail,
        retries: 0,
        timeout_seconds: 0,
        cron: String::new(),
        cron_tz: String::new(),
        history: None,
        forward_only: false,
        was: String::new(),
        audits: Vec::new(),
        merge: Merge::default(),
        grants: Vec::new(),
        indexes: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
        body: vec![BodyNode::Text(sql.to_owned())],
        profile: Profile::default(),
        lineage: Lineage::default(),
    }
}

/// The model whose rows are read, with one column named by the caller.
pub fn revenue(amount: &str) -> TypedModel {
    let columns = vec![
        column("transaction_id", "BIGINT NOT NULL", "the payment's number"),
        column(amount, "DECIMAL(18,2)", ""),
        column("customer", "VARCHAR", ""),
        column("paid_at", "TIMESTAMP", ""),
        column("details", "STRUCT(a INTEGER, b VARCHAR[])", ""),
        column("status", "ENUM('paid', 'void')", ""),
    ];
    let sql = format!(
        "select 7::bigint as transaction_id, 9.90::decimal(18, 2) as {amount},\n       \
         'Ada' as customer, timestamp '2024-02-29 12:00:00' as paid_at,\n       \
         {{'a': 1, 'b': ['x', null]}} as details, 'paid'::enum('paid', 'void') as status"
    );
    model(
        "models.finance.revenue",
        "What was earned.\n\nOne row for each payment.",
        columns,
        &sql,
    )
}

/// Every type, and names that Rust doesn't like.
fn oddities() -> TypedModel {
    let columns = vec![
        column("type", "BOOLEAN", "a keyword"),
        column("self", "TINYINT", ""),
        column("Größe", "SMALLINT", "not ASCII"),
        column("a-b", "INTEGER", ""),
        column("C_NAME", "HUGEINT", ""),
        column("u8", "UTINYINT", ""),
        column("u16", "USMALLINT", ""),
        column("u32", "UINTEGER", ""),
        column("u64", "UBIGINT", ""),
        column("u128", "UHUGEINT", ""),
        column("big", "BIGNUM", ""),
        column("f32", "FLOAT", ""),
        column("f64", "DOUBLE", ""),
        column("blob", "BLOB", ""),
        column("bit", "BIT", ""),
        column("date", "DATE", ""),
        column("time", "TIME", ""),
        column("time_ns", "TIME_NS", ""),
        column("time_tz", "TIME WITH TIME ZONE", ""),
        column("at_s", "TIMESTAMP_S", ""),
        column("at_ms", "TIMESTAMP_MS", ""),
        column("at_ns", "TIMESTAMP_NS", ""),
        column("at_tz", "TIMESTAMP WITH TIME ZONE", ""),
        column("span", "INTERVAL", ""),
        column("uuid", "UUID", ""),
        column("json", "JSON", ""),
        column("shape", "GEOMETRY", ""),
        column("anything", "VARIANT", ""),
        column("strange", "SOMETHING_NEW", "a type that dbgo doesn't know"),
        column("list", "STRUCT(x INTEGER, \"some\" STRUCT(y DATE))[]", ""),
        column("array", "FLOAT[3]", ""),
        column("map", "MAP(VARCHAR, STRUCT(x INTEGER))", ""),
        column("pair", "STRUCT(INTEGER, VARCHAR)", "without names"),
        column(
            "labels",
            "ENUM('paid', 'Paid', '', 'é')",
            "labels that meet in Rust",
        ),
        column("amount", "UNION(num INTEGER, str VARCHAR)", ""),
    ];
    // The struct of this model has a name that generated code uses itself.
    model("models.staging.option", "", columns, "select 1")
}

/// The project: a path that is both a model and a folder, a seed, a source, every type.
pub fn project(amount: &str) -> TypedProject {
    let finance = model(
        "models.finance",
        "A model beside a folder of its name.",
        vec![column("year", "INTEGER NOT NULL", "")],
        "select 2024 as year",
    );
    let mut total = model(
        "models.finance.total",
        "",
        vec![column("total", "DECIMAL(38,2)", "")],
        "",
    );
    total.imports = vec![("revenue".to_owned(), "models.finance.revenue".to_owned())];
    total.body = vec![
        BodyNode::Text(format!("select sum({amount}) as total\nfrom ")),
        BodyNode::Slot(Slot::Relation {
            import: 0,
            aliased: false,
        }),
    ];
    TypedProject {
        settings: ProjectSettings {
            name: "shop".to_owned(),
            dialect: "duckdb".to_owned(),
            engines: vec![EngineSettings {
                name: "local".to_owned(),
                kind: "duckdb".to_owned(),
                location: "shop.duckdb".to_owned(),
                options: Vec::new(),
                settings: Vec::new(),
            }],
            default_environment: "dev_${USER}".to_owned(),
            ..ProjectSettings::default()
        },
        models: [finance, revenue(amount), total].map(Arc::new).to_vec(),
        seeds: vec![seed()],
        sources: vec![source()],
        exposures: vec![exposure()],
    }
}

/// The same project with the model of every type, which no engine could run.
pub fn project_with_oddities() -> TypedProject {
    let mut project = project("usd_amount");
    project.models.push(Arc::new(oddities()));
    project
}

fn seed() -> TypedSeed {
    TypedSeed {
        path: "seeds.rates".to_owned(),
        file: "seeds/rates.csv".to_owned(),
        schema: "seeds".to_owned(),
        name: "rates".to_owned(),
        description: "Rates to the dollar.".to_owned(),
        parquet: false,
        delimiter: String::new(),
        null: String::new(),
        quote: String::new(),
        columns: vec![
            column("currency", "VARCHAR", ""),
            column("rate", "DOUBLE", ""),
        ],
        hash: blake3::hash(RATES.as_bytes()).to_hex().to_string(),
        size: RATES.len() as u64,
    }
}

fn exposure() -> TypedExposure {
    TypedExposure {
        path: "exposures.board_pack".to_owned(),
        name: "board_pack".to_owned(),
        kind: "dashboard".to_owned(),
        owner: "ana".to_owned(),
        url: String::new(),
        reads: vec![("models.finance.total".to_owned(), vec!["total".to_owned()])],
    }
}

fn source() -> TypedSource {
    TypedSource {
        path: "sources.raw.orders".to_owned(),
        file: "sources/raw/orders.sql".to_owned(),
        catalog: String::new(),
        schema: "raw".to_owned(),
        name: "orders".to_owned(),
        description: String::new(),
        location: String::new(),
        format: String::new(),
        changed_by: String::new(),
        columns: vec![column("id", "BIGINT NOT NULL", "")],
    }
}
