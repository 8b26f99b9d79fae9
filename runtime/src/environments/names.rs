//! What an environment may be called.

use crate::error::{Code, Error, Kind, Result};

/// Lower case, and `_` for everything but letters, digits and `_`.
pub fn sanitise(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect()
}

/// The name of an environment, made valid. It lives as long as the process, since generated code
/// compares it.
///
/// # Errors
/// `environment-name` where nothing is left of it, or where it could be the id of a plan.
pub fn checked_name(given: &str) -> Result<&'static str> {
    let name = sanitise(given.trim());
    if name.is_empty() || name.chars().all(|character| character == '_') {
        return Err(Error::new(
            Kind::Finding,
            Code::EnvironmentName,
            format!("`{given}` gives the environment no name"),
        ));
    }
    if looks_like_a_plan(&name) {
        return Err(Error::new(
            Kind::Finding,
            Code::EnvironmentName,
            format!("an environment named `{name}` can't be told from the id of a plan"),
        ));
    }
    Ok(Box::leak(name.into_boxed_str()))
}

/// Whether a text has the form of a plan's id.
pub fn looks_like_a_plan(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_words() {
        assert_eq!(sanitise("dev_Ana.Lopez"), "dev_ana_lopez");
        assert_eq!(sanitise("Zoë"), "zo_");
        assert_eq!(checked_name(" Prod ").unwrap(), "prod");
        for wrong in ["", "---", "deadbeef", "12345678"] {
            assert_eq!(checked_name(wrong).unwrap_err().code, Code::EnvironmentName);
        }
    }
}
