//! Where a header ends, and which of its lines are comments that may hold a pragma.

/// A line of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `-- …`: the bytes after the dashes, up to the end of the line.
    Comment {
        /// The byte after the dashes.
        start: usize,
        /// The byte after the last that isn't the line's end.
        end: usize,
    },
    /// A blank line or a `/* … */` comment, over which no pragma goes on.
    Other,
}

/// The lines of a header and the byte where the body begins.
pub(super) fn scan(text: &str) -> (Vec<Line>, usize) {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let next = line_end(text, at);
        let content = text[at..next].trim_end();
        let trimmed = content.trim_start();
        let first = at + (content.len() - trimmed.len());
        if trimmed.starts_with("--") {
            lines.push(Line::Comment {
                start: first + 2,
                end: at + content.len(),
            });
            at = next;
        } else if trimmed.is_empty() {
            lines.push(Line::Other);
            at = next;
        } else if let Some(end) = block_comments_end(text, first) {
            lines.push(Line::Other);
            at = end;
        } else {
            return (lines, at);
        }
    }
    (lines, text.len())
}

/// The byte after the line that `at` lies in, its end included.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// The start of the line after block comments that begin at `at`; `None` if there is none, if it
/// doesn't end, or if anything but a comment follows on its last line.
fn block_comments_end(text: &str, mut at: usize) -> Option<usize> {
    loop {
        at = block_comment_end(text, at)?;
        let next = line_end(text, at);
        let rest = text[at..next].trim_start();
        if rest.is_empty() || rest.starts_with("--") {
            return Some(next);
        }
        at = next - rest.len();
    }
}

/// The byte after the block comment that begins at `start`; `None` if none begins there, or if it
/// doesn't end. Comments nest.
fn block_comment_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes[start..].starts_with(b"/*") {
        return None;
    }
    let mut depth = 1_usize;
    let mut at = start + 2;
    while depth > 0 {
        match bytes.get(at..at + 2)? {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> &str {
        &text[scan(text).1..]
    }

    #[test]
    fn the_body_begins_at_the_first_line_that_is_no_comment() {
        assert_eq!(body("-- a\n\n--b\nselect 1"), "select 1");
        assert_eq!(body("/* a\n -- b /* c */ */ \nselect 1"), "select 1");
        assert_eq!(body("/* a */ /* b */ -- c\n  select 1"), "  select 1");
        assert_eq!(body("/* a */ select 1"), "/* a */ select 1");
        assert_eq!(body("/* a"), "/* a");
        assert_eq!(body("/*/ select 1"), "/*/ select 1");
        assert_eq!(body("-- a\r\n\r\nselect 1"), "select 1");
        assert_eq!(body("-- only"), "");
        assert_eq!(body("- a"), "- a");
        assert_eq!(body("/"), "/");
        assert_eq!(body("*/"), "*/");
    }
}
