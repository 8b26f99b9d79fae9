//! What every adapter must do, written against the trait alone.
//!
//! A case is a function of [`Subject`], which opens an engine anew. An adapter joins with a
//! `Subject` of its own and one line in [`conformance!`]; what only one engine has is in a module
//! named after it.

mod duckdb;
mod fence;
mod files;
mod guard;
mod keyed;
mod ledger;
mod publications;
mod reading;
mod statements;
mod values;

use dbgo_runtime::adapters::{Adapter, Session};
use std::sync::Arc;

/// An engine under test.
pub struct Subject {
    /// The engine, opened for this case alone.
    pub adapter: Arc<dyn Adapter>,
    /// A folder for this case's files.
    pub folder: tempfile::TempDir,
}

impl Subject {
    /// A session.
    pub fn session(&self) -> Session {
        self.adapter.session().expect("a session")
    }

    /// Runs statements in one transaction.
    pub fn run(&self, statements: &[String]) {
        let mut session = self.session();
        let mut transaction = session.begin().expect("a transaction");
        transaction.execute_all(statements).expect("statements");
        transaction.commit().expect("a commit");
    }

    /// The single number that a query gives.
    pub fn number(&self, query: &str) -> i64 {
        number(&mut self.session(), query)
    }
}

/// The single number that a query gives in a session.
pub fn number(session: &mut Session, query: &str) -> i64 {
    use dbgo_runtime::adapters::arrow::array::{Array, Int64Array};
    let query = format!("select cast(({query}) as bigint) as number");
    let result = session.query(&query).expect(&query);
    let column = result.batches[0].column(0);
    let column = column.as_any().downcast_ref::<Int64Array>().expect("i64");
    assert!(column.is_valid(0), "{query} gave null");
    column.value(0)
}

/// Runs every case with a new subject each.
#[macro_export]
macro_rules! conformance {
    ($engine:ident, $open:path: $($module:ident { $($case:ident)* })*) => {
        mod $engine {
            $(mod $module { $(
                #[test]
                fn $case() {
                    $crate::$module::$case(&$open());
                }
            )* })*
        }
    };
}

conformance! { on_duckdb, crate::duckdb::open:
    guard {
        commit_stores drop_rolls_back rollback_rolls_back swallowed_errors_fail_the_commit
        a_failed_check_fails_the_commit later_statements_are_refused batches_are_atomic
        reading_sessions_change_nothing transaction_control_is_refused
        several_statements_are_refused two_sessions_in_parallel conflicts_are_retryable a_swallowed_conflict_fails_the_commit
        cancel_stops_a_statement cancel_refuses_the_commit timeout_stops_a_statement
        a_swallowed_timeout_fails_the_commit
        statements_run_together_are_single_ones_and_fail_together
        a_session_lives_on_after_an_error
    }
    ledger {
        bookkeeping_is_created_once a_ledger_has_a_mark no_bookkeeping_no_ledger entries_come_back
        entry_and_rows_share_their_fate batch_ids_are_unique parallel_batches_dont_conflict
    }
    fence {
        a_fence_is_given_to_a_larger_token a_fence_is_given_to_one_of_many
        a_former_holder_commits_nothing another_state_gets_no_fence the_check_doesnt_hinder_others
    }
    publications {
        nothing_published_is_nothing revisions_come_back_and_only_grow
        a_publication_shares_its_views_fate first_publications_at_once
    }
    statements {
        odd_names merge_replaces_and_adds key_violations_are_found ranges_are_replaced
        rows_outside_are_counted null_counts views_are_swapped_together drop_spares_dependents
        columns_are_added_and_dropped queries_may_end_with_a_comment
    }
    keyed {
        partitions_are_replaced merges_are_steered versions_begin_and_end
        indexes_are_known_by_name repeated_values_are_found columns_are_widened
    }
    reading { relations_have_columns describe_names_and_types errors_point }
    files {
        csv_is_read ragged_rows_fail values_that_dont_fit_fail exact_numbers_stay_exact csv_options parquet_is_cast
        sources_are_read
    }
    values { literals_keep_their_value instants_have_the_columns_type arrow_types rows_come_back_from_text }
}
