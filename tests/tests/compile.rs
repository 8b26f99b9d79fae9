//! What the compiler says about projects that are written as data: the pages that `dbgo explain`
//! prints, the language's reference in test form, and golden projects on disk.
//!
//! `DBGO_TEST=words` runs only the data tests whose names contain these words, and
//! `DBGO_UPDATE=1` takes over what golden projects give.

#[path = "compile/cases.rs"]
mod cases;
#[path = "compile/chapters.rs"]
mod chapters;
#[path = "compile/expectation.rs"]
mod expectation;
#[path = "compile/fixes.rs"]
mod fixes;
#[path = "compile/language.rs"]
mod language;
#[path = "compile/lineage.rs"]
mod lineage;
#[path = "compile/machine.rs"]
mod machine;
#[path = "compile/markdown.rs"]
mod markdown;
#[path = "../../compiler/cli/src/oracle.rs"]
#[allow(dead_code, reason = "the tool asks in more ways than these tests")]
mod oracle;
#[path = "compile/pages.rs"]
mod pages;
#[path = "compile/project.rs"]
mod project;
#[path = "compile/sarif.rs"]
mod sarif;
