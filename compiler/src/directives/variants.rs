//! The variants of a model: which selections of its tokens can be reached.
//!
//! The file is walked with the set of worlds that are still possible. A condition that they
//! don't decide splits them at its first undecided test. So only combinations that can be reached
//! *and* make a difference are looked at, and the walk stops at the first variant too many.

use super::condition::{Condition, ConditionKind, Test};
use super::tree::{DirectiveTree, Node};
use super::worlds::{Context, Groups};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::token::{Token, TokenKind};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// How many variants a model may have.
pub const MAXIMUM_VARIANTS: usize = 64;

/// How many combinations of tests may lead to them.
const MAXIMUM_COMBINATIONS: usize = 4096;

/// How many tests `too-many-variants` names.
const SHOWN_ATOMS: usize = 24;

/// The variants of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Variants {
    /// The tests that conditions are made of, each once.
    pub atoms: Vec<Atom>,
    /// The variants, in the order of the file: where a test decides, first where it holds.
    pub variants: Vec<Variant>,
    /// Each `#error` that a combination reaches; such a combination is no variant.
    pub errors: Vec<Reached>,
}

/// An `#error` that is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// The directive's line.
    pub span: Span,
    /// Its text; `None` if what stood here has been reported already.
    pub message: Option<String>,
}

/// A test and where it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// The test.
    pub test: Test,
    /// Each place.
    pub spans: Vec<Span>,
}

/// One variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// What leads to it: one or more.
    pub assignments: Vec<Assignment>,
    /// Its tokens, comments too, without directive lines.
    pub tokens: Vec<Token>,
}

/// For each of [`Variants::atoms`] whether it holds; `None` if that doesn't matter.
pub type Assignment = Vec<Option<bool>>;

impl Variants {
    /// What leads to a variant, in words: for each test that matters whether it holds.
    pub fn conditions(&self, variant: &Variant) -> Vec<BTreeMap<String, bool>> {
        let conditions = |assignment: &Assignment| {
            let tests = self.atoms.iter().zip(assignment);
            tests
                .filter_map(|(atom, holds)| Some((atom.test.to_string(), (*holds)?)))
                .collect()
        };
        variant.assignments.iter().map(conditions).collect()
    }
}

/// All variants that can be reached.
///
/// # Errors
/// `too-many-variants` if there are more than 64, or if more than 4096 combinations lead to them.
pub fn variants(
    text: &str,
    tree: &DirectiveTree,
    context: &Context,
) -> Result<Variants, Diagnostic> {
    let mut atoms = Vec::new();
    let mut numbers = BTreeMap::new();
    collect(&tree.nodes, &mut atoms, &mut numbers);
    let tests: Vec<Test> = atoms.iter().map(|atom| atom.test.clone()).collect();
    let mut walk = Walk {
        tree,
        words: words(text, tree),
        groups: Groups::new(&tests, context),
        numbers,
        found: Vec::new(),
        by_hash: BTreeMap::new(),
        errors: Vec::new(),
    };
    if !walk.run() {
        return Err(too_many(tree, &atoms));
    }
    let variants = walk
        .found
        .iter()
        .map(|found| Variant {
            assignments: found.assignments.clone(),
            tokens: found
                .pieces
                .iter()
                .flat_map(|piece| tree.tokens_of(piece))
                .copied()
                .collect(),
        })
        .collect();
    let errors = walk.errors;
    Ok(Variants {
        atoms,
        variants,
        errors,
    })
}

fn collect(nodes: &[Node], atoms: &mut Vec<Atom>, numbers: &mut BTreeMap<Test, usize>) {
    for node in nodes {
        let Node::If {
            branches,
            otherwise,
            ..
        } = node
        else {
            continue;
        };
        for branch in branches {
            collect_tests(&branch.condition, atoms, numbers);
            collect(&branch.nodes, atoms, numbers);
        }
        if let Some(otherwise) = otherwise {
            collect(&otherwise.nodes, atoms, numbers);
        }
    }
}

fn collect_tests(
    condition: &Condition,
    atoms: &mut Vec<Atom>,
    numbers: &mut BTreeMap<Test, usize>,
) {
    match &condition.kind {
        ConditionKind::Or(parts) | ConditionKind::And(parts) => {
            for part in parts {
                collect_tests(part, atoms, numbers);
            }
        }
        ConditionKind::Not(inner) => collect_tests(inner, atoms, numbers),
        ConditionKind::Test(test) => {
            let number = *numbers.entry(test.clone()).or_insert_with(|| {
                atoms.push(Atom {
                    test: test.clone(),
                    spans: Vec::new(),
                });
                atoms.len() - 1
            });
            atoms[number].spans.push(condition.span);
        }
        ConditionKind::Constant(_) => {}
    }
}

/// For each token a number that tokens of the same text share; `None` for comments.
fn words(text: &str, tree: &DirectiveTree) -> Vec<Option<u32>> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let number = |token: &Token| {
        if token.kind == TokenKind::Comment {
            return None;
        }
        let written = text.get(token.span.range()).unwrap_or_default();
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        Some(*numbers.entry(written).or_insert(next))
    };
    tree.tokens.iter().map(number).collect()
}

struct Walk<'a> {
    tree: &'a DirectiveTree,
    words: Vec<Option<u32>>,
    groups: Groups,
    numbers: BTreeMap<Test, usize>,
    found: Vec<Found>,
    by_hash: BTreeMap<u64, Vec<usize>>,
    errors: Vec<Reached>,
}

/// A variant: which pieces of text it is made of.
struct Found {
    pieces: Vec<Range<usize>>,
    assignments: Vec<Assignment>,
}

#[derive(Clone)]
struct State<'a> {
    /// Where the walk is, from the outermost list of nodes to the innermost.
    frames: Vec<(&'a [Node], usize)>,
    /// For each group the worlds that are still possible.
    possible: Vec<Vec<usize>>,
    pieces: Vec<Range<usize>>,
    /// The `#error` at which it ends.
    error: Option<Reached>,
}

/// What the possible worlds say about a condition.
enum Verdict {
    Known(bool),
    /// The first test that would help.
    Open(usize),
}

impl<'a> Walk<'a> {
    /// Finds all variants; `false` if there are too many.
    fn run(&mut self) -> bool {
        let mut combinations = 0;
        let mut waiting = vec![State {
            frames: vec![(&self.tree.nodes, 0)],
            possible: self
                .groups
                .sizes
                .iter()
                .map(|size| (0..*size).collect())
                .collect(),
            pieces: Vec::new(),
            error: None,
        }];
        while let Some(mut state) = waiting.pop() {
            match self.advance(&mut state) {
                Some(test) => {
                    for holds in [false, true] {
                        if let Some(part) = self.split(&state, test, holds) {
                            waiting.push(part);
                        }
                    }
                }
                None => {
                    combinations += 1;
                    match state.error.take() {
                        Some(error) if self.errors.contains(&error) => {}
                        Some(error) => self.errors.push(error),
                        None => self.record(state),
                    }
                    if self.found.len() > MAXIMUM_VARIANTS || combinations > MAXIMUM_COMBINATIONS {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Goes on to the end (`None`) or to the first choice that isn't decided.
    fn advance(&self, state: &mut State<'a>) -> Option<usize> {
        while let Some((nodes, index)) = state.frames.last_mut() {
            let Some(node) = nodes.get(*index) else {
                state.frames.pop();
                continue;
            };
            match node {
                Node::Text { tokens, .. } => {
                    state.pieces.push(tokens.clone());
                    *index += 1;
                }
                Node::Error { span, message } => {
                    state.error = Some(Reached {
                        span: *span,
                        message: message.clone(),
                    });
                    state.frames.clear();
                }
                Node::Block { .. } => *index += 1,
                Node::If { .. } if !self.matters(node) => *index += 1,
                Node::If {
                    branches,
                    otherwise,
                    ..
                } => {
                    let mut chosen = otherwise.as_ref().map(|otherwise| &otherwise.nodes);
                    for branch in branches {
                        match self.decide(&branch.condition, &state.possible) {
                            Verdict::Known(false) => {}
                            Verdict::Known(true) => {
                                chosen = Some(&branch.nodes);
                                break;
                            }
                            Verdict::Open(test) => return Some(test),
                        }
                    }
                    *index += 1;
                    if let Some(nodes) = chosen {
                        state.frames.push((nodes, 0));
                    }
                }
            }
        }
        None
    }

    /// Whether any branch holds more than comments.
    fn matters(&self, node: &Node) -> bool {
        let any = |nodes: &[Node]| nodes.iter().any(|node| self.matters(node));
        match node {
            Node::Text { tokens, .. } => self.words[tokens.clone()].iter().any(Option::is_some),
            Node::Error { .. } => true,
            Node::Block { .. } => false,
            Node::If {
                branches,
                otherwise,
                ..
            } => {
                branches.iter().any(|branch| any(&branch.nodes))
                    || otherwise
                        .as_ref()
                        .is_some_and(|otherwise| any(&otherwise.nodes))
            }
        }
    }

    fn decide(&self, condition: &Condition, possible: &[Vec<usize>]) -> Verdict {
        match &condition.kind {
            ConditionKind::Or(parts) => self.decide_all(parts, possible, true),
            ConditionKind::And(parts) => self.decide_all(parts, possible, false),
            ConditionKind::Not(inner) => match self.decide(inner, possible) {
                Verdict::Known(value) => Verdict::Known(!value),
                open => open,
            },
            ConditionKind::Constant(value) => Verdict::Known(*value),
            ConditionKind::Test(test) => {
                let number = self.numbers[test];
                match self.known(number, possible) {
                    Some(value) => Verdict::Known(value),
                    None => Verdict::Open(number),
                }
            }
        }
    }

    /// `decisive` is the value that settles it: `true` for `or`, `false` for `and`.
    fn decide_all(&self, parts: &[Condition], possible: &[Vec<usize>], decisive: bool) -> Verdict {
        let mut verdict = Verdict::Known(!decisive);
        for part in parts {
            match (self.decide(part, possible), &verdict) {
                (Verdict::Known(value), _) if value == decisive => return Verdict::Known(decisive),
                (open @ Verdict::Open(_), Verdict::Known(_)) => verdict = open,
                _ => {}
            }
        }
        verdict
    }

    /// What all possible worlds say about a test.
    fn known(&self, test: usize, possible: &[Vec<usize>]) -> Option<bool> {
        let (group, truths) = &self.groups.tests[test];
        let mut worlds = possible[*group].iter().map(|world| truths[*world]);
        let first = worlds.next().unwrap_or(false);
        worlds.all(|truth| truth == first).then_some(first)
    }

    fn split(&self, state: &State<'a>, test: usize, holds: bool) -> Option<State<'a>> {
        let (group, truths) = &self.groups.tests[test];
        let left: Vec<usize> = state.possible[*group]
            .iter()
            .copied()
            .filter(|world| truths[*world] == holds)
            .collect();
        if left.is_empty() {
            return None;
        }
        let mut part = state.clone();
        part.possible[*group] = left;
        Some(part)
    }

    fn text<'b>(&'b self, pieces: &'b [Range<usize>]) -> impl Iterator<Item = u32> + 'b {
        pieces
            .iter()
            .flat_map(|piece| &self.words[piece.clone()])
            .filter_map(|word| *word)
    }

    fn record(&mut self, state: State<'a>) {
        let assignment: Assignment = (0..self.groups.tests.len())
            .map(|test| self.known(test, &state.possible))
            .collect();
        let mut hasher = DefaultHasher::new();
        for word in self.text(&state.pieces) {
            word.hash(&mut hasher);
        }
        let hash = hasher.finish();
        let candidates = self
            .by_hash
            .get(&hash)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let same = candidates.iter().copied().find(|index| {
            self.text(&self.found[*index].pieces)
                .eq(self.text(&state.pieces))
        });
        match same {
            Some(index) => self.found[index].assignments.push(assignment),
            None => {
                self.by_hash.entry(hash).or_default().push(self.found.len());
                self.found.push(Found {
                    pieces: state.pieces,
                    assignments: vec![assignment],
                });
            }
        }
    }
}

fn too_many(tree: &DirectiveTree, atoms: &[Atom]) -> Diagnostic {
    let first = atoms.first().and_then(|atom| atom.spans.first());
    let span = first.copied().unwrap_or(Span::new(tree.file, 0, 0));
    let mut error = Diagnostic::error(
        Code::TooManyVariants,
        span,
        format!("the conditions of this model combine to more than {MAXIMUM_VARIANTS} variants"),
    );
    for (index, atom) in atoms.iter().take(SHOWN_ATOMS).enumerate() {
        let label = format!("`{}`", atom.test);
        match (index, atom.spans.first()) {
            (0, _) => error = error.saying(label),
            (_, Some(span)) => error = error.and_at(*span, label),
            _ => {}
        }
    }
    if atoms.len() > SHOWN_ATOMS {
        error = error.note(format!("and {} more tests", atoms.len() - SHOWN_ATOMS));
    }
    error.hint("every combination is checked: split the model, or let one variable choose between a few texts")
}
