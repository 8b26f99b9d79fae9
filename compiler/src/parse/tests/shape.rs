//! Expressions in a short notation that shows how operators group.

use crate::parse::ast::{Expr, ExprKind, Literal};

/// `a + b * c` is `(a + (b * c))`.
pub(super) fn shape(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(shape).collect::<Vec<_>>().join(", ");
    let not = |negated: &bool| if *negated { "not " } else { "" };
    match &expr.kind {
        ExprKind::Name(parts) => {
            let parts: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
            parts.join(".")
        }
        ExprKind::Reference(name) => format!(":{}", name.value),
        ExprKind::Position(position) => format!("#{position}"),
        ExprKind::Literal(Literal::Number(text)) => text.clone(),
        ExprKind::Literal(Literal::Text(text)) => format!("'{text}'"),
        ExprKind::Literal(other) => format!("{other:?}"),
        ExprKind::Interval { value, unit } => {
            let unit = unit.as_ref().map_or("", |unit| unit.value.as_str());
            format!("interval<{} {unit}>", shape(value))
        }
        ExprKind::Typed { type_name, .. } => format!("typed<{}>", type_name.text),
        ExprKind::Unary { operator, operand } => match expr.span.start == operand.span.start {
            true => format!("({} {operator} .)", shape(operand)),
            false => format!("({operator} {})", shape(operand)),
        },
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } => {
            format!("({} {operator} {})", shape(left), shape(right))
        }
        ExprKind::Like {
            negated,
            operator,
            operand,
            pattern,
            escape,
        } => {
            let escape = escape
                .as_ref()
                .map_or(String::new(), |escape| format!(" escape {}", shape(escape)));
            format!(
                "({} {}{operator} {}{escape})",
                shape(operand),
                not(negated),
                shape(pattern)
            )
        }
        ExprKind::Is {
            negated,
            what,
            operand,
        } => {
            format!("({} is {}{what})", shape(operand), not(negated))
        }
        ExprKind::Between {
            negated,
            operand,
            low,
            high,
        } => {
            format!(
                "({} {}between {} and {})",
                shape(operand),
                not(negated),
                shape(low),
                shape(high)
            )
        }
        ExprKind::InList {
            negated,
            operand,
            list: items,
        } => {
            format!("({} {}in ({}))", shape(operand), not(negated), list(items))
        }
        ExprKind::InValue {
            negated,
            operand,
            collection,
        } => {
            format!(
                "({} {}in {})",
                shape(operand),
                not(negated),
                shape(collection)
            )
        }
        ExprKind::Quantified {
            operator,
            all,
            left,
            right,
        } => {
            let word = if *all { "all" } else { "any" };
            format!("({} {operator} {word} {})", shape(left), shape(right))
        }
        ExprKind::InQuery {
            negated, operand, ..
        } => format!("({} {}in query)", shape(operand), not(negated)),
        ExprKind::Exists { negated, .. } => format!("{}exists", not(negated)),
        ExprKind::Query(_) => "query".to_owned(),
        ExprKind::ArrayQuery(_) => "array<query>".to_owned(),
        ExprKind::Nested(inner) => format!("<{}>", shape(inner)),
        ExprKind::Row(items) => format!("row({})", list(items)),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Cast {
            operand, type_name, ..
        } => format!("({} :: {})", shape(operand), type_name.text),
        ExprKind::Function(call) => {
            let arguments: Vec<String> = call
                .arguments
                .iter()
                .map(|argument| match &argument.name {
                    Some(name) => format!("{} := {}", name.value, shape(&argument.value)),
                    None => shape(&argument.value),
                })
                .collect();
            let name: Vec<&str> = call.name.iter().map(|part| part.value.as_str()).collect();
            format!("{}({})", name.join("."), arguments.join(", "))
        }
        ExprKind::Method { operand, call } => {
            let arguments: Vec<String> = call
                .arguments
                .iter()
                .map(|argument| shape(&argument.value))
                .collect();
            format!(
                "{}.{}({})",
                shape(operand),
                call.name[0].value,
                arguments.join(", ")
            )
        }
        ExprKind::Field { operand, field } => format!("{}.{}", shape(operand), field.value),
        ExprKind::Index { operand, index } => format!("{}[{}]", shape(operand), shape(index)),
        ExprKind::Slice {
            operand,
            start,
            end,
            step,
        } => {
            let part =
                |part: &Option<Box<Expr>>| part.as_ref().map_or(String::new(), |part| shape(part));
            format!(
                "{}[{}:{}:{}]",
                shape(operand),
                part(start),
                part(end),
                part(step)
            )
        }
        ExprKind::Lambda { parameters, body } => {
            let names: Vec<&str> = parameters.iter().map(|name| name.value.as_str()).collect();
            format!("lambda<{}: {}>", names.join(", "), shape(body))
        }
        ExprKind::Collate { operand, collation } => {
            format!("({} collate {})", shape(operand), collation.value)
        }
        ExprKind::AtTimeZone { operand, zone } => {
            format!("({} at {})", shape(operand), shape(zone))
        }
        ExprKind::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", name.value, shape(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        ExprKind::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", shape(key), shape(value)))
                .collect();
            format!("map{{{}}}", entries.join(", "))
        }
        ExprKind::Comprehension {
            result,
            list,
            condition,
            ..
        } => {
            let condition = condition.as_ref().map_or(String::new(), |condition| {
                format!(" if {}", shape(condition))
            });
            format!("[{} for in {}{condition}]", shape(result), shape(list))
        }
        ExprKind::Star(star) => format!(
            "star<{}>",
            star.qualifier
                .iter()
                .map(|name| name.value.as_str())
                .collect::<Vec<_>>()
                .join(".")
        ),
        ExprKind::Columns {
            selector, unpacked, ..
        } => format!(
            "columns<{}{}>",
            if *unpacked { "*" } else { "" },
            shape(selector)
        ),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let part =
                |part: &Option<Box<Expr>>| part.as_ref().map_or("-".to_owned(), |part| shape(part));
            let branches: Vec<String> = branches
                .iter()
                .map(|(when, then)| format!("{} then {}", shape(when), shape(then)))
                .collect();
            format!(
                "case<{}; {}; {}>",
                part(operand),
                branches.join(", "),
                part(otherwise)
            )
        }
        ExprKind::Keyword(word) => word.clone(),
    }
}
