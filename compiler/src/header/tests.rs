//! What headers say, and what is wrong with them.

use super::*;
use crate::diagnostic::Code;

const FILE: FileId = FileId(0);

fn read(text: &str) -> (Header, Vec<Diagnostic>) {
    parse(FILE, text, FileKind::Model)
}

/// The header of a text without findings.
fn good(text: &str) -> Header {
    let text = format!("{text}\nselect 1");
    let (header, diagnostics) = read(&text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(&text[header.body_start..], "select 1");
    header
}

/// The code of the only finding about a header line, and the text it points to.
fn bad(line: &str) -> (Code, String) {
    let text = format!("{line}\nselect 1");
    let (_, diagnostics) = read(&text);
    assert_eq!(diagnostics.len(), 1, "{line}: {diagnostics:?}");
    let span = diagnostics[0].primary.as_ref().unwrap().span;
    (diagnostics[0].code, text[span.range()].to_owned())
}

fn hint(line: &str) -> String {
    let (_, diagnostics) = read(&format!("{line}\nselect 1"));
    diagnostics[0].hints.join("; ")
}

#[test]
fn a_whole_header() {
    let text = "\
-- Revenue by day. Questions: ana@shop.example
-- @config: materialized='incremental', unique_key=['a', 'b'], tags='marts'
-- @config: lookback=3, enabled=true, owner='Ana''s team'
-- @import: orders = models.staging.stg_orders
-- @import: models.seeds.rates
-- @column: usd_amount decimal(18,2) not null \"Amount in US dollars\"
-- @column: note
-- @var: min_amount decimal(18,2) = 0
-- @description: Revenue,
/* a block */
-- @description: by day.";
    let header = good(text);
    let config = &header.config;
    assert_eq!(
        config.materialized.as_ref().unwrap().value,
        Materialized::Incremental
    );
    let key = &config.unique_key.as_ref().unwrap();
    assert_eq!(&text[key.span.range()], "['a', 'b']");
    assert_eq!(key.value[1].value, "b");
    assert_eq!(config.owner.as_ref().unwrap().value, "Ana's team");
    assert_eq!(config.lookback.as_ref().unwrap().value, 3);
    let aliases: Vec<&str> = header
        .imports
        .iter()
        .map(|it| it.alias.value.as_str())
        .collect();
    assert_eq!(aliases, ["orders", "rates"]);
    assert_eq!(
        &text[header.imports[0].path.span.range()],
        "models.staging.stg_orders"
    );
    assert_eq!(&text[header.imports[1].alias.span.range()], "rates");
    let column = &header.columns[0];
    let sql_type = column.sql_type.as_ref().unwrap();
    assert_eq!(
        (sql_type.value.as_str(), &text[sql_type.span.range()]),
        ("decimal(18,2)", "decimal(18,2)")
    );
    assert_eq!(&text[column.not_null.unwrap().range()], "not null");
    assert_eq!(
        column.description.as_ref().unwrap().value,
        "Amount in US dollars"
    );
    assert_eq!(header.columns[1].sql_type, None);
    assert_eq!(header.variables[0].default.as_ref().unwrap().value, "0");
    assert_eq!(header.description_text(), "Revenue, by day.");
}

#[test]
fn open_brackets_go_on_over_the_next_lines() {
    let header = good(
        "-- @config: tags=[\n--   'a',\n--   'b',\n-- ], owner='x'\r\n-- @column: s struct(\n--   a integer,\n--   b varchar) not null",
    );
    assert_eq!(header.config.tags.as_ref().unwrap().value.len(), 2);
    assert_eq!(header.config.owner.as_ref().unwrap().value, "x");
    let sql_type = header.columns[0].sql_type.as_ref().unwrap();
    assert_eq!(sql_type.value, "struct( a integer, b varchar)");
    assert!(header.columns[0].not_null.is_some());
}

#[test]
fn comments_that_are_no_pragmas() {
    good("-- by ana@shop.example\n-- @ home\n--\n-- @@x");
    let (header, diagnostics) = read("select 1\n-- @import: a = models.b\n-- @nothing");
    assert!(diagnostics.is_empty() && header.imports.is_empty());
}

#[test]
fn malformed_pragmas() {
    let malformed = |line: &str, place: &str| {
        assert_eq!(
            bad(line),
            (Code::MalformedPragma, place.to_owned()),
            "{line}"
        );
    };
    malformed("-- @config materialized='view'", "@config");
    malformed("-- @config: materialized", "");
    malformed("-- @config: materialized 'view'", "'view'");
    malformed("-- @config: materialized=view", "view");
    malformed("-- @config: materialized=\"view\"", "\"view\"");
    malformed("-- @config: owner='a' tags='b'", "tags");
    malformed("-- @config: owner='a',", "");
    malformed("-- @config: owner='a", "'a");
    malformed("-- @config: tags=['a'", "[");
    malformed("-- @config: tags=['a'\n-- @description: x", "[");
    malformed("-- @config: tags=['a' 'b']", "'b'");
    malformed("-- @config: tags='a']", "]");
    malformed(
        "-- @config: lookback=99999999999999999999",
        "99999999999999999999",
    );
    malformed("-- @import:", "");
    malformed("-- @import: a b = models.c", "a b");
    malformed("-- @import: models.c-d", "models.c-d");
    malformed("-- @import: a = models..c", "models..c");
    malformed("-- @import: this = models.c", "this");
    malformed("-- @column:", "");
    malformed("-- @column: 'a'", "'a'");
    malformed("-- @column: a integer not null nul", "nul");
    malformed("-- @column: a = integer", "=");
    malformed("-- @var: x", "x");
    malformed("-- @var: x integer =", "");
    malformed("-- @var: 1x integer", "1x");
    malformed("-- @description:", "@description");
}

#[test]
fn names_that_are_taken() {
    let twice = |line: &str, place: &str| {
        assert_eq!(
            bad(line),
            (Code::DuplicatePragma, place.to_owned()),
            "{line}"
        );
    };
    twice("-- @config: owner='a'\n-- @config: owner='b'", "owner");
    twice("-- @import: a = models.b\n-- @import: A = models.c", "A");
    twice("-- @import: a = models.b\n-- @var: a integer", "a");
    twice("-- @column: a\n-- @column: A integer", "A");
}

#[test]
fn unknown_pragmas_and_keys() {
    assert_eq!(
        bad("-- @confg: x=1"),
        (Code::UnknownPragma, "@confg".to_owned())
    );
    assert_eq!(hint("-- @confg: x=1"), "write `@config`");
    assert_eq!(
        bad("-- @config: materialised='view'"),
        (Code::UnknownConfigKey, "materialised".to_owned())
    );
    assert_eq!(
        hint("-- @config: materialised='view'"),
        "write `materialized`"
    );
    assert_eq!(bad("-- @config: location='x'").0, Code::UnknownConfigKey);
    assert_eq!(
        bad("-- @config: materialized='tabel'"),
        (Code::InvalidConfigValue, "'tabel'".to_owned())
    );
    assert_eq!(hint("-- @config: materialized='tabel'"), "write `'table'`");
    for line in [
        "-- @config: enabled='yes'",
        "-- @config: retries=-1",
        "-- @config: batch_size=0",
        "-- @config: interval='1 moon'",
        "-- @config: start='yesterday'",
        "-- @config: tags=['a', 'a']",
        "-- @config: schema=' '",
        "-- @config: timeout='1 month'",
        "-- @config: tags=1",
        "-- @config: cron='daily'",
        "-- @config: cron='0 0 30 2 *'",
        "-- @config: cron=6",
        "-- @config: cron_tz='Berlin'",
        "-- @config: interval_tz='+02:00'",
        "-- @config: history='forever'",
        "-- @config: forward_only='yes'",
        "-- @config: was='orders'",
        "-- @config: was='models.'",
        "-- @config: was='sources.raw.orders'",
        "-- @config: hard_deletes='drop'",
        "-- @config: valid_from=''",
        "-- @config: check=true",
    ] {
        assert_eq!(bad(line).0, Code::InvalidConfigValue, "{line}");
    }
}

#[test]
fn what_is_not_built_yet() {
    for line in [
        "-- @config: materialized='materialized_view'",
        "-- @config: cluster_by='a'",
        "-- @config: dialect='postgres'",
        "-- @column: a integer sensitive",
    ] {
        assert_eq!(bad(line).0, Code::NotBuiltYet, "{line}");
    }
}

#[test]
fn directives_do_not_stand_above_the_query() {
    let (code, place) =
        bad("-- @description: x\n  #if env == 'prod'\n-- @config: owner='a'\n#endif");
    assert_eq!(
        (code, place.as_str()),
        (Code::DirectiveAboveQuery, "#if env == 'prod'")
    );
    assert!(hint("#if env == 'prod'").contains("[env.X]"));
    let (_, diagnostics) = read("select 1\n#if is_incremental\n#endif");
    assert!(diagnostics.is_empty());
}

#[test]
fn a_file_without_a_query() {
    for text in ["", "\n\n", "-- @description: x\n", "/* x */"] {
        let (header, diagnostics) = read(text);
        assert!(!header.has_body);
        assert_eq!(diagnostics[0].code, Code::EmptyModel, "{text}");
        let (_, diagnostics) = parse(FILE, text, FileKind::Source);
        assert_eq!(diagnostics[0].code, Code::MalformedTable, "{text}");
        assert!(parse(FILE, text, FileKind::Seed).1.is_empty(), "{text}");
    }
}

#[test]
fn other_kinds_of_files_have_keys_of_their_own() {
    let text = "-- @config: location='data/*.parquet', format='parquet', changed_by='max(x)'\ncreate table x (a int)";
    let (header, diagnostics) = parse(FILE, text, FileKind::Source);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(header.config.format.as_ref().unwrap().value, "parquet");
    let text = "-- @config: delimiter='\\t', quote='\"', null='NA'\ncreate table x (a int)";
    let (header, diagnostics) = parse(FILE, text, FileKind::Seed);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(header.config.delimiter.as_ref().unwrap().value, b'\t');
    let (_, diagnostics) = parse(
        FILE,
        "-- @import: a = models.b\n-- @config: catalog='c'\ncreate table x (a int)",
        FileKind::Source,
    );
    let codes: Vec<Code> = diagnostics.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::UnknownPragma, Code::NotBuiltYet]);
    let (_, diagnostics) = parse(FILE, "-- @config: delimiter='ab'", FileKind::Seed);
    assert_eq!(diagnostics[0].code, Code::InvalidConfigValue);
}

/// What holds for `models/marts/a.sql` with this header and these settings.
fn effective(header: &str, settings: &str) -> (EffectiveConfig, Vec<Diagnostic>) {
    let settings = format!("name = 'shop'\n{settings}");
    let (settings, diagnostics) = crate::project::parse(FileId(1), &settings);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let header = good(header);
    EffectiveConfig::new(
        FileKind::Model,
        FILE,
        "models/marts/a.sql",
        &header,
        &settings,
    )
}

#[test]
fn the_nearest_place_wins() {
    let settings = "[defaults]\nmaterialized = 'table'\ntags = ['all']\n[defaults.'models/marts']\ntags = ['marts']\nretries = 2\n[defaults.'models/mart']\nretries = 9";
    let (config, diagnostics) = effective("-- @config: retries=1", settings);
    assert!(diagnostics.is_empty());
    assert_eq!(config.materialized.value, Materialized::Table);
    assert_eq!(config.tags.value, ["marts"]);
    assert!(matches!(
        config.retries,
        Setting {
            value: 1,
            source: SettingSource::Header(_)
        }
    ));
    assert!(
        matches!(&config.tags.source, SettingSource::Folder(place) if place.folder == "models/marts")
    );
    assert_eq!(
        (config.schema.value.as_str(), config.name.value.as_str()),
        ("marts", "a")
    );
    let keys: Vec<&str> = config.lines().iter().map(|line| line.key).collect();
    assert_eq!(
        keys,
        [
            "materialized",
            "on_schema_change",
            "enabled",
            "retries",
            "schema",
            "alias",
            "tags"
        ]
    );
}

#[test]
fn strategies_follow_from_keys() {
    let incremental = "-- @config: materialized='incremental', ";
    let (config, diagnostics) = effective(
        &format!("{incremental}time_column='t', start='2013-01-01', end='2013-02-01'"),
        "",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let Some(Incremental::TimeRange(range)) = config.incremental else {
        panic!("{:?}", config.incremental);
    };
    assert_eq!(
        (range.interval.value.text.as_str(), range.lookback.value),
        ("1 day", 0)
    );
    let (config, _) = effective(&format!("{incremental}unique_key='id'"), "");
    assert!(matches!(
        config.incremental,
        Some(Incremental::UniqueKey(_))
    ));
    let (config, _) = effective(&format!("{incremental}strategy='append'"), "");
    assert_eq!(config.incremental, Some(Incremental::Append));
    let partition = "strategy='partition', partition_by=['year', 'month']";
    let (config, diagnostics) = effective(&format!("{incremental}{partition}"), "");
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let Some(Incremental::Partition(columns)) = config.incremental else {
        panic!("{:?}", config.incremental);
    };
    assert_eq!(columns.value.len(), 2);
}

#[test]
fn versions_of_rows_have_a_key_and_what_tells_of_a_change() {
    let scd2 = |keys: &str, settings: &str| {
        let line = format!("-- @config: materialized='scd2', {keys}");
        let (config, diagnostics) = effective(&line, settings);
        assert!(diagnostics.is_empty(), "{keys}: {diagnostics:?}");
        config.scd2.unwrap()
    };
    let found = scd2("unique_key='id', updated_at='at'", "");
    assert!(matches!(found.change, RowChange::UpdatedAt(_)));
    assert_eq!(found.hard_deletes.value, HardDeletes::Ignore);
    assert_eq!(
        (
            found.valid_from.value.as_str(),
            found.valid_to.value.as_str()
        ),
        ("valid_from", "valid_to")
    );
    assert!(found.is_added("VALID_TO") && !found.is_added("id"));
    let found = scd2(
        "unique_key='id', check='all', hard_deletes='close', valid_to='until'",
        "",
    );
    let RowChange::Check(checked) = &found.change else {
        panic!("{:?}", found.change);
    };
    assert_eq!(checked.value, Checked::All);
    assert_eq!(found.hard_deletes.value, HardDeletes::Close);
    assert_eq!(found.valid_to.value, "until");
    let found = scd2("unique_key='id', check=['all']", "");
    assert!(matches!(
        found.change,
        RowChange::Check(Setting { value: Checked::Columns(names), .. }) if names.len() == 1
    ));
    // What the header says goes before the other way of a folder.
    let folder = "[defaults]\nupdated_at = 'at'";
    let found = scd2("unique_key='id', check='all'", folder);
    assert!(matches!(found.change, RowChange::Check(_)));
    let found = scd2("unique_key='id'", folder);
    assert!(matches!(found.change, RowChange::UpdatedAt(_)));
}

#[test]
fn all_keys_are_listed() {
    let listed = |line: &str| {
        let (config, diagnostics) = effective(line, "");
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let lines = config.lines().into_iter();
        let lines = lines.filter(|line| line.source != SettingSource::BuiltIn);
        lines
            .map(|line| format!("{}={}", line.key, line.value))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for keys in [
        "materialized='scd2', unique_key=['id'], check='all', hard_deletes='close', valid_from='a', valid_to='b', history='rebuild'",
        "materialized='scd2', unique_key=['id'], updated_at='at', forward_only=true, was='models.old'",
        "materialized='table', cron='0 6 * * *', cron_tz='Europe/Berlin'",
        "materialized='incremental', strategy='partition', partition_by=['day'], history='keep'",
        "materialized='incremental', time_column='t', start='2024-01-01', interval_tz='Asia/Tokyo', cron='@daily'",
    ] {
        assert_eq!(listed(&format!("-- @config: {keys}")), keys);
    }
}

#[test]
fn keys_that_contradict_each_other() {
    let incremental = "materialized='incremental', ";
    for (config, place) in [
        ("materialized='view', time_column='t'".to_owned(), "'t'"),
        ("unique_key='id'".to_owned(), "'id'"),
        ("materialized='incremental'".to_owned(), "'incremental'"),
        (
            format!("{incremental}strategy='unique_key'"),
            "'unique_key'",
        ),
        (
            format!("{incremental}strategy='time_range', start='2013-01-01'"),
            "'time_range'",
        ),
        (format!("{incremental}time_column='t'"), "'t'"),
        (
            format!("{incremental}time_column='t', unique_key='id', start='2013-01-01'"),
            "'incremental'",
        ),
        (format!("{incremental}unique_key='id', lookback=2"), "2"),
        (
            format!("{incremental}strategy='append', unique_key='id'"),
            "'id'",
        ),
        (
            format!("{incremental}time_column='t', start='2013-02-01', end='2013-02-01'"),
            "'2013-02-01'",
        ),
        ("materialized='view', cron='@daily'".to_owned(), "'@daily'"),
        ("materialized='table', cron_tz='UTC'".to_owned(), "'UTC'"),
        ("materialized='table', history='keep'".to_owned(), "'keep'"),
        (
            "materialized='table', was='models.b'".to_owned(),
            "'models.b'",
        ),
        (format!("{incremental}partition_by='a'"), "'incremental'"),
        (
            format!("{incremental}strategy='partition', partition_by=[]"),
            "'partition'",
        ),
        (
            format!("{incremental}unique_key='id', interval_tz='UTC'"),
            "'UTC'",
        ),
        (
            format!("{incremental}unique_key='id', updated_at='at'"),
            "'at'",
        ),
        ("materialized='scd2', updated_at='at'".to_owned(), "'scd2'"),
        ("materialized='scd2', unique_key='id'".to_owned(), "'scd2'"),
        (
            "materialized='scd2', unique_key='id', updated_at='at', check='all'".to_owned(),
            "'all'",
        ),
        (
            "materialized='scd2', unique_key='id', check=[]".to_owned(),
            "[]",
        ),
        (
            "materialized='scd2', unique_key='id', check='a', valid_from='valid_to'".to_owned(),
            "'valid_to'",
        ),
        (
            "materialized='scd2', unique_key='id', check='a', strategy='append'".to_owned(),
            "'append'",
        ),
    ] {
        let line = format!("-- @config: {config}");
        let (_, diagnostics) = effective(&line, "");
        assert_eq!(diagnostics.len(), 1, "{config}: {diagnostics:?}");
        assert_eq!(diagnostics[0].code, Code::InvalidConfigValue);
        let span = diagnostics[0].primary.as_ref().unwrap().span;
        assert_eq!(&line[span.range()], place, "{config}");
    }
}

#[test]
fn defaults_that_mean_nothing_here_are_passed_over() {
    let (config, diagnostics) = effective(
        "-- @config: materialized='view'",
        "[defaults]\ntime_column = 't'\nstart = 2013-01-01",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(config.incremental, None);
    let (_, diagnostics) = effective("", "[defaults]\nmaterialized = 'incremental'");
    assert_eq!(
        diagnostics[0].primary.as_ref().unwrap().span,
        Span::new(FILE, 0, 0)
    );
    assert_eq!(diagnostics[0].secondary[0].span.file, FileId(1));
}
