//! A typed model's definition: its settings, and its text with slots.

use super::materialization::{materialization, on_schema_change};
use super::model::Work;
use super::variants::TypedVariant;
use crate::check;
use crate::diagnostic::{Code, Diagnostic};
use crate::directives::{self, DirectiveTree};
use crate::fingerprint::Profile;
use crate::header::Setting;
use crate::lineage::Lineage;
use crate::name::same_name;
use crate::parse::RelationUse;
use crate::print::{Printer, SlotPlace, Slots};
use crate::span::Span;
use crate::typed::{self, Slot, TypedModel};
use std::collections::BTreeMap;

/// The names of the batch's bounds and of the run's clock.
pub(super) const BOUNDS: [(&str, Slot); 5] = [
    ("start_ts", Slot::StartTimestamp),
    ("end_ts", Slot::EndTimestamp),
    ("start_date", Slot::StartDate),
    ("end_date", Slot::EndDate),
    ("execution_ts", Slot::ExecutionTimestamp),
];

/// Where a token stands, as a key.
type Place = (u32, u32);

fn place(span: Span) -> Place {
    (span.start, span.end)
}

impl Work<'_> {
    pub(super) fn body(
        &self,
        tree: &DirectiveTree,
        slots: &Slots,
        contract: &check::contract::Contracted,
    ) -> Vec<typed::BodyNode> {
        contract.wrap(self.printed(slots, |printer| printer.body(tree)))
    }

    /// What a printer of the text gives.
    pub(super) fn printed<T>(&self, slots: &Slots, print: impl FnOnce(&Printer<'_>) -> T) -> T {
        let variables = self.variables.iter();
        let variables: Vec<String> = variables.map(|variable| variable.name.clone()).collect();
        print(&Printer {
            text: self.text,
            dialect: self.context.outline.settings.dialect.word(),
            slots,
            variables: &variables,
        })
    }

    /// What the runtime fills in. Variants share their text, so that a name has to mean the same
    /// in each one that it is in; where it doesn't, that is reported.
    pub(super) fn slots(
        &mut self,
        tree: &DirectiveTree,
        variants: &[directives::Variant],
        typed: &[TypedVariant],
    ) -> Slots {
        let of_variants: Vec<BTreeMap<Place, Slot>> = typed
            .iter()
            .map(|variant| self.relation_slots(&variant.relations))
            .collect();
        let mut relations: BTreeMap<Place, Slot> = BTreeMap::new();
        for (place, slot) in of_variants.iter().flatten() {
            relations.entry(*place).or_insert(*slot);
        }
        let mut differing: BTreeMap<Place, (Span, Option<Slot>)> = BTreeMap::new();
        for (variant, own) in variants.iter().zip(&of_variants) {
            for token in &variant.tokens {
                let place = place(token.span);
                let here = own.get(&place).copied();
                if relations
                    .get(&place)
                    .is_some_and(|slot| here != Some(*slot))
                {
                    differing.entry(place).or_insert((token.span, here));
                }
            }
        }
        for (span, other) in differing.into_values() {
            self.diagnostics.push(self.differing(span, other));
        }
        let mut slots = Slots::default();
        self.insert(relations, &mut slots);
        self.value_slots(tree, &mut slots);
        slots
    }

    /// Adds the relations that a text without variants reads.
    pub(super) fn add_relation_slots(&self, uses: &[RelationUse], slots: &mut Slots) {
        self.insert(self.relation_slots(uses), slots);
    }

    fn insert(&self, relations: BTreeMap<Place, Slot>, slots: &mut Slots) {
        for ((start, end), slot) in relations {
            let span = Span::new(self.file, start as usize, end as usize);
            slots.insert(SlotPlace { span, slot });
        }
    }

    /// The relations that a variant reads.
    fn relation_slots(&self, uses: &[RelationUse]) -> BTreeMap<Place, Slot> {
        let slot = |used: &RelationUse| {
            let aliased = used.aliased;
            let imports = &self.node.imports;
            let index = imports
                .iter()
                .position(|edge| same_name(&edge.alias.value, &used.name));
            match index {
                Some(index) => Some(Slot::Relation {
                    import: u32::try_from(index).ok()?,
                    aliased,
                }),
                // What is neither was reported as an unknown name.
                None => (used.name == "this").then_some(Slot::This { aliased }),
            }
        };
        uses.iter()
            .filter_map(|used| Some((place(used.span), slot(used)?)))
            .collect()
    }

    pub(super) fn value_slots(&self, tree: &DirectiveTree, slots: &mut Slots) {
        for (name, span) in directives::references(self.text, &tree.tokens) {
            let variable = self
                .variables
                .iter()
                .position(|variable| same_name(&variable.name, name));
            let bound = BOUNDS.iter().find(|(bound, _)| same_name(bound, name));
            let slot = match (variable, bound) {
                (Some(index), _) => Slot::Variable(u32::try_from(index).unwrap_or(u32::MAX)),
                (None, Some((_, slot))) => *slot,
                (None, None) => continue,
            };
            slots.insert(SlotPlace { span, slot });
        }
    }

    /// A name that one variant reads as a relation, and another one otherwise.
    fn differing(&self, span: Span, other: Option<Slot>) -> Diagnostic {
        let written = self.text.get(span.range()).unwrap_or_default();
        let name = written.trim_start_matches(':');
        let error = |message| Diagnostic::error(Code::VariantRelation, span, message);
        match other {
            None => error(format!(
                "`{written}` is the import in one variant and something else in another"
            ))
            .hint(format!(
                "write `:{name}` for the import, or give the common table expression another name"
            )),
            Some(_) => error(format!(
                "`{written}` has an alias in one variant and none in another"
            ))
            .hint("write the name and its alias together in each branch"),
        }
    }

    pub(super) fn model(
        &self,
        typed: &[TypedVariant],
        columns: Vec<typed::TypedColumn>,
        body: Vec<typed::BodyNode>,
        lineage: Lineage,
    ) -> TypedModel {
        let config = &self.node.config;
        let import = |edge: &crate::graph::Edge| {
            let target = edge
                .target
                .map(|id| self.context.outline.graph.node(id).path.clone());
            (edge.alias.value.clone(), target.unwrap_or_default())
        };
        TypedModel {
            path: self.node.path.clone(),
            file: self
                .context
                .outline
                .files
                .sources
                .file(self.node.file)
                .path
                .clone(),
            schema: config.schema.value.clone(),
            name: config.name.value.clone(),
            description: self.node.description.clone(),
            owner: text(&config.owner),
            tags: config.tags.value.clone(),
            materialization: materialization(self.node, &columns),
            imports: self.node.imports.iter().map(import).collect(),
            columns,
            variables: self.variables.clone(),
            volatile: typed.iter().any(|variant| variant.volatile),
            reads_this: typed.iter().any(|variant| variant.reads_this),
            on_schema_change: on_schema_change(config.on_schema_change.value),
            retries: config.retries.value,
            timeout_seconds: config
                .timeout
                .as_ref()
                .map_or(0, |timeout| timeout.value.seconds),
            cron: text(&config.cron),
            cron_tz: text(&config.cron_tz),
            history: config.history.as_ref().map(|history| history.value),
            forward_only: config.forward_only.as_ref().is_some_and(|it| it.value),
            was: text(&config.was),
            audits: Vec::new(),
            merge: typed::Merge::default(),
            grants: Vec::new(),
            indexes: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            body,
            profile: Profile::default(),
            lineage,
        }
    }
}

/// A text that may be absent.
fn text(setting: &Option<Setting<String>>) -> String {
    let setting = setting.as_ref().map(|setting| setting.value.clone());
    setting.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{Memory, compile, outline};
    use crate::source::ProjectFiles;
    use crate::sql_type::SqlType;
    use crate::typed::BodyNode;
    use crate::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};

    /// Stands for an engine where none is asked.
    struct NoEngine;

    impl TypeOracle for NoEngine {
        fn identity(&self) -> String {
            String::new()
        }

        fn columns(
            &self,
            question: &OracleQuestion,
        ) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
            panic!("nobody is to be asked: {}", question.sql)
        }
    }

    fn slots(model: &str) -> Vec<Slot> {
        let (files, found) = ProjectFiles::from_texts([
            ("dbgo.toml", "name = 'shop'"),
            ("models/a.sql", "select 1 as id"),
            ("models/b.sql", model),
        ]);
        let memory = Memory::new(String::new(), BTreeMap::new());
        let compilation = compile(outline(files, found), &NoEngine, &memory);
        assert_eq!(compilation.diagnostics, []);
        let typed = compilation.project.models.iter();
        let typed = typed.rev().find(|typed| typed.path == "models.b").unwrap();
        let slot = |node: &BodyNode| match node {
            BodyNode::Slot(slot) => Some(*slot),
            _ => None,
        };
        typed.body.iter().filter_map(slot).collect()
    }

    #[test]
    fn names_beyond_ascii_mean_what_they_mean_in_other_case() {
        let found = slots(
            "-- @import: Ärzte = models.a\n-- @var: Größe integer = 1\n\
             select ärzte.id + :größe as id from :ärzte where id < :GRÖßE\n",
        );
        let relation = Slot::Relation {
            import: 0,
            aliased: false,
        };
        assert_eq!(found, [Slot::Variable(0), relation, Slot::Variable(0)]);
    }

    #[test]
    fn a_common_table_hides_an_import_of_its_name() {
        let found = slots(
            "-- @import: a = models.a\nwith a as (select id from :a) select id from a where id > 0",
        );
        let relation = Slot::Relation {
            import: 0,
            aliased: false,
        };
        assert_eq!(found, [relation]);
    }
}
