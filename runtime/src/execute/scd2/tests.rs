//! Versions of rows against a naive model, over random histories of a small table.

use super::*;
use crate::adapters::{Dialect, OpenOptions, Relation as Name, Session, open};
use crate::execute::checks::cells;
use crate::execute::staging::STAGED;
use dbgo_contract::{
    ColumnDef, Facts, History, IncrementalDef, List, Materialization, MergeDef, ModelDef,
    OnSchemaChange, Outside, Scd2Def, Sink, Str, Strategy as Taking,
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

extern "C" fn nothing(_: &Facts, _: &mut Sink) {}

/// A row of the source: its key, when it was changed, and a value.
type Row = (i64, i64, i64);

/// A version: the row, when it begins and when it ends. Times are numbers of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    row: Row,
    from: i64,
    to: Option<i64>,
}

/// What the source holds at a time.
#[derive(Clone, Debug)]
struct Moment {
    rows: Vec<Row>,
    now: i64,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    by_time: bool,
    closes: bool,
}

/// The rules of the module's documentation, key by key and version by version.
fn naive(versions: &mut Vec<Version>, moment: &Moment, rule: Rule) {
    let rows: BTreeMap<i64, Row> = moment.rows.iter().map(|row| (row.0, *row)).collect();
    let mut keys: Vec<i64> = versions.iter().map(|version| version.row.0).collect();
    keys.extend(rows.keys());
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let of_key = |version: &Version| version.row.0 == key;
        let present = versions
            .iter()
            .position(|version| of_key(version) && version.to.is_none());
        let Some(row) = rows.get(&key) else {
            if let (Some(present), true) = (present, rule.closes) {
                end(versions, present, moment.now);
            }
            continue;
        };
        let changed = present.is_none_or(|present| {
            let known = versions[present].row;
            match rule.by_time {
                true => row.1 > known.1,
                false => row.2 != known.2,
            }
        });
        if !changed {
            continue;
        }
        let earliest = versions.iter().filter(|version| of_key(version));
        let earliest = earliest
            .map(|version| version.to.unwrap_or(version.from))
            .max();
        let begins = if rule.by_time { row.1 } else { moment.now };
        let from = begins.max(earliest.unwrap_or(begins));
        if let Some(present) = present {
            end(versions, present, from);
        }
        versions.push(Version {
            row: *row,
            from,
            to: None,
        });
    }
}

fn end(versions: &mut Vec<Version>, index: usize, at: i64) {
    if at > versions[index].from {
        versions[index].to = Some(at);
    } else {
        versions.remove(index);
    }
}

fn model(rule: Rule) -> Model {
    let column = |name, sql_type| ColumnDef {
        name: Str::new(name),
        sql_type: Str::new(sql_type),
        not_null: false,
        description: Str::EMPTY,
    };
    let columns = vec![
        column("id", "BIGINT"),
        column("changed", "TIMESTAMP"),
        column("valid_from", "TIMESTAMP"),
        column("valid_to", "TIMESTAMP"),
        column("value", "BIGINT"),
    ];
    const ID: &[Str] = &[Str::new("id")];
    const VALUE: &[Str] = &[Str::new("value")];
    let scd2 = Scd2Def {
        unique_key: List::new(ID),
        updated_at: Str::new(if rule.by_time { "changed" } else { "" }),
        check: List::new(if rule.by_time { &[] } else { VALUE }),
        hard_deletes: 0,
        valid_from: Str::new("valid_from"),
        valid_to: Str::new("valid_to"),
    };
    let def = ModelDef {
        path: Str::new("models.a"),
        file: Str::new("models/a.sql"),
        schema: Str::new("main"),
        name: Str::new("a"),
        description: Str::EMPTY,
        owner: Str::EMPTY,
        tags: List::new(&[]),
        materialization: Materialization::Scd2 as u8,
        incremental: IncrementalDef::NONE,
        imports: List::new(&[]),
        columns: List::new(Box::leak(columns.into_boxed_slice())),
        variables: List::new(&[]),
        volatile: false,
        reads_this: false,
        on_schema_change: 0,
        retries: 0,
        timeout_seconds: 0,
        scd2,
        cron: Str::EMPTY,
        cron_tz: Str::EMPTY,
        history: 0,
        forward_only: false,
        was: Str::EMPTY,
        audits: List::new(&[]),
        merge: MergeDef::NONE,
        grants: List::new(&[]),
        indexes: List::new(&[]),
        before: List::new(&[]),
        after: List::new(&[]),
        profile: Str::EMPTY,
        lineage: Str::EMPTY,
        render: nothing,
    };
    Model {
        def: Box::leak(Box::new(def)),
        materialization: Materialization::Scd2,
        strategy: Taking::None,
        outside: Outside::Error,
        on_schema_change: OnSchemaChange::Fail,
        history: History::Usual,
        hard_deletes: match rule.closes {
            true => HardDeletes::Close,
            false => HardDeletes::Ignore,
        },
        zone: jiff::tz::TimeZone::UTC,
        schedule: None,
        audits: Vec::new(),
        imports: Vec::new(),
    }
}

const DAY: i64 = 86_400;

fn instant(day: i64) -> Timestamp {
    Timestamp::from_second(day * DAY).unwrap()
}

/// Takes in what the source holds at a moment, as a batch does.
fn take_in(
    (session, dialect): (&mut Session, &dyn Dialect),
    model: &Model,
    moment: &Moment,
    exists: bool,
) {
    let rows: Vec<String> = (moment.rows.iter())
        .map(|(id, changed, value)| {
            format!("({id}, make_timestamp({changed} * 86400000000), {value})")
        })
        .collect();
    let query = match rows.is_empty() {
        true => "SELECT 1::BIGINT AS id, TIMESTAMP 'epoch' AS changed, 1::BIGINT AS value LIMIT 0"
            .to_owned(),
        false => format!(
            "SELECT id::BIGINT AS id, changed, value::BIGINT AS value \
             FROM (VALUES {}) AS v(id, changed, value)",
            rows.join(", ")
        ),
    };
    let (target, staged) = (Name::new("main", "a"), dialect.temporary_relation(STAGED));
    let mut transaction = session.begin().unwrap();
    transaction
        .execute(&dialect.create_temporary_table_as(STAGED, &query))
        .unwrap();
    let of = Move {
        model,
        dialect,
        target: &target,
        staged: &staged,
        exists,
        now: instant(moment.now),
    };
    keep_versions(&mut transaction, &of).unwrap_or_else(|stop| match stop {
        crate::execute::commit::Stop::Engine(error) => panic!("{error}"),
        crate::execute::commit::Stop::Check(failure) => panic!("{}", failure.message),
    });
    transaction.execute(&dialect.drop_table(&staged)).unwrap();
    transaction.commit().unwrap();
}

fn kept(session: &mut Session) -> Vec<Version> {
    let days = |column: &str| format!("epoch_us({column}) // 86400000000");
    let query = format!(
        "SELECT id, {}, value, {}, {} FROM main.a ORDER BY ALL",
        days("changed"),
        days("valid_from"),
        days("valid_to")
    );
    let rows = cells(&session.query(&query).unwrap());
    let mut versions: Vec<Version> = rows
        .into_iter()
        .map(|row| {
            let number =
                |index: usize| row[index].as_ref().map(|text| text.parse::<i64>().unwrap());
            Version {
                row: (number(0).unwrap(), number(1).unwrap(), number(2).unwrap()),
                from: number(3).unwrap(),
                to: number(4),
            }
        })
        .collect();
    versions.sort_unstable();
    versions
}

fn assert_history(versions: &[Version]) {
    let mut by_key: BTreeMap<i64, Vec<(i64, Option<i64>)>> = BTreeMap::new();
    for version in versions {
        by_key
            .entry(version.row.0)
            .or_default()
            .push((version.from, version.to));
    }
    for spans in by_key.values_mut() {
        spans.sort_unstable();
        assert!(
            spans
                .iter()
                .all(|(from, to)| to.is_none_or(|to| to > *from)),
            "{spans:?}"
        );
        let ended = |pair: &[(i64, Option<i64>)]| pair[0].1.is_some_and(|to| to <= pair[1].0);
        assert!(spans.windows(2).all(ended), "{spans:?}");
    }
}

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let row = (0..12i64, 0..3i64);
    let rows = prop::collection::btree_map(0..4i64, row, 0..4);
    let moment = (rows, -1..4i64).prop_map(|(rows, later)| (rows, later));
    prop::collection::vec(moment, 1..6).prop_map(|moments| {
        let mut now = 5;
        let mut made = Vec::new();
        for (rows, later) in moments {
            // A clock may also be put back.
            now += later;
            let rows = rows
                .into_iter()
                .map(|(id, (changed, value))| (id, changed, value));
            made.push(Moment {
                rows: rows.collect(),
                now,
            });
        }
        made
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn histories_are_as_a_naive_model_keeps_them(
        moments in moments(),
        by_time in any::<bool>(),
        closes in any::<bool>(),
    ) {
        let rule = Rule { by_time, closes };
        let model = model(rule);
        let adapter = open("duckdb", ":memory:", &OpenOptions::default()).unwrap();
        let mut session = adapter.session().unwrap();
        let mut expected = Vec::new();
        for (index, moment) in moments.iter().enumerate() {
            naive(&mut expected, moment, rule);
            take_in((&mut session, adapter.dialect()), &model, moment, index > 0);
            let versions = kept(&mut session);
            expected.sort_unstable();
            prop_assert_eq!(&versions, &expected, "after {:?}", moment);
            assert_history(&versions);
            // The same rows once more change nothing, at once or later.
            let again = Moment { now: moment.now + index as i64 % 2, ..moment.clone() };
            take_in((&mut session, adapter.dialect()), &model, &again, true);
            prop_assert_eq!(&kept(&mut session), &versions, "again {:?}", again);
        }
    }
}
