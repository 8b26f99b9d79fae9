//! The elements of a list, from what is known of the project.

use super::list::{Element, ElementKind, Item, List};
use super::substitute;
use super::template::Loop;
use super::unfold::{Here, Unfolding};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::project::{Scalar, VariableValue};
use crate::resolve::Schema;
use crate::span::{Span, Spanned};

impl<'s> Unfolding<'s, '_> {
    pub(super) fn elements(
        &mut self,
        head: &Loop,
        here: &Here<'_>,
    ) -> Result<Vec<Element>, Diagnostic> {
        match &head.list {
            List::Items(items) => items.iter().map(|item| self.item(item, here)).collect(),
            List::Variable(name) => self.variable(name),
            List::Columns { relation, except } => self.columns(relation, except),
            List::SeedColumn { seed, column } => self.seed_column(seed, column, head.list_span),
        }
    }

    pub(super) fn item(&mut self, item: &Item, here: &Here<'_>) -> Result<Element, Diagnostic> {
        match item {
            Item::Literal(element) => {
                let text = substitute::text(&element.text, here.bindings)
                    .map_err(|name| substitute::unknown(&name, element.span, here.bindings))?;
                Ok(Element {
                    text: text.into(),
                    ..element.clone()
                })
            }
            Item::Named(name) => match substitute::find(&name.value, here.bindings) {
                Some(element) => Ok(element.clone()),
                None => Err(substitute::unknown(&name.value, name.span, here.bindings)
                    .hint(format!("a text stands between quotes: `'{}'`", name.value))),
            },
        }
    }

    /// A list of `[vars]`.
    fn variable(&self, name: &Spanned<String>) -> Result<Vec<Element>, Diagnostic> {
        let mut variables = self.around.variables.iter();
        let found = variables.find(|variable| variable.name.value == name.value);
        let scalar = |scalar: &Scalar, span: Span| Element {
            text: scalar.to_text().into(),
            kind: match scalar {
                Scalar::Text(_) => ElementKind::Text,
                _ => ElementKind::Plain,
            },
            span,
        };
        match found.map(|variable| &variable.value) {
            Some(Spanned {
                value: VariableValue::List(items),
                span,
            }) => Ok(items.iter().map(|item| scalar(item, *span)).collect()),
            Some(value) => Err(unknown_list(
                name.span,
                format!("`{}` is one value, and no list", name.value),
            )
            .and_at(value.span, "it is set here")
            .hint(format!(
                "loop over `[{}]` of literals, or make it a list",
                name.value
            ))),
            None => {
                let lists = self.around.variables.iter().filter_map(|variable| {
                    let is_list = matches!(variable.value.value, VariableValue::List(_));
                    is_list.then_some(variable.name.value.as_str())
                });
                let error = unknown_list(
                    name.span,
                    format!("there is no list `{}` in `[vars]`", name.value),
                );
                Err(match nearest(&name.value, lists) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint(
                        "a list is `['a', 'b']`, a list of `[vars]`, `columns(:orders)` or a seed's column `:methods.code`",
                    ),
                })
            }
        }
    }

    /// The columns of an import.
    fn columns(
        &mut self,
        relation: &Spanned<String>,
        except: &[Spanned<String>],
    ) -> Result<Vec<Element>, Diagnostic> {
        let schema = self.import(relation)?;
        let Some(columns) = &schema.columns else {
            return Err(unknown_list(
                relation.span,
                format!("the columns of `:{}` aren't known", relation.value),
            )
            .hint("mend what is wrong there first"));
        };
        for name in except {
            if !columns
                .iter()
                .any(|column| same_name(&column.name, &name.value))
            {
                let names = columns.iter().map(|column| column.name.as_str());
                let error = Diagnostic::error(
                    Code::UnknownColumn,
                    name.span,
                    format!("`:{}` has no column `{}`", relation.value, name.value),
                );
                return Err(match nearest(&name.value, names) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error,
                });
            }
        }
        let is_left = |name: &str| !except.iter().any(|other| same_name(&other.value, name));
        Ok(columns
            .iter()
            .filter(|column| is_left(&column.name))
            .map(|column| Element {
                text: column.name.as_str().into(),
                kind: ElementKind::Name,
                span: relation.span,
            })
            .collect())
    }

    fn import(&mut self, relation: &Spanned<String>) -> Result<&'s Schema, Diagnostic> {
        let key = relation.value.to_lowercase();
        let around = self.around;
        match around.imports.get(&key) {
            Some(schema) => {
                self.used.insert(key);
                Ok(schema)
            }
            None => {
                let error = Diagnostic::error(
                    Code::UnknownReference,
                    relation.span,
                    format!("`:{}` is no import", relation.value),
                );
                let names = around.imports.keys().map(String::as_str);
                Err(match nearest(&relation.value, names) {
                    Some(near) => error.hint(format!("did you mean `:{near}`?")),
                    None => error.hint(format!(
                        "import it in the header: `-- @import: {} = …`",
                        relation.value
                    )),
                })
            }
        }
    }

    /// The values of a seed's column, without nulls, in the order of its rows.
    fn seed_column(
        &mut self,
        seed: &Spanned<String>,
        column: &Spanned<String>,
        list: Span,
    ) -> Result<Vec<Element>, Diagnostic> {
        let schema = self.import(seed)?;
        let Some(data) = self.around.seeds.get(&seed.value.to_lowercase()) else {
            return Err(unknown_list(
                list,
                format!(
                    "`:{}` is no seed, so that its values aren't known when compiling",
                    seed.value
                ),
            )
            .hint(
                "a loop goes over the values of a seed's column, over a list, or over `columns(…)`",
            ));
        };
        self.seeds.insert(data.file);
        let Some(text) = data.text else {
            return Err(unknown_list(
                list,
                format!(
                    "`:{}` is a Parquet file, whose values aren't read when compiling",
                    seed.value
                ),
            )
            .hint("write the values in a CSV, or as a list of `[vars]`"));
        };
        let columns = schema.columns.as_deref().unwrap_or_default();
        let found = columns
            .iter()
            .find(|known| same_name(&known.name, &column.value));
        let Some(found) = found else {
            let error = Diagnostic::error(
                Code::UnknownColumn,
                column.span,
                format!("`:{}` has no column `{}`", seed.value, column.value),
            );
            let names = columns.iter().map(|known| known.name.as_str());
            return Err(match nearest(&column.value, names) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        };
        let sql_type = &found.sql_type;
        let kind = match sql_type.is_numeric() || *sql_type == crate::sql_type::SqlType::Boolean {
            true => ElementKind::Plain,
            false => ElementKind::Text,
        };
        let values = crate::seeds::csv_values(data.file, text, &data.options, &found.name);
        Ok(values
            .into_iter()
            .map(|value| Element {
                text: value.value.into(),
                kind,
                span: value.span,
            })
            .collect())
    }
}

fn unknown_list(span: Span, message: String) -> Diagnostic {
    Diagnostic::error(Code::UnknownList, span, message)
}
