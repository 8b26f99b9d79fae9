//! When two names are the same. What a name is made of, the lexer knows.

/// Whether two names are the same: case doesn't matter, that of letters beyond ASCII neither.
pub fn same_name(left: &str, right: &str) -> bool {
    left == right || left.eq_ignore_ascii_case(right) || left.to_lowercase() == right.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_difference() {
        assert!(same_name("Orders", "orders"));
        assert!(same_name("\u{c4}rzte", "\u{e4}rzte"));
        assert!(!same_name("orders", "order"));
    }
}
