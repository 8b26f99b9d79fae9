//! What a pragma that can't be read would have declared, so that its uses aren't reported as well.

use super::Header;
use super::tokens::is_identifier;

/// Notes what the pragma of this name would have said; `rest` is what stands after its name.
pub(super) fn note(name: &str, rest: &str, header: &mut Header) {
    let rest = rest.trim_start().trim_start_matches(':');
    match name {
        "config" => header.config.damaged = true,
        "import" => header.damaged.imports.extend(alias(rest)),
        "var" => header.damaged.variables.extend(variable(rest)),
        "audit" | "merge" => header.damaged.uses = true,
        _ => {}
    }
}

/// The alias of an import: what stands in front of `=`, else the last part of a path that may be
/// written as a file's.
fn alias(rest: &str) -> Option<String> {
    let alias = match rest.split_once('=') {
        Some((alias, _)) => alias.trim(),
        None => {
            let file = rest.trim().rsplit('/').next().unwrap_or_default();
            let stem = [".sql", ".csv", ".parquet"]
                .iter()
                .find_map(|ending| file.strip_suffix(ending))
                .unwrap_or(file);
            stem.rsplit('.').next().unwrap_or_default()
        }
    };
    is_identifier(alias).then(|| alias.to_lowercase())
}

fn variable(rest: &str) -> Option<String> {
    let is_end = |c: char| !c.is_alphanumeric() && c != '_';
    let name = rest.trim_start().split(is_end).next().unwrap_or_default();
    is_identifier(name).then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_is_there() {
        let of = |name: &str, rest: &str| {
            let mut header = Header::default();
            note(name, rest, &mut header);
            [header.damaged.imports, header.damaged.variables].concat()
        };
        assert_eq!(of("import", ": Orders = seeds/orders.csv"), ["orders"]);
        assert_eq!(
            of("import", "models/staging/stg_orders.sql"),
            ["stg_orders"]
        );
        assert_eq!(of("import", ": stg"), ["stg"]);
        assert_eq!(of("var", ": cutoff: date"), ["cutoff"]);
        assert!(of("import", ": ").is_empty() && of("var", ":= 1").is_empty());
        assert!(of("column", ": a").is_empty());
    }
}
