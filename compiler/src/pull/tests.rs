//! New files, and changes that leave everything else alone.

use proptest::prelude::*;

use super::{Column, Pulled, Table, new_file, path_of, updated};

fn column(name: &str, sql_type: &str, not_null: bool) -> Column {
    Column {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        not_null,
        comment: None,
    }
}

fn table(columns: &[Column]) -> Table {
    Table {
        schema: "raw".to_owned(),
        name: "orders".to_owned(),
        comment: None,
        columns: columns.to_vec(),
    }
}

fn changed(text: &str, columns: &[Column]) -> (String, Vec<String>) {
    match updated(text, &table(columns)) {
        Pulled::Changed(new, differences) => {
            let again = updated(&new, &table(columns));
            assert_eq!(again, Pulled::Unchanged, "pulled twice: {new}");
            (new, differences)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_file_has_the_columns_and_remarks() {
    let mut orders = table(&[
        column("id", "BIGINT", true),
        column("Order Day", "DATE", false),
        column("select", "INTEGER[]", false),
    ]);
    orders.comment = Some("orders,\nas exported".to_owned());
    orders.columns[0].comment = Some("the key".to_owned());
    assert_eq!(path_of(&orders), "sources/raw/orders.sql");
    assert_eq!(
        new_file(&orders),
        "-- @description: orders, as exported\ncreate table orders (\n    id BIGINT not null /* enforced */, -- the key\n    \"Order Day\" DATE,\n    \"select\" INTEGER[]\n)\n"
    );
    assert_eq!(updated(&new_file(&orders), &orders), Pulled::Unchanged);
}

#[test]
fn a_name_that_is_no_path_has_an_alias() {
    let mut odd = table(&[column("id", "BIGINT", false)]);
    odd.name = "Order-Lines 2".to_owned();
    assert_eq!(path_of(&odd), "sources/raw/order_lines_2.sql");
    assert!(
        new_file(&odd)
            .starts_with("-- @config: alias='Order-Lines 2'\ncreate table order_lines_2 (")
    );
}

const WRITTEN: &str = "-- @description: orders\n-- @column: id \"the key\"\nCREATE TABLE orders (\n  id int not null, -- from the shop\n  -- in cents\n  amount decimal(10, 2),\n  note varchar -- free text\n);\n";

#[test]
fn what_agrees_stays_byte_for_byte() {
    let columns = [
        column("id", "INTEGER", false),
        column("amount", "DECIMAL(10,2)", false),
        column("note", "VARCHAR", false),
    ];
    assert_eq!(updated(WRITTEN, &table(&columns)), Pulled::Unchanged);
}

#[test]
fn a_type_changes_in_its_place() {
    let (new, differences) = changed(
        WRITTEN,
        &[
            column("id", "BIGINT", true),
            column("amount", "DECIMAL(10,2)", false),
            column("note", "VARCHAR", false),
        ],
    );
    assert_eq!(
        new,
        WRITTEN.replace("id int not null,", "id BIGINT not null /* enforced */,")
    );
    assert_eq!(differences, ["`id` is `BIGINT`, and was `int`"]);
}

#[test]
fn a_column_comes_behind_the_last_and_goes_with_its_remark() {
    let (new, differences) = changed(
        WRITTEN,
        &[
            column("id", "INTEGER", false),
            column("note", "VARCHAR", false),
            column("day", "DATE", false),
            column("hour", "TIME", false),
        ],
    );
    assert_eq!(
        new,
        "-- @description: orders\n-- @column: id \"the key\"\nCREATE TABLE orders (\n  id int not null, -- from the shop\n  -- in cents\n  note varchar, -- free text\n  day DATE,\n  hour TIME\n);\n"
    );
    assert_eq!(
        differences,
        ["`amount` is gone", "`day` is new", "`hour` is new"]
    );
}

#[test]
fn the_last_column_goes_with_the_comma_in_front() {
    let (new, _) = changed(
        WRITTEN,
        &[
            column("id", "INTEGER", false),
            column("amount", "DECIMAL(10,2)", false),
        ],
    );
    assert_eq!(
        new,
        "-- @description: orders\n-- @column: id \"the key\"\nCREATE TABLE orders (\n  id int not null, -- from the shop\n  -- in cents\n  amount decimal(10, 2)\n);\n"
    );
}

#[test]
fn the_last_column_goes_and_another_comes() {
    let (new, _) = changed(
        WRITTEN,
        &[
            column("id", "INTEGER", false),
            column("amount", "DECIMAL(12,2)", false),
            column("day", "DATE", false),
        ],
    );
    assert_eq!(
        new,
        "-- @description: orders\n-- @column: id \"the key\"\nCREATE TABLE orders (\n  id int not null, -- from the shop\n  -- in cents\n  amount DECIMAL(12,2),\n  day DATE\n);\n"
    );
}

#[test]
fn a_key_of_the_table_stays_last() {
    let columns = [column("id", "BIGINT", true), column("b", "DATE", false)];
    let (new, _) = changed(
        "create table orders (\n    id bigint,\n    primary key (id)\n)\n",
        &columns,
    );
    assert_eq!(
        new,
        "create table orders (\n    id bigint not null /* enforced */,\n    b DATE,\n    primary key (id)\n)\n"
    );
}

proptest! {
    /// Whatever columns a file has and the engine has: pulling gives what the engine says, once.
    #[test]
    fn pulling_gives_what_the_engine_says(
        before in prop::collection::btree_map("[a-e]", (0usize..3, any::<bool>()), 1..5),
        after in prop::collection::btree_map("[a-e]", (0usize..3, any::<bool>()), 1..5),
        remarks in any::<bool>(),
    ) {
        const TYPES: [&str; 3] = ["BIGINT", "DECIMAL(18,2)", "STRUCT(a INTEGER, b VARCHAR)"];
        let columns = |from: &std::collections::BTreeMap<String, (usize, bool)>| -> Vec<Column> {
            let made = |(name, (kind, not_null)): (&String, &(usize, bool))| Column {
                comment: remarks.then(|| format!("of {name}, maybe")),
                ..column(name, TYPES[*kind], *not_null)
            };
            from.iter().map(made).collect()
        };
        prop_assume!(before.keys().any(|name| after.contains_key(name)));
        let old = new_file(&table(&columns(&before)));
        let wanted = table(&columns(&after));
        match updated(&old, &wanted) {
            Pulled::Unchanged => prop_assert_eq!(before, after),
            Pulled::Changed(new, _) => {
                prop_assert_eq!(updated(&new, &wanted), Pulled::Unchanged, "{}", new);
            }
            Pulled::Unreadable => prop_assert!(false, "{}", old),
        }
    }
}

#[test]
fn what_is_no_table_is_left_alone() {
    let columns = [column("id", "INTEGER", false)];
    for text in ["", "select 1", "create table t (", "'"] {
        assert_eq!(
            updated(text, &table(&columns)),
            Pulled::Unreadable,
            "{text}"
        );
    }
}
