//! The rows of `VALUES`: the engine computes them while it prepares the query if all are constants.
//!
//! Source: `PhysicalPlanGenerator::CreatePlan(LogicalExpressionGet &)` of DuckDB 1.5.5.

use super::Binder;
use super::grouping::walk;
use crate::constant::{Constant, Stop};
use crate::parse::ast::{self, ExprKind};
use crate::sql_type::Common;
use crate::types::common;

impl Binder<'_> {
    /// The rows of `VALUES`, if all are constants.
    pub(super) fn certain_rows(&mut self, values: &ast::Values) {
        let cells = values.rows.iter().flatten();
        let computed: Option<Vec<Result<Constant, String>>> = cells
            .map(|cell| match self.evaluator().value(cell) {
                Ok(value) => Some(Ok(value)),
                Err(Stop::Fails(message)) if !compares_sums(cell) => Some(Err(message)),
                Err(_) => None,
            })
            .collect();
        let Some(computed) = computed else { return };
        let mut computed = computed.into_iter();
        let rows: Vec<Vec<_>> = values
            .rows
            .iter()
            .map(|row| row.iter().zip(computed.by_ref()).collect())
            .collect();
        for row in &rows {
            for (cell, value) in row {
                if let Err(message) = value {
                    return self.report_failing(cell, message);
                }
            }
        }
        let width = rows.first().map_or(0, Vec::len);
        for place in 0..width {
            let column = rows.iter().filter_map(|row| row.get(place));
            let column: Vec<(&ast::Expr, &Constant)> = column
                .filter_map(|(cell, value)| Some((*cell, value.as_ref().ok()?)))
                .collect();
            self.check_column(&column);
        }
    }

    /// The values of a column, which are cast to one type.
    fn check_column(&mut self, column: &[(&ast::Expr, &Constant)]) {
        let mut values = column.iter().map(|(_, value)| value.typed());
        let Some(first) = values.next() else { return };
        let mut together = first.as_value();
        for next in values {
            let Common::Type(sql_type) = common(&together, &next) else {
                return;
            };
            together.sql_type = sql_type;
        }
        for (cell, value) in column {
            if let Err(Stop::Fails(message)) = value.cast(&together.sql_type) {
                return self.report_failing(cell, &message);
            }
        }
    }
}

/// Whether there is arithmetic in a comparison, which the engine turns round before it computes it.
fn compares_sums(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        let compares = match &part.kind {
            ExprKind::Binary { operator, .. } => operator.contains(['=', '<', '>']),
            ExprKind::Between { .. } | ExprKind::InList { .. } | ExprKind::Case { .. } => true,
            _ => false,
        };
        found |= compares && computes(part);
        !found
    });
    found
}

/// Whether there is arithmetic in it.
pub(super) fn computes(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= matches!(&part.kind, ExprKind::Binary { operator, .. }
            if matches!(operator.as_str(), "+" | "-" | "*" | "//" | "%"));
        !found
    });
    found
}
