//! What the names in expressions mean: columns, fields, variables.

use super::Binder;
use super::scope::{ColumnId, Env, Found, Relation};
use crate::bound::{Call, CallKind, Mark, What};
use crate::diagnostic::{Code, Diagnostic, Fix, nearest};
use crate::name::same_name;
use crate::parse::{ast, written_name};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::rules::field;
use crate::types::{Typed, Value, catalogue};

impl Binder<'_> {
    /// `column`, `table.column`, `column.field`, `table.column.field`.
    pub(super) fn name_expression(
        &mut self,
        names: &[ast::Name],
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        match names {
            [] => Typed::unknown(),
            [only] => self.plain_name(only, env),
            [first, rest @ ..] => self.qualified_name(first, rest, span, env),
        }
    }

    fn plain_name(&mut self, name: &ast::Name, env: &Env<'_>) -> Typed {
        match env.find(&name.value) {
            Found::Column(id, _, typed) => {
                self.resolved.insert((name.span.start, name.span.end), id);
                self.write_column(id, &name.value, name.span, env);
                typed
            }
            Found::Alias(typed, what) => {
                self.tree.leaf(what, name.span);
                typed
            }
            Found::Row(sql_type, relation, id) => {
                let place = (name.span.start, name.span.end);
                self.rows_read.insert(place, (relation, id));
                self.write_row(relation, &sql_type, name.span);
                Typed::of(sql_type)
            }
            Found::Open => {
                self.unresolved(std::slice::from_ref(name), name.span);
                Typed::unknown()
            }
            Found::Ambiguous(tables) => {
                self.ambiguous(name, &tables);
                Typed::unknown()
            }
            // Also in quotes.
            Found::Nothing => match keyword_value(&name.value) {
                Some(sql_type) => {
                    self.volatile = true;
                    self.clock_word(name);
                    Typed::of(sql_type)
                }
                None if self.names_are_texts => self.name_as_text(std::slice::from_ref(name)),
                None => {
                    self.unknown_column(name, &env.candidates(), env);
                    Typed::unknown()
                }
            },
        }
    }

    fn qualified_name(
        &mut self,
        first: &ast::Name,
        rest: &[ast::Name],
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        if let Some((scope, index)) = env.relation_with(&first.value, &rest[0].value) {
            let relation = &scope.relations[index];
            let column = &rest[0];
            let hidden = || relation.hidden_position(&column.value);
            if let Some(position) = relation.position(&column.value).or_else(hidden)
                && let Found::Column(id, _, typed) = scope.column(index, position)
            {
                self.resolved.insert((span.start, span.end), id);
                let relations = scope.relations.iter().skip(index + 1);
                let named = |relation: &&Relation| relation.is_named(&first.value);
                if relations
                    .filter(named)
                    .any(|relation| !relation.open && relation.position(&column.value).is_some())
                {
                    self.same_alias(first, column);
                }
                return self.fields_of(id, typed, column, &rest[1..], span, env);
            }
            if relation.is_open() {
                self.unresolved(rest, span);
                return Typed::unknown();
            }
            // A column of the same name as the table may be a struct.
            if let Found::Column(id, _, typed) = env.find(&first.value) {
                return self.fields_of(id, typed, first, rest, span, env);
            }
            if same_name(&first.value, "alias") && env.is_alias(&column.value) {
                return self.name_expression(rest, span, env);
            }
            if self.names_are_texts {
                return self.qualified_text(first, rest);
            }
            let names: Vec<String> = relation
                .columns
                .iter()
                .filter_map(|column| column.name.clone())
                .collect();
            let table = relation.name.clone().unwrap_or_default();
            self.unknown_column_of(column, &names, &table);
            return Typed::unknown();
        }
        match env.find(&first.value) {
            Found::Column(id, _, typed) => {
                self.resolved.insert((span.start, span.end), id);
                self.fields_of(id, typed, first, rest, span, env)
            }
            Found::Alias(typed, what) => {
                let mark = self.tree.mark();
                self.tree.leaf(what, span);
                self.fields(mark, typed, rest)
            }
            Found::Row(..) | Found::Open => {
                self.unresolved(rest, span);
                Typed::unknown()
            }
            Found::Ambiguous(tables) => {
                self.ambiguous(first, &tables);
                Typed::unknown()
            }
            // `alias.x` means the alias `x` of the select list.
            Found::Nothing
                if first.value.eq_ignore_ascii_case("alias")
                    && let [name] = rest
                    && let Some(alias) = env.alias(&name.value) =>
            {
                self.tree.leaf(alias.what.clone(), span);
                alias.typed.clone()
            }
            Found::Nothing if self.names_are_texts => self.qualified_text(first, rest),
            Found::Nothing => {
                self.unknown_qualifier(first, env);
                Typed::unknown()
            }
        }
    }

    /// A name that stands for its own text.
    fn name_as_text(&mut self, names: &[ast::Name]) -> Typed {
        let written: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        let text = written.join(".");
        if let (Some(first), Some(last)) = (names.first(), names.last()) {
            let span = first.span.to(last.span);
            self.tree.leaf(What::Opaque(text.clone()), span);
        }
        Typed {
            value: Value::Text(text),
            ..Typed::not_null(SqlType::Varchar)
        }
    }

    fn qualified_text(&mut self, first: &ast::Name, rest: &[ast::Name]) -> Typed {
        let mut names = vec![first.clone()];
        names.extend_from_slice(rest);
        self.name_as_text(&names)
    }

    /// Fields within fields of a column.
    fn fields_of(
        &mut self,
        column: ColumnId,
        typed: Typed,
        name: &ast::Name,
        fields: &[ast::Name],
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        let mark = self.tree.mark();
        if !fields.is_empty() {
            self.fields_read
                .insert((span.start, span.end), fields.len());
        }
        self.write_column(column, &name.value, span, env);
        self.fields(mark, typed, fields)
    }

    /// Fields within fields of what was written since the mark.
    fn fields(&mut self, mark: Mark, typed: Typed, names: &[ast::Name]) -> Typed {
        let mut current = typed;
        for name in names {
            current = self.field(&current, name);
            let what = What::Operation(format!("field {}", name.value.to_lowercase()));
            self.tree.close(mark, what, name.span);
        }
        current
    }

    /// Writes a name that may be a column which isn't known.
    fn unresolved(&mut self, names: &[ast::Name], span: Span) {
        let written: Vec<String> = names.iter().map(|name| name.value.to_lowercase()).collect();
        self.tree.leaf(What::Unresolved(written.join(".")), span);
    }

    /// Writes a word that stands for a call: `current_date`.
    fn clock_word(&mut self, name: &ast::Name) {
        let call = Call {
            name: name.value.to_lowercase(),
            kind: CallKind::Scalar,
            distinct: false,
            ignore_nulls: None,
            volatile: true,
            argument_names: Vec::new(),
        };
        self.tree.leaf(What::Call(call), name.span);
    }

    /// `value.field`
    pub(super) fn field(&mut self, typed: &Typed, name: &ast::Name) -> Typed {
        if let Some(found) = field(&typed.sql_type, &name.value) {
            return Typed::of(found);
        }
        if let SqlType::Struct(fields) | SqlType::Union(fields) = &typed.sql_type
            && fields.iter().all(|(own, _)| !own.is_empty())
        {
            let names: Vec<String> = fields.iter().map(|(own, _)| own.clone()).collect();
            let mut finding = Diagnostic::error(
                Code::UnknownColumn,
                name.span,
                match &typed.sql_type {
                    SqlType::Union(_) => format!("the union has no member `{}`", name.value),
                    _ => format!("the struct has no field `{}`", name.value),
                },
            );
            if let Some(similar) = nearest(&name.value, names.iter().map(String::as_str)) {
                let candidates = names.iter().map(String::as_str);
                finding = finding.hint(format!("did you mean `{similar}`?")).fix_name(
                    &name.value,
                    name.span,
                    candidates,
                    as_name,
                );
            } else {
                finding = finding.hint(format!("its fields are {}", listed(&names)));
            }
            self.report(finding);
        }
        if let SqlType::Struct(fields) = &typed.sql_type
            && !fields.is_empty()
            && fields.iter().all(|(own, _)| own.is_empty())
        {
            let message = format!("this row's members have no names, also no `{}`", name.value);
            self.report(
                Diagnostic::error(Code::UnknownColumn, name.span, message)
                    .hint("take a member by its position: `row[1]`"),
            );
        }
        self.check_field(&typed.sql_type, name);
        Typed::unknown()
    }

    /// `:name` as a value.
    pub(super) fn reference(&mut self, name: &ast::Name) -> Typed {
        let key = name.value.to_lowercase();
        self.tree.leaf(What::Variable(key.clone()), name.span);
        if let Some(sql_type) = self.input.variables.get(&key) {
            let typed = Typed::of(sql_type.clone());
            self.volatile |= key == "execution_ts";
            self.variables.insert(key);
            return typed;
        }
        let mut finding = Diagnostic::error(
            Code::UnknownReference,
            name.span,
            format!("`:{}` is no variable", name.value),
        );
        if self.input.imports.contains_key(&key) || key == "this" {
            self.reads_this |= key == "this";
            finding = Diagnostic::error(
                Code::UnknownReference,
                name.span,
                format!("`:{}` is a relation, not a value", name.value),
            )
            .hint(format!("read it with `FROM :{}`", name.value));
        } else if matches!(
            key.as_str(),
            "start_ts" | "end_ts" | "start_date" | "end_date"
        ) {
            finding = finding
                .hint("the range of a batch is there in models with `strategy='time_range'`");
        } else if let Some(similar) =
            nearest(&name.value, self.input.variables.keys().map(String::as_str))
        {
            let candidates = self.input.variables.keys().map(String::as_str);
            finding = finding
                .hint(format!("did you mean `:{similar}`?"))
                .fix_name(&name.value, name.span, candidates, as_reference);
        } else {
            finding = finding.hint(format!(
                "declare it in the header: `-- @var: {} TYPE = …`",
                name.value
            ));
        }
        self.report(finding);
        Typed::unknown()
    }

    /// Two tables of one name have the column.
    fn same_alias(&mut self, table: &ast::Name, column: &ast::Name) {
        let message = format!(
            "two tables named `{}` have a column `{}`",
            table.value, column.value
        );
        self.report(
            Diagnostic::error(Code::AmbiguousColumn, table.span.to(column.span), message)
                .hint("give one of them an alias of its own: `AS alias`"),
        );
    }

    pub(super) fn ambiguous(&mut self, name: &ast::Name, tables: &[String]) {
        let choices: Vec<String> = tables
            .iter()
            .filter(|table| !table.is_empty())
            .map(|table| format!("`{table}.{}`", name.value))
            .collect();
        let mut finding = Diagnostic::error(
            Code::AmbiguousColumn,
            name.span,
            match tables.is_empty() {
                true => format!("several tables are named `{}`", name.value),
                false => format!("several tables have a column `{}`", name.value),
            },
        );
        if choices.len() > 1 {
            finding = finding.hint(format!("write {}", choices.join(" or ")));
        }
        self.report(finding);
    }

    fn unknown_column(&mut self, name: &ast::Name, candidates: &[String], env: &Env<'_>) {
        let mut finding = Diagnostic::error(
            Code::UnknownColumn,
            name.span,
            format!("there is no column `{}`", name.value),
        );
        if let Some(similar) = nearest(&name.value, candidates.iter().map(String::as_str)) {
            let candidates = candidates.iter().map(String::as_str);
            finding = self.similar_column(finding, similar).fix_name(
                &name.value,
                name.span,
                candidates,
                as_name,
            );
        } else if self
            .input
            .variables
            .contains_key(&name.value.to_lowercase())
        {
            finding = finding
                .hint(format!(
                    "a variable is written with a colon: `:{}`",
                    name.value
                ))
                .fix(Fix::replace(name.span, as_reference(&name.value)));
        } else if name.quoted {
            finding = finding.hint(format!(
                "a text is written in single quotes: `'{}'`",
                name.value
            ));
        } else if env.outwards().all(|env| env.scope.relations.is_empty()) {
            finding = finding.hint("the query reads no table: it has no `FROM`");
        }
        self.report(finding);
    }

    fn unknown_column_of(&mut self, name: &ast::Name, columns: &[String], table: &str) {
        let mut finding = Diagnostic::error(
            Code::UnknownColumn,
            name.span,
            format!("`{table}` has no column `{}`", name.value),
        );
        if let Some(similar) = nearest(&name.value, columns.iter().map(String::as_str)) {
            let candidates = columns.iter().map(String::as_str);
            finding = self.similar_column(finding, similar).fix_name(
                &name.value,
                name.span,
                candidates,
                as_name,
            );
        } else if !columns.is_empty() && columns.len() <= 12 {
            finding = finding.hint(format!("its columns are {}", listed(columns)));
        }
        self.report(finding);
    }

    /// Proposes a column, and shows where it is made if only one import has it.
    fn similar_column(&self, finding: Diagnostic, similar: &str) -> Diagnostic {
        let finding = finding.hint(format!("did you mean `{similar}`?"));
        let schemas = self.input.imports.values();
        let mut places = schemas
            .filter_map(|schema| schema.columns.as_ref())
            .flatten()
            .filter(|column| column.name.eq_ignore_ascii_case(similar))
            .map(|column| column.made_at);
        match (places.next(), places.next()) {
            (Some(Some(place)), None) => {
                finding.and_at(place, "a column with a similar name is made here")
            }
            _ => finding,
        }
    }

    pub(super) fn unknown_qualifier(&mut self, name: &ast::Name, env: &Env<'_>) {
        let tables: Vec<String> = env
            .outwards()
            .flat_map(|env| &env.scope.relations)
            .filter_map(|relation| relation.name.clone())
            .collect();
        let mut finding = Diagnostic::error(
            Code::UnknownTable,
            name.span,
            format!("no table of the query is named `{}`", name.value),
        );
        if let Some(similar) = nearest(&name.value, tables.iter().map(String::as_str)) {
            let candidates = tables.iter().map(String::as_str);
            finding = finding.hint(format!("did you mean `{similar}`?")).fix_name(
                &name.value,
                name.span,
                candidates,
                as_name,
            );
        } else if !tables.is_empty() {
            finding = finding.hint(format!("the query reads {}", listed(&tables)));
        }
        self.report(finding);
    }
}

/// A name as a query says it.
pub(super) fn as_name(name: &str) -> String {
    written_name(name).into_owned()
}

/// A name as a reference.
pub(super) fn as_reference(name: &str) -> String {
    format!(":{name}")
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// What a word without parentheses gives that isn't a column.
pub(super) fn keyword_value(name: &str) -> Option<SqlType> {
    Some(match name.to_lowercase().as_str() {
        "current_date" => SqlType::Date,
        "current_timestamp" => SqlType::TimestampTz,
        "current_time" => SqlType::TimeTz,
        "localtime" => SqlType::Time,
        "localtimestamp" => SqlType::Timestamp,
        "current_user" | "session_user" | "user" | "current_role" | "current_schema"
        | "current_catalog" => SqlType::Varchar,
        _ => return None,
    })
}

/// Values that are written without parentheses only.
const WITHOUT_PARENTHESES: [&str; 4] = [
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
];

/// Whether the engine has a function of this name, in one way or another.
pub(super) fn is_function(name: &str) -> bool {
    let lower = name.to_lowercase();
    catalogue::find(name).is_some()
        || crate::types::rules::SYNTAX.contains(&lower.as_str())
        || keyword_value(name).is_some() && !WITHOUT_PARENTHESES.contains(&lower.as_str())
}
