//! A model's file → the pieces that its `render` function writes: the user's text byte for byte
//! up to its closing semicolon, with slots where the runtime fills something in, and a branch for each `#if`.

mod slots;

use crate::directives::{
    Comparison as Written, Condition, ConditionKind, DirectiveTree, Node, Operator, Subject, Test,
    Value,
};
use crate::name::same_name;
use crate::token::{Token, TokenKind};
use crate::typed::{BodyCondition, BodyNode, Comparison};

pub use slots::{SlotPlace, Slots};

/// What printing needs besides the tree.
pub struct Printer<'a> {
    /// The file's text.
    pub text: &'a str,
    /// The model's dialect, by which conditions on `dialect` fold.
    pub dialect: &'a str,
    /// Where the slots are.
    pub slots: &'a Slots,
    /// The model's variables, in the order of its definition.
    pub variables: &'a [String],
}

impl Printer<'_> {
    /// The pieces of a whole tree; white space at its end and the closing semicolon are left out.
    pub fn body(&self, tree: &DirectiveTree) -> Vec<BodyNode> {
        let mut body = self.nodes(tree, &tree.nodes);
        trim_end(&mut body);
        // What the runtime writes behind the query must not become part of a comment.
        if self.has_line_comment(tree, &tree.nodes) {
            body.push(BodyNode::Text("\n".to_owned()));
        }
        body
    }

    /// The pieces of a statement; white space around it and semicolons are left out.
    pub fn statement(&self, tree: &DirectiveTree, nodes: &[Node]) -> Vec<BodyNode> {
        let mut body = self.nodes(tree, nodes);
        trim_start(&mut body);
        trim_end(&mut body);
        body
    }

    fn has_line_comment(&self, tree: &DirectiveTree, nodes: &[Node]) -> bool {
        let is_line_comment = |token: &Token| {
            token.kind == TokenKind::Comment && self.text[token.span.range()].starts_with("--")
        };
        nodes.iter().any(|node| match node {
            Node::Text { tokens, .. } => tree.tokens_of(tokens).iter().any(is_line_comment),
            Node::If {
                branches,
                otherwise,
                ..
            } => {
                let mut nodes = branches.iter().map(|branch| &branch.nodes);
                nodes.any(|nodes| self.has_line_comment(tree, nodes))
                    || otherwise
                        .as_ref()
                        .is_some_and(|otherwise| self.has_line_comment(tree, &otherwise.nodes))
            }
            Node::Block { .. } | Node::Error { .. } => false,
        })
    }

    /// Only one statement is allowed, so that every semicolon closes it.
    fn is_semicolon(&self, token: &Token) -> bool {
        token.kind == TokenKind::Symbol && &self.text[token.span.range()] == ";"
    }

    fn nodes(&self, tree: &DirectiveTree, nodes: &[Node]) -> Vec<BodyNode> {
        let mut body = Vec::new();
        for node in nodes {
            match node {
                Node::Text { span, tokens } => {
                    let mut start = span.start as usize;
                    for token in tree.tokens_of(tokens) {
                        let slot = self.slots.at(token.span);
                        if slot.is_none() && !self.is_semicolon(token) {
                            continue;
                        }
                        self.push_text(&mut body, start, token.span.start as usize);
                        body.extend(slot.map(BodyNode::Slot));
                        start = token.span.end as usize;
                    }
                    self.push_text(&mut body, start, span.end as usize);
                }
                // No variant comes here, and blocks are no part of the query.
                Node::Error { .. } | Node::Block { .. } => {}
                Node::If {
                    branches,
                    otherwise,
                    ..
                } => {
                    let branches: Vec<_> = branches
                        .iter()
                        .map(|branch| {
                            (
                                self.condition(&branch.condition),
                                self.nodes(tree, &branch.nodes),
                            )
                        })
                        .collect();
                    let otherwise = otherwise
                        .as_ref()
                        .map_or_else(Vec::new, |otherwise| self.nodes(tree, &otherwise.nodes));
                    fold(&mut body, branches, otherwise);
                }
            }
        }
        body
    }

    fn push_text(&self, body: &mut Vec<BodyNode>, start: usize, end: usize) {
        let text = self.text.get(start..end).unwrap_or_default();
        if text.is_empty() {
            return;
        }
        match body.last_mut() {
            Some(BodyNode::Text(before)) => before.push_str(text),
            _ => body.push(BodyNode::Text(text.to_owned())),
        }
    }

    fn condition(&self, condition: &Condition) -> BodyCondition {
        match &condition.kind {
            ConditionKind::Or(parts) => self.joined(parts, false, BodyCondition::Or),
            ConditionKind::And(parts) => self.joined(parts, true, BodyCondition::And),
            ConditionKind::Not(inner) => negated(self.condition(inner)),
            ConditionKind::Test(test) => self.test(test),
            ConditionKind::Constant(value) => BodyCondition::Constant(*value),
        }
    }

    /// Joins conditions with `and` or `or`; `neutral` is the constant that changes nothing.
    fn joined(
        &self,
        parts: &[Condition],
        neutral: bool,
        join: fn(Box<BodyCondition>, Box<BodyCondition>) -> BodyCondition,
    ) -> BodyCondition {
        let mut joined: Option<BodyCondition> = None;
        for part in parts {
            let part = self.condition(part);
            if let BodyCondition::Constant(value) = part {
                if value == neutral {
                    continue;
                }
                return BodyCondition::Constant(value);
            }
            joined = Some(match joined {
                Some(before) => join(Box::new(before), Box::new(part)),
                None => part,
            });
        }
        joined.unwrap_or(BodyCondition::Constant(neutral))
    }

    fn test(&self, test: &Test) -> BodyCondition {
        match &test.subject {
            Subject::Dialect => {
                let dialect = Value::Text(self.dialect.to_owned());
                BodyCondition::Constant(test.comparison.holds(&dialect))
            }
            Subject::IsIncremental | Subject::FullRefresh => self.batch_fact(test),
            subject => match &test.comparison {
                Written::Holds => self.compared(subject, Comparison::Equal, &Value::Boolean(true)),
                Written::With(operator, value) => {
                    self.compared(subject, comparison(*operator), value)
                }
                Written::In(values) => values
                    .iter()
                    .map(|value| self.compared(subject, Comparison::Equal, value))
                    .reduce(|left, right| BodyCondition::Or(Box::new(left), Box::new(right)))
                    .unwrap_or(BodyCondition::Constant(false)),
            },
        }
    }

    /// A fact of the batch is a boolean: a comparison with a literal is the fact or its opposite,
    /// or says nothing.
    fn batch_fact(&self, test: &Test) -> BodyCondition {
        let fact = match test.subject {
            Subject::FullRefresh => BodyCondition::FullRefresh,
            _ => BodyCondition::IsIncremental,
        };
        let when_true = test.comparison.holds(&Value::Boolean(true));
        let when_false = test.comparison.holds(&Value::Boolean(false));
        match (when_true, when_false) {
            (true, false) => fact,
            (false, true) => negated(fact),
            (value, _) => BodyCondition::Constant(value),
        }
    }

    fn compared(&self, subject: &Subject, comparison: Comparison, value: &Value) -> BodyCondition {
        let literal = literal(value);
        match subject {
            Subject::Variable { name, .. } => {
                let index = self
                    .variables
                    .iter()
                    .position(|variable| same_name(variable, name));
                let index = u32::try_from(index.unwrap_or(0)).unwrap_or(0);
                BodyCondition::Variable {
                    index,
                    comparison,
                    literal,
                }
            }
            // A name has no order, which the conditions' parser sees to.
            _ if comparison != Comparison::Equal => BodyCondition::Constant(false),
            Subject::Engine => BodyCondition::Engine(literal),
            _ => BodyCondition::Environment(literal),
        }
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn comparison(operator: Operator) -> Comparison {
    match operator {
        Operator::Equal => Comparison::Equal,
        Operator::Less => Comparison::Less,
        Operator::LessOrEqual => Comparison::LessOrEqual,
        Operator::Greater => Comparison::Greater,
        Operator::GreaterOrEqual => Comparison::GreaterOrEqual,
    }
}

fn negated(condition: BodyCondition) -> BodyCondition {
    match condition {
        BodyCondition::Constant(value) => BodyCondition::Constant(!value),
        BodyCondition::Not(inner) => *inner,
        other => BodyCondition::Not(Box::new(other)),
    }
}

/// Adds a choice: branches that can't be taken go, and what always holds ends the choice.
fn fold(
    body: &mut Vec<BodyNode>,
    branches: Vec<(BodyCondition, Vec<BodyNode>)>,
    otherwise: Vec<BodyNode>,
) {
    let mut kept = Vec::new();
    let mut rest = otherwise;
    for (condition, guarded) in branches {
        match condition {
            BodyCondition::Constant(false) => {}
            BodyCondition::Constant(true) => {
                rest = guarded;
                break;
            }
            condition => kept.push((condition, guarded)),
        }
    }
    if kept.is_empty() {
        for node in rest {
            match (body.last_mut(), node) {
                (Some(BodyNode::Text(before)), BodyNode::Text(text)) => before.push_str(&text),
                (_, node) => body.push(node),
            }
        }
    } else {
        body.push(BodyNode::If {
            branches: kept,
            otherwise: rest,
        });
    }
}

fn trim_start(body: &mut Vec<BodyNode>) {
    while let Some(BodyNode::Text(text)) = body.first_mut() {
        *text = text.trim_start().to_owned();
        if !text.is_empty() {
            return;
        }
        body.remove(0);
    }
}

fn trim_end(body: &mut Vec<BodyNode>) {
    while let Some(BodyNode::Text(text)) = body.last_mut() {
        let length = text.trim_end().len();
        text.truncate(length);
        if !text.is_empty() {
            return;
        }
        body.pop();
    }
}
