//! What is certain to be wrong, what is not, and what can't be null.

use super::{BindInput, Bound, Column, Schema, bind};
use crate::lexer::lex;
use crate::parse::parse_query;
use crate::span::FileId;
use crate::sql_type::SqlType;
use std::borrow::Cow;
use std::collections::BTreeMap;

fn schema(columns: &[(&str, &str, bool)]) -> Schema {
    Schema::known(
        columns
            .iter()
            .map(|(name, sql_type, nullable)| Column {
                name: (*name).to_owned(),
                sql_type: sql_type.parse().unwrap_or(SqlType::Unknown),
                nullable: *nullable,
                made_at: None,
            })
            .collect(),
    )
}

fn bound(text: &str) -> Bound {
    let orders = schema(&[
        ("id", "INTEGER", false),
        ("customer", "VARCHAR", true),
        ("amount", "DECIMAL(18,2)", false),
        ("day", "DATE", true),
        ("address", "STRUCT(city VARCHAR, zip INTEGER)", true),
    ]);
    let customers = schema(&[("id", "INTEGER", false), ("name", "VARCHAR", false)]);
    let input = BindInput {
        imports: Cow::Owned(BTreeMap::from([
            ("orders".to_owned(), orders),
            ("customers".to_owned(), customers),
            ("dark".to_owned(), Schema::unknown()),
        ])),
        variables: BTreeMap::from([("least".to_owned(), SqlType::Decimal(18, 2))]),
        candidates: super::Candidates::Known(BTreeMap::from([(
            "refunds".to_owned(),
            "models.staging.refunds".to_owned(),
        )])),
        text,
        unique_columns: true,
        this: None,
    };
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    assert!(found.is_empty(), "{text}: {found:?}");
    let query = parse_query(text, &tokens).unwrap_or_else(|found| panic!("{text}: {found:?}"));
    bind(&query, &input)
}

fn codes(text: &str) -> Vec<String> {
    bound(text)
        .diagnostics
        .iter()
        .map(|found| found.code.to_string())
        .collect()
}

#[test]
fn each_mistake_has_its_code() {
    for (text, code) in [
        ("select amout from orders", "unknown-column"),
        ("select o.amout from orders o", "unknown-column"),
        ("select address.town from orders", "unknown-column"),
        (
            "select id from orders o join customers c on o.id = c.id",
            "ambiguous-column",
        ),
        ("select x.id from orders o", "unknown-table"),
        ("select * from refunds", "undeclared-table"),
        ("select * from raw.orders", "undeclared-table"),
        ("select uper(customer) from orders", "unknown-function"),
        ("select upper(customer, 1) from orders", "wrong-arguments"),
        ("select sum(customer) from orders", "wrong-arguments"),
        ("select customer - 1 as x from orders", "type-mismatch"),
        ("select id from orders where customer < 1", "type-mismatch"),
        (
            "select case when id = 1 then customer else id end as x from orders",
            "type-mismatch",
        ),
        (
            "select id from orders where id in (select name from customers)",
            "type-mismatch",
        ),
        (
            "select id, amount from orders union all select id from customers",
            "set-operation-width",
        ),
        (
            "select customer, sum(amount) as total from orders",
            "not-grouped",
        ),
        (
            "select day, customer, sum(amount) as total from orders group by day",
            "not-grouped",
        ),
        ("select id, amount as id from orders", "duplicate-column"),
        ("select * from :ordrs", "unknown-reference"),
        ("select :lest as x from orders", "unknown-reference"),
        ("select :orders as x from orders", "unknown-reference"),
        ("select * from :this", "unknown-reference"),
        ("select * exclude (amout) from orders", "unknown-column"),
        (
            "select day from orders join customers using (name)",
            "unknown-column",
        ),
    ] {
        assert_eq!(codes(text), [code], "{text}");
    }
}

#[test]
fn a_cause_is_named_once() {
    assert_eq!(
        codes("select amout + 1 as x, upper(amout - 'a') as y from orders").len(),
        2
    );
    assert_eq!(
        codes("with a as (select nope from orders) select x.nope, x.nope + 1 as y from a x"),
        ["unknown-column"]
    );
    assert_eq!(
        codes("select d.anything, other from dark d"),
        Vec::<String>::new()
    );
}

#[test]
fn a_hint_names_what_was_meant() {
    let hints = |text: &str| bound(text).diagnostics[0].hints.join(";");
    assert_eq!(hints("select amout from orders"), "did you mean `amount`?");
    assert_eq!(
        hints("select * from refunds"),
        "add `-- @import: models.staging.refunds` to the header"
    );
    assert_eq!(
        hints("select lenght(customer) from orders"),
        "did you mean `length`?"
    );
}

#[test]
fn what_the_engine_takes_is_no_mistake() {
    for text in [
        "select id from orders where id = customer",
        "select amount + 1 as more, more * 2 as twice from orders where twice > 3",
        "select day, sum(amount) as total from orders group by all having total > 1 order by total",
        "select date_trunc('month', day) as month, count(*) as n from orders group by month",
        "select date_trunc('month', day) as month, count(*) as n from orders group by 1 order by 1",
        "select address.city, orders.address.zip, o from orders join (select 1 as o) on true",
        "with recursive n as (select 1 as i union all select i + 1 from n where i < 9) select i from n",
        "with unused as (select nope from nowhere) select id from orders",
        "select o.id, (select max(name) from customers c where c.id = o.id) as name from orders o",
        "select o.id, l.x from orders o, lateral (select o.amount * 2 as x) l",
        "from orders select id qualify row_number() over (partition by customer order by day) = 1",
        "select customer, sum(sum(amount)) over (order by customer) as running from orders group by customer",
        "select id, amount from orders union all by name select id from customers",
        "select * exclude (address) replace (amount * 2 as amount) rename (day as date) from orders",
        "select * from orders semi join customers using (id)",
        "select customer, grouping(customer) as g, sum(amount) as s from orders group by rollup (customer)",
        "select x from unnest([1, 2]) t(x)",
        "select list_transform([1, 2], x -> x + id) as l from orders",
        "select current_date as today, :least as least from orders",
        "select orders.id from :orders",
        "select :orders.id from :orders",
        "select o.id as id, count(*) as n from orders o join customers c on o.id = c.id group by o.id",
        "select st_area(address) as a from orders",
        "select count(*) as n from orders where customer like 'a%' and amount between 1 and :least",
        "select id from orders order by amount, 1",
    ] {
        assert_eq!(bound(text).diagnostics, [], "{text}");
    }
}

#[test]
fn only_what_is_proven_is_not_null() {
    for (text, not_null) in [
        ("select id, customer from orders", "id"),
        (
            "select o.id, c.name from orders o join customers c on o.id = c.id",
            "id name",
        ),
        (
            "select o.id, c.name from orders o left join customers c on o.id = c.id",
            "id",
        ),
        (
            "select o.id, c.name from orders o right join customers c on o.id = c.id",
            "name",
        ),
        (
            "select o.id, c.name from orders o full join customers c on o.id = c.id",
            "",
        ),
        (
            "select id, c.name from orders o left join customers c using (id)",
            "id",
        ),
        ("select id from orders union all select null", ""),
        (
            "select id, count(*) as n, sum(amount) as s from orders group by id",
            "id n s",
        ),
        (
            "select id, count(*) as n from orders group by rollup (id)",
            "n",
        ),
        (
            "select coalesce(customer, '') as c, 1 as one, id + 1 as next, id / id as r, id // id as q from orders",
            "c one next r",
        ),
        ("select (select id from orders limit 1) as x", ""),
        ("select id from (select * from orders where id > 1)", "id"),
        ("with o as (select id from orders) select id from o", "id"),
    ] {
        let columns = bound(text).columns.unwrap_or_default();
        let found: Vec<&str> = columns
            .iter()
            .filter(|column| !column.nullable)
            .filter_map(|column| column.name.as_deref())
            .collect();
        assert_eq!(found.join(" "), not_null, "{text}");
    }
}

#[test]
fn what_is_read_and_what_is_volatile_is_known() {
    let found = bound("select o.id, :least as l from :orders o");
    let read: Vec<&str> = found
        .relations
        .iter()
        .map(|used| used.name.as_str())
        .collect();
    assert_eq!(read, ["orders"]);
    assert_eq!(found.variables.iter().collect::<Vec<_>>(), ["least"]);
    assert!(!found.volatile && found.is_complete());
    for text in [
        "select random() as r",
        "select now() as n",
        "select current_date as d",
        "select ago(interval 1 day) as a",
        "select * from 'x.csv'",
        "select * from read_csv('x.csv')",
    ] {
        assert!(bound(text).volatile, "{text}");
    }
}

#[test]
fn nothing_that_can_be_parsed_makes_the_binder_panic() {
    use numbers::Numbers;
    const TEXTS: &[&str] = &[
        "with a as (select id, amount from orders), b as (select * from a join customers using (id)) \
         select b.id, sum(amount) over (partition by b.id order by amount) as s, count(*) as n from b \
         group by all having n > 1 qualify s > 2 order by 1 limit 3",
        "select case when id in (1, 2) then upper(customer) else null end as c, [1, 2][1] as l, \
         {'a': id}.a as f, address.city, list_transform([1], x -> x + id) as t, -amount * 2 as m \
         from orders o left join dark d on o.id = d.id where exists (select 1 from customers c where c.id = o.id)",
        "select * exclude (id) replace (amount + 1 as amount) from orders union all by name \
         select day - interval 1 day as day from orders natural join customers",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < :least) \
         select i, unnest([i]) as u from n, range(3) r(k), lateral (select k * 2 as z)",
    ];
    let mut numbers = Numbers(42);
    let mut bound_queries = 0;
    for _ in 0..4000 {
        let mut words: Vec<&str> = TEXTS[numbers.below(TEXTS.len())]
            .split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != '\'')
            .collect();
        for _ in 0..=numbers.below(4) {
            let (from, to) = (numbers.below(words.len()), numbers.below(words.len()));
            match numbers.below(3) {
                0 => drop(words.remove(from)),
                1 => words.swap(from, to),
                _ => words.insert(to, words[from]),
            }
        }
        let text = words.concat();
        let (tokens, _) = lex(FileId(0), &text, 0..text.len());
        if let Ok(query) = parse_query(&text, &tokens) {
            bound_queries += 1;
            let input = BindInput {
                imports: Cow::Owned(BTreeMap::from([("orders".to_owned(), Schema::unknown())])),
                text: &text,
                ..BindInput::default()
            };
            bind(&query, &input);
            bound(&text);
        }
    }
    assert!(bound_queries > 100, "{bound_queries}");
}

#[test]
fn long_and_deep_queries_are_bound_in_no_time() {
    let started = std::time::Instant::now();
    let chain = |word: &str, count: usize| vec!["id"; count].join(word);
    for text in [
        format!("select {} as x from orders", chain(" + ", 990)),
        format!(
            "select {} as x, count(*) as n from orders group by {}",
            chain(" + ", 500),
            chain(" + ", 501)
        ),
        format!(
            "select id from orders where {}",
            vec!["id = 1"; 900].join(" and ")
        ),
        format!(
            "select {}id{} as x from orders",
            "(".repeat(200),
            ")".repeat(200)
        ),
        format!(
            "select {}id{} as x from orders",
            "abs(".repeat(100),
            ")".repeat(100)
        ),
        vec!["select id from orders"; 500].join(" union all "),
        format!(
            "{}select 1 as x{}",
            "select * from (".repeat(80),
            ")".repeat(80)
        ),
        format!(
            "select case {} end as c from orders",
            "when id = 1 then 2 ".repeat(2000)
        ),
    ] {
        let found = bound(&text);
        assert!(found.columns.is_some(), "{}", &text[..80]);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

mod numbers {
    /// A linear congruential generator: the same numbers in each run. Constants: Knuth, MMIX.
    pub struct Numbers(pub u64);

    impl Numbers {
        pub fn below(&mut self, limit: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % limit.max(1)
        }
    }
}

/// The nodes of the bound tree without their places.
fn meaning(text: &str) -> Vec<String> {
    let tree = bound(text).tree;
    let root = tree.root().unwrap_or_else(|| panic!("{text}: no tree"));
    let nodes = tree.subtree(root);
    nodes
        .map(|(id, node)| format!("{:?} of {}", node.what, tree.children(id).len()))
        .collect()
}

#[test]
fn what_is_written_otherwise_means_the_same() {
    for (left, right) in [
        (
            "select id, amount from :orders",
            "SELECT  Orders.ID , (amount) /* x */ FROM :orders",
        ),
        (
            "select id + 1 as x from :orders",
            "select ((o.id) + (1)) x from :orders o",
        ),
        (
            "with a as (select id from :orders) select a.id from a",
            "with b as (select id from :orders) select id from b c",
        ),
        (
            "select * from :customers",
            "select id, name from :customers",
        ),
        (
            "select customer, sum(amount) s from :orders group by customer",
            "select customer, sum(amount) s from :orders group by customer",
        ),
        (
            "select * exclude (name) from :customers order by 1",
            "select id from :customers order by id",
        ),
        (
            "select cast(id as bigint) x from :orders",
            "select id::int8 as x from :orders",
        ),
    ] {
        assert_eq!(meaning(left), meaning(right), "{left} | {right}");
    }
}

#[test]
fn what_means_something_else_is_another_tree() {
    for (left, right) in [
        ("select id from :orders", "select amount as id from :orders"),
        ("select id from :orders", "select distinct id from :orders"),
        (
            "select a.id from :orders a, :orders b",
            "select b.id from :orders a, :orders b",
        ),
        (
            "select count(customer) n from :orders",
            "select count(distinct customer) n from :orders",
        ),
        (
            "select sum(amount) over (order by day) s from :orders",
            "select sum(amount) over (order by day desc) s from :orders",
        ),
        (
            "select * from :orders join :customers using (id)",
            "select * from :orders right join :customers using (id)",
        ),
        (
            "select address.city c from :orders",
            "select address.zip c from :orders",
        ),
        (
            "select id from :orders limit 1",
            "select id from :orders offset 1",
        ),
        (
            "select id from :orders group by 1",
            "select id from :orders group by id, day",
        ),
    ] {
        assert_ne!(meaning(left), meaning(right), "{left} | {right}");
    }
}
