//! Writes the compiler's list of functions anew from the linked engine: after a new version of it.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = dbgo_tests::catalogue::text()?;
    std::fs::write(root.join(dbgo_tests::catalogue::FILE), &text)?;
    println!(
        "{} lines in {}",
        text.lines().count(),
        dbgo_tests::catalogue::FILE
    );
    Ok(())
}
