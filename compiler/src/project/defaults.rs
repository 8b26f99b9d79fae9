//! `[defaults]` and `[vars]`.

use super::table::{Entry, Reader, scalar};
use super::{FolderDefaults, Variable, VariableValue};
use crate::diagnostic::{Code, Diagnostic};
use crate::header::{Config, ConfigValue};
use crate::span::Spanned;
use toml::de::DeValue;

const FOLDERS: &[&str] = &["models", "seeds", "sources"];

/// Reads `[defaults]`, whose own keys hold for all files, and the tables of folders in it.
pub(super) fn defaults(reader: &mut Reader, section: &Entry<'_>) -> Vec<FolderDefaults> {
    let mut project = FolderDefaults {
        folder: String::new(),
        span: section.key.span,
        config: Config::default(),
    };
    let mut folders: Vec<FolderDefaults> = Vec::new();
    for entry in reader.table(section) {
        if !matches!(entry.value, DeValue::Table(_)) {
            set(reader, &mut project.config, &entry);
            continue;
        }
        let folder = entry.key.value.trim_end_matches('/').to_owned();
        let first = folder.split('/').next().unwrap_or_default();
        if !FOLDERS.contains(&first) {
            let message = format!("`{folder}` isn't a folder that defaults can hold for");
            let finding = reader.invalid(entry.key.span, message);
            finding.hints.push(format!(
                "write it from the project's folder on: `models/{folder}`"
            ));
            continue;
        }
        if let Some(other) = folders.iter().find(|other| other.folder == folder) {
            let first = other.span;
            let message = format!("the defaults of `{folder}` stand here twice");
            let finding = reader.invalid(entry.key.span, message).clone();
            reader.diagnostics.pop();
            reader.diagnostics.push(finding.and_at(first, "first here"));
            continue;
        }
        let mut config = Config::default();
        for key in reader.table(&entry) {
            set(reader, &mut config, &key);
        }
        folders.push(FolderDefaults {
            folder,
            span: entry.key.span,
            config,
        });
    }
    folders.push(project);
    folders.sort_by(|a, b| a.folder.cmp(&b.folder));
    folders
}

fn set(reader: &mut Reader, config: &mut Config, entry: &Entry<'_>) {
    let value = match entry.value {
        DeValue::String(text) => ConfigValue::Text(text.to_string()),
        DeValue::Boolean(value) => ConfigValue::Bool(*value),
        DeValue::Datetime(time) => ConfigValue::Text(time.to_string()),
        DeValue::Integer(_) => match reader.integer(entry) {
            Some(number) => ConfigValue::Integer(number),
            None => return,
        },
        DeValue::Array(items) => {
            let mut texts = Vec::new();
            for item in items {
                let span = reader.span(item.span());
                let DeValue::String(text) = item.get_ref() else {
                    let message = format!("the list of `{}` holds texts only", entry.key.value);
                    reader.invalid(span, message);
                    return;
                };
                texts.push(Spanned::new(text.to_string(), span));
            }
            ConfigValue::List(texts)
        }
        DeValue::Float(_) | DeValue::Table(_) => {
            let message = format!("`{}` takes no such value", entry.key.value);
            reader.invalid(entry.span, message);
            return;
        }
    };
    let value = Spanned::new(value, entry.span);
    if let Err(finding) = config.set(&entry.key, value, None) {
        reader.diagnostics.push(as_setting(finding));
    }
}

/// The same finding about `dbgo.toml` as about a header has another code.
fn as_setting(finding: Diagnostic) -> Diagnostic {
    let code = match finding.code {
        Code::UnknownConfigKey => Code::UnknownSetting,
        Code::InvalidConfigValue => Code::InvalidSetting,
        other => other,
    };
    Diagnostic { code, ..finding }
}

pub(super) fn variables(reader: &mut Reader, section: &Entry<'_>) -> Vec<Variable> {
    let mut variables = Vec::new();
    for entry in reader.table(section) {
        if !super::read::is_name(&entry.key.value) {
            let message = format!("`{}` can't be the name of a variable", entry.key.value);
            let finding = reader.invalid(entry.key.span, message);
            finding.hints.push("use letters, digits and `_`".to_owned());
            continue;
        }
        let value = match entry.value {
            DeValue::Array(items) => {
                let values: Option<Vec<_>> =
                    items.iter().map(|item| scalar(item.get_ref())).collect();
                if values.is_none() {
                    let message = "a list holds texts, numbers, `true` and `false` only";
                    reader.invalid(entry.span, message);
                }
                values.map(VariableValue::List)
            }
            _ => reader
                .scalar(&entry)
                .map(|value| VariableValue::Scalar(value.value)),
        };
        if let Some(value) = value {
            variables.push(Variable {
                value: Spanned::new(value, entry.span),
                name: entry.key,
            });
        }
    }
    variables
}
