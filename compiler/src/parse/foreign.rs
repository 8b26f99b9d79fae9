//! What people write who come from another tool, or who put a directive behind something else:
//! recognized where the parser has failed, for a message that says what to write instead.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

/// The error for a template of Jinja that begins at a token or ends one before it; `None` if there
/// is none.
pub(super) fn template(source: &str, token: Span) -> Option<Diagnostic> {
    let at = token.start as usize;
    let start = [at, at.saturating_sub(1)].into_iter().find(|start| {
        let rest = source.get(*start..).unwrap_or_default();
        ["{{", "{%", "{#"].iter().any(|open| rest.starts_with(open))
    })?;
    let rest = source.get(start..)?;
    let line = rest.lines().next().unwrap_or_default();
    let close = match rest.as_bytes().get(1)? {
        b'{' => "}}",
        b'%' => "%}",
        _ => "#}",
    };
    let length = line.find(close).map_or(2, |end| end + close.len());
    let inside = line[2..length.max(2)].trim_end_matches(close);
    let inside = inside.trim_matches(['-', ' ', '\t']);
    let span = Span::new(token.file, start, start + length);
    Some(
        Diagnostic::error(
            Code::SyntaxError,
            span,
            "this is Jinja, and a model is plain SQL",
        )
        .hint(instead(inside)),
    )
}

/// What to write instead of what stands between the braces.
fn instead(inside: &str) -> String {
    let word_end = inside.find(|c: char| !c.is_alphanumeric() && c != '_');
    let word = &inside[..word_end.unwrap_or(inside.len())];
    let name = inside
        .split(['\'', '"'])
        .skip(1)
        .step_by(2)
        .last()
        .unwrap_or("name");
    match word {
        "config" => "settings stand in the header: `-- @config: materialized='table'`".to_owned(),
        "ref" => format!(
            "import it in the header, `-- @import: models.{name}`, and read it as `:{name}`"
        ),
        "source" => format!(
            "import it in the header, `-- @import: sources.….{name}`, and read it as `:{name}`"
        ),
        "var" => format!("declare it in the header, `-- @var: {name} type`, and write `:{name}`"),
        "this" => "the model's own table is `:this`".to_owned(),
        "if" | "elif" | "else" | "endif" | "is_incremental" => {
            "a choice is `#if is_incremental` … `#endif`, each on a line of its own".to_owned()
        }
        _ => "settings are `-- @config: …` and inputs `-- @import: models.stg` in the header; \
              the query reads `:stg`, and a choice is `#if` … `#endif`"
            .to_owned(),
    }
}

/// What is wrong with a directive that isn't recognized as one, as something stands in front of it.
pub(super) fn directive(source: &str, token: Span) -> Option<&'static str> {
    let at = token.start as usize;
    let behind = source.get(at..)?.strip_prefix('#')?;
    let word = behind.trim_start_matches([' ', '\t']);
    let is_known = ["if", "elif", "else", "endif"].iter().any(|known| {
        word.strip_prefix(known)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    });
    is_known.then_some("a directive stands on a line of its own")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::FileId;

    #[test]
    fn templates_are_recognized_from_either_brace() {
        let source = "select * from {{ ref('stg') }}";
        for at in [14, 15] {
            let error = template(source, Span::new(FileId(0), at, at + 1)).unwrap();
            assert_eq!(error.primary.unwrap().span.range(), 14..30);
            assert!(error.hints[0].contains("`:stg`"), "{:?}", error.hints);
        }
        assert!(template("select {'a': 1}", Span::new(FileId(0), 7, 8)).is_none());
        assert!(template("{{", Span::new(FileId(0), 0, 1)).is_some());
        assert!(template("{%é", Span::new(FileId(0), 0, 1)).is_some());
    }
}
