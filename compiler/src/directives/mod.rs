//! directives.
