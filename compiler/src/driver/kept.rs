//! What a model, seed or source was typed as, kept for the next compilation.
//!
//! A node is typed again only if something changed that its result depends on:
//!
//! - always: the project's file, the files that belong to no node (macros, for one), its own files,
//!   other files that it turned out to depend on, and the *columns* of what it imports: names,
//!   types and nulls. So a model whose query changes and whose columns don't leaves its readers
//!   alone;
//! - if something was found in it: where its imports make their columns, and all names that a hint
//!   may propose;
//! - if an engine was asked: the engine's identity, and for an error whether it judged every query.
//!
//! A record holds its parts as bytes, so that a check that finds nothing changed reads none of
//! them. What a compilation finds of a node besides goes into the value, [`KnownKind`].

use super::model::Context;
use super::{KnownKind, Outline};
use crate::cache::{Store, Table, decode, encode};
use crate::diagnostic::Diagnostic;
use crate::graph::Node;
use crate::header::FileKind;
use crate::resolve::{Column, Schema};
use crate::source::SourceSet;
use crate::span::FileId;
use serde::{Deserialize, Serialize};

/// What readers of a node depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Interface {
    /// The hash of its columns: names, types, and whether they can be null.
    pub(super) columns: [u8; 32],
    /// The hash of the columns and of the places where they are made.
    pub(super) places: [u8; 32],
}

impl Interface {
    pub(super) fn of(schema: &Schema, own: FileId, sources: &SourceSet) -> Self {
        let hash = |bytes: Option<Vec<u8>>| *blake3::hash(&bytes.unwrap_or_default()).as_bytes();
        let placeless = |column: &Column| Column {
            made_at: None,
            ..column.clone()
        };
        let columns = schema.columns.as_ref();
        let columns: Option<Vec<Column>> =
            columns.map(|columns| columns.iter().map(placeless).collect());
        Self {
            columns: hash(encode(&columns, own, sources)),
            places: hash(encode(schema, own, sources)),
        }
    }
}

/// A node as it was typed, with all that this depends on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record<'a> {
    /// The hash of what the node depends on in any case.
    inputs: [u8; 32],
    /// The hash of what its findings depend on besides; `None` if nothing was found.
    finding_inputs: Option<[u8; 32]>,
    /// The identity of the engine that was asked.
    engine: Option<[u8; 32]>,
    /// Whether the engine judged every query.
    is_judged: bool,
    /// Other files that it depends on, each with its hash, or `None` for one that doesn't exist.
    #[serde(borrow)]
    dependencies: Vec<(&'a str, Option<[u8; 32]>)>,
    pub(super) interface: Interface,
    /// The hash of the value's bytes.
    pub(super) value_hash: [u8; 32],
    /// Whether it has errors.
    pub(super) is_broken: bool,
    findings: &'a [u8],
    schema: &'a [u8],
    value: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record of a node, if all that it depends on is as it was.
    pub(super) fn find(
        context: &Context<'_>,
        node: &Node,
        inputs: &Inputs,
        store: &'a Store,
    ) -> Option<Self> {
        let record = Self::read(node.file, &context.outline.files.sources, store)?;
        let is_same = record.inputs == inputs.always
            && (record.finding_inputs).is_none_or(|hash| hash == inputs.of_findings(context))
            && (record.dependencies.iter()).all(|(path, hash)| context.hash_of(path) == *hash)
            && (record.engine).is_none_or(|engine| engine == context.engine())
            && record.is_judged_for(context, node);
        is_same.then_some(record)
    }

    /// Whether it is what this compilation would find: an engine that judges every query may refuse
    /// one that else has no fault, and its refusal is told only where it was asked for.
    fn is_judged_for(&self, context: &Context<'_>, node: &Node) -> bool {
        match (self.is_judged, context.oracle.judges_every_query()) {
            (false, true) => node.kind != FileKind::Model,
            (true, false) => !self.is_broken,
            _ => true,
        }
    }

    /// What the store has of a node that was found or typed in this compilation.
    pub(super) fn read(file: FileId, sources: &SourceSet, store: &'a Store) -> Option<Self> {
        let bytes = store.get(Table::Node, &sources.file(file).path)?;
        postcard::from_bytes(bytes).ok()
    }

    /// What was found in the node. `None` if it can't be told any more.
    pub(super) fn findings(&self, own: FileId, sources: &SourceSet) -> Option<Vec<Diagnostic>> {
        if self.findings.is_empty() {
            return Some(Vec::new());
        }
        decode(self.findings, own, sources)
    }

    /// What readers see of the node.
    pub(super) fn schema(&self, own: FileId, sources: &SourceSet) -> Option<Schema> {
        decode(self.schema, own, sources)
    }

    /// What the program needs of the node.
    pub(super) fn value(&self, own: FileId, sources: &SourceSet) -> Option<KnownKind> {
        decode(self.value, own, sources)
    }
}

/// What a node was typed as, and what it turned out to depend on.
pub(super) struct Typed {
    pub(super) interface: Interface,
    pub(super) schema: Schema,
    pub(super) kind: KnownKind,
    pub(super) findings: Vec<Diagnostic>,
    /// Paths of other files of the project that it depends on, whether they exist or not.
    pub(super) dependencies: Vec<String>,
    pub(super) engine: Engine,
}

/// What an engine had to do with a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Engine {
    #[default]
    NotAsked,
    Asked,
    /// It failed for a reason that isn't in the query, and may not the next time.
    Failed,
}

impl Typed {
    /// A node that depends on nothing but what all nodes of its kind do.
    pub(super) fn new(
        outline: &Outline,
        node: &Node,
        schema: Schema,
        kind: KnownKind,
        findings: Vec<Diagnostic>,
    ) -> Self {
        Self {
            interface: Interface::of(&schema, node.file, &outline.files.sources),
            schema,
            kind,
            findings,
            dependencies: Vec::new(),
            engine: Engine::NotAsked,
        }
    }

    /// A node that can't be told, as something is wrong with it, which may have been found before.
    pub(super) fn broken(outline: &Outline, node: &Node, findings: Vec<Diagnostic>) -> Self {
        Self::new(
            outline,
            node,
            Schema::unknown(),
            KnownKind::Broken,
            findings,
        )
    }

    /// The bytes of its record and the hash of its value; `None` for what may be another result the
    /// next time.
    pub(super) fn record(
        &self,
        context: &Context<'_>,
        node: &Node,
        inputs: &Inputs,
    ) -> Option<(Vec<u8>, [u8; 32])> {
        let (own, sources) = (node.file, &context.outline.files.sources);
        let findings = match self.findings.as_slice() {
            [] => Vec::new(),
            findings => encode(findings, own, sources)?,
        };
        let engine = match self.engine {
            Engine::NotAsked => None,
            Engine::Asked => Some(context.engine()),
            Engine::Failed => return None,
        };
        let dependencies = self.dependencies.iter();
        let value = encode(&self.kind, own, sources)?;
        let record = Record {
            inputs: inputs.always,
            finding_inputs: (!findings.is_empty()).then(|| inputs.of_findings(context)),
            engine,
            is_judged: context.oracle.judges_every_query(),
            dependencies: dependencies
                .map(|path| (path.as_str(), context.hash_of(path)))
                .collect(),
            interface: self.interface,
            value_hash: *blake3::hash(&value).as_bytes(),
            is_broken: matches!(self.kind, KnownKind::Broken),
            findings: &findings,
            schema: &encode(&self.schema, own, sources)?,
            value: &value,
        };
        let bytes = postcard::to_stdvec(&record).ok()?;
        Some((bytes, record.value_hash))
    }
}

/// What a node depends on.
pub(super) struct Inputs {
    /// The hash of what it depends on in any case.
    always: [u8; 32],
    /// Where its imports make their columns.
    places: Vec<[u8; 32]>,
    /// The hash of the columns of its imports.
    columns: [u8; 32],
}

impl Inputs {
    /// Of a node whose imports have these interfaces, in the order of its header; `None` for an
    /// import that can't be told.
    pub(super) fn of(
        context: &Context<'_>,
        node: &Node,
        imports: impl Iterator<Item = Option<Interface>>,
    ) -> Self {
        let files = &context.outline.files;
        let mut bytes = Vec::with_capacity(256);
        let mut places = Vec::with_capacity(node.imports.len());
        let mut columns = blake3::Hasher::new();
        bytes.extend_from_slice(&context.shared);
        bytes.push(node.kind as u8);
        // Records are kept by the path of a file, and the file says what it imports.
        for file in [Some(node.file), node.header] {
            let Some(file) = file else {
                bytes.push(2);
                continue;
            };
            bytes.push(u8::from(files.is_usable(file)));
            bytes.extend_from_slice(files.sources.file(file).hash.as_bytes());
        }
        for (edge, interface) in node.imports.iter().zip(imports) {
            bytes.extend_from_slice(&[
                u8::from(edge.target.is_some()),
                u8::from(interface.is_some()),
            ]);
            if let Some(interface) = interface {
                columns.update(&interface.columns);
                bytes.extend_from_slice(&interface.columns);
                places.push(interface.places);
            }
        }
        Self {
            always: *blake3::hash(&bytes).as_bytes(),
            places,
            columns: *columns.finalize().as_bytes(),
        }
    }

    /// The hash of all that generated code of a node depends on: its value, and the names of its
    /// imports' columns.
    pub(super) fn identity(&self, node: &Node, value_hash: &[u8; 32]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(node.path.as_bytes());
        hasher.update(value_hash).update(&self.columns);
        *hasher.finalize().as_bytes()
    }

    /// The hash of what findings depend on besides.
    fn of_findings(&self, context: &Context<'_>) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&context.names_hash());
        for places in &self.places {
            hasher.update(places);
        }
        *hasher.finalize().as_bytes()
    }
}
