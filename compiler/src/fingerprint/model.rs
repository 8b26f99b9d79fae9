//! A model's profile: that of its variants, with the settings that touch its data.

use super::fold::{ColumnFacts, Facts, Fold};
use super::hash::{Encoding, Fingerprint, Tag, hashed};
use super::metadata::{metadata, written};
use super::variants::{Conditions, together};
use super::{ALGORITHM, ColumnProfile, Obstacle, ObstacleKind, Profile};
use crate::bound::Tree;
use crate::header::HardDeletes;
use crate::lexer::lex;
use crate::span::FileId;
use crate::token::{Token, TokenKind};
use crate::typed::{Incremental, Materialization, Outside, RowChange, Scd2, Strategy, TypedModel};
use std::collections::BTreeMap;

/// What a model's variants mean.
#[derive(Clone, Debug, Default)]
pub struct ModelMeaning<'a> {
    /// The file's text.
    pub text: &'a str,
    /// What it imports, by alias in lower case.
    pub imports: BTreeMap<String, Import>,
    /// Its variants.
    pub variants: Vec<VariantMeaning<'a>>,
}

/// What an alias of the header stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// The import path.
    pub path: String,
    /// The columns' names in lower case; `None` if they aren't known.
    pub columns: Option<Vec<String>>,
}

/// What a variant means.
#[derive(Clone, Debug, Default)]
pub struct VariantMeaning<'a> {
    /// Its bound tree; `None` if only the engine can read it.
    pub tree: Option<&'a Tree>,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// The combinations that lead to it: for each test, by its text, whether it holds.
    pub conditions: Vec<BTreeMap<String, bool>>,
}

/// A variant, folded.
struct Folded {
    conditions: Vec<Conditions>,
    rows: Fingerprint,
    order: Fingerprint,
    columns: Vec<(Fingerprint, Option<Obstacle>)>,
}

/// The profile of a model. It must be whole but for its profile, which isn't looked at.
pub fn profile(model: &TypedModel, meaning: &ModelMeaning<'_>) -> Profile {
    let names = Names::of(model);
    let folded: Vec<Folded> = meaning
        .variants
        .iter()
        .map(|variant| names.folded(meaning, variant))
        .collect();
    let all = |hash: &dyn Fn(&Folded) -> Fingerprint| match folded.as_slice() {
        [only] => hash(only),
        several => {
            let hashes: Vec<(&[Conditions], Fingerprint)> = several
                .iter()
                .map(|variant| (variant.conditions.as_slice(), hash(variant)))
                .collect();
            together(&hashes)
        }
    };
    let columns = model.query_columns().iter().enumerate();
    let mut columns: Vec<ColumnProfile> = columns
        .map(|(index, column)| {
            let obstacle = folded.iter().find_map(|variant| variant.columns[index].1);
            ColumnProfile {
                name: column.name.to_lowercase(),
                sql_type: column.sql_type.to_string(),
                values: all(&|variant| variant.columns[index].0),
                obstacle,
            }
        })
        .collect();
    let rows = filled(model, &columns, all(&|variant| variant.rows));
    let added = &model.columns[columns.len()..];
    columns.extend(added.iter().map(|column| ColumnProfile {
        name: column.name.to_lowercase(),
        sql_type: column.sql_type.to_string(),
        // When versions begin and end is what decides which there are.
        values: hashed(|encoding| {
            encoding.tag(Tag::NamedColumn);
            encoding.fingerprint(&rows);
            encoding.text(&column.name.to_lowercase());
        }),
        obstacle: None,
    }));
    Profile {
        algorithm: ALGORITHM,
        columns,
        rows: with_statements(model, rows),
        order: all(&|variant| variant.order),
        storage: storage(&model.materialization),
        metadata: metadata(model),
    }
}

/// The names that a model's variants share.
struct Names {
    /// Its columns, in lower case.
    columns: Vec<String>,
    /// Its variables in lower case, with what declares them.
    variables: BTreeMap<String, String>,
}

impl Names {
    fn of(model: &TypedModel) -> Self {
        let columns = model.query_columns().iter();
        let variables = model.variables.iter().map(|variable| {
            let default = variable.default.as_deref().unwrap_or("no default");
            let definition = format!("{} {default}", variable.sql_type);
            (variable.name.to_lowercase(), definition)
        });
        Self {
            columns: columns.map(|column| column.name.to_lowercase()).collect(),
            variables: variables.collect(),
        }
    }

    fn folded(&self, meaning: &ModelMeaning<'_>, variant: &VariantMeaning<'_>) -> Folded {
        let facts = variant
            .tree
            .and_then(|tree| {
                Fold::new(tree, &meaning.imports, &self.columns, &self.variables).whole()
            })
            .filter(|facts| facts.columns.len() == self.columns.len());
        let conditions = variant.conditions.iter().map(|tests| self.defined(tests));
        let conditions = conditions.collect();
        match facts {
            Some(facts) => understood(conditions, &facts),
            None => self.opaque(meaning, conditions, variant),
        }
    }

    /// Tests with what declares the variables in them: another default is another choice.
    fn defined(&self, tests: &BTreeMap<String, bool>) -> Conditions {
        let defined = |(test, holds): (&String, &bool)| {
            let subject = test.split(' ').next().unwrap_or_default().to_lowercase();
            let definition = self.variables.get(&subject);
            let text = match definition {
                Some(definition) => format!("{test} {definition}"),
                None => test.clone(),
            };
            (text, *holds)
        };
        tests.iter().map(defined).collect()
    }

    /// A variant into which nobody looked: everything is made of its whole text, and of what the names
    /// in it may mean.
    fn opaque(
        &self,
        meaning: &ModelMeaning<'_>,
        conditions: Vec<Conditions>,
        variant: &VariantMeaning<'_>,
    ) -> Folded {
        let rows = hashed(|encoding| {
            encoding.tag(Tag::Text);
            for token in variant.tokens {
                let written = meaning.text.get(token.span.range()).unwrap_or_default();
                match token.kind {
                    TokenKind::Comment => {}
                    TokenKind::Word | TokenKind::Number | TokenKind::Reference => {
                        encoding.text(&written.to_lowercase());
                    }
                    _ => encoding.text(written),
                }
            }
            encoding.number(meaning.imports.len());
            for (alias, import) in &meaning.imports {
                encoding.text(alias);
                encoding.text(&import.path);
                for name in import.columns.iter().flatten() {
                    encoding.text(name);
                }
            }
            encoding.number(self.variables.len());
            for (name, definition) in &self.variables {
                encoding.text(name);
                encoding.text(definition);
            }
        });
        let column = |name: &String| {
            let values = hashed(|encoding| {
                encoding.tag(Tag::NamedColumn);
                encoding.fingerprint(&rows);
                encoding.text(name);
            });
            let first = variant.tokens.first();
            let obstacle = Obstacle {
                kind: ObstacleKind::Opaque,
                at: first.map_or(0, |token| token.span.start),
            };
            (values, Some(obstacle))
        };
        Folded {
            conditions,
            rows,
            order: Fingerprint::default(),
            columns: self.columns.iter().map(column).collect(),
        }
    }
}

fn understood(conditions: Vec<Conditions>, facts: &Facts) -> Folded {
    let column = |column: &ColumnFacts| {
        let obstacle = column.obstacles.kind().map(|kind| Obstacle {
            kind,
            at: column.span.start,
        });
        (column.wide, obstacle)
    };
    Folded {
        conditions,
        rows: facts.rows,
        order: facts.order.unwrap_or_default(),
        columns: facts.columns.iter().map(column).collect(),
    }
}

/// The rows of a model that is filled piece by piece depend on how it is filled.
fn filled(model: &TypedModel, columns: &[ColumnProfile], rows: Fingerprint) -> Fingerprint {
    match &model.materialization {
        Materialization::View | Materialization::Table | Materialization::Ephemeral => rows,
        Materialization::Incremental(incremental) => hashed(|encoding| {
            encoding.tag(Tag::Incremental);
            encoding.fingerprint(&rows);
            settings(incremental, encoding);
            let merge = &model.merge;
            if !merge.is_usual() {
                words(&merge.on, encoding);
                words(&merge.delete_when, encoding);
                encoding.number(merge.update.len());
                for column in &merge.update {
                    encoding.text(&column.to_lowercase());
                }
            }
        }),
        Materialization::Scd2(scd2) => hashed(|encoding| {
            encoding.tag(Tag::Incremental);
            encoding.fingerprint(&rows);
            versions(scd2, columns, encoding);
        }),
    }
}

/// What decides which versions of rows there are: the values of the key, and of what tells that a
/// row has changed.
fn versions(scd2: &Scd2, columns: &[ColumnProfile], encoding: &mut Encoding) {
    let Scd2 {
        unique_key,
        change,
        hard_deletes,
        // Their names are those of columns.
        valid_from: _,
        valid_to: _,
    } = scd2;
    let mut values = |names: &[String]| {
        encoding.number(names.len());
        for name in names {
            let name = name.to_lowercase();
            let column = columns.iter().find(|column| column.name == name);
            encoding.text(&name);
            encoding.fingerprint(&column.map(|column| column.values).unwrap_or_default());
        }
    };
    values(unique_key);
    match change {
        RowChange::UpdatedAt(column) => values(std::slice::from_ref(column)),
        RowChange::Check(checked) => values(&checked.columns),
    }
    encoding.text(match change {
        RowChange::UpdatedAt(_) => "updated at",
        RowChange::Check(_) => "check",
    });
    encoding.text(match hard_deletes {
        HardDeletes::Ignore => "ignore",
        HardDeletes::Close => "close",
    });
}

/// The statements around a batch may change any row.
fn with_statements(model: &TypedModel, rows: Fingerprint) -> Fingerprint {
    if model.before.is_empty() && model.after.is_empty() {
        return rows;
    }
    hashed(|encoding| {
        encoding.tag(Tag::Text);
        encoding.fingerprint(&rows);
        for statements in [&model.before, &model.after] {
            encoding.number(statements.len());
            for statement in statements {
                written(statement, encoding, &words);
            }
        }
        // A name in them may be that of an import, and a variable what it is by its declaration.
        for (alias, path) in &model.imports {
            encoding.text(&alias.to_lowercase());
            encoding.text(path);
        }
    })
}

/// A text without its white space and comments, and in any case of its words.
fn words(text: &str, encoding: &mut Encoding) {
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    for token in tokens {
        let written = text.get(token.span.range()).unwrap_or_default();
        match token.kind {
            TokenKind::Comment => {}
            TokenKind::Word => encoding.text(&written.to_lowercase()),
            _ => encoding.text(written),
        }
    }
}

fn settings(incremental: &Incremental, encoding: &mut Encoding) {
    let Incremental {
        strategy,
        time_column,
        unique_key,
        start,
        end,
        interval,
        interval_tz,
        partition_by,
        outside,
        // How much is done at once, and how late a row may come.
        lookback: _,
        batch_size: _,
    } = incremental;
    encoding.text(match strategy {
        Strategy::TimeRange => "time range",
        Strategy::UniqueKey => "unique key",
        Strategy::Partition => "partition",
        Strategy::Append => "append",
    });
    let mut optional = |text: &Option<String>| {
        encoding.flag(text.is_some());
        encoding.text(text.as_deref().unwrap_or_default());
    };
    optional(&time_column.as_ref().map(|name| name.to_lowercase()));
    optional(start);
    optional(end);
    optional(interval);
    encoding.number(unique_key.len());
    for column in unique_key {
        encoding.text(&column.to_lowercase());
    }
    encoding.text(match outside {
        Outside::Error => "error",
        Outside::Drop => "drop",
        Outside::Keep => "keep",
    });
    // What isn't said leaves no trace, so that a model without it has the profile that it had.
    if !partition_by.is_empty() {
        encoding.text("partition by");
        for column in partition_by {
            encoding.text(&column.to_lowercase());
        }
    }
    if let Some(zone) = interval_tz {
        encoding.text("time zone");
        encoding.text(zone);
    }
}

fn storage(materialization: &Materialization) -> Fingerprint {
    hashed(|encoding| {
        encoding.tag(Tag::Storage);
        encoding.number(ALGORITHM as usize);
        encoding.text(match materialization {
            Materialization::View => "view",
            Materialization::Table => "table",
            Materialization::Ephemeral => "ephemeral",
            Materialization::Incremental(_) => "incremental",
            Materialization::Scd2(_) => "scd2",
        });
    })
}
