//! Tokens of a file.
