//! The engine's own macros: a call has the type of the definition with the arguments in it.

use super::scope::{Alias, Env, Scope};
use super::{BindInput, Binder};
use crate::bound::What;
use crate::lexer::lex;
use crate::parse::parse_expression;
use crate::span::FileId;
use crate::types::Typed;
use crate::types::catalogue::{Entry, Kind};

/// Macros within macros; none of the engine's goes as deep.
const MOST_MACROS: u32 = 8;

impl Binder<'_> {
    /// The type of a call of a macro; unknown for functions that are something else as well.
    pub(super) fn macro_call(&self, entry: &Entry, arguments: &[Typed]) -> Typed {
        let is_function = entry.is(Kind::Scalar) || entry.is(Kind::Aggregate);
        if is_function || self.macros >= MOST_MACROS {
            return Typed::unknown();
        }
        let Some((parameters, definition)) = entry
            .macros()
            .find(|(parameters, _)| parameters.len() == arguments.len())
        else {
            return Typed::unknown();
        };
        let (tokens, found) = lex(FileId(0), definition, 0..definition.len());
        let body = match parse_expression(definition, &tokens) {
            Ok(body) if found.is_empty() => body,
            _ => return Typed::unknown(),
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
        // What doesn't fit into a definition is the engine's to say.
        match binder.diagnostics.is_empty() {
            true => typed.nullable_if(true),
            false => Typed::unknown(),
        }
    }
}
