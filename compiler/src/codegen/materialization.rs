//! How a model's rows get into its table, as definitions.

use super::tokens::{list, text};
use crate::header::{HardDeletes, History};
use crate::typed::{
    Incremental, Materialization, OnSchemaChange, Outside, RowChange, Scd2, Strategy,
};
use proc_macro2::TokenStream;
use quote::quote;

/// The materialization, and the definitions of what belongs to some of them.
pub(super) fn materialization(
    materialization: &Materialization,
) -> (TokenStream, TokenStream, TokenStream) {
    let no_range = quote!(IncrementalDef::NONE);
    let no_versions = quote!(Scd2Def::NONE);
    match materialization {
        Materialization::View => (quote!(Materialization::View), no_range, no_versions),
        Materialization::Table => (quote!(Materialization::Table), no_range, no_versions),
        Materialization::Ephemeral => (quote!(Materialization::Ephemeral), no_range, no_versions),
        Materialization::Incremental(settings) => (
            quote!(Materialization::Incremental),
            incremental(settings),
            no_versions,
        ),
        Materialization::Scd2(settings) => {
            (quote!(Materialization::Scd2), no_range, scd2(settings))
        }
    }
}

fn incremental(settings: &Incremental) -> TokenStream {
    let strategy = match settings.strategy {
        Strategy::TimeRange => quote!(Strategy::TimeRange),
        Strategy::UniqueKey => quote!(Strategy::UniqueKey),
        Strategy::Partition => quote!(Strategy::Partition),
        Strategy::Append => quote!(Strategy::Append),
    };
    let outside = match settings.outside {
        Outside::Error => quote!(Outside::Error),
        Outside::Drop => quote!(Outside::Drop),
        Outside::Keep => quote!(Outside::Keep),
    };
    let optional = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
    let time_column = optional(&settings.time_column);
    let unique_key = texts(&settings.unique_key);
    let (start, end) = (optional(&settings.start), optional(&settings.end));
    let (interval, interval_tz) = (
        optional(&settings.interval),
        optional(&settings.interval_tz),
    );
    let partition_by = texts(&settings.partition_by);
    let (lookback, batch_size) = (settings.lookback, settings.batch_size);
    quote!(IncrementalDef {
        strategy: #strategy as u8,
        time_column: #time_column,
        unique_key: #unique_key,
        start: #start,
        end: #end,
        interval: #interval,
        interval_tz: #interval_tz,
        partition_by: #partition_by,
        lookback: #lookback,
        batch_size: #batch_size,
        outside: #outside as u8,
    })
}

fn scd2(settings: &Scd2) -> TokenStream {
    let unique_key = texts(&settings.unique_key);
    let (updated_at, check) = match &settings.change {
        RowChange::UpdatedAt(column) => (text(column), texts(&[])),
        RowChange::Check(checked) => (text(""), texts(&checked.columns)),
    };
    let hard_deletes = match settings.hard_deletes {
        HardDeletes::Ignore => quote!(HardDeletes::Ignore),
        HardDeletes::Close => quote!(HardDeletes::Close),
    };
    let (valid_from, valid_to) = (text(&settings.valid_from), text(&settings.valid_to));
    quote!(Scd2Def {
        unique_key: #unique_key,
        updated_at: #updated_at,
        check: #check,
        hard_deletes: #hard_deletes as u8,
        valid_from: #valid_from,
        valid_to: #valid_to,
    })
}

fn texts(texts: &[String]) -> TokenStream {
    list(texts.iter().map(|item| text(item)))
}

pub(super) fn history(history: Option<History>) -> TokenStream {
    match history {
        None => quote!(History::Usual),
        Some(History::Rebuild) => quote!(History::Rebuild),
        Some(History::Keep) => quote!(History::Keep),
    }
}

pub(super) fn on_schema_change(rule: OnSchemaChange) -> TokenStream {
    match rule {
        OnSchemaChange::Fail => quote!(OnSchemaChange::Fail),
        OnSchemaChange::Append => quote!(OnSchemaChange::Append),
        OnSchemaChange::Sync => quote!(OnSchemaChange::Sync),
        OnSchemaChange::Ignore => quote!(OnSchemaChange::Ignore),
    }
}
