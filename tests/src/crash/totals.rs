//! What the rows of the new release must add up to, computed from the data and not by an engine, so that a
//! run which nobody disturbed isn't believed for that alone.

use super::picture::Picture;
use super::project::{MODELS, Order, Release, orders, price};
use std::collections::BTreeSet;

/// What is added up.
#[derive(Clone, Copy)]
enum Sum {
    /// A column's numbers.
    Of(&'static str),
    /// The rows themselves.
    Rows,
}

/// What differs from the known totals; nothing where the environment shows no model at all.
pub fn wrong(picture: &Picture, environment: &str) -> Vec<String> {
    let shown = |model: &&super::project::Model| {
        let view = model.view(environment);
        picture.views.contains_key(&view)
    };
    if !MODELS.iter().any(|model| shown(&model)) {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for (path, sum, expected) in expected() {
        let model = MODELS.iter().find(|model| model.path == path);
        let view = model.map(|model| model.view(environment));
        let rows = view.and_then(|view| picture.views.get(&view));
        let found = match sum {
            Sum::Of(column) => {
                rows.and_then(|rows| rows.iter().map(|row| number(row, column)).sum())
            }
            Sum::Rows => rows.map(|rows| rows.len() as i64),
        };
        if found != Some(expected) {
            let what = match sum {
                Sum::Of(column) => column,
                Sum::Rows => "rows",
            };
            wrong.push(format!("{path} has {found:?} and not {expected} {what}"));
        }
    }
    wrong
}

/// The number in a column of a row's text, `{'day': 2024-01-01, 'orders': 6}`.
fn number(row: &str, column: &str) -> Option<i64> {
    let (_, rest) = row.split_once(&format!("'{column}': "))?;
    let end = rest.find([',', '}'])?;
    rest[..end].parse().ok()
}

fn expected() -> Vec<(&'static str, Sum, i64)> {
    const DAYS: i64 = 14;
    let all = orders(Release::New);
    let total = |order: &Order| i64::from(order.amount * price(Release::New, order.product_id)) + 1;
    let revenue: i64 = all.iter().map(total).sum();
    let amount = |orders: &[&Order]| -> i64 {
        let amounts = orders.iter().map(|order| i64::from(order.amount));
        amounts.sum()
    };
    let every: Vec<&Order> = all.iter().collect();
    let paid: Vec<&Order> = all.iter().filter(|order| order.status == "paid").collect();
    let large: Vec<&Order> = paid
        .iter()
        .copied()
        .filter(|order| order.amount >= 30)
        .collect();
    let customers: BTreeSet<u32> = all.iter().map(|order| order.customer_id).collect();
    let prices: i64 = (1..=8).map(|id| i64::from(price(Release::New, id))).sum();
    let count = all.len() as i64;
    vec![
        ("core/order_totals", Sum::Of("total"), revenue),
        ("core/order_totals", Sum::Of("lines"), count),
        ("core/large_orders", Sum::Of("amount"), amount(&large)),
        ("core/paid_orders", Sum::Of("amount"), amount(&paid)),
        ("core/countries", Sum::Of("customers"), 20 + 3 * 100),
        ("core/event_days", Sum::Of("events"), 5 * DAYS),
        ("filled/daily_sales", Sum::Of("orders"), count),
        ("filled/daily_sales", Sum::Of("amount"), amount(&every)),
        ("filled/daily_orders", Sum::Rows, count),
        ("filled/daily_rebuilt", Sum::Rows, DAYS),
        ("filled/monthly_events", Sum::Of("events"), 5 * DAYS),
        ("merged/last_orders", Sum::Of("orders"), count),
        ("merged/latest_orders", Sum::Rows, customers.len() as i64),
        ("merged/prices", Sum::Of("price"), prices),
        ("merged/status_days", Sum::Of("orders"), count),
        ("added/seen_orders", Sum::Rows, count),
        ("marts/revenue", Sum::Of("total"), revenue),
        ("marts/products", Sum::Of("total"), revenue),
        ("marts/customers", Sum::Of("total"), revenue),
        ("marts/large_share", Sum::Of("large"), large.len() as i64),
        ("marts/large_share", Sum::Of("paid"), paid.len() as i64),
        ("marts/sales", Sum::Of("amount"), amount(&every)),
        (
            "marts/last_orders",
            Sum::Of("customers"),
            customers.len() as i64,
        ),
        ("marts/added", Sum::Of("amount"), amount(&every)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_too_few_is_seen() {
        let view = |path: &str| {
            MODELS
                .iter()
                .find(|it| it.path == path)
                .unwrap()
                .view("dev")
        };
        let mut picture = Picture::default();
        assert_eq!(wrong(&picture, "dev"), Vec::<String>::new());
        for (path, sum, expected) in expected() {
            let rows = picture.views.entry(view(path)).or_default();
            match sum {
                Sum::Of(column) => rows.push(format!("{{'{column}': {expected}, 'other': 1}}")),
                Sum::Rows => rows.extend((0..expected).map(|id| format!("{{'id': {id}}}"))),
            }
        }
        // Two columns of one view are two rows here.
        let of = |picture: &Picture| -> Vec<String> {
            let wrong = wrong(picture, "dev").into_iter();
            wrong
                .filter(|it| it.starts_with("filled/daily_orders"))
                .collect()
        };
        assert_eq!(of(&picture), Vec::<String>::new());
        let rows = picture.views.get_mut(&view("filled/daily_orders")).unwrap();
        rows.pop();
        assert_eq!(
            of(&picture),
            ["filled/daily_orders has Some(83) and not 84 rows"]
        );
    }

    #[test]
    fn numbers_are_read_from_rows() {
        let row = "{'day': 2024-01-01, 'orders': 6, 'amount': -12}";
        assert_eq!(number(row, "orders"), Some(6));
        assert_eq!(number(row, "amount"), Some(-12));
        assert_eq!(number(row, "order"), None);
        assert_eq!(number(row, "day"), None);
    }
}
