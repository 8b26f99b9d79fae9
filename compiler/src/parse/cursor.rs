//! The parser's place in its tokens, what it sees there, and what it says when that doesn't fit.

use super::ast::Name;
use super::keyword::{self, Category, Keyword};
use super::{MAXIMUM_DEPTH, MAXIMUM_HEIGHT};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::span::{FileId, Span};
use crate::token::{Token, TokenKind};

/// What a production gives. Errors are boxed: they are rare and large.
pub(super) type Parsed<T> = Result<T, Box<Diagnostic>>;

/// The stack that one level of nesting may need, and how much is taken when it runs short.
const STACK_NEEDED: usize = 128 * 1024;
const STACK_TAKEN: usize = 2 * 1024 * 1024;

/// A token with what the parser asks of it most.
#[derive(Clone, Copy)]
struct Lexeme {
    kind: TokenKind,
    keyword: Keyword,
    /// The text of a symbol, packed; 0 for everything else.
    symbol: u32,
    span: Span,
}

/// A parser over the tokens of one variant.
pub(super) struct Parser<'a> {
    source: &'a str,
    lexemes: Vec<Lexeme>,
    /// For each opening parenthesis the index of the closing one, else `usize::MAX`.
    closing: Vec<usize>,
    position: usize,
    depth: usize,
    /// The height of the tree that is read, as far as it has been read.
    height: usize,
    /// Whether `%` behind a number may stand for a percentage.
    pub(super) percentages: bool,
}

/// A symbol's text as a number.
const fn packed(text: &str) -> u32 {
    let bytes = text.as_bytes();
    if bytes.len() > 4 {
        return u32::MAX;
    }
    let mut value = 0;
    let mut index = 0;
    while index < bytes.len() {
        value = value << 8 | bytes[index] as u32;
        index += 1;
    }
    value
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str, tokens: &[Token]) -> Self {
        let mut lexemes = Vec::with_capacity(tokens.len());
        for token in tokens {
            let text = source.get(token.span.range()).unwrap_or_default();
            lexemes.push(Lexeme {
                kind: token.kind,
                keyword: match token.kind {
                    TokenKind::Word => Keyword::of(text),
                    TokenKind::Comment => continue,
                    _ => Keyword::NONE,
                },
                symbol: match token.kind {
                    TokenKind::Symbol => packed(text),
                    _ => 0,
                },
                span: token.span,
            });
        }
        Self {
            source,
            closing: closing(&lexemes),
            lexemes,
            position: 0,
            depth: 0,
            height: 0,
            percentages: false,
        }
    }

    // Looking

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn at_end(&self) -> bool {
        self.position >= self.lexemes.len()
    }

    fn lexeme(&self, ahead: usize) -> Option<&Lexeme> {
        self.lexemes.get(self.position + ahead)
    }

    pub(super) fn kind(&self, ahead: usize) -> Option<TokenKind> {
        self.lexeme(ahead).map(|lexeme| lexeme.kind)
    }

    /// The keyword so many tokens ahead.
    pub(super) fn keyword(&self, ahead: usize) -> Keyword {
        self.lexeme(ahead)
            .map_or(Keyword::NONE, |lexeme| lexeme.keyword)
    }

    pub(super) fn at(&self, keyword: Keyword) -> bool {
        self.keyword(0) == keyword
    }

    pub(super) fn at_any(&self, keywords: &[Keyword]) -> bool {
        self.keyword(0) != Keyword::NONE && keywords.contains(&self.keyword(0))
    }

    pub(super) fn symbol_is(&self, ahead: usize, symbol: &str) -> bool {
        self.lexeme(ahead).is_some_and(|lexeme| {
            lexeme.kind == TokenKind::Symbol && lexeme.symbol == packed(symbol)
        })
    }

    pub(super) fn at_symbol(&self, symbol: &str) -> bool {
        self.symbol_is(0, symbol)
    }

    /// The text of the token here; empty at the end.
    pub(super) fn text(&self) -> &'a str {
        self.lexeme(0).map_or("", |lexeme| self.slice(lexeme.span))
    }

    /// The text of the token at a position.
    pub(super) fn text_at(&self, position: usize) -> &'a str {
        let lexeme = self.lexemes.get(position);
        lexeme.map_or("", |lexeme| self.slice(lexeme.span))
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.source.get(span.range()).unwrap_or_default()
    }

    /// Where the token here stands; behind the last one at the end.
    pub(super) fn span(&self) -> Span {
        match self.lexeme(0) {
            Some(lexeme) => lexeme.span,
            None => self.previous_span().after(),
        }
    }

    pub(super) fn previous_span(&self) -> Span {
        let index = self.position.min(self.lexemes.len());
        match index.checked_sub(1) {
            Some(index) => self.lexemes[index].span,
            None => self
                .lexemes
                .first()
                .map_or(Span::new(FileId(0), 0, 0), |lexeme| lexeme.span),
        }
    }

    /// From the token at a position to the last one read.
    pub(super) fn span_from(&self, position: usize) -> Span {
        match self.lexemes.get(position) {
            Some(lexeme) if position < self.position => lexeme.span.to(self.previous_span()),
            _ => self.span(),
        }
    }

    /// Whether this token directly follows the one before, or on the same line.
    pub(super) fn new_line_before(&self) -> bool {
        let between = self.previous_span().end as usize..self.span().start as usize;
        self.source
            .get(between)
            .is_some_and(|gap| gap.contains('\n'))
    }

    pub(super) fn at_query_start(&self) -> bool {
        self.query_starts_at(self.position)
    }

    fn query_starts_at(&self, position: usize) -> bool {
        let Some(lexeme) = self.lexemes.get(position) else {
            return false;
        };
        match lexeme.keyword {
            keyword::VALUES => {
                let next = self.lexemes.get(position + 1);
                next.is_some_and(|lexeme| lexeme.symbol == packed("("))
            }
            found => QUERY_STARTS.contains(&found),
        }
    }

    /// Whether the parenthesis here holds a query, and not an expression or a table.
    ///
    /// `((select 1))` does, `((select 1) + 1)` doesn't: what follows an inner query in
    /// parentheses decides.
    pub(super) fn at_nested_query(&self) -> bool {
        let mut innermost = self.position;
        let open = packed("(");
        while self
            .lexemes
            .get(innermost)
            .is_some_and(|lexeme| lexeme.symbol == open)
        {
            innermost += 1;
        }
        if innermost == self.position || !self.query_starts_at(innermost) {
            return false;
        }
        (self.position + 1..innermost).all(|index| {
            let behind = self.closing[index].saturating_add(1);
            self.lexemes.get(behind).is_some_and(|lexeme| {
                lexeme.symbol == packed(")") || AFTER_QUERY.contains(&lexeme.keyword)
            })
        })
    }

    // Taking

    pub(super) fn advance(&mut self) -> Span {
        let span = self.span();
        self.position += usize::from(!self.at_end());
        span
    }

    pub(super) fn take(&mut self, keyword: Keyword) -> bool {
        let taken = self.at(keyword);
        self.position += usize::from(taken);
        taken
    }

    /// Takes several keywords if all of them follow each other.
    pub(super) fn take_all(&mut self, keywords: &[Keyword]) -> bool {
        let mut all = keywords.iter().enumerate();
        let taken = all.all(|(ahead, keyword)| self.keyword(ahead) == *keyword);
        self.position += if taken { keywords.len() } else { 0 };
        taken
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let taken = self.at_symbol(symbol);
        self.position += usize::from(taken);
        taken
    }

    pub(super) fn expect(&mut self, keyword: Keyword) -> Parsed<Span> {
        match self.at(keyword) {
            true => Ok(self.advance()),
            false => Err(self.unexpected(&format!("`{}`", keyword.text()))),
        }
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Parsed<Span> {
        match self.at_symbol(symbol) {
            true => Ok(self.advance()),
            false => Err(self.unexpected(&format!("`{symbol}`"))),
        }
    }

    /// Takes what closes the bracket at `open`.
    pub(super) fn close(&mut self, symbol: &str, open: Span) -> Parsed<Span> {
        if self.at_symbol(symbol) {
            return Ok(self.advance());
        }
        let opened = self.slice(open);
        Err(Box::new(
            self.unexpected(&format!("`{symbol}`"))
                .and_at(open, format!("this `{opened}` isn't closed")),
        ))
    }

    /// Something in parentheses.
    pub(super) fn parenthesized<T>(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<T> {
        let open = self.expect_symbol("(")?;
        let value = inside(self)?;
        self.close(")", open)?;
        Ok(value)
    }

    /// One or more, with commas between.
    pub(super) fn comma_separated<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut all = vec![one(self)?];
        while self.take_symbol(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// One level of nesting.
    pub(super) fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAXIMUM_DEPTH {
            return Err(self.too_deep());
        }
        let value = self.tree(|parser| {
            let value = stacker::maybe_grow(STACK_NEEDED, STACK_TAKEN, || inside(parser))?;
            parser.grow()?;
            Ok(value)
        });
        self.depth -= 1;
        value
    }

    /// A part of the tree whose height is its own: what stands beside it doesn't count.
    pub(super) fn tree<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        let beside = std::mem::take(&mut self.height);
        let value = inside(self);
        self.height = self.height.max(beside);
        value
    }

    /// One more node above all of the [tree](Self::tree) that was read so far.
    pub(super) fn grow(&mut self) -> Parsed<()> {
        self.height += 1;
        match self.height > MAXIMUM_HEIGHT {
            true => Err(self.too_deep()),
            false => Ok(()),
        }
    }

    /// What is said where a tree would become too deep.
    pub(super) fn too_deep(&self) -> Box<Diagnostic> {
        Box::new(super::too_deep(self.span()))
    }

    // Names

    /// Whether a name of a column or table may stand so many tokens ahead.
    pub(super) fn name_at(&self, ahead: usize) -> bool {
        match self.lexeme(ahead) {
            Some(lexeme) if lexeme.kind == TokenKind::QuotedName => true,
            Some(lexeme) if lexeme.kind == TokenKind::Word => lexeme.keyword.names_columns(),
            _ => false,
        }
    }

    /// A name of a column or table.
    pub(super) fn name(&mut self, what: &str) -> Parsed<Name> {
        match self.name_at(0) {
            true => self.any_name(what),
            false => Err(self.unexpected(what)),
        }
    }

    /// A name that any word may be, as behind a dot.
    pub(super) fn any_name(&mut self, what: &str) -> Parsed<Name> {
        let quoted = match self.kind(0) {
            Some(TokenKind::Word) => false,
            Some(TokenKind::QuotedName) => true,
            _ => return Err(self.unexpected(what)),
        };
        let span = self.advance();
        let text = self.slice(span);
        let value = match quoted {
            true => self.unquoted_name(text, span)?,
            false => text.to_owned(),
        };
        Ok(Name {
            value,
            quoted,
            span,
        })
    }

    fn unquoted_name(&self, text: &str, span: Span) -> Parsed<String> {
        let refuse = |message: &str| {
            let error = Diagnostic::error(Code::SyntaxError, span, message);
            Err(Box::new(error))
        };
        let Some(inner) = text.strip_prefix('"') else {
            return refuse("names with `U&` aren't supported");
        };
        match inner.strip_suffix('"').unwrap_or(inner) {
            "" => refuse("a quoted name can't be empty"),
            inner => Ok(inner.replace("\"\"", "\"")),
        }
    }

    /// Names in parentheses; a comma may stand behind the last.
    pub(super) fn name_list(&mut self, what: &str) -> Parsed<Vec<Name>> {
        self.parenthesized(|parser| {
            let mut names = vec![parser.name(what)?];
            while parser.take_symbol(",") && !parser.at_symbol(")") {
                names.push(parser.name(what)?);
            }
            Ok(names)
        })
    }

    // Errors

    /// The token here, for a message.
    pub(super) fn found(&self) -> String {
        match self.text() {
            "" => "the end".to_owned(),
            text if text.len() > 40 || text.contains('\n') => "this".to_owned(),
            text => format!("`{text}`"),
        }
    }

    /// The error that something else was expected here.
    pub(super) fn unexpected(&self, expected: &str) -> Box<Diagnostic> {
        if let Some(error) = super::foreign::template(self.source, self.span())
            .or_else(|| super::foreign::template(self.source, self.previous_span()))
        {
            return Box::new(error);
        }
        let message = format!("expected {expected}, found {}", self.found());
        let error = Diagnostic::error(Code::SyntaxError, self.span(), message);
        Box::new(match self.advice() {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }

    fn advice(&self) -> Option<String> {
        if let Some(hint) = super::foreign::directive(self.source, self.span()) {
            return Some(hint.to_owned());
        }
        let here = self.lexeme(0);
        if here.is_some_and(|lexeme| lexeme.kind == TokenKind::Parameter) {
            return Some("a model has no parameters: declare a variable and write `:name`".into());
        }
        if let Some(lexeme) = here.filter(|lexeme| lexeme.kind == TokenKind::Reference) {
            let name = self.slice(lexeme.span).trim_start_matches(':');
            return Some(format!(
                "`:{name}` is a reference; write `: {name}` if the colon is meant alone"
            ));
        }
        // A misspelt keyword is read as an alias or a column, and the fault shows behind it.
        let before = self
            .position
            .checked_sub(1)
            .map(|index| self.lexemes[index]);
        [here.copied(), before]
            .into_iter()
            .flatten()
            .find_map(|lexeme| self.misspelt(lexeme))
            .or_else(|| {
                let alias = here
                    .is_some_and(|lexeme| lexeme.keyword.category() == Some(Category::Unreserved));
                alias.then(|| format!("write `as {}` if it is meant as an alias", self.text()))
            })
    }

    fn misspelt(&self, lexeme: Lexeme) -> Option<String> {
        let word = self.slice(lexeme.span);
        if lexeme.kind != TokenKind::Word || lexeme.keyword != Keyword::NONE || word.len() < 3 {
            return None;
        }
        let near = nearest(word, CLAUSES.iter().map(|keyword| keyword.text()))?;
        near.len()
            .abs_diff(word.len())
            .le(&1)
            .then(|| format!("did you mean `{near}`?"))
    }
}

const QUERY_STARTS: [Keyword; 13] = [
    keyword::SELECT,
    keyword::FROM,
    keyword::WITH,
    keyword::TABLE,
    keyword::PIVOT,
    keyword::PIVOT_WIDER,
    keyword::UNPIVOT,
    keyword::PIVOT_LONGER,
    keyword::DESCRIBE,
    keyword::DESC,
    keyword::SHOW,
    keyword::SUMMARIZE,
    keyword::VALUES,
];

/// What follows a query in parentheses that is a part of a larger query.
const AFTER_QUERY: [Keyword; 7] = [
    keyword::UNION,
    keyword::INTERSECT,
    keyword::EXCEPT,
    keyword::ORDER,
    keyword::LIMIT,
    keyword::OFFSET,
    keyword::FETCH,
];

/// Keywords that are proposed for words near them.
const CLAUSES: [Keyword; 18] = [
    keyword::SELECT,
    keyword::FROM,
    keyword::WHERE,
    keyword::GROUP,
    keyword::HAVING,
    keyword::ORDER,
    keyword::QUALIFY,
    keyword::WINDOW,
    keyword::LIMIT,
    keyword::OFFSET,
    keyword::UNION,
    keyword::INTERSECT,
    keyword::EXCEPT,
    keyword::JOIN,
    keyword::USING,
    keyword::DISTINCT,
    keyword::BETWEEN,
    keyword::WHEN,
];

fn closing(lexemes: &[Lexeme]) -> Vec<usize> {
    let mut closing = vec![usize::MAX; lexemes.len()];
    let mut open = Vec::new();
    for (index, lexeme) in lexemes.iter().enumerate() {
        if lexeme.symbol == packed("(") {
            open.push(index);
        } else if lexeme.symbol == packed(")")
            && let Some(opening) = open.pop()
        {
            closing[opening] = index;
        }
    }
    closing
}
