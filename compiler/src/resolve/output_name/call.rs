//! Calls of functions and windows.
//!
//! Source: `FunctionExpression::ToString`, `WindowExpression::ToString` and `TransformFuncCall` of
//! DuckDB.

use super::Writer;
use super::expression::dotted;
use crate::parse::ast::{self, ExprKind};
use crate::sql_type::quote_identifier;

impl Writer<'_> {
    /// A call; `operand` is what it is a method of.
    pub(super) fn call(
        self,
        function: &ast::Function,
        operand: Option<&ast::Expr>,
    ) -> Option<String> {
        let (name, qualifiers) = function.name.split_last()?;
        let called = name.value.to_lowercase();
        let arguments: Option<Vec<String>> = operand
            .into_iter()
            .map(|operand| self.expression(operand))
            .chain(self.arguments(function))
            .collect();
        let arguments = arguments?;
        if function.over.is_some() {
            return self.window_call(function, qualifiers, &called, &arguments);
        }
        if operand.is_none()
            && qualifiers.is_empty()
            && !name.quoted
            && let Some(rewritten) = self.rewritten(function, &called, &arguments)
        {
            return rewritten;
        }
        if called == "list"
            && qualifiers.is_empty()
            && let [key] = function.order_by.as_slice()
            && let [only] = function.arguments.as_slice()
            && self.expression(&only.value) == self.expression(&key.expr)
        {
            return self.sorted_list(function, key, arguments.first()?);
        }
        let called = match called.as_str() {
            "count" if arguments.is_empty() => "count_star",
            "percentile_cont" if !function.within_group.is_empty() => "quantile_cont",
            "percentile_disc" if !function.within_group.is_empty() => "quantile_disc",
            other => other,
        };
        let mut text = dotted(qualifiers);
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&quote_identifier(called));
        text.push('(');
        if function.distinct {
            text.push_str("DISTINCT ");
        }
        text.push_str(&arguments.join(", "));
        let order: Vec<&ast::OrderItem> = function
            .order_by
            .iter()
            .chain(&function.within_group)
            .collect();
        if !order.is_empty() {
            if arguments.is_empty() {
                text.push_str(") WITHIN GROUP (");
            }
            text.push_str(&format!(" ORDER BY {}", self.ordered(&order)?));
        }
        text.push(')');
        if let Some(filter) = &function.filter {
            text.push_str(&format!(" FILTER (WHERE {})", self.expression(filter)?));
        }
        if function.export_state {
            text.push_str(" EXPORT_STATE");
        }
        Some(text)
    }

    /// `list(x ORDER BY x)` becomes a sorted list.
    fn sorted_list(
        self,
        function: &ast::Function,
        key: &ast::OrderItem,
        argument: &str,
    ) -> Option<String> {
        if function.filter.is_some() || function.export_state {
            return None;
        }
        let distinct = if function.distinct { "DISTINCT " } else { "" };
        let sense = match key.descending {
            Some(true) => "DESCENDING",
            Some(false) => "ASCENDING",
            None => "ORDER_DEFAULT",
        };
        let nulls = match key.nulls_first {
            Some(true) => "NULLS FIRST",
            Some(false) => "NULLS LAST",
            None => "ORDER_DEFAULT",
        };
        Some(format!(
            "list_sort(list({distinct}{argument}), '{sense}', '{nulls}')"
        ))
    }

    /// The arguments; a lone star is none.
    fn arguments(self, function: &ast::Function) -> Vec<Option<String>> {
        if let ([only], false, true) = (
            function.arguments.as_slice(),
            function.distinct,
            function.order_by.is_empty(),
        ) && let ExprKind::Star(star) = &only.value.kind
            && star.exclude.is_empty()
            && star.replace.is_empty()
            && star.pattern.is_none()
        {
            return Vec::new();
        }
        let argument = |argument: &ast::Argument| {
            let value = self.expression(&argument.value)?;
            Some(match &argument.name {
                // Windows forget it.
                Some(_) if function.over.is_some() => value,
                Some(name) => format!("{} := {value}", quote_identifier(&name.value)),
                None => value,
            })
        };
        function.arguments.iter().map(argument).collect()
    }

    /// Calls that the grammar or the transformer makes something else of; the outer `None` says
    /// that this one stays.
    fn rewritten(
        self,
        function: &ast::Function,
        called: &str,
        arguments: &[String],
    ) -> Option<Option<String>> {
        let all = || arguments.join(", ");
        Some(Some(match (called, arguments) {
            ("if", [condition, yes, no]) => {
                format!("CASE  WHEN ({condition}) THEN ({yes}) ELSE {no} END")
            }
            ("ifnull", [_, _]) | ("coalesce", _) => format!("COALESCE({})", all()),
            ("try", [only]) => format!("TRY({only})"),
            ("date", [only]) => format!("CAST({only} AS DATE)"),
            ("unpack", [only]) => format!("UNPACK({only})"),
            ("grouping" | "grouping_id", _) => format!("GROUPING({})", all()),
            ("construct_array", _) => format!("(ARRAY[{}])", all()),
            ("extract", [part, from]) => {
                let part = self.date_part(function).unwrap_or_else(|| part.clone());
                format!("main.date_part({part}, {from})")
            }
            ("position" | "overlay" | "trim", _) => {
                format!("main.{}({})", quote_identifier(called), all())
            }
            // The parser has made them of `trim(leading …)` and `trim(trailing …)`.
            ("ltrim" | "rtrim", _) if self.is_trim(function) => {
                format!("main.{called}({})", all())
            }
            ("substring", [text, from, length]) if self.is_from_start(function) => {
                format!("main.\"substring\"({text}, {from}, CAST({length} AS INTEGER))")
            }
            ("substring", _) => format!("main.\"substring\"({})", all()),
            _ => return None,
        }))
    }

    /// The part of a date that `extract` names with a keyword: the engine takes the singular.
    fn date_part(self, function: &ast::Function) -> Option<String> {
        const WORDS: [&str; 13] = [
            "year",
            "month",
            "day",
            "hour",
            "minute",
            "second",
            "millisecond",
            "microsecond",
            "week",
            "quarter",
            "decade",
            "century",
            "millennium",
        ];
        let span = function.arguments.first()?.value.span;
        let written = self.text.get(span.range())?.to_lowercase();
        let singular = match written.as_str() {
            "centuries" => "century",
            "millennia" => "millennium",
            word => word.strip_suffix('s').unwrap_or(word),
        };
        let word = WORDS
            .iter()
            .find(|word| **word == singular || **word == written)?;
        Some(format!("'{word}'"))
    }

    fn is_trim(self, function: &ast::Function) -> bool {
        let name = function
            .name
            .last()
            .and_then(|name| self.text.get(name.span.range()));
        name.is_some_and(|name| name.eq_ignore_ascii_case("trim"))
    }

    /// `substring(x for n)`: the parser has put the position in.
    fn is_from_start(self, function: &ast::Function) -> bool {
        let from = function
            .arguments
            .get(1)
            .map(|argument| argument.value.span);
        from.is_some_and(|span| span.start == span.end)
    }

    /// What stands behind `ORDER BY`.
    pub(super) fn ordered<'e>(
        self,
        items: impl IntoIterator<Item = &'e &'e ast::OrderItem>,
    ) -> Option<String> {
        let written: Option<Vec<String>> = items
            .into_iter()
            .map(|item| {
                let mut text = match &item.expr.kind {
                    ExprKind::Keyword(_) => return None,
                    _ => self.expression(&item.expr)?,
                };
                text.push_str(match item.descending {
                    Some(true) => " DESC",
                    Some(false) => " ASC",
                    None => "",
                });
                text.push_str(match item.nulls_first {
                    Some(true) => " NULLS FIRST",
                    Some(false) => " NULLS LAST",
                    None => "",
                });
                Some(text)
            })
            .collect();
        Some(written?.join(", "))
    }

    fn window_call(
        self,
        function: &ast::Function,
        qualifiers: &[ast::Name],
        called: &str,
        arguments: &[String],
    ) -> Option<String> {
        let schema = match qualifiers {
            [] => String::new(),
            [.., schema] => format!("{}.", schema.value),
        };
        let distinct = if function.distinct { "DISTINCT " } else { "" };
        let mut text = format!("{schema}{called}({distinct}{}", arguments.join(", "));
        let within = function.order_by.iter().chain(&function.within_group);
        let order: Vec<&ast::OrderItem> = within.collect();
        if !order.is_empty() {
            text.push_str(&format!(" ORDER BY {}", self.ordered(&order)?));
        }
        if function.ignore_nulls == Some(true) {
            text.push_str(" IGNORE NULLS");
        }
        if let Some(filter) = &function.filter {
            text.push_str(&format!(") FILTER (WHERE {}", self.expression(filter)?));
        }
        Some(format!(
            "{text}) OVER ({})",
            self.over(function.over.as_ref()?)?
        ))
    }

    /// What stands in the parentheses behind `OVER`.
    fn over(self, window: &ast::Window) -> Option<String> {
        let named = |name: &ast::Name| {
            let mut windows = self.windows.iter();
            windows
                .find(|(own, _)| own.value == name.value)
                .map(|(_, spec)| spec)
        };
        let spec = match window {
            ast::Window::Named(name) => named(name)?,
            ast::Window::Spec(spec) => spec,
        };
        let base = match &spec.base {
            Some(base) => Some(named(base)?),
            None => None,
        };
        if base.is_some_and(|base| base.base.is_some()) {
            return None;
        }
        let parts = || base.into_iter().chain([spec]);
        let mut clauses = Vec::new();
        let partitions: Vec<&ast::Expr> = parts().flat_map(|part| &part.partition_by).collect();
        if !partitions.is_empty() {
            clauses.push(format!("PARTITION BY {}", self.list(partitions)?));
        }
        let order: Vec<&ast::OrderItem> = parts().flat_map(|part| &part.order_by).collect();
        if !order.is_empty() {
            clauses.push(format!("ORDER BY {}", self.ordered(&order)?));
        }
        if let Some((span, bounds)) = &spec.frame {
            let frame = self.frame(*span, bounds)?;
            if !frame.is_empty() {
                clauses.push(frame);
            }
        }
        Some(clauses.join(" "))
    }

    fn frame(self, span: crate::span::Span, bounds: &[ast::Expr]) -> Option<String> {
        // The words of the frame, with a mark where a bound's expression stands.
        let mut words = String::new();
        let mut at = span.start as usize;
        for bound in bounds {
            words.push_str(self.text.get(at..bound.span.start as usize)?);
            words.push_str(" ? ");
            at = bound.span.end as usize;
        }
        words.push_str(self.text.get(at..span.end as usize)?);
        let words: Vec<String> = words.split_whitespace().map(str::to_uppercase).collect();
        if words
            .iter()
            .any(|word| word.starts_with("--") || word.starts_with("/*"))
        {
            return None;
        }
        let (units, rest) = words.split_first()?;
        let exclude = rest.iter().position(|word| word == "EXCLUDE");
        let (range, excluded) = rest.split_at(exclude.unwrap_or(rest.len()));
        let excluded = excluded.join(" ");
        let excluded = if excluded == "EXCLUDE NO OTHERS" {
            String::new()
        } else {
            excluded
        };
        let (start, end) = match range {
            [between, range @ ..] if between == "BETWEEN" => {
                let and = range.iter().position(|word| word == "AND")?;
                (range[..and].join(" "), range[and + 1..].join(" "))
            }
            only => (only.join(" "), "CURRENT ROW".to_owned()),
        };
        let is_default = units == "RANGE" && start == "UNBOUNDED PRECEDING" && end == "CURRENT ROW";
        if is_default && excluded.is_empty() {
            return Some(String::new());
        }
        // The engine keeps the units with a bound, and has none to keep here.
        let unbounded = start.starts_with("UNBOUNDED") && end.starts_with("UNBOUNDED");
        let units = if unbounded { "ROWS" } else { units };
        let mut texts = bounds.iter().map(|bound| self.expression(bound));
        let mut filled = |bound: String| match bound.split_once("? ") {
            Some((_, direction)) => Some(format!("{} {direction}", texts.next()??)),
            None => Some(bound),
        };
        let framed = format!("{units} BETWEEN {} AND {}", filled(start)?, filled(end)?);
        Some(if excluded.is_empty() {
            framed
        } else {
            format!("{framed} {excluded}")
        })
    }
}
