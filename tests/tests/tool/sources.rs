//! `dbgo sources pull` on a real database.

use crate::place::Place;
use dbgo_runtime::adapters::{self, OpenOptions};

/// Runs statements in the project's database, and closes it.
fn engine(place: &Place, statements: &[&str]) {
    let path = place.path().join("shop.duckdb");
    let options = OpenOptions::default();
    let engine = adapters::open("duckdb", &path.to_string_lossy(), &options).expect("it opens");
    let mut session = engine.session().expect("a session");
    let mut transaction = session.begin().expect("a transaction");
    for statement in statements {
        transaction.execute(statement).expect("it runs");
    }
    transaction.commit().expect("it commits");
}

fn shop() -> Place {
    let place = Place::empty();
    place.write("dbgo.toml", "name = \"shop\"\n");
    engine(
        &place,
        &[
            "create schema raw",
            "create table raw.orders (id bigint primary key, amount decimal(18, 2) not null, note varchar)",
            "comment on table raw.orders is 'as exported'",
            "comment on column raw.orders.note is 'free text'",
            "create table raw.\"Order Lines\" (\"select\" integer[])",
            "create view raw.seen as select id from raw.orders",
        ],
    );
    place
}

const ORDERS: &str = "sources/raw/orders.sql";

#[test]
fn named_tables_become_files_and_what_the_engine_enforces_is_not_null() {
    let place = shop();
    let pulled = place.dbgo(&["sources", "pull", "raw.*"]).ends_with(0);
    assert_eq!(pulled.out.lines().count(), 3, "{}", pulled.out);
    assert_eq!(
        place.read(ORDERS),
        "-- @description: as exported\ncreate table orders (\n    id BIGINT not null /* enforced */,\n    amount DECIMAL(18,2) not null /* enforced */,\n    note VARCHAR -- free text\n)\n"
    );
    place.write(
        "models/a.sql",
        "-- @import: o = sources.raw.orders\n-- @import: l = sources.raw.order_lines\n-- @import: s = sources.raw.seen\n\
         select o.id, l.\"select\" as lines, s.id as seen from :o o, :l l, :s s\n",
    );
    place.dbgo(&["check"]).ends_with(0);
    place.dbgo(&["run"]).ends_with(0);
    let again = place.dbgo(&["sources", "pull"]).ends_with(0);
    assert_eq!(again.out, "", "{}", again.err);
}

#[test]
fn files_follow_their_tables_and_keep_what_people_wrote() {
    let place = shop();
    let mine = "-- @description: mine\n-- @config: changed_by='max(id)'\ncreate table orders (\n    id bigint not null /* enforced */, -- the key\n    amount decimal(18, 2) not null /* enforced */,\n    note varchar\n)\n";
    place.write(ORDERS, mine);
    place.dbgo(&["sources", "pull", "--check"]).ends_with(0);
    engine(
        &place,
        &[
            "alter table raw.orders alter amount drop not null",
            "alter table raw.orders drop column note",
            "alter table raw.orders add column day date",
        ],
    );
    let told = place.dbgo(&["sources", "pull", "--check"]).ends_with(1);
    for difference in ["`amount` may be null", "`note` is gone", "`day` is new"] {
        assert!(told.out.contains(difference), "{}", told.out);
    }
    assert_eq!(place.read(ORDERS), mine);
    place.dbgo(&["sources", "pull"]).ends_with(0);
    assert_eq!(
        place.read(ORDERS),
        "-- @description: mine\n-- @config: changed_by='max(id)'\ncreate table orders (\n    id bigint not null /* enforced */, -- the key\n    amount decimal(18, 2),\n    \"day\" DATE\n)\n"
            .replace("\"day\"", "day")
    );
}

#[test]
fn what_is_not_there_is_refused_and_nothing_is_written() {
    let place = shop();
    let before = place.files();
    let refused = place
        .dbgo(&["sources", "pull", "raw.order", "raw.*"])
        .ends_with(1);
    assert!(
        refused.err.contains("no table `raw.order`"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("`raw.orders`"), "{}", refused.err);
    place.dbgo(&["sources", "pull"]).ends_with(2);
    assert_eq!(
        place.files().keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
}

#[test]
fn a_file_that_cannot_be_changed_is_left_alone() {
    let place = shop();
    place.write(ORDERS, "select 1");
    let told = place.dbgo(&["sources", "pull", "raw.orders"]).ends_with(1);
    assert!(told.err.contains("left alone"), "{}", told.err);
    assert_eq!(place.read(ORDERS), "select 1");
}
