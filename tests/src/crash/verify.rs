//! What must hold of a database after a process died, and after the next one.

use super::picture::{Batch, Picture, Rows};
use super::project::{MODELS, Model, Shown};

/// What the views of an environment show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// What was published before.
    Old,
    /// What was to be published.
    New,
    /// Neither.
    Mixed,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Seen::Old => "old",
            Seen::New => "new",
            Seen::Mixed => "mixed",
        })
    }
}

/// Which release the views show; what contradicts that is added to `findings`.
pub fn seen(
    (now, old, new): (&Picture, &Picture, &Picture),
    environment: &str,
    findings: &mut Vec<String>,
) -> Seen {
    let models: Vec<&Model> = MODELS.iter().collect();
    seen_of((now, old, new), (environment, &models), findings)
}

/// The same of some models only.
pub fn seen_of(
    (now, old, new): (&Picture, &Picture, &Picture),
    (environment, models): (&str, &[&Model]),
    findings: &mut Vec<String>,
) -> Seen {
    let (mut as_old, mut as_new, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for model in models {
        let view = model.view(environment);
        let of = |picture: &'_ Picture| picture.views.get(&view).cloned();
        let (now, old, new) = (of(now), of(old), of(new));
        let is_allowed = match model.shown {
            Shown::Live => true,
            Shown::InPlace => now == old || now == new,
            Shown::Grows => now == old || now == new || is_between(&now, &old, &new),
            Shown::Together => {
                match (now == old, now == new) {
                    (true, false) => as_old.push(model.path),
                    (false, true) => as_new.push(model.path),
                    _ => {}
                }
                now == old || now == new
            }
        };
        if !is_allowed {
            wrong.push(model.path);
        }
    }
    if !wrong.is_empty() {
        findings.push(format!("neither old nor new: {}", wrong.join(", ")));
    }
    if !as_old.is_empty() && !as_new.is_empty() {
        let (old, new) = (as_old.join(", "), as_new.join(", "));
        findings.push(format!("some are old ({old}) and some new ({new})"));
    }
    match (as_old.is_empty(), as_new.is_empty()) {
        _ if !wrong.is_empty() => Seen::Mixed,
        (false, false) => Seen::Mixed,
        (true, false) => Seen::New,
        _ => Seen::Old,
    }
}

fn is_between(now: &Option<Rows>, old: &Option<Rows>, new: &Option<Rows>) -> bool {
    match (now, old, new) {
        (Some(now), Some(old), Some(new)) => is_part(old, now) && is_part(now, new),
        _ => false,
    }
}

/// Whether sorted rows are all among others, as often as they are there.
fn is_part<T: Ord>(part: &[T], whole: &[T]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|row| whole.any(|other| other == row))
}

/// What a database that was finished after a crash has otherwise than one that never crashed.
pub fn differences(now: &Picture, reference: &Picture, findings: &mut Vec<String>) {
    for (view, rows) in &reference.views {
        match now.views.get(view) {
            None => findings.push(format!("the view {view} is missing")),
            Some(found) if found != rows => findings.push(format!(
                "{view} has {} and lacks {}",
                lacking(found, rows),
                lacking(rows, found)
            )),
            Some(_) => {}
        }
    }
    for view in now.views.keys() {
        if !reference.views.contains_key(view) {
            findings.push(format!("the view {view} shouldn't be there"));
        }
    }
    compare_ledgers(&now.ledger, &reference.ledger, findings);
    if now.revisions != reference.revisions {
        let (now, expected) = (&now.revisions, &reference.revisions);
        findings.push(format!("the revisions are {now:?} and not {expected:?}"));
    }
    for (object, rows) in &now.objects {
        match reference.objects.get(object) {
            None => findings.push(format!("`_dbgo` has `{object}`, which shouldn't be there")),
            Some(expected) if expected != rows => findings.push(format!(
                "`_dbgo.{object}` has {} and lacks {}",
                lacking(rows, expected),
                lacking(expected, rows)
            )),
            Some(_) => {}
        }
    }
    let missing = reference.objects.keys();
    for object in missing.filter(|object| !now.objects.contains_key(*object)) {
        findings.push(format!("`_dbgo` lacks `{object}`"));
    }
    if now.fences != reference.fences {
        let (now, expected) = (now.fences, reference.fences);
        findings.push(format!("there are {now} fences and not {expected}"));
    }
}

/// The rows of one that the other lacks, three at most.
fn lacking(one: &Rows, other: &Rows) -> String {
    let mut left = other.clone();
    let mut extra = Vec::new();
    for row in one {
        match left.iter().position(|known| known == row) {
            Some(index) => {
                left.swap_remove(index);
            }
            None => extra.push(row.as_str()),
        }
    }
    let shown: Vec<&str> = extra.iter().take(3).copied().collect();
    match extra.len() {
        0 => "nothing more".to_owned(),
        count => format!("{count} more ({})", shown.join(" ")),
    }
}

/// Each batch must have been committed as often as without a crash: once.
pub fn compare_ledgers(now: &[Batch], reference: &[Batch], findings: &mut Vec<String>) {
    let count = |ledger: &[Batch], batch: &Batch| ledger.iter().filter(|one| *one == batch).count();
    let mut all: Vec<&Batch> = now.iter().chain(reference).collect();
    all.sort();
    all.dedup();
    for batch in all {
        let (found, expected) = (count(now, batch), count(reference, batch));
        if found != expected {
            let what = match batch.model.as_str() {
                "" => "a publication".to_owned(),
                model => format!("the batch {model} {}, {} rows,", batch.range, batch.rows),
            };
            findings.push(format!(
                "{what} is {found} times in the ledger, not {expected}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(of: &[(&str, &[&str])]) -> Picture {
        let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect();
        Picture {
            views: of
                .iter()
                .map(|(view, of)| ((*view).to_owned(), rows(of)))
                .collect(),
            ..Picture::default()
        }
    }

    fn seen_now(now: &[(&str, &[&str])]) -> (Seen, usize) {
        let old: &[(&str, &[&str])] = &[
            ("marts__dev.revenue", &["1"]),
            ("marts__dev.products", &["1"]),
            ("added__dev.loads", &["1"]),
            ("merged__dev.prices", &["1"]),
        ];
        let new: &[(&str, &[&str])] = &[
            ("marts__dev.revenue", &["2"]),
            ("marts__dev.products", &["2"]),
            ("added__dev.loads", &["1", "2", "3"]),
            ("merged__dev.prices", &["2"]),
        ];
        let overlay = |now: &[(&str, &[&str])]| {
            let mut views = picture(old);
            views.views.extend(picture(now).views);
            views
        };
        let mut findings = Vec::new();
        let pictures = (&overlay(now), &picture(old), &picture(new));
        let seen = seen(pictures, "dev", &mut findings);
        (seen, findings.len())
    }

    #[test]
    fn views_are_old_or_new_together() {
        assert_eq!(seen_now(&[]), (Seen::Old, 0));
        let (revenue, products) = ("marts__dev.revenue", "marts__dev.products");
        assert_eq!(
            seen_now(&[(revenue, &["2"]), (products, &["2"])]),
            (Seen::New, 0)
        );
        assert_eq!(seen_now(&[(revenue, &["2"])]), (Seen::Mixed, 1));
        assert_eq!(seen_now(&[(revenue, &["3"])]), (Seen::Mixed, 1));
    }

    #[test]
    fn what_grows_has_old_rows_and_no_others_than_new_ones() {
        let loads = "added__dev.loads";
        for (rows, is_allowed) in [
            (&["1"][..], true),
            (&["1", "3"], true),
            (&["1", "2", "3"], true),
            (&["2"], false),
            (&["1", "1"], false),
            (&["1", "4"], false),
        ] {
            assert_eq!(seen_now(&[(loads, rows)]).1 == 0, is_allowed, "{rows:?}");
        }
        assert_eq!(seen_now(&[("merged__dev.prices", &["1", "2"])]).1, 1);
    }

    #[test]
    fn a_batch_that_is_there_twice_is_found() {
        let batch = |model: &str| Batch {
            model: model.to_owned(),
            version: "1".to_owned(),
            range: String::new(),
            rows: 1,
        };
        let mut findings = Vec::new();
        let reference = [batch("a"), batch("b"), batch("b")];
        compare_ledgers(&reference, &reference, &mut findings);
        assert!(findings.is_empty());
        compare_ledgers(
            &[batch("a"), batch("a"), batch("b")],
            &reference,
            &mut findings,
        );
        assert_eq!(findings.len(), 2, "{findings:?}");
    }
}
