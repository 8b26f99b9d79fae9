//! dbgo.
