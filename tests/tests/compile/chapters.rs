//! The language's description: `docs/language.md` lists its chapters, which are the suites of
//! `tests/language`, and its own example is a project.

use crate::markdown::{documents, read, repository};
use crate::project::{compile, files_of, shown};
use std::collections::BTreeSet;
use std::fs;

const DESCRIPTION: &str = "docs/language.md";

#[test]
fn each_chapter_is_linked_once_under_its_title() {
    let text = fs::read_to_string(repository().join(DESCRIPTION)).expect(DESCRIPTION);
    let mut titles = BTreeSet::new();
    for chapter in documents("tests/language") {
        let link = format!("[{}](../{})", chapter.title, chapter.path);
        assert_eq!(text.matches(&link).count(), 1, "{link} in {DESCRIPTION}");
        assert!(
            !chapter.introduction.trim().is_empty(),
            "{} says nothing above its first heading",
            chapter.path
        );
        assert!(titles.insert(chapter.title.clone()), "{}", chapter.title);
    }
    let links = text.matches("](../tests/language/").count();
    assert_eq!(
        links,
        titles.len(),
        "{DESCRIPTION} links what is no chapter"
    );
}

#[test]
fn each_part_of_a_chapter_shows_what_it_says() {
    for chapter in documents("tests/language") {
        let parts: BTreeSet<&String> = chapter
            .sections
            .iter()
            .filter_map(|section| section.headings.first())
            .collect();
        for part in parts {
            let shows = chapter
                .sections
                .iter()
                .filter(|section| section.headings.first() == Some(part))
                .any(|section| !section.blocks.is_empty());
            assert!(shows, "{}: `{part}` has no example", chapter.path);
        }
    }
}

#[test]
fn links_between_chapters_lead_somewhere() {
    for chapter in documents("tests/language") {
        let text = fs::read_to_string(repository().join(&chapter.path)).expect("a chapter");
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            if file.contains(':') {
                continue;
            }
            let path = match file {
                "" => chapter.path.clone(),
                file => format!("tests/language/{file}"),
            };
            let target = fs::read_to_string(repository().join(&path));
            let target = target.unwrap_or_else(|error| panic!("{}: {link}: {error}", chapter.path));
            let found = read(&path, &target).sections.iter().any(|section| {
                let own = section.headings.last().map(String::as_str);
                own.is_some_and(|own| anchor(own) == heading)
            });
            assert!(heading.is_empty() || found, "{}: {link}", chapter.path);
        }
    }
}

/// The anchor that code hosts give a heading.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn the_first_example_is_a_project_without_a_finding() {
    let text = fs::read_to_string(repository().join(DESCRIPTION)).expect(DESCRIPTION);
    let description = read(DESCRIPTION, &text);
    let sections = description.sections.iter();
    let blocks = sections.flat_map(|section| &section.blocks);
    let blocks: Vec<_> = description.shared.iter().chain(blocks).collect();
    assert!(blocks.len() >= 2 && blocks.iter().all(|block| block.name.contains('.')));
    let found = compile(&files_of(blocks));
    let sources = &found.outline.files.sources;
    assert!(
        found.diagnostics.is_empty(),
        "{}",
        shown(sources, &found.diagnostics)
    );
}
