//! The engine's own macros: a call has the type of the definition with the arguments in it.

use super::scope::{Alias, Env, Scope};
use super::{BindInput, Binder};
use crate::bound::What;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::lexer::lex;
use crate::name::same_name;
use crate::parse::{ast, parse_expression};
use crate::span::FileId;
use crate::types::Typed;
use crate::types::catalogue::{Entry, Kind};

/// Macros within macros; none of the engine's goes as deep.
const MOST_MACROS: u32 = 8;

impl Binder<'_> {
    /// The type of a call of a macro; unknown for functions that are something else as well.
    pub(super) fn macro_call(&self, entry: &Entry, arguments: &[Typed]) -> Typed {
        match self.defined(entry, arguments) {
            Some((typed, findings)) if findings.is_empty() => typed.nullable_if(true),
            _ => Typed::unknown(),
        }
    }

    /// Whether the definition of a macro can't work on arguments of these types.
    pub(super) fn macro_refuses(&self, entry: &Entry, arguments: &[Typed]) -> bool {
        let known = arguments.iter().all(Typed::is_known);
        let refuses = |finding: &Diagnostic| {
            finding.severity == Severity::Error
                && matches!(finding.code, Code::WrongArguments | Code::TypeMismatch)
        };
        entry.is_macro()
            && known
            && self
                .defined(entry, arguments)
                .is_some_and(|(_, findings)| findings.iter().any(refuses))
    }

    /// The names in front of a macro's arguments are those of its parameters. Whether they are.
    pub(super) fn check_macro_names(&mut self, entry: &Entry, function: &ast::Function) -> bool {
        let is_function = entry.is(Kind::Scalar) || entry.is(Kind::Aggregate);
        if is_function || !entry.is_macro() {
            return true;
        }
        let is_parameter = |name: &ast::Name| {
            let mut parameters = entry.macros().flat_map(|(parameters, _)| parameters);
            parameters.any(|own| same_name(own.trim_matches('"'), &name.value))
        };
        let names = function
            .arguments
            .iter()
            .filter_map(|argument| argument.name.as_ref());
        let unknown: Vec<&ast::Name> = names.filter(|name| !is_parameter(name)).collect();
        for name in &unknown {
            let message = format!("`{}` has no parameter `{}`", entry.name, name.value);
            self.report(Diagnostic::error(Code::WrongArguments, name.span, message));
        }
        unknown.is_empty()
    }

    /// What a definition gives with these arguments, and what is wrong with that.
    fn defined(&self, entry: &Entry, arguments: &[Typed]) -> Option<(Typed, Vec<Diagnostic>)> {
        let is_function = entry.is(Kind::Scalar) || entry.is(Kind::Aggregate);
        if is_function || self.macros >= MOST_MACROS {
            return None;
        }
        let (parameters, definition) = entry
            .macros()
            .find(|(parameters, _)| parameters.len() == arguments.len())?;
        let (tokens, found) = lex(FileId(0), definition, 0..definition.len());
        let body = match parse_expression(definition, &tokens) {
            Ok(body) if found.is_empty() => body,
            _ => return None,
        };
        let parameters: Vec<Alias> = parameters
            .into_iter()
            .zip(arguments)
            .map(|(name, typed)| Alias {
                name: name.to_owned(),
                typed: typed.clone(),
                what: What::Opaque(name.to_owned()),
            })
            .collect();
        let input = BindInput {
            text: definition,
            ..BindInput::default()
        };
        let mut binder = Binder::new(&input);
        binder.macros = self.macros + 1;
        let nothing = Scope::default();
        let mut env = Env::new(&nothing, None);
        env.parameters = &parameters;
        let typed = binder.expression(&body, &env);
        Some((typed, binder.diagnostics))
    }
}

/// Whether the definition of a macro with so many parameters doesn't read one of them.
pub(super) fn ignores(entry: &Entry, count: usize, index: usize) -> bool {
    let mut definitions = entry.macros();
    let found = definitions.find(|(parameters, _)| parameters.len() == count);
    let Some((parameters, definition)) = found else {
        return false;
    };
    let (tokens, _) = lex(FileId(0), definition, 0..definition.len());
    let words = tokens
        .iter()
        .filter_map(|token| definition.get(token.span.range()));
    let parameter = parameters.get(index).map(|name| name.trim_matches('"'));
    let mut words = words.map(|word| word.trim_matches('"'));
    parameter.is_some_and(|parameter| !words.any(|word| same_name(word, parameter)))
}

/// Whether each name in front of an argument is that of the parameter at its place.
pub(super) fn in_order(entry: &Entry, function: &ast::Function) -> bool {
    let names = || {
        function
            .arguments
            .iter()
            .map(|argument| argument.name.as_ref())
    };
    if names().all(|name| name.is_none()) {
        return true;
    }
    let mut definitions = entry.macros();
    let count = function.arguments.len();
    let found = definitions.find(|(parameters, _)| parameters.len() == count);
    found.is_some_and(|(parameters, _)| {
        parameters.iter().zip(names()).all(|(own, name)| {
            name.is_none_or(|name| same_name(own.trim_matches('"'), &name.value))
        })
    })
}
