//! What is kept between compilations never shows: after any edits the result is the one of a
//! compilation that has nothing to go by.

#[path = "kept/edited.rs"]
mod edited;

use dbgo_compiler::cache::Store;
use dbgo_compiler::diagnostic::{Diagnostic, render};
use dbgo_compiler::driver::{self, Checked, Compilation, Memory, Outline};
use dbgo_compiler::source;
use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::typed::TypedProject;
use dbgo_compiler::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use edited::{Edit, Edited};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// An engine that reads nothing.
struct NoEngine;

impl TypeOracle for NoEngine {
    fn identity(&self) -> String {
        "none".to_owned()
    }

    fn columns(&self, _: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        Err(OracleRefusal {
            message: "it can't be read".to_owned(),
            position: None,
            is_about_query: true,
        })
    }
}

/// All that can be seen of a compilation.
#[derive(Debug, PartialEq)]
struct Seen {
    findings: String,
    graph: String,
    models: usize,
}

fn seen(outline: &Outline, diagnostics: &[Diagnostic], models: usize) -> Seen {
    let sources = &outline.files.sources;
    Seen {
        findings: render::full(sources, diagnostics, false) + &render::json(sources, diagnostics),
        graph: outline.graph.to_json(sources),
        models,
    }
}

fn open(root: &Path) -> Store {
    Store::open(root.join(".dbgo/cache"), "test")
}

fn outline(root: &Path, store: &mut Store) -> Outline {
    let (files, found) = source::read_changed(source::list(root), store);
    driver::outline_changed(files, found, store)
}

fn save(store: Store, outline: &Outline) {
    let sources = &outline.files.sources;
    store.save(|path| sources.find(path).is_some()).unwrap();
}

fn compiled(root: &Path, mut store: Store) -> Compilation {
    let outline = outline(root, &mut store);
    let compilation = driver::compile_changed(outline, &NoEngine, &Memory::default(), &mut store);
    save(store, &compilation.outline);
    compilation
}

fn checked(root: &Path) -> Checked {
    let mut store = open(root);
    let outline = outline(root, &mut store);
    let checked = driver::check_changed(outline, &NoEngine, &Memory::default(), &mut store);
    save(store, &checked.outline);
    checked
}

/// With nothing kept.
fn anew(root: &Path) -> (Seen, TypedProject) {
    let compilation = compiled(root, Store::none());
    let Compilation {
        outline,
        project,
        diagnostics,
        models,
        ..
    } = compilation;
    (seen(&outline, &diagnostics, models), project)
}

fn with_what_was_kept(root: &Path) -> (Seen, TypedProject) {
    let compilation = compiled(root, open(root));
    let Compilation {
        outline,
        project,
        diagnostics,
        models,
        ..
    } = compilation;
    (seen(&outline, &diagnostics, models), project)
}

fn seen_by_check(root: &Path) -> Seen {
    let checked = checked(root);
    seen(&checked.outline, &checked.diagnostics, checked.models)
}

/// How many nodes a check types.
fn typed(root: &Path) -> usize {
    checked(root).typed
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn after_any_edits_the_result_is_the_one_of_a_first_compilation(
        edits in prop::collection::vec((any::<Edit>(), any::<bool>()), 1..12)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mut project = Edited::new();
        project.write(root);
        seen_by_check(root);
        for (edit, compiles) in edits {
            project.apply(&edit);
            project.write(root);
            let (expected, expected_project) = anew(root);
            if compiles {
                let (found, found_project) = with_what_was_kept(root);
                prop_assert_eq!(&found, &expected, "after {:?}", edit);
                prop_assert_eq!(found_project, expected_project, "after {:?}", edit);
            } else {
                prop_assert_eq!(&seen_by_check(root), &expected, "after {:?}", edit);
            }
        }
    }
}

const CHAIN: &[(&str, &str)] = &[
    ("dbgo.toml", "name = 'shop'\n"),
    (
        "sources/raw/orders.sql",
        "create table orders (id int, amount int)\n",
    ),
    (
        "models/a.sql",
        "-- @import: o = sources.raw.orders\nselect id, amount from :o\n",
    ),
    (
        "models/b.sql",
        "-- @import: models.a\nselect id, amount from :a\n",
    ),
    (
        "models/c.sql",
        "-- @import: models.b\nselect id, amount from :b\n",
    ),
];

#[test]
fn only_what_depends_on_a_change_is_typed() {
    let folder = project(CHAIN);
    let root = folder.path();
    assert_eq!(typed(root), 4);
    assert_eq!(typed(root), 0);
    // Other rows, the same columns.
    write(
        root,
        "models/a.sql",
        "-- @import: o = sources.raw.orders\nselect id, amount from :o limit 9\n",
    );
    assert_eq!(typed(root), 1);
    // A column that the reader passes on.
    write(
        root,
        "models/a.sql",
        "-- @import: o = sources.raw.orders\nselect id, amount + 0.5 as amount from :o\n",
    );
    assert_eq!(typed(root), 3);
    // A column that nobody reads: the readers see it, their readers don't.
    write(
        root,
        "models/a.sql",
        "-- @import: o = sources.raw.orders\nselect id, amount + 0.5 as amount, 1 as one from :o\n",
    );
    assert_eq!(typed(root), 2);
    // A header: only what it says counts.
    write(
        root,
        "models/c.sql",
        "-- @import: models.b\n-- @description: Last.\nselect id, amount from :b\n",
    );
    assert_eq!(typed(root), 1);
    // The project's file holds for all.
    write(
        root,
        "dbgo.toml",
        "name = 'shop'\n\n[defaults]\nmaterialized = 'table'\n",
    );
    assert_eq!(typed(root), 4);
    // A file that nobody reads.
    write(root, "models/d.sql", "select 1 as one\n");
    assert_eq!(typed(root), 1);
    fs::remove_file(root.join("models/d.sql")).unwrap();
    assert_eq!(typed(root), 0);
}

#[test]
fn an_audit_is_looked_at_again_by_those_who_call_it() {
    let folder = project(CHAIN);
    let root = folder.path();
    let audit = |query: &str| write(root, "audits/known.sql", query);
    audit("-- @param: c column\nselect * from :this where :c is null\n");
    write(
        root,
        "models/c.sql",
        "-- @import: models.b\n-- @audit: known(id)\nselect id, amount from :b\n",
    );
    assert_eq!(typed(root), 4);
    audit("-- @param: c column\nselect * from :this where :c < 0\n");
    assert_eq!(typed(root), 1);
    // Who calls another one may mean a new one.
    write(
        root,
        "audits/other.sql",
        "select * from :this where id is null\n",
    );
    assert_eq!(typed(root), 4);
    // What an audit reads is built before, and its columns count.
    audit(
        "-- @import: o = sources.raw.orders\n-- @param: c column\nselect * from :this where this.:c > (select max(o.id) from :o)\n",
    );
    assert_eq!(typed(root), 1);
    audit(
        "-- @import: o = sources.raw.orders\n-- @param: c column\nselect * from :this where this.:c > (select max(o.ids) from :o)\n",
    );
    let found = checked(root);
    assert_eq!(found.diagnostics.len(), 1, "{:?}", found.diagnostics);
    // The cause goes away elsewhere, and so does the finding.
    write(
        root,
        "sources/raw/orders.sql",
        "create table orders (id int, amount int, ids int)\n",
    );
    assert!(checked(root).diagnostics.is_empty());
}

#[test]
fn a_finding_follows_what_it_points_to() {
    let folder = project(CHAIN);
    let root = folder.path();
    write(
        root,
        "models/b.sql",
        "-- @import: models.a\nselect id, amuont as amount from :a\n",
    );
    let before = checked(root);
    assert_eq!(before.diagnostics.len(), 1);
    let place = before.diagnostics[0].secondary[0].span;
    // The columns are the same, and lie elsewhere.
    write(
        root,
        "models/a.sql",
        "-- @import: o = sources.raw.orders\nselect  /* moved */  id, amount from :o\n",
    );
    let after = checked(root);
    assert_ne!(after.diagnostics[0].secondary[0].span, place);
    assert_eq!(seen_by_check(root), anew(root).0);
}

#[test]
fn a_loop_over_a_seed_depends_on_its_data() {
    let folder = project(&[
        ("dbgo.toml", "name = 'shop'\n"),
        ("seeds/rates.csv", "id,note\n1,a\n2,b\n"),
        (
            "models/a.sql",
            "-- @import: rates = seeds.rates\nselect\n#for note in :rates.note sep ','\n    1 as ${note}\n#endfor\n",
        ),
    ]);
    let root = folder.path();
    for data in [
        "id,note\n1,a\n2,c\n",
        "id,note\n1,a b\n2,c\n",
        "id,note\n1,a\n2,a\n",
        "id,note\n1,a\n2,d\n",
    ] {
        write(root, "seeds/rates.csv", data);
        let (expected, expected_project) = anew(root);
        assert_eq!(seen_by_check(root), expected, "{data}");
        let (found, found_project) = with_what_was_kept(root);
        assert_eq!(
            (found, found_project),
            (expected, expected_project),
            "{data}"
        );
    }
}

#[test]
fn an_exposure_is_checked_again_and_nothing_is_typed_for_it() {
    let folder = project(CHAIN);
    let root = folder.path();
    let board = "exposures/board.sql";
    let header = "-- @exposure: type='report'\n-- @import: models.a\n-- @uses: a.";
    write(root, board, &format!("{header}id\n"));
    assert_eq!(checked(root).diagnostics, []);
    assert_eq!(typed(root), 0);
    write(root, board, &format!("{header}idd, a.amount\n"));
    let found = checked(root);
    assert_eq!((found.typed, found.diagnostics.len()), (0, 1));
    assert!(found.diagnostics[0].message.contains("`idd`"));
    // It is told again, and so is what becomes wrong far above it.
    assert_eq!(seen_by_check(root), anew(root).0);
    write(root, board, &format!("{header}id, a.amount\n"));
    write(
        root,
        "models/a.sql",
        "-- @import: o = sources.raw.orders\nselect id, amount as amuont from :o\n",
    );
    let found = checked(root);
    let is_there = |path: &str| {
        let file = found.outline.files.sources.find(path);
        let mut places = found
            .diagnostics
            .iter()
            .filter_map(|found| found.primary.as_ref());
        places.any(|label| Some(label.span.file) == file)
    };
    assert!(is_there(board), "{:#?}", found.diagnostics);
    assert_eq!(seen_by_check(root), anew(root).0);
}

#[test]
fn a_change_within_one_tick_of_the_clock_is_seen() {
    let folder = project(CHAIN);
    let root = folder.path();
    for round in 0..200 {
        let text = format!("select {} as id\n", 100 + round);
        write(root, "models/d.sql", &text);
        let mut store = open(root);
        let outline = outline(root, &mut store);
        let file = outline.files.sources.find("models/d.sql").unwrap();
        assert_eq!(&*outline.files.sources.file(file).text, text);
        save(store, &outline);
    }
}

#[test]
fn a_moved_or_copied_folder_has_the_same_result() {
    let folder = project(CHAIN);
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    fs::create_dir(&first).unwrap();
    for (path, text) in CHAIN {
        write(&first, path, text);
    }
    let expected = seen_by_check(&first);
    copy(&first, &second);
    assert_eq!(seen_by_check(&second), expected);
    let third = folder.path().join("third");
    fs::rename(&second, &third).unwrap();
    assert_eq!(seen_by_check(&third), expected);
    // The files of another project beside what was kept of this one.
    write(
        &third,
        "models/a.sql",
        "-- @import: o = sources.raw.orders\nselect id from :o\n",
    );
    assert_eq!(seen_by_check(&third), anew(&third).0);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_is_kept_may_go_or_be_torn_at_any_time() {
    let folder = project(CHAIN);
    let root = folder.path();
    let expected = seen_by_check(root);
    let cache = root.join(".dbgo/cache");
    for name in ["project.base", "project.overlay"] {
        write(
            root,
            "models/a.sql",
            "-- @import: o = sources.raw.orders\nselect id, amount from :o\n",
        );
        seen_by_check(root);
        let Ok(whole) = fs::read(cache.join(name)) else {
            continue;
        };
        for length in [0, 7, 40, 104, whole.len() / 2, whole.len() - 1] {
            fs::write(cache.join(name), &whole[..length]).unwrap();
            assert_eq!(seen_by_check(root), expected, "{name} cut at {length}");
        }
    }
    fs::remove_dir_all(root.join(".dbgo")).unwrap();
    assert_eq!(seen_by_check(root), expected);
    // Of another build of dbgo.
    let mut other = Store::open(&cache, "other");
    outline(root, &mut other);
    other.save(|_| true).unwrap();
    assert_eq!(seen_by_check(root), expected);
}

#[test]
fn two_at_once_keep_what_is_true() {
    let folder = project(CHAIN);
    let root = folder.path();
    let expected = seen_by_check(root);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..20 {
                    let mut store = open(root);
                    let outline = outline(root, &mut store);
                    // Something to write, so that overlays and bases come and go.
                    store.put(
                        dbgo_compiler::cache::Table::File,
                        &format!("x{round}"),
                        vec![0; 40_000],
                    );
                    let found =
                        driver::check_changed(outline, &NoEngine, &Memory::default(), &mut store);
                    // One of several that write at once may lose.
                    let _ = store.save(|_| true);
                    let found = seen(&found.outline, &found.diagnostics, found.models);
                    assert_eq!(found.findings, expected.findings);
                }
            });
        }
    });
    assert_eq!(seen_by_check(root), expected);
}
