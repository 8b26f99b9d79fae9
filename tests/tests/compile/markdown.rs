//! Reads the Markdown of pages and suites: headings, and the files that stand in fenced blocks.

use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown file.
pub struct Document {
    /// Where it lies, relative to the repository.
    pub path: String,
    /// The text of its `#` heading.
    pub title: String,
    /// The text between the `#` heading and the next one, without fenced blocks.
    pub introduction: String,
    /// The blocks above the first heading below the title.
    pub shared: Vec<Block>,
    /// The parts with a heading of their own.
    pub sections: Vec<Section>,
}

/// What stands below a heading.
pub struct Section {
    /// The texts of the headings around it and its own, from the outermost on.
    pub headings: Vec<String>,
    /// The heading's line, from 1.
    pub line: usize,
    /// The fenced blocks.
    pub blocks: Vec<Block>,
}

/// A fenced block.
pub struct Block {
    /// The first word behind the fence: `sql`.
    pub language: String,
    /// The second word, which is a file's path or `expect`.
    pub name: String,
    /// The content; every line ends in a line feed.
    pub text: String,
    /// The line of the content's first line, from 1.
    pub line: usize,
}

impl Document {
    /// The section with this heading.
    pub fn section(&self, heading: &str) -> Option<&Section> {
        let has_it = |section: &&Section| section.headings.last().is_some_and(|own| own == heading);
        self.sections.iter().find(has_it)
    }
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// All Markdown files of a folder of the repository, ordered by name.
pub fn documents(folder: &str) -> Vec<Document> {
    let entries = fs::read_dir(repository().join(folder)).expect(folder);
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md") && name != "README.md")
        .collect();
    names.sort();
    names
        .iter()
        .map(|name| {
            let path = format!("{folder}/{name}");
            let text = fs::read_to_string(repository().join(&path)).unwrap();
            read(&path, &text)
        })
        .collect()
}

/// Reads a Markdown file.
pub fn read(path: &str, text: &str) -> Document {
    let mut document = Document {
        path: path.to_owned(),
        title: String::new(),
        introduction: String::new(),
        shared: Vec::new(),
        sections: Vec::new(),
    };
    let mut headings: Vec<String> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(fence) = fence_of(line) {
            let block = block(index, line, fence, &mut lines);
            match document.sections.last_mut() {
                Some(section) => section.blocks.push(block),
                None => document.shared.push(block),
            }
        } else if let Some((level, heading)) = heading_of(line) {
            if level == 1 {
                document.title = heading.to_owned();
                continue;
            }
            headings.truncate(level - 2);
            headings.push(heading.to_owned());
            document.sections.push(Section {
                headings: headings.clone(),
                line: index + 1,
                blocks: Vec::new(),
            });
        } else if document.sections.is_empty() && !document.title.is_empty() {
            document.introduction.push_str(line);
            document.introduction.push('\n');
        }
    }
    document
}

fn heading_of(line: &str) -> Option<(usize, &str)> {
    let level = line.len() - line.trim_start_matches('#').len();
    let text = line[level..].strip_prefix(' ')?;
    (1..=4).contains(&level).then(|| (level, text.trim()))
}

fn fence_of(line: &str) -> Option<&str> {
    let length = line.len() - line.trim_start_matches('`').len();
    (length >= 3).then(|| &line[..length])
}

fn block<'t>(
    opened: usize,
    opening: &str,
    fence: &str,
    lines: &mut impl Iterator<Item = (usize, &'t str)>,
) -> Block {
    let mut words = opening[fence.len()..].split_whitespace().map(str::to_owned);
    let mut block = Block {
        language: words.next().unwrap_or_default(),
        name: words.next().unwrap_or_default(),
        text: String::new(),
        line: opened + 2,
    };
    for (_, line) in lines {
        if line == fence {
            break;
        }
        block.text.push_str(line);
        block.text.push('\n');
    }
    block
}

#[test]
fn headings_nest_and_blocks_belong_to_the_heading_above() {
    let text = "# Suite\n\nAbout.\n\n```csv seeds/a.csv\nid\n1\n```\n\n## One\n\n### Inner\n\n````sql models/a.sql\nselect 1\n```\n````\n\n## Two\n";
    let document = read("suite.md", text);
    assert_eq!(document.title, "Suite");
    assert_eq!(document.introduction.trim(), "About.");
    assert_eq!(
        (
            document.shared[0].name.as_str(),
            document.shared[0].text.as_str()
        ),
        ("seeds/a.csv", "id\n1\n")
    );
    let headings: Vec<String> = document
        .sections
        .iter()
        .map(|section| section.headings.join("/"))
        .collect();
    assert_eq!(headings, ["One", "One/Inner", "Two"]);
    let inner = &document.sections[1].blocks[0];
    assert_eq!((inner.text.as_str(), inner.line), ("select 1\n```\n", 15));
}
