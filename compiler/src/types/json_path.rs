//! Paths into JSON that begin with `$`: `$.a[0]`, `$[*].b`, `$..c`.
//!
//! Source: `JSONPathIterator` in `extension/json/json_common.cpp` of DuckDB, which reads a constant
//! path when it binds the call.

/// Whether a path finds several values, because it has a wildcard; an error with the rest of the
/// path where it can't be read.
///
/// A path that doesn't begin with `$` is the name of a field, or a pointer with `/`: it finds one.
///
/// # Errors
/// What stands where the path can't be read further.
pub fn finds_several(path: &str) -> Result<bool, &str> {
    let Some(mut rest) = path.strip_prefix('$') else {
        return Ok(false);
    };
    let mut several = false;
    while !rest.is_empty() {
        let step = match rest.as_bytes() {
            [b'.', ..] => field(&rest[1..]),
            [b'[', ..] => position(&rest[1..]),
            _ => None,
        };
        let Some((wild, behind)) = step else {
            return Err(rest);
        };
        several |= wild;
        rest = behind;
    }
    Ok(several)
}

/// What a step of a path reads: whether it is a wildcard, and what stands behind it.
type Step<'a> = Option<(bool, &'a str)>;

/// A field behind a point: a name, a name in quotes, `*`, `**`, or all of these at any depth behind
/// another point.
fn field(rest: &str) -> Step<'_> {
    if rest.is_empty() {
        return None;
    }
    if let Some(behind) = rest.strip_prefix("**").or_else(|| rest.strip_prefix('*')) {
        return Some((true, behind));
    }
    let (deep, rest) = match rest.strip_prefix('.') {
        None => (false, rest),
        Some(behind) if behind.starts_with('[') => return Some((true, behind)),
        Some(behind) => match behind.strip_prefix('*') {
            Some(behind) => return Some((true, behind)),
            None => (true, behind),
        },
    };
    let (name, behind) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_name(quoted)?,
        None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
    };
    (!name.is_empty()).then_some((deep || name == "*", behind))
}

/// A name up to its closing quote, and what stands behind the quote.
fn quoted_name(quoted: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (index, byte) in quoted.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((&quoted[..index], &quoted[index + 1..])),
            _ => {}
        }
    }
    None
}

/// A position behind a bracket: `0`, `-1`, `#-1`, `#`, `*`.
fn position(rest: &str) -> Step<'_> {
    if let Some(behind) = rest.strip_prefix('*') {
        return Some((true, behind.strip_prefix(']')?));
    }
    let digits = match rest.strip_prefix('#') {
        None => rest.strip_prefix('-').unwrap_or(rest),
        Some(behind) => match behind.strip_prefix(']') {
            Some(behind) => return Some((false, behind)),
            None => behind.strip_prefix('-')?,
        },
    };
    let (number, behind) = digits.split_once(']')?;
    let counts =
        (1..19).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    counts.then_some((false, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for path in [
            "$",
            "a*",
            "$.a",
            "$.a*",
            "$.\"a.*\"",
            "$[0]",
            "$[-1].a[#-1]",
            "$.a[#]",
            "/a/*",
        ] {
            assert_eq!(finds_several(path), Ok(false), "{path}");
        }
        for path in ["$.*", "$[*].a", "$..a", "$..[0]", "$..*", "$.**", "$.a[*]"] {
            assert_eq!(finds_several(path), Ok(true), "{path}");
        }
    }

    #[test]
    fn paths_that_cannot_be_read() {
        for (path, rest) in [
            ("$a", "a"),
            ("$.", "."),
            ("$.a..", ".."),
            ("$.a[", "["),
            ("$.a[1]x", "x"),
            ("$.\"a", ".\"a"),
            ("$.\"\"", ".\"\""),
            ("$.*a", "a"),
            ("$[]", "[]"),
            ("$[#", "[#"),
            ("$[*.a", "[*.a"),
        ] {
            assert_eq!(finds_several(path), Err(rest), "{path}");
        }
    }
}
