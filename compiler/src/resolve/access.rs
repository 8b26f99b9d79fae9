//! What is taken out of a value: `x.field`, `x[i]`, `x[a:b]`.
//!
//! Source: `ExpressionBinder::BindExpression(OperatorExpression)` of DuckDB, and the bind functions
//! of `struct_extract`, `array_extract`, `array_slice` and `map_extract_value`.

use super::Binder;
use super::scope::Env;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::parse::ast;
use crate::span::Span;
use crate::sql_type::coerce::implicit_cost;
use crate::sql_type::{Common, SqlType};
use crate::types::{Typed, Value, common};

/// `pragma_collations()` of DuckDB 1.5.5 with ICU, and the three that it has without a name there.
const COLLATIONS: &[&str] = &[
    "af",
    "am",
    "ar",
    "ar_sa",
    "as",
    "az",
    "be",
    "bg",
    "binary",
    "bn",
    "bo",
    "br",
    "bs",
    "c",
    "ca",
    "ceb",
    "chr",
    "cs",
    "cy",
    "da",
    "de",
    "de_at",
    "dsb",
    "dz",
    "ee",
    "el",
    "en",
    "en_us",
    "eo",
    "es",
    "et",
    "fa",
    "fa_af",
    "ff",
    "fi",
    "fil",
    "fo",
    "fr",
    "fr_ca",
    "fy",
    "ga",
    "gl",
    "gu",
    "ha",
    "haw",
    "he",
    "he_il",
    "hi",
    "hr",
    "hsb",
    "hu",
    "hy",
    "icu_noaccent",
    "id",
    "id_id",
    "ig",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "kl",
    "km",
    "kn",
    "ko",
    "kok",
    "ku",
    "ky",
    "lb",
    "lij",
    "lkt",
    "ln",
    "lo",
    "lt",
    "lv",
    "mk",
    "ml",
    "mn",
    "mr",
    "ms",
    "mt",
    "my",
    "nb",
    "nb_no",
    "ne",
    "nfc",
    "nl",
    "nn",
    "noaccent",
    "nocase",
    "nso",
    "om",
    "or",
    "pa",
    "pa_in",
    "pl",
    "posix",
    "ps",
    "pt",
    "ro",
    "ru",
    "sa",
    "se",
    "si",
    "sk",
    "sl",
    "smn",
    "sq",
    "sr",
    "sr_ba",
    "sr_me",
    "sr_rs",
    "st",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tk",
    "tn",
    "to",
    "tr",
    "ug",
    "uk",
    "ur",
    "uz",
    "vi",
    "wae",
    "wo",
    "xh",
    "yi",
    "yo",
    "yue",
    "yue_cn",
    "zh",
    "zh_cn",
    "zh_hk",
    "zh_mo",
    "zh_sg",
    "zh_tw",
    "zu",
];

/// Collations that others can stand beside.
const BESIDE_OTHERS: &[&str] = &["icu_noaccent", "noaccent", "nocase"];

impl Binder<'_> {
    /// `a.b.f()` is a method of a column `b` of a table `a`, and of no field.
    pub(super) fn check_method_table(&mut self, method_of: &[ast::Name], env: &Env<'_>) {
        let [table, _] = method_of else { return };
        let is_column = matches!(env.find(&table.value), super::scope::Found::Column(..));
        if is_column && env.relation(&table.value).is_none() {
            self.unknown_qualifier(table, env);
        }
    }

    /// Reports a field of something that has none.
    pub(super) fn check_field(&mut self, operand: &SqlType, name: &ast::Name) {
        let may = matches!(
            operand,
            SqlType::Struct(_)
                | SqlType::Union(_)
                | SqlType::Map(..)
                | SqlType::Json
                | SqlType::Null
                | SqlType::Unknown
                | SqlType::Other(_)
        ) && !operand.is_geometry();
        if !may {
            self.report(
                Diagnostic::error(
                    Code::TypeMismatch,
                    name.span,
                    format!(
                        "`{}` is no struct and has no field `{}`",
                        operand, name.value
                    ),
                )
                .hint("only structs, unions, maps and JSON have fields"),
            );
        }
    }

    /// Checks `operand[index]`.
    pub(super) fn check_index(&mut self, operand: &Typed, index: &Typed, span: Span) {
        match &operand.sql_type {
            SqlType::Struct(fields) => self.check_struct_index(fields, index, span),
            SqlType::List(_) | SqlType::Array(..) | SqlType::Varchar => {
                let fits = index.is_text_literal()
                    || !index.is_known()
                    || implicit_cost(&index.sql_type, &SqlType::BigInt).is_some();
                if !fits {
                    self.bad_access(
                        span,
                        format!(
                            "a position is a whole number, and this is `{}`",
                            index.sql_type
                        ),
                    );
                }
            }
            SqlType::Map(key, _) => {
                let key = Typed::of((**key).clone());
                if common(&key, index) == Common::Incompatible {
                    self.bad_access(
                        span,
                        format!(
                            "the keys of this map are `{}`, and this is `{}`",
                            key.sql_type, index.sql_type
                        ),
                    );
                }
            }
            geometry if geometry.is_geometry() => {
                self.bad_access(span, format!("`{geometry}` has no parts to take by `[…]`"));
            }
            variant if variant.is_variant() => {
                if index.value == Value::Integer(0) {
                    self.bad_access(span, "positions are counted from 1".to_owned());
                }
            }
            SqlType::Json => {
                let other = matches!(index.sql_type, SqlType::Boolean | SqlType::Date);
                if other || index.sql_type.is_nested() {
                    self.bad_key(&index.sql_type, span);
                }
            }
            SqlType::Null if !may_be_key(index) => self.bad_key(&index.sql_type, span),
            SqlType::Null | SqlType::Unknown | SqlType::Other(_) => {}
            SqlType::Enum(_) => {
                let fits = !index.is_known()
                    || index.sql_type == SqlType::Null
                    || index.is_text_literal()
                    || implicit_cost(&index.sql_type, &SqlType::BigInt).is_some();
                if !fits {
                    let message = format!(
                        "a position is a whole number, and this is `{}`",
                        index.sql_type
                    );
                    self.bad_access(span, message);
                }
            }
            other => self.bad_access(span, format!("`{other}` has no parts to take by `[…]`")),
        }
    }

    fn bad_key(&mut self, key: &SqlType, span: Span) {
        let message = format!("what is taken by `[…]` is named or counted, and not by `{key}`");
        self.bad_access(span, message);
    }

    fn check_struct_index(&mut self, fields: &[(String, SqlType)], index: &Typed, span: Span) {
        if !may_be_key(index) {
            return self.bad_key(&index.sql_type, span);
        }
        let unnamed = fields.iter().all(|(name, _)| name.is_empty());
        match &index.value {
            Value::Text(name) if !unnamed => {
                let has = |own: &(String, SqlType)| own.0.eq_ignore_ascii_case(name);
                if fields.iter().any(has) {
                    return;
                }
                let mut finding = Diagnostic::error(
                    Code::UnknownColumn,
                    span,
                    format!("the struct has no field `{name}`"),
                );
                let names = fields.iter().map(|(own, _)| own.as_str());
                if let Some(similar) = nearest(name, names) {
                    finding = finding.hint(format!("did you mean `{similar}`?"));
                }
                self.report(finding);
            }
            Value::Text(_) => self.bad_access(
                span,
                "the fields of a struct without names are taken by position".to_owned(),
            ),
            Value::Integer(position) if unnamed => {
                let inside = usize::try_from(*position)
                    .is_ok_and(|position| (1..=fields.len()).contains(&position));
                if !inside {
                    let message = format!("the struct has {} fields", fields.len());
                    self.bad_access(span, message);
                }
            }
            _ if !unnamed && index.sql_type.is_integer() => self.bad_access(
                span,
                "the fields of a struct with names are taken by name".to_owned(),
            ),
            _ => {}
        }
    }

    /// Checks the list of `x = ANY (list)`, which is unnested.
    pub(super) fn check_quantified(&mut self, list: &SqlType, span: Span) {
        let may = match list {
            SqlType::Struct(fields) => fields.len() == 1,
            SqlType::List(_)
            | SqlType::Array(..)
            | SqlType::Null
            | SqlType::Unknown
            | SqlType::Other(_) => true,
            _ => false,
        };
        if !may {
            let message = format!("`ANY` and `ALL` take a list or a query, and this is `{list}`");
            self.bad_access(span, message);
        }
    }

    /// Checks `operand[start:end:step]`.
    pub(super) fn check_slice(
        &mut self,
        operand: &SqlType,
        bounds: &[Option<(Typed, Span)>; 3],
        span: Span,
    ) {
        match operand {
            SqlType::Varchar | SqlType::Blob | SqlType::Json if bounds[2].is_some() => {
                return self.bad_access(span, "a slice of a text has no step".to_owned());
            }
            SqlType::List(_)
            | SqlType::Array(..)
            | SqlType::Varchar
            | SqlType::Blob
            | SqlType::Json
            | SqlType::Null => {}
            vague if vague.is_vague() => {}
            other => {
                let message = format!("only lists and texts have slices, and this is `{other}`");
                return self.bad_access(span, message);
            }
        }
        for (typed, place) in bounds[..2].iter().flatten() {
            if matches!(typed.sql_type, SqlType::List(_)) {
                let message = format!(
                    "a slice's bound is a position, and this is `{}`",
                    typed.sql_type
                );
                self.bad_access(*place, message);
            }
        }
    }

    /// Checks `text COLLATE name`.
    pub(super) fn check_collation(&mut self, operand: &Typed, collation: &ast::Name) {
        let lower = collation.value.to_lowercase();
        if let Some(unknown) = lower.split('.').find(|part| !COLLATIONS.contains(part)) {
            let message = format!("there is no collation `{unknown}`");
            self.report(Diagnostic::error(
                Code::InvalidConstant,
                collation.span,
                message,
            ));
        }
        let mut alone: Vec<&str> = lower
            .split('.')
            .filter(|part| !BESIDE_OTHERS.contains(part))
            .collect();
        alone.dedup();
        if let [one, other, ..] = alone.as_slice() {
            let message = format!("the collations `{one}` and `{other}` don't go together");
            let finding = Diagnostic::error(Code::InvalidConstant, collation.span, message);
            self.report(finding);
        }
        let text = matches!(operand.sql_type, SqlType::Varchar | SqlType::Json);
        let may = text || operand.sql_type.is_vague();
        if !may {
            let message = format!(
                "only texts have a collation, and this is `{}`",
                operand.sql_type
            );
            self.bad_access(collation.span, message);
        }
    }

    /// Checks `time AT TIME ZONE zone`.
    pub(super) fn check_time_zone(
        &mut self,
        (operand, span): (&Typed, Span),
        (zone, zone_span): (&Typed, Span),
    ) {
        let is_time = |typed: &Typed| {
            typed.sql_type.is_timestamp()
                || matches!(
                    typed.sql_type,
                    SqlType::Date | SqlType::TimeTz | SqlType::Null
                )
                || typed.sql_type.is_vague()
                || typed.sql_type.is_variant()
                || typed.is_text_literal()
        };
        if !is_time(operand) {
            let message = format!(
                "only points in time have a time zone, and this is `{}`",
                operand.sql_type
            );
            self.bad_access(span, message);
        }
        let clock = matches!(
            operand.sql_type,
            SqlType::TimeTz | SqlType::Null | SqlType::Unknown | SqlType::Other(_)
        );
        let is_zone = match &zone.sql_type {
            SqlType::Varchar | SqlType::Enum(_) | SqlType::Json | SqlType::Null => true,
            SqlType::Interval => clock,
            other => other.is_vague() || other.is_variant(),
        };
        if !is_zone {
            let message = format!("a time zone is a text, and this is `{}`", zone.sql_type);
            self.bad_access(zone_span, message);
        }
        if operand.is_text_literal() && zone.sql_type == SqlType::Varchar {
            let message = "what point in time this text is isn't clear: cast it".to_owned();
            self.bad_access(span, message);
        }
    }

    fn bad_access(&mut self, span: Span, message: String) {
        self.report(Diagnostic::error(Code::TypeMismatch, span, message));
    }
}

/// Whether `array_extract` takes a value: a text, or a number that becomes a `BIGINT`.
fn may_be_key(index: &Typed) -> bool {
    !index.is_known()
        || matches!(
            index.sql_type,
            SqlType::Varchar | SqlType::Null | SqlType::Json | SqlType::Enum(_)
        )
        || index.sql_type.is_vague()
        || implicit_cost(&index.sql_type, &SqlType::BigInt).is_some()
}
