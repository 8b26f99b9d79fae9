//! Writes the compiler's lists of functions anew from the linked engine: after a new version of it.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = [
        (dbgo_tests::catalogue::FILE, dbgo_tests::catalogue::text()?),
        (
            dbgo_tests::catalogue::TABLES_FILE,
            dbgo_tests::catalogue::tables()?,
        ),
        (
            dbgo_tests::catalogue::SETTINGS_FILE,
            dbgo_tests::catalogue::settings()?,
        ),
    ];
    for (file, text) in files {
        std::fs::write(root.join(file), &text)?;
        println!("{} lines in {file}", text.lines().count());
    }
    Ok(())
}
