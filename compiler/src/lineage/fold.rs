//! The fold's state and its way through queries and the clauses of a `SELECT`.

use super::{ColumnLineage, Input, Lineage, Named, Part, Reads, Relation, UseSet, Uses};
use crate::bound::{Clause, MemberId, NodeId, RelationId, Tree, What};
use crate::lexer::lex;
use crate::span::Span;
use crate::token::TokenKind;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A column of a relation or of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Column {
    /// Its name, where a query gives it.
    pub name: Option<String>,
    pub uses: UseSet,
    pub by_star: Vec<Input>,
}

impl Column {
    /// A value without a name.
    pub fn of(uses: UseSet) -> Self {
        Column {
            uses,
            ..Column::default()
        }
    }
}

/// What is known of a relation or a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub columns: Vec<Column>,
    /// What decides which rows there are.
    pub rows: UseSet,
    /// What columns are made of that aren't among these. With it, these may stand elsewhere.
    pub rest: Option<UseSet>,
    /// What the order of its rows is made by.
    pub order: UseSet,
}

impl Facts {
    /// What a column is made of.
    pub fn column(&self, position: u32) -> Column {
        let known = self.columns.get(position as usize);
        let mut column = known.cloned().unwrap_or_default();
        if let Some(rest) = &self.rest {
            column.uses.extend(rest);
        }
        column
    }

    /// What all columns are made of.
    pub fn all(&self) -> UseSet {
        let mut all = self.rest.clone().unwrap_or_default();
        for column in &self.columns {
            all.extend(&column.uses);
        }
        all
    }

    /// A relation of which all is unknown but what it may be made of.
    pub fn unknown(all: &UseSet) -> Facts {
        Facts {
            rows: all.unknown(),
            rest: Some(all.unknown()),
            ..Facts::default()
        }
    }
}

/// A `SELECT`, or another place with relations of its own, that is being folded.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Its node, by which it is found from an alias.
    pub node: Option<NodeId>,
    pub relations: Vec<RelationId>,
    /// What decides the rows that are grouped.
    pub base: UseSet,
    /// What the order of those rows is made by.
    pub order: UseSet,
    /// Whether an aggregate makes one row of all.
    pub is_one_row: bool,
    /// The stars that were looked at.
    pub stars: Vec<Span>,
    /// The outputs that were folded.
    pub outputs: BTreeMap<NodeId, Column>,
    pub windows: BTreeMap<String, UseSet>,
    /// What its set-returning calls are made of: they decide how many rows there are.
    pub returned: UseSet,
}

pub(super) struct Fold<'t> {
    pub tree: &'t Tree,
    pub reads: &'t Reads<'t>,
    pub frames: Vec<Frame>,
    pub relations: BTreeMap<RelationId, Rc<Facts>>,
    pub members: BTreeMap<MemberId, Rc<Facts>>,
    named: BTreeMap<Input, u32>,
    pub read: BTreeSet<Relation>,
}

impl<'t> Fold<'t> {
    pub fn new(tree: &'t Tree, reads: &'t Reads<'t>) -> Self {
        Fold {
            tree,
            reads,
            frames: Vec::new(),
            relations: BTreeMap::new(),
            members: BTreeMap::new(),
            named: BTreeMap::new(),
            read: BTreeSet::new(),
        }
    }

    pub fn run(mut self, width: usize) -> Lineage {
        let Some(root) = self.tree.root() else {
            return super::of_unread(self.reads, width);
        };
        let mut facts = self.body(root);
        let unread: UseSet = (self.reads.seen.iter())
            .filter(|relation| !self.read.contains(relation))
            .flat_map(|relation| [Input::any(*relation), Input::rows(*relation)])
            .map(|input| (input, Uses::UNKNOWN))
            .collect();
        if facts.rest.is_some() || facts.columns.len() != width {
            let all = facts.all().unknown();
            facts.columns = vec![Column::default(); width];
            facts.rest = Some(all);
        }
        let rest = facts.rest.take().unwrap_or_default().and(&unread);
        let column = |column: Column| ColumnLineage {
            uses: column.uses.and(&rest),
            by_star: column.by_star,
        };
        let named = self.named.into_iter();
        Lineage {
            rows: facts.rows.and(&unread),
            columns: facts.columns.into_iter().map(column).collect(),
            named: named.map(|(input, at)| Named { input, at }).collect(),
            variants: Vec::new(),
        }
    }

    /// A query's body: a query, a `SELECT`, a set operation, `VALUES`.
    pub fn body(&mut self, node: NodeId) -> Facts {
        with_stack(|| match self.tree.what(node) {
            What::Query => self.query(node),
            What::Select { .. } => self.select(node).0,
            What::SetOperation { .. } => self.set_operation(node),
            What::Values => self.values(node),
            What::Turned { .. } => self.turned(node),
            What::Derived { .. } => (*self.derived(node)).clone(),
            _ => Facts::unknown(&self.in_scope()),
        })
    }

    fn query(&mut self, node: NodeId) -> Facts {
        let mut facts = Facts::default();
        let mut frame = None;
        let mut order = UseSet::default();
        let mut is_limited = false;
        for child in self.tree.children(node) {
            match self.tree.what(child) {
                What::Member { member, recursive } => self.member(child, *member, *recursive),
                What::Select { .. } => {
                    let (selected, own) = self.select(child);
                    facts = selected;
                    frame = Some(own);
                }
                What::Clause(Clause::OrderBy { output }) => {
                    if let Some(relation) = output {
                        self.relations.insert(*relation, Rc::new(facts.clone()));
                    }
                    self.frames.push(frame.take().unwrap_or_default());
                    order = self.order_items(child);
                    frame = self.frames.pop();
                }
                What::Clause(Clause::OrderAll(_)) => order = facts.all().condition(),
                What::Clause(Clause::Limit | Clause::Offset) => {
                    is_limited = true;
                    let bound = self.expressions(child).condition();
                    facts.rows.extend(&bound);
                }
                _ => facts = self.body(child),
            }
        }
        facts.order = order.and(&facts.order);
        let chosen = frame.is_some_and(|frame| self.is_distinct_on(frame.node));
        if is_limited || chosen {
            facts.rows.extend(&facts.order);
        }
        facts
    }

    fn is_distinct_on(&self, select: Option<NodeId>) -> bool {
        select.is_some_and(|select| {
            let children = self.tree.children(select);
            let mut clauses = children.iter();
            clauses.any(|child| *self.tree.what(*child) == What::Clause(Clause::DistinctOn))
        })
    }

    fn member(&mut self, node: NodeId, member: MemberId, recursive: bool) {
        let children = self.tree.children(node);
        let Some((body, limits)) = children.split_first() else {
            return;
        };
        let facts = if recursive {
            self.recursive(*body, member, node, limits)
        } else {
            self.body(*body)
        };
        self.members.insert(member, Rc::new(facts));
    }

    /// A member that may read itself: folded until nothing is added any more. What is used only
    /// grows, so that this ends.
    fn recursive(
        &mut self,
        body: NodeId,
        member: MemberId,
        node: NodeId,
        limits: &[NodeId],
    ) -> Facts {
        let sides = self.tree.children(body);
        let mut facts = sides
            .first()
            .map_or(Facts::default(), |left| self.body(*left));
        for limit in limits {
            let bound = self.expressions(*limit).condition();
            facts.rows.extend(&bound);
        }
        // `USING KEY` replaces the rows of a key by later ones.
        let is_keyed = self.says(node, "using") && self.says(node, "key");
        loop {
            self.members.insert(member, Rc::new(facts.clone()));
            let mut next = self.set_operation(body);
            next.rows.extend(&facts.rows);
            if is_keyed {
                let keys = next.all().grouping();
                next.rows.extend(&keys);
            }
            if next == facts {
                return facts;
            }
            facts = next;
        }
    }

    /// Whether a word stands in a node's text.
    fn says(&self, node: NodeId, word: &str) -> bool {
        let text = self.text(self.tree.node(node).span);
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|own| own.eq_ignore_ascii_case(word))
    }

    /// A `SELECT`, and the frame that its `ORDER BY` still sees.
    fn select(&mut self, node: NodeId) -> (Facts, Frame) {
        let children = self.tree.children(node);
        let clause = |fold: &Self, child: &NodeId| match fold.tree.what(*child) {
            What::Clause(clause) => Some(clause.clone()),
            _ => None,
        };
        let clauses: Vec<(Clause, NodeId)> = children
            .iter()
            .filter_map(|child| Some((clause(self, child)?, *child)))
            .collect();
        self.frames.push(Frame {
            node: Some(node),
            ..Frame::default()
        });
        for (clause, child) in &clauses {
            match clause {
                Clause::From => self.from(*child),
                Clause::Where => {
                    let condition = self.expressions(*child).condition();
                    self.frame().base.extend(&condition);
                }
                _ => {}
            }
        }
        let has = |wanted: &[Clause]| clauses.iter().any(|(clause, _)| wanted.contains(clause));
        let is_grouped = has(&[Clause::Group, Clause::GroupAll]);
        let aggregates = has(&[Clause::Having]) || self.has_aggregate(node);
        let frame = self.frame();
        // What a condition asked for was folded before all conditions were known.
        frame.outputs.clear();
        frame.is_one_row = aggregates && !is_grouped;
        let mut rows = match (is_grouped, aggregates) {
            (true, _) => frame.base.aggregated(),
            (false, true) => UseSet::default(),
            (false, false) => frame.base.clone(),
        };
        for (clause, child) in &clauses {
            if let Clause::WindowDefinition(name) = clause {
                let window = self.window_definition(*child);
                self.frame().windows.insert(name.clone(), window);
            }
        }
        let mut facts = Facts::default();
        for child in &children {
            match self.tree.what(*child) {
                What::Output { .. } => facts.columns.push(self.output(*child)),
                // A part of the select list that wasn't looked into.
                What::Opaque(_) => facts.rest = Some(self.in_scope().unknown()),
                _ => {}
            }
        }
        let What::Select { distinct, open } = self.tree.what(node) else {
            return (facts, self.frames.pop().unwrap_or_default());
        };
        if *open {
            let may_be = self.in_scope().unknown();
            facts.rest = Some(facts.rest.take().unwrap_or_default().and(&may_be));
        }
        if *distinct {
            rows.extend(&facts.all().grouping());
        }
        for (clause, child) in &clauses {
            rows.extend(&self.clause_rows(clause, *child));
        }
        facts.order = match is_grouped || aggregates {
            true => UseSet::default(),
            false => self.frame().order.clone(),
        };
        rows.extend(&self.frame().returned);
        if has(&[Clause::DistinctOn]) {
            rows.extend(&facts.order);
        }
        facts.rows = rows;
        (facts, self.frames.pop().unwrap_or_default())
    }

    /// What a clause adds to what decides the rows.
    fn clause_rows(&mut self, clause: &Clause, node: NodeId) -> UseSet {
        match clause {
            Clause::Group => self.group_keys(node),
            Clause::GroupAll => self.group_all(),
            Clause::DistinctOn => self.expressions(node).grouping(),
            Clause::Having | Clause::Qualify => self.expressions(node).condition(),
            _ => UseSet::default(),
        }
    }

    fn group_keys(&mut self, node: NodeId) -> UseSet {
        let mut keys = UseSet::default();
        for child in self.tree.children(node) {
            let key = match self.tree.what(child) {
                What::Clause(Clause::GroupSet(_)) => self.group_keys(child),
                _ => self.expression(child).uses.grouping(),
            };
            keys.extend(&key);
        }
        keys
    }

    /// `GROUP BY ALL`: the parts of the select list that no aggregate holds.
    fn group_all(&mut self) -> UseSet {
        let Some(select) = self.frame().node else {
            return UseSet::default();
        };
        let mut keys = UseSet::default();
        for child in self.tree.children(select) {
            if matches!(self.tree.what(child), What::Output { .. }) {
                keys.extend(&self.outside_aggregates(child).grouping());
            }
        }
        keys
    }

    /// The innermost frame.
    pub fn frame(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// An output of a `SELECT`: a star's column if the user wrote no name for it.
    pub fn output(&mut self, node: NodeId) -> Column {
        let What::Output { name } = self.tree.what(node) else {
            return Column::default();
        };
        if let Some(column) = self.frame().outputs.get(&node) {
            return column.clone();
        }
        self.name_in_star(self.tree.node(node).span);
        let column = Column {
            name: name.clone(),
            ..self.output_value(node)
        };
        self.frame().outputs.insert(node, column.clone());
        column
    }

    fn output_value(&mut self, node: NodeId) -> Column {
        let mut column = Column::default();
        for child in self.tree.children(node) {
            let part = self.expression(child);
            column.uses.extend(&part.uses);
            column.by_star.extend(part.by_star);
        }
        column
    }

    /// All that is in scope here: what a name that isn't known may mean.
    pub fn in_scope(&self) -> UseSet {
        let mut all = UseSet::default();
        for frame in &self.frames {
            for relation in &frame.relations {
                if let Some(facts) = self.relations.get(relation) {
                    all.extend(&facts.all());
                    all.extend(&facts.rows.only_rows());
                }
            }
            for output in frame.outputs.values() {
                all.extend(&output.uses);
            }
        }
        all
    }

    /// Notes that a place names what stars made a column of. Gives whether it does: a star names
    /// nothing.
    pub fn name(&mut self, inputs: &[Input], span: Span) -> bool {
        if inputs.is_empty() || span.start == span.end || self.is_star(span) {
            return false;
        }
        for input in inputs {
            self.name_at(*input, span.start);
        }
        true
    }

    /// Notes that an input column can't go away because of what stands at a place.
    pub fn name_at(&mut self, input: Input, at: u32) {
        let first = self.named.entry(input).or_insert(at);
        *first = (*first).min(at);
    }

    /// Notes the columns that a star names: `* EXCLUDE (amount)`, `REPLACE`, `RENAME`.
    fn name_in_star(&mut self, span: Span) {
        let frame = self.frames.last();
        if !self.text(span).contains('*') || frame.is_none_or(|frame| frame.stars.contains(&span)) {
            return;
        }
        self.frame().stars.push(span);
        if !self.is_star(span) {
            return;
        }
        let (tokens, _) = lex(span.file, self.reads.text, span.range());
        let mut is_changed = false;
        for token in tokens {
            let word = self.text(token.span);
            match token.kind {
                TokenKind::Word if is_change(word) => is_changed = true,
                TokenKind::Word | TokenKind::QuotedName if is_changed => {
                    let name = word.trim_matches('"').replace("\"\"", "\"");
                    self.name_column(&name, token.span);
                }
                _ => {}
            }
        }
    }

    /// Notes that a place names the columns of this name in scope.
    fn name_column(&mut self, name: &str, span: Span) {
        let relations = self.frame().relations.clone();
        for relation in relations {
            let Some(facts) = self.relations.get(&relation).cloned() else {
                continue;
            };
            let is = |own: &String| crate::name::same_name(own, name);
            let columns = facts.columns.iter();
            for column in columns.filter(|column| column.name.as_ref().is_some_and(is)) {
                self.name(&column.by_star, span);
            }
        }
    }

    fn is_star(&self, span: Span) -> bool {
        let text = self.text(span);
        if !text.contains('*') && !text.to_lowercase().contains("columns") {
            return false;
        }
        let (tokens, _) = lex(span.file, self.reads.text, span.range());
        let word = |token: &crate::token::Token| self.text(token.span).to_lowercase();
        tokens.iter().any(|token| match token.kind {
            TokenKind::Symbol => self.text(token.span) == "*",
            TokenKind::Word => word(token) == "columns",
            _ => false,
        })
    }

    pub fn text(&self, span: Span) -> &'t str {
        self.reads.text.get(span.range()).unwrap_or_default()
    }

    /// The facts of an import or of the model's own table.
    pub fn table(&mut self, relation: Relation, names: Option<&[String]>) -> Facts {
        self.read.insert(relation);
        let column = |(position, name): (usize, &String)| {
            let input = Input::column(relation, position);
            Column {
                name: Some(name.clone()),
                uses: UseSet::one(input, Uses::PASSED),
                by_star: vec![input],
            }
        };
        let any = Input {
            relation,
            part: Part::Any,
        };
        Facts {
            columns: (names.unwrap_or_default().iter().enumerate().map(column)).collect(),
            rows: UseSet::one(Input::rows(relation), Uses::PASSED),
            rest: names.is_none().then(|| UseSet::one(any, Uses::UNKNOWN)),
            order: UseSet::default(),
        }
    }
}

/// Whether a word changes a star.
fn is_change(word: &str) -> bool {
    ["exclude", "replace", "rename"]
        .iter()
        .any(|change| word.eq_ignore_ascii_case(change))
}

/// Runs a step of a recursion, on more stack if little is left.
pub(super) fn with_stack<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, step)
}
