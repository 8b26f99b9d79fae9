//! Files in `macros/` → definitions.
//!
//! ```text
//! file       := { statement ";" }
//! statement  := "CREATE" [ "OR" "REPLACE" ] ( "MACRO" | "FUNCTION" ) name overload { "," overload }
//! overload   := "(" [ parameter { "," parameter } ] ")" "AS" [ "TABLE" ] body
//! parameter  := name [ ":=" default ]
//! ```

use super::call::{self, Argument, written};
use super::definition::{Definition, Parameter, malformed};
use super::{Library, Macro};
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::lex;
use crate::name::same_name;
use crate::source::ProjectFiles;
use crate::span::{FileId, Span, Spanned};
use crate::token::{Token, TokenKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn library(files: &ProjectFiles) -> (Library, Vec<Diagnostic>) {
    let mut reading = Reading::default();
    for file in &files.macros {
        if files.is_usable(*file) {
            reading.file(*file, &files.sources.file(*file).text);
        }
    }
    reading.recursion();
    let library = Library {
        macros: reading.macros,
    };
    (library, reading.diagnostics)
}

#[derive(Default)]
struct Reading {
    macros: BTreeMap<String, Macro>,
    diagnostics: Vec<Diagnostic>,
}

/// The tokens of one file.
struct File<'t> {
    text: &'t Arc<str>,
    tokens: Vec<Token>,
    position: usize,
}

impl File<'_> {
    fn token(&self) -> Option<Token> {
        self.tokens.get(self.position).copied()
    }

    fn text_at(&self, index: usize) -> &str {
        self.tokens
            .get(index)
            .map_or("", |token| written(self.text, token))
    }

    fn is(&self, word: &str) -> bool {
        self.text_at(self.position).eq_ignore_ascii_case(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.is(word);
        self.position += usize::from(taken);
        taken
    }

    fn expect(&mut self, word: &str, shown: &str) -> Result<(), Diagnostic> {
        match self.take(word) {
            true => Ok(()),
            false => Err(self.expected(shown)),
        }
    }

    fn expected(&self, what: &str) -> Diagnostic {
        match (self.token(), self.tokens.last()) {
            (Some(token), _) => malformed(
                token.span,
                format!("expected {what}, found `{}`", written(self.text, &token)),
            ),
            (None, Some(last)) => malformed(last.span, format!("expected {what} behind this")),
            (None, None) => malformed(Span::new(FileId(0), 0, 0), format!("expected {what}")),
        }
        .hint("a macro is written `create macro f(a, b := 2) as a + b`")
    }

    /// A name, by which a macro or parameter is called.
    fn name(&mut self, what: &str) -> Result<Spanned<String>, Diagnostic> {
        match self.token() {
            Some(token) if matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) => {
                self.position += 1;
                let name = call::name(self.text, token).to_owned();
                Ok(Spanned::new(name, token.span))
            }
            _ => Err(self.expected(what)),
        }
    }

    /// Goes behind the statement's semicolon.
    fn skip_statement(&mut self) {
        while self.position < self.tokens.len() && !self.is(";") {
            self.position += 1;
        }
    }

    /// Where the body that begins here ends: at a semicolon, or in front of another overload.
    fn body_end(&self, is_table: bool) -> usize {
        let mut depth = 0_usize;
        for index in self.position..self.tokens.len() {
            match self.text_at(index) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                ";" if depth == 0 => return index,
                "," if depth == 0 && self.overload_at(index + 1, is_table) => return index,
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// Whether parameters stand at an index, with a body behind them.
    fn overload_at(&self, index: usize, is_table: bool) -> bool {
        if self.text_at(index) != "(" {
            return false;
        }
        let mut depth = 0_usize;
        for at in index..self.tokens.len() {
            match self.text_at(at) {
                "(" => depth += 1,
                ")" => {
                    depth -= 1;
                    if depth == 0 {
                        let behind = |offset: usize, word: &str| {
                            self.text_at(at + offset).eq_ignore_ascii_case(word)
                        };
                        return behind(1, "as") && (!is_table || behind(2, "table"));
                    }
                }
                _ => {}
            }
        }
        false
    }
}

impl Reading {
    fn file(&mut self, id: FileId, text: &Arc<str>) {
        let (tokens, found) = lex(id, text, 0..text.len());
        let is_sql = |token: &Token| token.kind != TokenKind::Comment;
        let mut file = File {
            text,
            tokens: tokens.into_iter().filter(is_sql).collect(),
            position: 0,
        };
        if !found.is_empty() {
            self.diagnostics.extend(found);
            return;
        }
        while file.token().is_some() {
            if file.take(";") {
                continue;
            }
            if let Err(error) = self.statement(&mut file) {
                self.diagnostics.push(error);
                file.skip_statement();
            }
        }
    }

    fn statement(&mut self, file: &mut File<'_>) -> Result<(), Diagnostic> {
        file.expect("create", "`create macro`")?;
        if file.take("or") {
            file.expect("replace", "`replace`")?;
        }
        if !file.take("macro") {
            file.expect("function", "`macro`")?;
        }
        let name = file.name("the name of a macro")?;
        let mut overloads = Vec::new();
        let mut broken = false;
        loop {
            let mut overload = overload(file, &name)?;
            let found = overload.look();
            broken |= found.iter().any(Diagnostic::is_error);
            self.diagnostics.extend(found);
            overloads.push(overload);
            if !file.take(",") {
                break;
            }
        }
        self.add(name, overloads, broken);
        Ok(())
    }

    fn add(&mut self, name: Spanned<String>, overloads: Vec<Definition>, broken: bool) {
        for (index, overload) in overloads.iter().enumerate() {
            let first = &overloads[..index];
            let same = |other: &&Definition| other.parameters.len() == overload.parameters.len();
            if let Some(other) = first.iter().find(same) {
                let place = overload
                    .parameters
                    .first()
                    .map_or(name.span, |parameter| parameter.name.span);
                let error = Diagnostic::error(
                    Code::DuplicateMacro,
                    place,
                    format!(
                        "`{}` has two bodies for {} parameters",
                        name.value,
                        other.parameters.len()
                    ),
                );
                self.diagnostics.push(error);
            } else if overload.is_table != overloads[0].is_table {
                self.diagnostics.push(malformed(
                    name.span,
                    format!(
                        "`{}` is a table in one body, and a value in another",
                        name.value
                    ),
                ));
            }
        }
        let key = name.value.to_lowercase();
        if let Some(before) = self.macros.get(&key) {
            let error = Diagnostic::error(
                Code::DuplicateMacro,
                name.span,
                format!("there are two macros `{}`", name.value),
            );
            let first = before.overloads.first().map(|first| first.name.span);
            let error = match first {
                Some(span) => error.and_at(span, "the first is here"),
                None => error,
            };
            self.diagnostics
                .push(error.hint(
                    "rename one, or write both into one statement: `f(a) as …, (a, b) as …`",
                ));
            return;
        }
        let name = name.value;
        self.macros.insert(
            key,
            Macro {
                name,
                volatile: overloads.iter().any(Definition::is_volatile),
                overloads,
                broken,
            },
        );
    }

    /// Reports macros that call themselves, also by way of others.
    fn recursion(&mut self) {
        let calls: BTreeMap<String, BTreeMap<String, Span>> = self
            .macros
            .iter()
            .map(|(name, called)| (name.clone(), self.calls_of(called)))
            .collect();
        let mut reported: BTreeSet<String> = BTreeSet::new();
        for name in calls.keys() {
            let Some(cycle) = cycle(name, &calls).filter(|cycle| {
                // Each circle is told once, from its first name on.
                cycle.iter().all(|other| other >= name) && !reported.contains(name)
            }) else {
                continue;
            };
            let next = cycle.get(1).unwrap_or(name);
            let Some(span) = calls[name].get(next) else {
                continue;
            };
            let shown: Vec<String> = cycle
                .iter()
                .chain([name])
                .map(|name| format!("`{name}`"))
                .collect();
            let message = match cycle.len() {
                1 => format!("the macro `{name}` calls itself"),
                _ => format!("macros call each other in a circle: {}", shown.join(", ")),
            };
            let mut error = Diagnostic::error(Code::RecursiveExpansion, *span, message);
            let whole: Vec<String> = cycle.iter().chain([name]).cloned().collect();
            for pair in whole.windows(2).skip(1) {
                if let Some(span) = calls[&pair[0]].get(&pair[1]) {
                    error = error.and_at(*span, format!("`{}` calls `{}`", pair[0], pair[1]));
                }
            }
            self.diagnostics.push(error);
            reported.extend(cycle);
        }
        self.spread_volatility(&calls);
        for (name, called) in &calls {
            let is_broken =
                reported.contains(name) || called.keys().any(|called| reported.contains(called));
            if let Some(own) = self.macros.get_mut(name).filter(|_| is_broken) {
                own.broken = true;
            }
        }
    }

    /// What calls something volatile is volatile.
    fn spread_volatility(&mut self, calls: &BTreeMap<String, BTreeMap<String, Span>>) {
        loop {
            let is_volatile = |name: &String| self.macros.get(name).is_some_and(|own| own.volatile);
            let reached = calls
                .iter()
                .find(|(name, called)| !is_volatile(name) && called.keys().any(is_volatile));
            let Some(own) = reached.and_then(|(name, _)| self.macros.get_mut(name)) else {
                return;
            };
            own.volatile = true;
        }
    }

    /// The macros that a macro calls, with a place of each.
    fn calls_of(&self, caller: &Macro) -> BTreeMap<String, Span> {
        let mut found = BTreeMap::new();
        for overload in &caller.overloads {
            for pair in overload.tokens.windows(2) {
                if !call::is_call(&overload.text, pair) {
                    continue;
                }
                let name = call::name(&overload.text, pair[0]).to_lowercase();
                if self.macros.contains_key(&name) {
                    found.entry(name).or_insert(pair[0].span);
                }
            }
        }
        found
    }
}

/// The shortest way from a name back to it, without the name at the end.
fn cycle(start: &str, calls: &BTreeMap<String, BTreeMap<String, Span>>) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = std::collections::VecDeque::from([start]);
    while let Some(name) = waiting.pop_front() {
        for called in calls.get(name).into_iter().flat_map(BTreeMap::keys) {
            if called == start {
                let mut way = vec![name.to_owned()];
                let mut at = name;
                while at != start {
                    at = came_from.get(at)?;
                    way.push(at.to_owned());
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(called.as_str()) {
                came_from.insert(called, name);
                waiting.push_back(called);
            }
        }
    }
    None
}

/// `(a, b := 2) AS [TABLE] body`
fn overload(file: &mut File<'_>, name: &Spanned<String>) -> Result<Definition, Diagnostic> {
    let parameters = parameters(file)?;
    file.expect("as", "`as`")?;
    let is_table = file.take("table");
    let end = file.body_end(is_table);
    let tokens: Vec<Token> = file.tokens[file.position..end].to_vec();
    if tokens.is_empty() {
        return Err(file.expected("what the macro stands for"));
    }
    file.position = end;
    Ok(Definition {
        name: name.clone(),
        text: Arc::clone(file.text),
        is_table,
        parameters,
        tokens,
        uses: BTreeMap::new(),
        own_names: Vec::new(),
    })
}

fn parameters(file: &mut File<'_>) -> Result<Vec<Parameter>, Diagnostic> {
    if !file.is("(") {
        return Err(file.expected("`(` and the parameters"));
    }
    let open = file.position;
    let mut depth = 0_usize;
    let close = (open..file.tokens.len()).find(|index| {
        match file.text_at(*index) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let Some(close) = close else {
        return Err(malformed(file.tokens[open].span, "this isn't closed"));
    };
    let tokens: Vec<&Token> = file.tokens.iter().collect();
    let mut parameters: Vec<Parameter> = Vec::new();
    for argument in call::arguments(file.text, &tokens, open + 1..close) {
        let parameter = parameter(file, &argument, close)?;
        let name = &parameter.name;
        if let Some(before) = parameters
            .iter()
            .find(|before| same_name(&before.name.value, &name.value))
        {
            return Err(malformed(
                name.span,
                format!("two parameters are named `{}`", name.value),
            )
            .and_at(before.name.span, "the first"));
        }
        if parameter.default.is_none()
            && let Some(before) = parameters.last().filter(|before| before.default.is_some())
        {
            return Err(malformed(
                name.span,
                format!(
                    "`{}` needs a default, as `{}` before it has one",
                    name.value, before.name.value
                ),
            ));
        }
        parameters.push(parameter);
    }
    file.position = close + 1;
    Ok(parameters)
}

fn parameter(file: &File<'_>, argument: &Argument, close: usize) -> Result<Parameter, Diagnostic> {
    let place = file.tokens[argument.tokens.start.min(close)];
    let (name, default) = match argument.name {
        Some(name) => (name, Some(file.tokens[argument.tokens.clone()].to_vec())),
        None => (argument.tokens.start, None),
    };
    let token = file.tokens[name.min(close)];
    let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
    if argument.tokens.is_empty() || !is_name {
        return Err(malformed(place.span, "expected a parameter's name"));
    }
    if default.is_none() && argument.tokens.len() > 1 {
        return Err(malformed(
            place.span,
            "a parameter is a name, with `:= default` behind it at most",
        )
        .hint("the types of parameters are those of the arguments of each call"));
    }
    Ok(Parameter {
        name: Spanned::new(call::name(file.text, token).to_owned(), token.span),
        default,
        is_within: false,
        count: 0,
    })
}
