//! The names of physical tables and of the users' views.

use crate::adapters::{BOOKKEEPING_SCHEMA, Dialect, Relation};

/// How many digits of a version stand in a physical name.
const DIGITS: usize = 10;

/// `<schema>__<model>__<10 hex of the version>_<generation>`, with all digits of the version
/// where `taken` says that another version has the same ten.
pub fn physical(
    (schema, name): (&str, &str),
    version: &str,
    generation: u64,
    taken: impl Fn(&str) -> bool,
) -> String {
    let short = version.get(..DIGITS).unwrap_or(version);
    let name_of = |digits: &str| format!("{schema}__{name}__{digits}_{generation}");
    let usual = name_of(short);
    if taken(&usual) {
        name_of(version)
    } else {
        usual
    }
}

/// What all generations of a table have in common: its name without the generation. Leases of tables are
/// called so.
pub fn stem(physical: &str) -> &str {
    physical.rsplit_once('_').map_or(physical, |(stem, _)| stem)
}

/// `<schema>__<model>__audit_<number>`: the table of the failing rows of a model's audit, by its
/// place in the model's list.
pub fn audit_table((schema, name): (&str, &str), index: usize) -> String {
    format!("{schema}__{name}__audit_{}", index + 1)
}

/// A physical table or view.
pub fn physical_relation(name: &str) -> Relation {
    Relation::new(BOOKKEEPING_SCHEMA, name)
}

/// The statement that makes a user's view show a table.
pub fn show_statement(dialect: &dyn Dialect, view: &Relation, physical: &str) -> String {
    dialect.create_or_replace_view(view, &show_query(dialect, physical))
}

/// The query of such a view.
pub fn show_query(dialect: &dyn Dialect, physical: &str) -> String {
    let table = dialect.relation(&physical_relation(physical));
    format!("SELECT * FROM {table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_ten_digits_or_all() {
        let version = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            physical(("a", "b"), version, 3, |_| false),
            "a__b__0123456789_3"
        );
        assert_eq!(
            physical(("a", "b"), version, 3, |_| true),
            format!("a__b__{version}_3")
        );
    }
}
