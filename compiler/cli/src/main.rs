//! dbgo.
fn main() {}
