//! The form of `${VAR}` and `${VAR:-default}`.

/// Whether every `${` of a text is well-formed; `Err` says what isn't.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        rest = &rest[start + 2..];
        let Some(end) = rest.find('}') else {
            return Err("`${` isn't closed".to_owned());
        };
        let inner = &rest[..end];
        let name = inner.split_once(":-").map_or(inner, |(name, _)| name);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return Err(format!(
                "`{name}` isn't the name of an environment variable"
            ));
        }
        rest = &rest[end + 1..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn forms() {
        for good in ["", "a $b {c}", "${A}", "x${A_1:-}y", "${A:-b c}${B}"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["${", "${}", "${1}", "${a b}", "${A-b}", "ok ${A} ${"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
