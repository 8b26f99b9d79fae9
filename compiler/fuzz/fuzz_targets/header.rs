//! Any text has a header that can be read, and all places in it lie within the text.

#![no_main]

use dbgo_compiler::header::{FileKind, parse};
use dbgo_compiler::span::FileId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for kind in [FileKind::Model, FileKind::Source, FileKind::Seed] {
        let (header, diagnostics) = parse(FileId(0), text, kind);
        assert!(text.is_char_boundary(header.body_start));
        for import in &header.imports {
            assert_eq!(
                text.get(import.path.span.range()),
                Some(import.path.value.as_str())
            );
        }
        for diagnostic in &diagnostics {
            for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
                assert!(text.get(label.span.range()).is_some());
            }
        }
    }
});
