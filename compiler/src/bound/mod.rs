//! The bound tree: a query with every name bound to what it means and every star expanded.
//!
//! The binder writes it on its way, children before their parent, and lineage and change profiles
//! are read from it. It has what the query means and not how it is written: no alias, no
//! parenthesis, no name of a common table. What the binder doesn't know stays in it as
//! [`What::Unresolved`] or [`What::Opaque`], so that nobody takes silence for an answer.
//!
//! | a node | its children, in this order |
//! |---|---|
//! | [`What::Query`] | its [`What::Member`]s, its body, then `ORDER BY`, `LIMIT`, `OFFSET` |
//! | [`What::Member`] | the query, or for a recursive one its [`What::SetOperation`] |
//! | [`What::Select`] | [`Clause::From`], its [`What::Output`]s, then the other clauses |
//! | [`What::SetOperation`] | its two sides: each a query's body |
//! | [`What::Values`] | [`What::ValuesRow`]s |
//! | [`What::Output`] | one expression |
//! | [`What::Derived`] | what it is made of: a query's body, or for a join with an alias the join and an output for each of its columns |
//! | [`What::TableFunction`] | its arguments |
//! | [`What::Join`] | left, right, then [`Clause::On`] or [`Clause::Using`] |
//! | [`What::Turned`] | the table that is turned, then outputs |
//!
//! The nodes lie in one list, a parent behind its children, so that a tree costs one allocation.

mod what;

use crate::span::Span;
pub use what::{Call, CallKind, Clause, Grouping, What};

/// A node's place in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// Which relation of the query: a number that no other relation in the same tree has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(pub u32);

/// Which member of a `WITH`: a number that no other member in the same tree has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u32);

/// A node: what it is, and where the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub what: What,
    /// Where it was written.
    pub span: Span,
    /// How many nodes its subtree has, itself included.
    size: u32,
}

/// A bound query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The whole query; `None` if nothing was bound.
    pub fn root(&self) -> Option<NodeId> {
        self.nodes.len().checked_sub(1).map(id)
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// What a node is.
    pub fn what(&self, id: NodeId) -> &What {
        &self.node(id).what
    }

    /// A node's children in order.
    pub fn children(&self, parent: NodeId) -> Vec<NodeId> {
        let mut children = Vec::new();
        let first = parent.0 + 1 - self.node(parent).size;
        let mut end = parent.0;
        while end > first {
            let child = NodeId(end - 1);
            children.push(child);
            end -= self.node(child).size;
        }
        children.reverse();
        children
    }

    /// The nodes of a subtree, children before their parents, the node itself last.
    pub fn subtree(&self, root: NodeId) -> impl Iterator<Item = (NodeId, &Node)> {
        let first = root.0 + 1 - self.node(root).size;
        (first..=root.0).map(|index| (NodeId(index), &self.nodes[index as usize]))
    }
}

fn id(index: usize) -> NodeId {
    NodeId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Where a node's children begin, while it is being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(usize);

/// Writes a tree, children before their parent.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    nodes: Vec<Node>,
}

impl Writer {
    /// Begins a node: what is written from here to its [`close`](Self::close) is its children.
    pub fn mark(&self) -> Mark {
        Mark(self.nodes.len())
    }

    /// Ends a node.
    pub fn close(&mut self, mark: Mark, what: What, span: Span) -> NodeId {
        let size = u32::try_from(self.nodes.len() + 1 - mark.0).unwrap_or(u32::MAX);
        self.nodes.push(Node { what, span, size });
        id(self.nodes.len() - 1)
    }

    /// A node without children.
    pub fn leaf(&mut self, what: What, span: Span) -> NodeId {
        self.close(self.mark(), what, span)
    }

    /// Takes back what was written since a mark.
    pub fn take_back(&mut self, mark: Mark) {
        self.nodes.truncate(mark.0);
    }

    /// The tree.
    pub fn finish(self) -> Tree {
        Tree { nodes: self.nodes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::FileId;

    #[test]
    fn children_come_in_order() {
        let span = Span::new(FileId(0), 0, 0);
        let mut writer = Writer::default();
        let whole = writer.mark();
        let sum = writer.mark();
        writer.leaf(What::Literal("1".to_owned()), span);
        writer.leaf(What::Literal("2".to_owned()), span);
        let sum = writer.close(sum, What::Operation("+".to_owned()), span);
        let last = writer.leaf(What::Literal("3".to_owned()), span);
        let root = writer.close(whole, What::Operation("*".to_owned()), span);
        let tree = writer.finish();
        assert_eq!(tree.root(), Some(root));
        assert_eq!(tree.children(root), [sum, last]);
        assert_eq!(tree.children(sum).len(), 2);
        assert_eq!(tree.children(last), []);
        assert_eq!(tree.subtree(sum).count(), 3);
    }
}
