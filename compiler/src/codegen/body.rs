//! What runs of one model: its `render` function and its definition.

use super::materialization::{history, materialization, on_schema_change};
use super::tokens::{columns, list, raw_text, sql_literal, text};
use crate::lineage::carried::ModelLineage;
use crate::typed::{BodyCondition, BodyNode, Comparison, Slot, TypedAudit, TypedModel};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// The file of one model's body. `lineage` is what the model carries of its lineage, see
/// [`carried`](crate::lineage::carried::carried).
pub fn body(model: &TypedModel, lineage: &ModelLineage) -> TokenStream {
    let documentation = format!(" The body of `{}`, from `{}`.", model.path, model.file);
    let definition = definition(model, lineage);
    let render = function("render", "Writes the model's SQL.", &model.body);
    let audits = model.audits.iter().enumerate().map(|(index, audit)| {
        let about = format!("Writes the audit `{}`.", audit.call);
        function(&format!("audit_{index}"), &about, &audit.body)
    });
    let before = statements(
        "before",
        "Writes a statement before the rows.",
        &model.before,
    );
    let after = statements("after", "Writes a statement after the rows.", &model.after);
    quote! {
        #![doc = #documentation]
        use dbgo_contract::*;

        #[doc = " What the model is."]
        pub const DEFINITION: ModelDef = #definition;

        #render
        #(#audits)*
        #before
        #after
    }
}

/// A function that writes SQL.
fn function(name: &str, about: &str, body: &[BodyNode]) -> TokenStream {
    let name = format_ident!("{name}");
    let about = format!(" {about}");
    let facts = match has_branches(body) {
        true => quote!(facts),
        false => quote!(_facts),
    };
    let sql = match body.is_empty() {
        true => quote!(_sql),
        false => quote!(sql),
    };
    let nodes = nodes(body);
    quote! {
        #[doc = #about]
        pub extern "C" fn #name(#facts: &Facts, #sql: &mut Sink) {
            #nodes
        }
    }
}

/// The functions of the statements that run at one time: `before_0` and so on.
fn statements(name: &str, about: &str, statements: &[Vec<BodyNode>]) -> TokenStream {
    let functions = statements
        .iter()
        .enumerate()
        .map(|(index, statement)| function(&format!("{name}_{index}"), about, statement));
    quote!(#(#functions)*)
}

/// The names of those functions.
fn renders(name: &str, statements: &[Vec<BodyNode>]) -> TokenStream {
    list((0..statements.len()).map(|index| {
        let name = format_ident!("{name}_{index}");
        quote!(#name as Render)
    }))
}

fn audit(index: usize, audit: &TypedAudit) -> TokenStream {
    let (name, call) = (text(&audit.name), text(&audit.call));
    let severity = match audit.warns {
        true => quote!(Severity::Warn),
        false => quote!(Severity::Error),
    };
    let (by_row, store_failures) = (audit.by_row, audit.store_failures);
    let columns = list(audit.columns.iter().map(|column| text(column)));
    let threshold = |written: &Option<String>| text(written.as_deref().unwrap_or_default());
    let (warn_if, error_if) = (threshold(&audit.warn_if), threshold(&audit.error_if));
    let render = format_ident!("audit_{index}");
    quote!(AuditDef {
        name: #name,
        call: #call,
        severity: #severity as u8,
        by_row: #by_row,
        columns: #columns,
        warn_if: #warn_if,
        error_if: #error_if,
        store_failures: #store_failures,
        render: #render,
    })
}

fn merge(model: &TypedModel) -> TokenStream {
    let merge = &model.merge;
    if merge.is_usual() {
        return quote!(MergeDef::NONE);
    }
    let (on, delete_when) = (text(&merge.on), text(&merge.delete_when));
    let update = list(merge.update.iter().map(|column| text(column)));
    quote!(MergeDef { on: #on, update: #update, delete_when: #delete_when })
}

fn definition(model: &TypedModel, lineage: &ModelLineage) -> TokenStream {
    let path = text(&model.path);
    let file = text(&model.file);
    let schema = text(&model.schema);
    let name = text(&model.name);
    let description = text(&model.description);
    let owner = text(&model.owner);
    let tags = list(model.tags.iter().map(|tag| text(tag)));
    let (materialization, incremental, scd2) = materialization(&model.materialization);
    let imports = list(model.imports.iter().map(|(alias, path)| {
        let (alias, path) = (text(alias), text(path));
        quote!(ImportDef { alias: #alias, path: #path })
    }));
    let columns = columns(&model.columns);
    let variables = list(model.variables.iter().map(|variable| {
        let name = text(&variable.name);
        let sql_type = text(&variable.sql_type.to_string());
        let default = text(variable.default.as_deref().unwrap_or_default());
        quote!(VariableDef { name: #name, sql_type: #sql_type, default: #default })
    }));
    let (volatile, reads_this) = (model.volatile, model.reads_this);
    let on_schema_change = on_schema_change(model.on_schema_change);
    let (retries, timeout_seconds) = (model.retries, model.timeout_seconds);
    let (cron, cron_tz) = (text(&model.cron), text(&model.cron_tz));
    let history = history(model.history);
    let forward_only = model.forward_only;
    let was = text(&model.was);
    let audits = model.audits.iter().enumerate();
    let audits = list(audits.map(|(index, audit)| self::audit(index, audit)));
    let merge = merge(model);
    let grants = list(model.grants.iter().map(|grant| {
        let privilege = text(&grant.privilege);
        let to = list(grant.to.iter().map(|name| text(name)));
        quote!(GrantDef { privilege: #privilege, to: #to })
    }));
    let indexes = list(model.indexes.iter().map(|index| {
        let unique = index.unique;
        let columns = list(index.columns.iter().map(|column| text(column)));
        quote!(IndexDef { unique: #unique, columns: #columns })
    }));
    let before = renders("before", &model.before);
    let after = renders("after", &model.after);
    let profile = raw_text(&model.profile.to_text());
    let lineage = raw_text(&lineage.to_text());
    quote!(ModelDef {
        path: #path,
        file: #file,
        schema: #schema,
        name: #name,
        description: #description,
        owner: #owner,
        tags: #tags,
        materialization: #materialization as u8,
        incremental: #incremental,
        imports: #imports,
        columns: #columns,
        variables: #variables,
        volatile: #volatile,
        reads_this: #reads_this,
        on_schema_change: #on_schema_change as u8,
        retries: #retries,
        timeout_seconds: #timeout_seconds,
        scd2: #scd2,
        cron: #cron,
        cron_tz: #cron_tz,
        history: #history as u8,
        forward_only: #forward_only,
        was: #was,
        audits: #audits,
        merge: #merge,
        grants: #grants,
        indexes: #indexes,
        before: #before,
        after: #after,
        profile: #profile,
        lineage: #lineage,
        render,
    })
}

fn has_branches(body: &[BodyNode]) -> bool {
    body.iter().any(|node| matches!(node, BodyNode::If { .. }))
}

fn nodes(body: &[BodyNode]) -> TokenStream {
    let statements = body.iter().map(|node| match node {
        BodyNode::Text(sql) => {
            let literal = sql_literal(sql);
            quote!(sql.text(#literal);)
        }
        BodyNode::Slot(slot) => slot_call(*slot),
        BodyNode::If {
            branches,
            otherwise,
        } => branch(branches, otherwise),
    });
    quote!(#(#statements)*)
}

fn branch(branches: &[(BodyCondition, Vec<BodyNode>)], otherwise: &[BodyNode]) -> TokenStream {
    let mut tokens = TokenStream::new();
    for (index, (condition, guarded)) in branches.iter().enumerate() {
        let condition = self::condition(condition);
        let guarded = nodes(guarded);
        let keyword = if index == 0 {
            quote!(if)
        } else {
            quote!(else if)
        };
        tokens.extend(quote!(#keyword #condition { #guarded }));
    }
    if !otherwise.is_empty() {
        let otherwise = nodes(otherwise);
        tokens.extend(quote!(else { #otherwise }));
    }
    tokens
}

fn slot_call(slot: Slot) -> TokenStream {
    match slot {
        Slot::Relation {
            import,
            aliased: true,
        } => quote!(sql.relation(#import);),
        Slot::Relation {
            import,
            aliased: false,
        } => quote!(sql.relation_as(#import);),
        Slot::This { aliased: true } => quote!(sql.this();),
        Slot::This { aliased: false } => quote!(sql.this_as();),
        Slot::Variable(index) => quote!(sql.variable(#index);),
        Slot::StartTimestamp => quote!(sql.start_ts();),
        Slot::EndTimestamp => quote!(sql.end_ts();),
        Slot::StartDate => quote!(sql.start_date();),
        Slot::EndDate => quote!(sql.end_date();),
        Slot::ExecutionTimestamp => quote!(sql.execution_ts();),
    }
}

fn condition(condition: &BodyCondition) -> TokenStream {
    match condition {
        BodyCondition::Constant(value) => quote!(#value),
        BodyCondition::IsIncremental => quote!(facts.is_incremental()),
        BodyCondition::FullRefresh => quote!(facts.full_refresh()),
        BodyCondition::Environment(name) => quote!(facts.env_is(#name)),
        BodyCondition::Engine(kind) => quote!(facts.engine_is(#kind)),
        BodyCondition::Variable {
            index,
            comparison,
            literal,
        } => {
            let comparison = format_ident!("{}", comparison_name(*comparison));
            quote!(facts.variable(#index, Comparison::#comparison, #literal))
        }
        BodyCondition::Not(inner) => {
            let inner = operand(inner);
            quote!(!#inner)
        }
        BodyCondition::And(left, right) => {
            let (left, right) = (operand(left), operand(right));
            quote!(#left && #right)
        }
        BodyCondition::Or(left, right) => {
            let (left, right) = (operand(left), operand(right));
            quote!(#left || #right)
        }
    }
}

/// A condition within another one: in parentheses where it is made of several.
fn operand(inner: &BodyCondition) -> TokenStream {
    let tokens = condition(inner);
    match inner {
        BodyCondition::And(..) | BodyCondition::Or(..) => quote!((#tokens)),
        _ => tokens,
    }
}

fn comparison_name(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "Equal",
        Comparison::Less => "Less",
        Comparison::LessOrEqual => "LessOrEqual",
        Comparison::Greater => "Greater",
        Comparison::GreaterOrEqual => "GreaterOrEqual",
    }
}
