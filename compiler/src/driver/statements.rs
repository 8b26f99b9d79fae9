//! `#before … #end` and `#after … #end`: statements that run in the transaction of each batch.
//!
//! dbgo reads no statement but a query. What is checked of the others is what each of them begins
//! with, and what the names with a colon in them mean.

use super::definition::BOUNDS;
use super::model::Work;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::directives::{
    self, BlockKind, Context as Reachable, DirectiveTree, Node, Subject, Variant, Variants,
};
use crate::header::Materialized;
use crate::name::same_name;
use crate::parse::{RelationUse, relation_uses_in_statement, statement_words};
use crate::print::Slots;
use crate::span::Span;
use crate::token::{Token, TokenKind};
use crate::typed::BodyNode;
use std::collections::{BTreeMap, BTreeSet};

/// What a statement begins with that ends a transaction, can't run in one, or reaches beyond it.
const FORBIDDEN: [&str; 19] = [
    "abort",
    "attach",
    "begin",
    "checkpoint",
    "commit",
    "detach",
    "end",
    "export",
    "force",
    "import",
    "install",
    "load",
    "release",
    "rollback",
    "savepoint",
    "start",
    "transaction",
    "use",
    "vacuum",
];

/// The statements of a model's blocks of one kind.
#[derive(Default)]
pub(super) struct Statements {
    /// Each with branches and slots.
    pub statements: Vec<Vec<BodyNode>>,
    /// Whether one of them names the model's own table.
    pub reads_this: bool,
    /// The positions of the imports that they name.
    pub imports: BTreeSet<u32>,
}

impl Work<'_> {
    /// The statements before and after a batch. What is wrong with them is reported.
    pub(super) fn statements(
        &mut self,
        tree: &DirectiveTree,
        reachable: &Reachable,
    ) -> (Statements, Statements) {
        (
            self.blocks(tree, BlockKind::Before, reachable),
            self.blocks(tree, BlockKind::After, reachable),
        )
    }

    fn blocks(
        &mut self,
        tree: &DirectiveTree,
        kind: BlockKind,
        reachable: &Reachable,
    ) -> Statements {
        let mut found = Statements::default();
        for (nodes, span) in tree.blocks(kind) {
            if self.node.materialized() == Materialized::Ephemeral {
                let message = format!("an ephemeral model has no batch for `#{}`", kind.word());
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongMaterialization, first_line(span), message)
                        .hint("move the statements to a model that has a relation of its own"),
                );
                continue;
            }
            let statements = match directives::statements(self.text, tree, nodes) {
                Ok(statements) => statements,
                Err(error) => {
                    self.diagnostics.push(error);
                    continue;
                }
            };
            if statements.is_empty() {
                let message = format!(
                    "there is no statement between `#{}` and `#end`",
                    kind.word()
                );
                self.diagnostics.push(
                    Diagnostic::error(Code::MalformedDirective, first_line(span), message)
                        .hint("write one, or remove both lines"),
                );
            }
            for nodes in statements {
                self.statement(tree, kind, nodes, reachable, &mut found);
            }
        }
        found
    }

    fn statement(
        &mut self,
        tree: &DirectiveTree,
        kind: BlockKind,
        nodes: Vec<Node>,
        reachable: &Reachable,
        into: &mut Statements,
    ) {
        let alone = DirectiveTree {
            file: tree.file,
            tokens: tree.tokens.clone(),
            nodes,
        };
        let variants = match directives::variants(self.text, &alone, reachable) {
            Ok(variants) => variants,
            Err(error) => return self.diagnostics.push(error),
        };
        self.report_reached(&variants.errors);
        let mut relations: BTreeMap<(u32, u32), RelationUse> = BTreeMap::new();
        let mut found: Vec<Diagnostic> = Vec::new();
        for variant in &variants.variants {
            let sql: Vec<Token> = (variant.tokens.iter())
                .filter(|token| token.kind != TokenKind::Comment)
                .copied()
                .collect();
            found.extend(self.beginning(&sql));
            for used in relation_uses_in_statement(self.text, &sql) {
                if self.is_value(&used.name) {
                    continue;
                }
                found.extend(self.unknown_relation(&used, kind, &variants, variant));
                relations
                    .entry((used.span.start, used.span.end))
                    .or_insert(used);
            }
        }
        // What several variants share is reported once.
        for finding in found {
            if !self.diagnostics.contains(&finding) {
                self.diagnostics.push(finding);
            }
        }
        let relations: Vec<RelationUse> = relations.into_values().collect();
        for used in &relations {
            into.reads_this |= used.name == "this";
            let mut imports = self.node.imports.iter().zip(0..);
            let import = imports.find(|(edge, _)| same_name(&edge.alias.value, &used.name));
            into.imports.extend(import.map(|(_, index)| index));
        }
        let mut slots = Slots::default();
        self.add_relation_slots(&relations, &mut slots);
        self.value_slots(&alone, &mut slots);
        let printed = self.printed(&slots, |printer| printer.statement(&alone, &alone.nodes));
        into.statements.push(printed);
    }

    /// What is wrong with a statement's first word.
    fn beginning(&self, tokens: &[Token]) -> Option<Diagnostic> {
        let first = tokens.first()?;
        let written = self.text.get(first.span.range()).unwrap_or_default();
        let word = written.to_ascii_lowercase();
        if FORBIDDEN.contains(&word.as_str()) {
            let message = format!("`{word}` can't run in a batch's transaction");
            return Some(
                Diagnostic::error(Code::TransactionStatement, first.span, message)
                    .note("the statements, the rows and what dbgo notes of them are written together or not at all"),
            );
        }
        if first.kind == TokenKind::Symbol && written == "(" {
            return None;
        }
        if first.kind == TokenKind::Word && statement_words().any(|known| known == word) {
            return None;
        }
        let message = format!("expected a statement, found `{written}`");
        let finding = Diagnostic::error(Code::SyntaxError, first.span, message);
        Some(match nearest(&word, statement_words()) {
            Some(near) => finding.hint(format!("did you mean `{near}`?")).fix_name(
                &word,
                first.span,
                statement_words(),
                str::to_owned,
            ),
            None => finding.hint("statements are separated by `;`"),
        })
    }

    /// Whether a name stands for a value: a variable, a bound of the batch, the clock.
    fn is_value(&self, name: &str) -> bool {
        let is_variable = |variable: &crate::typed::TypedVariable| same_name(&variable.name, name);
        let is_bound = BOUNDS.iter().any(|(bound, _)| same_name(bound, name));
        self.variables.iter().any(is_variable)
            || is_bound && (self.has_range() || same_name(name, "execution_ts"))
    }

    /// Why a name means nothing; `None` if it is a relation.
    fn unknown_relation(
        &self,
        used: &RelationUse,
        kind: BlockKind,
        variants: &Variants,
        variant: &Variant,
    ) -> Option<Diagnostic> {
        let name = &used.name;
        if name == "this" {
            return self.this_in_statement(used.span, kind, variants, variant);
        }
        if self.imports.contains_key(name) {
            return None;
        }
        let message = format!("`:{name}` is no import and no variable");
        let finding = Diagnostic::error(Code::UnknownReference, used.span, message);
        if BOUNDS.iter().any(|(bound, _)| same_name(bound, name)) {
            return Some(
                finding
                    .hint("the range of a batch is there in models with `strategy='time_range'`"),
            );
        }
        let variables = self.variables.iter().map(|variable| variable.name.as_str());
        let names = (self.imports.keys().map(String::as_str))
            .chain(variables)
            .chain(["this"]);
        Some(match nearest(name, names.clone()) {
            Some(near) => finding.hint(format!("did you mean `:{near}`?")).fix_name(
                name,
                used.span,
                names,
                |near| format!(":{near}"),
            ),
            None => self.with_import(finding.hint("import it, or declare it with `@var`")),
        })
    }

    /// The model's own table is there before a batch only if an earlier one has made it, and never
    /// if it is built aside.
    fn this_in_statement(
        &self,
        span: Span,
        kind: BlockKind,
        variants: &Variants,
        variant: &Variant,
    ) -> Option<Diagnostic> {
        let error = |message: &str| Diagnostic::error(Code::UnknownReference, span, message);
        if !self.has_table() {
            return Some(
                error("`:this` is named, but the model has no table of its own")
                    .hint("`:this` is for models that are tables or incremental"),
            );
        }
        match (kind, self.stored()) {
            (BlockKind::After, _) => None,
            (BlockKind::Before, true) if is_incremental(variants, variant) => None,
            (BlockKind::Before, true) => Some(
                error("the first batch finds no `:this` in `#before`")
                    .hint("write it within `#if is_incremental`"),
            ),
            (BlockKind::Before, false) => {
                let message = match self.node.materialized() {
                    Materialized::Table => {
                        "a table is built aside, so that `#before` finds no `:this`"
                    }
                    _ => "the first batch finds no `:this` in `#before`",
                };
                Some(error(message).hint("write the statement into `#after`"))
            }
        }
    }
}

/// Whether a variant is reached only where there are rows already.
fn is_incremental(variants: &Variants, variant: &Variant) -> bool {
    let holds = |assignment: &Vec<Option<bool>>| {
        let tests = variants.atoms.iter().zip(assignment);
        let mut tests = tests.filter(|(atom, _)| atom.test.subject == Subject::IsIncremental);
        tests.any(|(atom, holds)| {
            let when = |value| {
                atom.test
                    .comparison
                    .holds(&directives::Value::Boolean(value))
            };
            // The test says something, and what it says is that there are rows.
            holds.is_some_and(|holds| when(true) == holds && when(false) != holds)
        })
    };
    variant.assignments.iter().all(holds)
}

/// The line on which a block begins.
fn first_line(span: Span) -> Span {
    let directive = span.start + 7;
    Span {
        end: span.end.min(directive),
        ..span
    }
}
