//! The models: three layers of small queries as people write them, every text of its own.
//!
//! A query is written once, with `{alias}` where it reads a relation. dbgo gets `:alias` there, the plain script the
//! relation's name, and nothing else differs.

use super::data::{Kind, SEEDS};

/// A model, or a seed, that a query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The name in the query.
    pub alias: &'static str,
    /// The schema: the folder under `models/`, or `seeds`.
    pub schema: &'static str,
    /// The relation's name.
    pub name: String,
}

/// A query with a name.
#[derive(Clone, Debug)]
pub struct Model {
    /// The layer: folder and schema.
    pub schema: &'static str,
    pub name: String,
    pub imports: Vec<Import>,
    query: String,
}

impl Model {
    /// The query with each relation as `write` writes it.
    pub fn query(&self, write: impl Fn(&Import) -> String) -> String {
        let mut query = self.query.clone();
        for import in &self.imports {
            query = query.replace(&format!("{{{}}}", import.alias), &write(import));
        }
        query
    }
}

/// All models, each after those that it reads: of each ten, four stage, three and a half join and the rest aggregate.
pub fn models(count: u32) -> Vec<Model> {
    let staging = count * 2 / 5;
    let intermediate = count * 7 / 20;
    let marts = count - staging - intermediate;
    let mut models: Vec<Model> = (0..staging).map(staged).collect();
    models.extend((0..intermediate).map(|index| joined(index, staging)));
    models.extend((0..marts).map(|index| aggregated(index, intermediate)));
    models
}

/// The number of each seed is also the last digit of the staging models that read it.
fn kind_of(staged: u32) -> Kind {
    SEEDS[staged as usize % SEEDS.len()].kind
}

/// A filter over a seed, with columns cleaned up.
fn staged(index: u32) -> Model {
    let seed = SEEDS[index as usize % SEEDS.len()];
    let step = index / SEEDS.len() as u32;
    let query = match seed.kind {
        Kind::Customers => format!(
            "select\n    customer_id,\n    upper(trim(name)) as name,\n    coalesce(country, 'xx') as country,\n    \
             signed_up_on,\n    extract(year from signed_up_on) as signed_up_year\nfrom {{raw}}\n\
             where customer_id % 97 <> {step}"
        ),
        Kind::Products => format!(
            "select\n    product_id,\n    title,\n    category,\n    price,\n    \
             cast(price * 1.{:02} as decimal(18, 2)) as gross_price,\n    \
             case when price > 500 then 'high' when price > 100 then 'middle' else 'low' end as price_band\n\
             from {{raw}}\nwhere product_id % 89 <> {step}",
            step % 100
        ),
        Kind::Orders => format!(
            "select\n    order_id,\n    customer_id,\n    product_id,\n    quantity,\n    ordered_on,\n    \
             date_trunc('month', ordered_on) as ordered_month,\n    status\nfrom {{raw}}\n\
             where status <> 'cancelled' and order_id % 83 <> {step}"
        ),
        Kind::Payments => format!(
            "select\n    payment_id,\n    order_id,\n    amount,\n    method,\n    cast(paid_at as date) as paid_on\n\
             from {{raw}}\nwhere amount > {step} and method in ('card', 'transfer')"
        ),
    };
    let raw = Import {
        alias: "raw",
        schema: "seeds",
        name: seed.name.to_owned(),
    };
    Model {
        schema: "staging",
        name: staged_name(index),
        imports: vec![raw],
        query,
    }
}

fn staged_name(index: u32) -> String {
    format!("stg_{index:04}")
}

/// The staging model of this kind at `index`, counted around.
fn staged_of(kind: Kind, index: u32, staging: u32) -> String {
    let all = (0..staging).filter(|staged| kind_of(*staged) == kind);
    let count = all.clone().count();
    all.clone()
        .nth(index as usize % count)
        .map(staged_name)
        .unwrap_or_default()
}

/// A join of two or three staging models; one in three numbers rows by a window. All have the same columns.
fn joined(index: u32, staging: u32) -> Model {
    let import = |alias, kind, index| Import {
        alias,
        schema: "staging",
        name: staged_of(kind, index, staging),
    };
    let orders = import("orders", Kind::Orders, index);
    let customers = import("customers", Kind::Customers, index * 3 + 1);
    let (mut imports, query) = match index % 3 {
        0 => (
            vec![import("products", Kind::Products, index * 5 + 2)],
            format!(
                "select\n    o.order_id,\n    o.customer_id,\n    c.country,\n    p.category as topic,\n    \
                 o.ordered_month,\n    cast(o.quantity * p.price as decimal(18, 2)) as amount\n\
                 from {{orders}} as o\ninner join {{customers}} as c on c.customer_id = o.customer_id\n\
                 left join {{products}} as p on p.product_id = o.product_id\nwhere o.quantity > {}",
                index % 5
            ),
        ),
        1 => (
            vec![import("payments", Kind::Payments, index * 7 + 3)],
            format!(
                "with paid as (\n    select order_id, sum(amount) as amount, min(method) as method\n    \
                 from {{payments}}\n    group by order_id\n)\nselect\n    o.order_id,\n    o.customer_id,\n    \
                 c.country,\n    coalesce(p.method, 'none') as topic,\n    o.ordered_month,\n    \
                 cast(coalesce(p.amount, 0) as decimal(18, 2)) as amount\nfrom {{orders}} as o\n\
                 inner join {{customers}} as c using (customer_id)\nleft join paid as p on p.order_id = o.order_id\n\
                 where o.order_id <> {index}"
            ),
        ),
        _ => (
            Vec::new(),
            format!(
                "with numbered as (\n    select\n        *,\n        row_number() over (partition by customer_id \
                 order by ordered_on desc, order_id) as position\n    from {{orders}}\n)\nselect\n    n.order_id,\n    \
                 n.customer_id,\n    c.country,\n    n.status as topic,\n    n.ordered_month,\n    \
                 cast(n.quantity as decimal(18, 2)) as amount\nfrom numbered as n\n\
                 inner join {{customers}} as c on c.customer_id = n.customer_id\nwhere n.position <= {}",
                index % 7 + 1
            ),
        ),
    };
    imports.insert(0, orders);
    imports.insert(1, customers);
    Model {
        schema: "intermediate",
        name: joined_name(index),
        imports,
        query,
    }
}

fn joined_name(index: u32) -> String {
    format!("int_{index:04}")
}

/// An aggregate of one joined model, a comparison of two, or a rank.
fn aggregated(index: u32, intermediate: u32) -> Model {
    let import = |alias, at: u32| Import {
        alias,
        schema: "intermediate",
        name: joined_name(at % intermediate),
    };
    let sales = import("sales", index);
    let (imports, query) = match index % 3 {
        0 => (
            vec![sales],
            format!(
                "select\n    country,\n    ordered_month,\n    count(*) as orders,\n    \
                 count(distinct customer_id) as customers,\n    sum(amount) as amount,\n    \
                 avg(amount) as average_amount\nfrom {{sales}}\nwhere amount >= {index}\n\
                 group by country, ordered_month\nhaving count(*) > 1"
            ),
        ),
        1 => (
            vec![sales, import("others", index + 1)],
            "select\n    coalesce(s.topic, o.topic) as topic,\n    sum(s.amount) as amount,\n    \
             sum(o.amount) as other_amount,\n    count(distinct s.order_id) as orders\nfrom {sales} as s\n\
             full join {others} as o on o.order_id = s.order_id\ngroup by 1"
                .to_owned(),
        ),
        _ => (
            vec![sales],
            format!(
                "select\n    customer_id,\n    country,\n    amount,\n    \
                 rank() over (partition by country order by amount desc, customer_id) as place,\n    \
                 amount / nullif(sum(amount) over (partition by country), 0) as share\nfrom (\n    \
                 select customer_id, country, sum(amount) as amount\n    from {{sales}}\n    \
                 where order_id <> {index}\n    group by customer_id, country\n)\nqualify place <= 100"
            ),
        ),
    };
    Model {
        schema: "marts",
        name: format!("mart_{index:04}"),
        imports,
        query,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_model_reads_what_comes_before_it() {
        let all = models(1000);
        assert_eq!(all.len(), 1000);
        let mut known: BTreeSet<(&str, String)> = SEEDS
            .iter()
            .map(|seed| ("seeds", seed.name.to_owned()))
            .collect();
        for model in &all {
            for import in &model.imports {
                assert!(
                    known.contains(&(import.schema, import.name.clone())),
                    "{import:?}"
                );
            }
            assert!(known.insert((model.schema, model.name.clone())));
        }
        let layer = |schema| all.iter().filter(|model| model.schema == schema).count();
        assert_eq!(
            (layer("staging"), layer("intermediate"), layer("marts")),
            (400, 350, 250)
        );
    }

    #[test]
    fn every_relation_is_written_in_the_query() {
        for model in models(100) {
            let query = model.query(|import| format!("<{}>", import.name));
            assert!(!query.contains('{'), "{query}");
            for import in &model.imports {
                assert!(query.contains(&format!("<{}>", import.name)), "{query}");
            }
        }
    }
}
