//! The project whose runs are killed: some thirty models of all kinds in two releases, over files and a
//! table that differ between them.
//!
//! Its rows are small and follow from their numbers, so that every run of a release has the same
//! ones, and each kind of model has a place where a batch that is lost or done twice shows.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The project's database, in its folder.
pub const DATABASE: &str = "shop.duckdb";

/// A state of the project and of what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// What is published before.
    Old,
    /// What is published while processes die.
    New,
}

/// What may be seen through a model's view while it isn't published anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The rows of one release, of the same one as all others of this kind.
    Together,
    /// A table that grows in place: at least the old rows, at most the new ones.
    Grows,
    /// A table that is changed in place by one batch: the old rows or the new ones.
    InPlace,
    /// What a source has, whichever release is published.
    Live,
}

/// A model.
pub struct Model {
    /// The file under `models`, without `.sql`.
    pub path: &'static str,
    /// What may be seen of it.
    pub shown: Shown,
    /// The file's text in each release; empty where there is no such model.
    texts: [&'static str; 2],
}

impl Model {
    /// The name of its view in an environment that isn't `prod`, as `schema.name`.
    pub fn view(&self, environment: &str) -> String {
        let (schema, name) = self.path.split_once('/').unwrap_or(("main", self.path));
        format!("{schema}__{environment}.{name}")
    }

    /// Its import path.
    pub fn import_path(&self) -> String {
        format!("models.{}", self.path.replace('/', "."))
    }

    /// Whether a release has it.
    pub fn is_in(&self, release: Release) -> bool {
        !self.texts[release as usize].is_empty()
    }
}

const fn same(path: &'static str, shown: Shown, text: &'static str) -> Model {
    Model {
        path,
        shown,
        texts: [text, text],
    }
}

const fn changed(path: &'static str, shown: Shown, old: &'static str, new: &'static str) -> Model {
    Model {
        path,
        shown,
        texts: [old, new],
    }
}

use Shown::{Grows, InPlace, Live, Together};

/// All models of both releases.
pub const MODELS: &[Model] = &[
    // Staging: views, tables and models that are only part of others.
    same(
        "staging/orders",
        Together,
        "\
-- @config: materialized='table'
-- @import: raw = sources.shop.orders
select order_id, customer_id, product_id, amount, status, ordered_on from :raw
",
    ),
    same(
        "staging/customers",
        Live,
        "\
-- @import: raw = sources.shop.customers
select customer_id, name, country, updated_at from :raw
",
    ),
    same(
        "staging/events",
        Live,
        "\
-- @import: raw = sources.tables.events
select event_id, customer_id, happened_on from :raw
",
    ),
    same(
        "staging/products",
        Together,
        "\
-- @config: materialized='table'
-- @import: raw = seeds.products
select product_id, title, price from :raw
",
    ),
    same(
        "staging/paid",
        Together,
        "\
-- @config: materialized='ephemeral'
-- @import: orders = models.staging.orders
select * from :orders where status = 'paid'
",
    ),
    changed(
        "staging/large",
        Together,
        "\
-- @config: materialized='ephemeral'
-- @import: paid = models.staging.paid
select * from :paid where amount >= 20
",
        "\
-- @config: materialized='ephemeral'
-- @import: paid = models.staging.paid
select * from :paid where amount >= 30
",
    ),
    // Tables and views over them.
    changed(
        "core/order_lines",
        Together,
        "\
-- @config: materialized='table'
-- @import: orders = models.staging.orders
-- @import: products = models.staging.products
-- @audit: unique(order_id)
-- @audit: at_least(total, least := 100), severity='warn', store_failures=true
select orders.order_id, orders.customer_id, orders.ordered_on, products.title,
    orders.amount * products.price as total
from :orders join :products on orders.product_id = products.product_id
",
        "\
-- @config: materialized='table'
-- @import: orders = models.staging.orders
-- @import: products = models.staging.products
-- @audit: unique(order_id)
-- @audit: at_least(total, least := 200), severity='warn', store_failures=true
select orders.order_id, orders.customer_id, orders.ordered_on, products.title,
    orders.amount * products.price + 1 as total
from :orders join :products on orders.product_id = products.product_id
",
    ),
    same(
        "core/large_orders",
        Together,
        "\
-- @config: materialized='table'
-- @import: large = models.staging.large
select order_id, amount from :large
",
    ),
    changed(
        "core/order_totals",
        Together,
        "\
-- @import: lines = models.core.order_lines
select customer_id, sum(total) as total from :lines group by customer_id
",
        "\
-- @import: lines = models.core.order_lines
select customer_id, sum(total) as total, count(*) as lines from :lines group by customer_id
",
    ),
    same(
        "core/best_customers",
        Together,
        "\
-- @import: totals = models.core.order_totals
select customer_id, total from :totals order by total desc, customer_id limit 5
",
    ),
    same(
        "core/countries",
        Together,
        "\
-- @config: materialized='table'
-- @import: customers = models.staging.customers
-- @import: names = seeds.countries
select names.name, count(*) as customers
from :customers join :names on customers.country = names.code group by names.name
#after
update :this set customers = this.customers + 100
#end
",
    ),
    same(
        "core/paid_orders",
        Together,
        "\
-- @import: paid = models.staging.paid
select order_id, amount from :paid
",
    ),
    same(
        "core/event_days",
        Together,
        "\
-- @config: materialized='table'
-- @import: events = models.staging.events
select happened_on, count(*) as events from :events group by happened_on
",
    ),
    // Tables that are filled range by range.
    same(
        "filled/daily_sales",
        Grows,
        "\
-- @config: materialized='incremental', time_column='ordered_on', interval='1 day', batch_size=2
-- @config: start='2024-01-01', end='${END}'
-- @import: orders = models.staging.orders
select ordered_on, count(*) as orders, sum(amount) as amount from :orders
where ordered_on >= :start_date and ordered_on < :end_date group by ordered_on
",
    ),
    same(
        "filled/daily_orders",
        Grows,
        "\
-- @config: materialized='incremental', time_column='ordered_on', interval='1 day'
-- @config: start='2024-01-01', end='${END}', outside='drop'
-- @import: orders = models.staging.orders
select order_id, ordered_on from :orders where ordered_on >= :start_date and order_id % 10 >= date_diff('year', :end_date, :end_date)
",
    ),
    changed(
        "filled/daily_rebuilt",
        Together,
        "\
-- @config: materialized='incremental', time_column='ordered_on', interval='1 day', batch_size=4
-- @config: start='2024-01-01', end='${END}'
-- @import: orders = models.staging.orders
select ordered_on, max(amount) as most from :orders
where ordered_on >= :start_date and ordered_on < :end_date group by ordered_on
",
        "\
-- @config: materialized='incremental', time_column='ordered_on', interval='1 day', batch_size=4
-- @config: start='2024-01-01', end='${END}'
-- @import: orders = models.staging.orders
select ordered_on, max(amount) as most, min(amount) as least from :orders
where ordered_on >= :start_date and ordered_on < :end_date group by ordered_on
",
    ),
    same(
        "filled/monthly_events",
        InPlace,
        "\
-- @config: materialized='incremental', time_column='happened_on', interval='1 day', lookback=3
-- @config: start='2024-01-01', end='${END}', batch_size=40
-- @import: events = models.staging.events
select happened_on, count(*) as events from :events
where happened_on >= :start_date and happened_on < :end_date group by happened_on
",
    ),
    // Tables that rows are merged into.
    same(
        "merged/last_orders",
        InPlace,
        "\
-- @config: materialized='incremental', strategy='unique_key', unique_key='customer_id'
-- @import: orders = models.staging.orders
select customer_id, max(ordered_on) as last_ordered_on, count(*) as orders from :orders
group by customer_id
",
    ),
    same(
        "merged/prices",
        InPlace,
        "\
-- @config: materialized='incremental', strategy='unique_key', unique_key='product_id'
-- @import: products = models.staging.products
select product_id, price from :products
#if is_incremental
where price not in (select price from :this)
#endif
",
    ),
    same(
        "merged/latest_orders",
        InPlace,
        "\
-- @config: materialized='incremental', strategy='unique_key', unique_key='customer_id'
-- @import: orders = models.staging.orders
-- @merge: on :new.order_id >= :this.order_id, update except (first_status)
select customer_id, max(order_id) as order_id, arg_max(status, order_id) as status,
    arg_min(status, order_id) as first_status
from :orders group by customer_id
",
    ),
    same(
        "merged/status_days",
        InPlace,
        "\
-- @config: materialized='incremental', strategy='partition', partition_by='ordered_on'
-- @import: orders = models.staging.orders
select ordered_on, status, count(*) as orders from :orders group by ordered_on, status
",
    ),
    same(
        "merged/moves",
        InPlace,
        "\
-- @config: materialized='scd2', unique_key='customer_id', updated_at='updated_at'
-- @import: customers = models.staging.customers
select customer_id, country, updated_at from :customers
",
    ),
    same(
        "merged/homes",
        InPlace,
        "\
-- @config: materialized='scd2', unique_key='customer_id', check=['country'], hard_deletes='close'
-- @config: valid_from='seen_from', valid_to='seen_until'
-- @import: customers = models.staging.customers
select customer_id, name, country from :customers
",
    ),
    // Tables that rows are added to: a batch that is done twice stays.
    same(
        "added/loads",
        Grows,
        "\
-- @config: materialized='incremental', strategy='append'
-- @import: orders = models.staging.orders
select count(*) as orders, max(ordered_on) as until from :orders
",
    ),
    same(
        "added/country_log",
        Grows,
        "\
-- @config: materialized='incremental', strategy='append'
-- @import: countries = models.core.countries
select name, customers from :countries
",
    ),
    same(
        "added/seen_orders",
        Grows,
        "\
-- @config: materialized='incremental', strategy='append'
-- @import: orders = models.staging.orders
select order_id from :orders
#if is_incremental
where order_id > (select max(order_id) from :this)
#endif
",
    ),
    // What people read.
    same(
        "marts/revenue",
        Together,
        "\
-- @config: materialized='table'
-- @import: lines = models.core.order_lines
select ordered_on, sum(total) as total from :lines group by ordered_on
",
    ),
    same(
        "marts/products",
        Together,
        "\
-- @config: materialized='table'
-- @import: lines = models.core.order_lines
select title, sum(total) as total from :lines group by title
",
    ),
    same(
        "marts/customers",
        Together,
        "\
-- @config: materialized='table'
-- @import: totals = models.core.order_totals
-- @import: customers = models.staging.customers
select customers.name, totals.total
from :totals join :customers on totals.customer_id = customers.customer_id
",
    ),
    same(
        "marts/large_share",
        Together,
        "\
-- @config: materialized='table'
-- @import: large = models.core.large_orders
-- @import: paid = models.core.paid_orders
select (select count(*) from :large) as large, (select count(*) from :paid) as paid
",
    ),
    same(
        "marts/events",
        Together,
        "\
-- @import: days = models.core.event_days
select max(events) as most, count(*) as days from :days
",
    ),
    same(
        "marts/sales",
        Together,
        "\
-- @config: materialized='table'
-- @import: daily = models.filled.daily_sales
-- @import: rebuilt = models.filled.daily_rebuilt
select daily.ordered_on, daily.amount, rebuilt.most
from :daily join :rebuilt on daily.ordered_on = rebuilt.ordered_on
",
    ),
    same(
        "marts/last_orders",
        Together,
        "\
-- @config: materialized='table'
-- @import: latest = models.merged.last_orders
select last_ordered_on, count(*) as customers from :latest group by last_ordered_on
",
    ),
    changed(
        "marts/withdrawn",
        Together,
        "\
-- @config: materialized='table'
-- @import: orders = models.staging.orders
select status, count(*) as orders from :orders group by status
",
        "",
    ),
    changed(
        "marts/added",
        Together,
        "",
        "\
-- @config: materialized='table'
-- @import: orders = models.staging.orders
select status, sum(amount) as amount from :orders group by status
",
    ),
];

/// The files of sources, audits and the types of seeds: the same in both releases.
const FILES: &[(&str, &str)] = &[
    (
        "audits/at_least.sql",
        "\
-- @param: measure column
-- @param: least integer
select * from :this where :measure < :least
",
    ),
    (
        "sources/shop/orders.sql",
        "\
-- @config: location='${DATA}/orders.csv', format='csv'
create table orders (
    order_id integer, customer_id integer, product_id integer, amount integer, status varchar,
    ordered_on date
)
",
    ),
    (
        "sources/shop/customers.sql",
        "\
-- @config: location='${DATA}/customers.csv', format='csv'
create table customers (customer_id integer, name varchar, country varchar, updated_at timestamp)
",
    ),
    (
        "sources/tables/events.sql",
        "\
-- @config: changed_by='max(event_id)'
create table events (event_id integer, customer_id integer, happened_on date)
",
    ),
    (
        "seeds/countries.sql",
        "create table countries (code varchar, name varchar)\n",
    ),
    (
        "seeds/products.sql",
        "create table products (product_id integer, title varchar, price integer)\n",
    ),
];

impl Release {
    /// The first day that isn't in it.
    const fn end(self) -> &'static str {
        match self {
            Release::Old => "2024-01-11",
            Release::New => "2024-01-15",
        }
    }

    const fn days(self) -> u32 {
        match self {
            Release::Old => 10,
            Release::New => 14,
        }
    }
}

/// Writes a release of the project into a folder, and what it reads into another one. The times of the files that a source reads are
/// set, so that the same release is the same wherever it is written.
///
/// # Errors
/// What the file system says.
pub fn write(folder: &Path, (release, data): (Release, &Path), settings: &str) -> io::Result<()> {
    write_file(&folder.join("dbgo.toml"), settings)?;
    for (path, text) in FILES {
        let text = text.replace("${DATA}", &data.to_string_lossy());
        write_file(&folder.join(path), &text)?;
    }
    for model in MODELS {
        let path = folder.join("models").join(model.path).with_extension("sql");
        match model.texts[release as usize] {
            "" if path.exists() => std::fs::remove_file(path)?,
            "" => {}
            text => write_file(&path, &text.replace("${END}", release.end()))?,
        }
    }
    write_file(&folder.join("seeds/countries.csv"), &countries(release))?;
    write_file(&folder.join("seeds/products.csv"), &products(release))?;
    for (name, text) in [
        ("orders", orders_file(release)),
        ("customers", customers(release)),
    ] {
        let path = data.join(name).with_extension("csv");
        write_file(&path, &text)?;
        let modified =
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + u64::from(release.days()));
        std::fs::File::options()
            .write(true)
            .open(path)?
            .set_modified(modified)?;
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// The statements that make the source `tables.events` in the engine.
pub fn events(release: Release) -> Vec<String> {
    let days = release.days();
    vec![
        "create schema if not exists tables".to_owned(),
        format!(
            "create or replace table tables.events as
             select cast(i as integer) as event_id, cast(1 + i % 20 as integer) as customer_id,
                 cast(date '2024-01-01' + cast(i // 5 as integer) as date) as happened_on
             from range({}) as numbers(i)",
            days * 5
        ),
    ]
}

/// A row of the source `shop.orders`.
pub struct Order {
    /// Its number.
    pub order_id: u32,
    /// Who ordered.
    pub customer_id: u32,
    /// What was ordered.
    pub product_id: u32,
    /// How much of it.
    pub amount: u32,
    /// `paid`, `open` or `void`.
    pub status: &'static str,
    /// The day in January 2024.
    pub day: u32,
}

/// All orders of a release.
pub fn orders(release: Release) -> Vec<Order> {
    let numbers = (1..=release.days()).flat_map(|day| (0..6).map(move |it| (day, day * 10 + it)));
    let order = |(day, order_id): (u32, u32)| Order {
        order_id,
        customer_id: 1 + order_id * 7 % 20,
        product_id: 1 + order_id * 3 % 8,
        amount: 1 + order_id * 13 % 100,
        status: ["paid", "open", "void", "paid"][order_id as usize % 4],
        day,
    };
    numbers.map(order).collect()
}

fn orders_file(release: Release) -> String {
    let mut text = "order_id,customer_id,product_id,amount,status,ordered_on\n".to_owned();
    for order in orders(release) {
        let _ = writeln!(
            text,
            "{},{},{},{},{},2024-01-{:02}",
            order.order_id,
            order.customer_id,
            order.product_id,
            order.amount,
            order.status,
            order.day
        );
    }
    text
}

fn customers(release: Release) -> String {
    let mut text = "customer_id,name,country,updated_at\n".to_owned();
    for customer in 1..=20 {
        let moved = release == Release::New && customer % 5 == 0;
        let country = ["de", "fr", "it"][(customer as usize + usize::from(moved)) % 3];
        let day = if moved { 12 } else { 1 };
        let _ = writeln!(
            text,
            "{customer},customer {customer},{country},2024-01-{day:02} 08:00:00"
        );
    }
    text
}

fn countries(release: Release) -> String {
    let italy = match release {
        Release::Old => "Italy",
        Release::New => "Italia",
    };
    format!("code,name\nde,Germany\nfr,France\nit,{italy}\n")
}

fn products(release: Release) -> String {
    let mut text = "product_id,title,price\n".to_owned();
    for product in 1..=8 {
        let price = price(release, product);
        let _ = writeln!(text, "{product},product {product},{price}");
    }
    text
}

/// The price of a product in a release.
pub fn price(release: Release, product: u32) -> u32 {
    let raised = release == Release::New && product.is_multiple_of(2);
    10 * product + u32::from(raised) * 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_has_models_of_all_kinds() {
        for release in [Release::Old, Release::New] {
            let models = MODELS.iter().filter(|model| model.is_in(release));
            assert!(models.clone().count() >= 30);
            let text: String = models.map(|model| model.texts[release as usize]).collect();
            for kind in [
                "'table'",
                "'ephemeral'",
                "updated_at=",
                "check=",
                "time_column=",
                "lookback=",
                "'unique_key'",
                "@merge",
                "'partition'",
                "'append'",
                "@audit",
                "store_failures",
                "#after",
            ] {
                assert!(text.contains(kind), "{kind}");
            }
        }
    }
}
