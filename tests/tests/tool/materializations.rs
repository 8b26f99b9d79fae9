//! What becomes of rows, from the words of a header to the table: partitions, steered merges,
//! versions, audits, statements and indexes.

use crate::place::{Called, Place};

/// The rows of a model as JSON, in order.
fn rows(place: &Place, model: &str) -> Vec<String> {
    let shown = place.dbgo(&["show", model, "--json"]).ends_with(0);
    let document: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    let rows = document["rows"].as_array().expect("rows");
    let mut rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    rows.sort();
    rows
}

fn run(place: &Place) -> Called {
    place.dbgo(&["run"]).ends_with(0)
}

#[test]
fn a_batch_replaces_its_partitions() {
    let place = Place::with(&[
        (
            "seeds/orders.csv",
            "id,region\n1,north\n2,north\n3,south\n4,\n",
        ),
        (
            "models/marts/latest.sql",
            "-- @config: materialized='incremental', strategy='partition', partition_by='region'\n\
             -- @import: orders = seeds.orders\n\
             select id, region from :orders\n",
        ),
    ]);
    run(&place);
    place.write("seeds/orders.csv", "id,region\n5,north\n6,\n");
    run(&place);
    assert_eq!(
        rows(&place, "latest"),
        [r#"["3","south"]"#, r#"["5","north"]"#, r#"["6",null]"#]
    );
}

#[test]
fn a_merge_is_steered_by_its_header() {
    let place = Place::with(&[
        (
            "seeds/orders.csv",
            "id,seen,status,note\n1,5,paid,a\n2,5,paid,b\n3,5,paid,c\n",
        ),
        (
            "models/marts/latest.sql",
            "-- @config: materialized='incremental', unique_key='id'\n\
             -- @import: orders = seeds.orders\n\
             -- @merge: on :new.seen >= :this.seen, update except (note)\n\
             -- @merge: delete when :new.status = 'void'\n\
             -- @index: unique (id)\n\
             -- @index: (status)\n\
             select id, seen, status, note from :orders\n",
        ),
    ]);
    run(&place);
    place.write(
        "seeds/orders.csv",
        "id,seen,status,note\n1,6,sent,z\n2,4,sent,z\n3,6,void,z\n4,1,void,z\n5,1,paid,e\n",
    );
    run(&place);
    assert_eq!(
        rows(&place, "latest"),
        [
            r#"["1","6","sent","a"]"#,
            r#"["2","5","paid","b"]"#,
            r#"["5","1","paid","e"]"#
        ]
    );
}

const CUSTOMERS: &str = "-- @config: materialized='scd2', unique_key='id', updated_at='seen', hard_deletes='close'\n\
     -- @import: customers = seeds.customers\n\
     select id, city, seen from :customers\n";

const PRESENT: &str = "-- @config: materialized='table'\n\
     -- @import: history = models.marts.customers\n\
     select id, city, valid_from, valid_to from :history\n";

#[test]
fn versions_of_rows_are_kept_and_read() {
    let place = Place::with(&[
        (
            "seeds/customers.csv",
            "id,city,seen\n1,Rome,2024-01-01\n2,Oslo,2024-01-02\n",
        ),
        ("models/marts/customers.sql", CUSTOMERS),
        ("models/marts/versions.sql", PRESENT),
    ]);
    run(&place);
    place.write(
        "seeds/customers.csv",
        "id,city,seen\n1,Bern,2024-03-01\n2,Lyon,2024-01-01\n3,Graz,2024-02-01\n",
    );
    run(&place);
    let expected = [
        r#"["1","Bern","2024-03-01",null]"#,
        r#"["1","Rome","2024-01-01","2024-03-01"]"#,
        r#"["2","Oslo","2024-01-02",null]"#,
        r#"["3","Graz","2024-02-01",null]"#,
    ];
    assert_eq!(rows(&place, "versions"), expected);
    // They can't be computed again, and stay.
    let refreshed = place.dbgo(&["run", "--full-refresh"]).ends_with(0);
    assert!(
        refreshed.err.contains("keeps its history"),
        "{}",
        refreshed.err
    );
    assert_eq!(rows(&place, "versions"), expected);
}

#[test]
fn rows_that_fail_an_audit_are_shown_and_not_written() {
    let planes = |audits: &str| {
        format!(
            "-- @config: materialized='table'\n-- @import: raw = seeds.planes\n{audits}\
             select tail, year from :raw\n"
        )
    };
    let place = Place::with(&[
        ("seeds/planes.csv", "tail,year\nN1,2000\nN2,2001\n"),
        (
            "models/marts/planes.sql",
            &planes("-- @audit: not_null(year)\n"),
        ),
    ]);
    run(&place);
    place.write("seeds/planes.csv", "tail,year\nN1,2000\nN2,\n");
    let failed = place.dbgo(&["run"]).ends_with(1);
    assert!(
        failed
            .err
            .contains("audit `not_null(year)` found 1 row\n      tail = N2, year = null"),
        "{}",
        failed.err
    );
    assert_eq!(
        rows(&place, "marts.planes"),
        [r#"["N1","2000"]"#, r#"["N2","2001"]"#]
    );

    place.write(
        "models/marts/planes.sql",
        &planes("-- @audit: not_null(year), severity='warn'\n-- @audit: accepted_values(tail, ['N1', 'N2'])\n"),
    );
    let warned = run(&place);
    assert!(
        warned
            .err
            .contains("! marts.planes         audit `not_null(year)` found 1 row"),
        "{}",
        warned.err
    );
    assert_eq!(
        rows(&place, "marts.planes"),
        [r#"["N1","2000"]"#, r#"["N2",null]"#]
    );

    // An audit that is added looks at the rows that are there.
    place.write(
        "models/marts/planes.sql",
        &planes("-- @audit: accepted_values(tail, ['N1'])\n"),
    );
    let failed = place.dbgo(&["run"]).ends_with(1);
    assert!(
        failed
            .err
            .contains("found 1 row\n      tail = N2, year = null"),
        "{}",
        failed.err
    );
}

#[test]
fn statements_run_around_the_rows() {
    let place = Place::with(&[
        ("seeds/orders.csv", "id\n1\n2\n"),
        (
            "models/marts/log.sql",
            "-- @config: materialized='incremental', strategy='append'\n\
             -- @import: orders = seeds.orders\n\
             #before\n#if is_incremental\ndelete from :this where id = 1;\n#endif\n#end\n\
             select id, 0 as seen from :orders\n\
             #after\nupdate :this set seen = seen + 1;\n#end\n",
        ),
    ]);
    run(&place);
    assert_eq!(rows(&place, "log"), [r#"["1",1]"#, r#"["2",1]"#]);
    place.write("seeds/orders.csv", "id\n3\n");
    run(&place);
    assert_eq!(rows(&place, "log"), [r#"["2",2]"#, r#"["3",1]"#]);
}
