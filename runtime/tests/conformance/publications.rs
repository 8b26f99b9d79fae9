//! What the engine says is published.

use crate::Subject;
use dbgo_runtime::adapters::{ErrorClass, PublishedRevision};

fn revision(environment: &str, revision: u64) -> PublishedRevision {
    PublishedRevision {
        project: "shop".to_owned(),
        environment: environment.to_owned(),
        revision,
        plan: format!("plan'{revision}"),
        project_version: "0123".to_owned(),
        published_at: "2024-02-29T01:02:03.000004Z".parse().unwrap(),
    }
}

pub fn nothing_published_is_nothing(subject: &Subject) {
    let mut session = subject.session();
    assert_eq!(session.published().unwrap(), []);
    session.create_bookkeeping("state").unwrap();
    assert_eq!(session.published().unwrap(), []);
}

pub fn revisions_come_back_and_only_grow(subject: &Subject) {
    let mut session = subject.session();
    session.create_bookkeeping("state").unwrap();
    let other_project = PublishedRevision {
        project: "zoo".to_owned(),
        ..revision("prod", 1)
    };
    let of_shop = |number| revision("prod", number);
    for published in [
        of_shop(1),
        revision("dev", 7),
        other_project.clone(),
        of_shop(3),
    ] {
        let mut transaction = session.begin().unwrap();
        transaction.record_published(&published).unwrap();
        let found = transaction.published(&published.project, &published.environment);
        assert_eq!(found.unwrap(), Some(published));
        transaction.commit().unwrap();
    }
    let expected = [revision("dev", 7), of_shop(3), other_project];
    assert_eq!(session.published().unwrap(), expected);
    for number in [3, 2] {
        let mut transaction = session.begin().unwrap();
        let error = transaction.record_published(&of_shop(number)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Constraint, "{error:?}");
        assert_eq!(transaction.commit(), Err(error));
    }
    assert_eq!(session.published().unwrap(), expected);
}

pub fn a_publication_shares_its_views_fate(subject: &Subject) {
    let mut session = subject.session();
    session.create_bookkeeping("state").unwrap();
    for commit in [false, true] {
        let mut transaction = session.begin().unwrap();
        transaction
            .execute("create view _dbgo.v as select 1 as id")
            .unwrap();
        transaction.record_published(&revision("prod", 1)).unwrap();
        match commit {
            true => transaction.commit().unwrap(),
            false => transaction.rollback().unwrap(),
        }
        assert_eq!(session.published().unwrap().len(), usize::from(commit));
        assert_eq!(session.query("select * from _dbgo.v").is_ok(), commit);
    }
}

/// Two that both believe to be the first in an environment.
pub fn first_publications_at_once(subject: &Subject) {
    subject.session().create_bookkeeping("state").unwrap();
    let (mut first, mut second) = (subject.session(), subject.session());
    let mut one = first.begin().unwrap();
    let mut other = second.begin().unwrap();
    one.record_published(&revision("prod", 1)).unwrap();
    let result = other.record_published(&revision("prod", 2));
    one.commit().unwrap();
    let error = result.and_then(|()| other.commit()).unwrap_err();
    let class = &error.class;
    assert!(
        *class == ErrorClass::Constraint || class.is_retryable(),
        "{error:?}"
    );
    assert_eq!(first.published().unwrap(), [revision("prod", 1)]);
}
