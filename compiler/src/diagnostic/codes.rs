//! Every kind of finding: its name and what it means in one line.
//!
//! The table is the only list: `dbgo explain` reads the page `docs/diagnostics/<name>.md`, and
//! the project's own checks hold the table against the pages and the tests.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($(($text:literal, $name:ident, $summary:literal),)*) => {
        /// A kind of finding. Its text is in kebab-case and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code { $(#[doc = $summary] $name,)* }

        impl Code {
            /// All codes, ordered as in the table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The name that people see: `unknown-column`.
            pub const fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What it means, in one line.
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$name => $summary,)* }
            }
        }
    };
}

codes! {
    // Files
    ("invalid-utf8", InvalidUtf8, "a file isn't valid UTF-8"),
    ("file-too-large", FileTooLarge, "a `.sql` file is larger than 4 MiB"),
    ("empty-model", EmptyModel, "a model's file holds no query"),
    ("no-models", NoModels, "the project has no models"),
    ("unreadable-file", UnreadableFile, "a file of the project can't be read"),
    ("invalid-file-name", InvalidFileName, "the name of a file or folder can't be part of an import path"),
    // The project's file
    ("project-file-missing", ProjectFileMissing, "there is no `dbgo.toml` here or above"),
    ("invalid-project-file", InvalidProjectFile, "`dbgo.toml` isn't valid TOML"),
    ("unknown-setting", UnknownSetting, "`dbgo.toml` has a key that means nothing"),
    ("catalog-of-views", CatalogOfViews, "views in a catalog of their own, which no engine can publish together"),
    ("invalid-setting", InvalidSetting, "a value in `dbgo.toml` doesn't fit its key"),
    // Headers
    ("malformed-pragma", MalformedPragma, "a pragma can't be read"),
    ("unknown-pragma", UnknownPragma, "a pragma that doesn't exist"),
    ("unknown-config-key", UnknownConfigKey, "a key of `@config` that doesn't exist"),
    ("invalid-config-value", InvalidConfigValue, "a value of `@config` that doesn't fit its key"),
    ("duplicate-pragma", DuplicatePragma, "the same thing is said twice in a header"),
    ("not-built-yet", NotBuiltYet, "a part of the language that dbgo knows but hasn't built yet"),
    ("directive-above-query", DirectiveAboveQuery, "a directive stands above the query"),
    ("malformed-exposure", MalformedExposure, "a file in `exposures/` isn't a header that says who uses what"),
    // Audits and tables
    ("malformed-audit", MalformedAudit, "a file in `audits/` isn't a query that gives the rows that are wrong"),
    ("duplicate-audit", DuplicateAudit, "two audits have one name"),
    ("unknown-audit", UnknownAudit, "`@audit` names an audit that doesn't exist"),
    ("audit-arguments", AuditArguments, "an audit is called with arguments it doesn't take"),
    ("wrong-materialization", WrongMaterialization, "something that a model of this kind can't have"),
    ("ignored-grant", IgnoredGrant, "`@grant` in a project whose engines have no users"),
    ("transaction-statement", TransactionStatement, "a statement that can't run in a batch's transaction"),
    // The graph
    ("unknown-import", UnknownImport, "an import names a file that doesn't exist"),
    ("unused-import", UnusedImport, "an import is never used"),
    ("deprecated-import", DeprecatedImport, "an import of something that should no longer be used"),
    ("import-cycle", ImportCycle, "models import each other in a circle"),
    ("duplicate-relation", DuplicateRelation, "two files make the same relation"),
    // Directives and references
    ("unknown-directive", UnknownDirective, "a directive that doesn't exist"),
    ("unbalanced-directive", UnbalancedDirective, "a directive without its end, or the reverse"),
    ("malformed-condition", MalformedCondition, "a condition that can't be read"),
    ("unknown-fact", UnknownFact, "a condition names a fact or variable that doesn't exist"),
    ("malformed-directive", MalformedDirective, "a `#for`, `#include`, `#before`, `#after` or `#error` that can't be read"),
    ("unknown-list", UnknownList, "a loop goes over something that isn't known when compiling"),
    ("unknown-loop-variable", UnknownLoopVariable, "`${x}` names no loop's variable and no argument"),
    ("unknown-fragment", UnknownFragment, "an `#include` names a file that isn't a fragment"),
    ("recursive-expansion", RecursiveExpansion, "a fragment or a macro stands within itself"),
    ("expansion-too-large", ExpansionTooLarge, "what a model writes out exceeds a bound"),
    ("malformed-macro", MalformedMacro, "a macro's definition can't be read, or uses what it can't see"),
    ("duplicate-macro", DuplicateMacro, "two macros have one name"),
    ("macro-call", MacroCall, "a macro is called where or how it can't be"),
    ("macro-arguments", MacroArguments, "a macro is called with arguments it doesn't take"),
    ("volatile-argument", VolatileArgument, "a macro would evaluate a volatile argument several times"),
    ("macro-capture", MacroCapture, "a name in an argument could mean something else within the macro"),
    ("error-directive", ErrorDirective, "a variant reaches an `#error`"),
    ("too-many-variants", TooManyVariants, "a model has more than 64 variants"),
    ("variant-columns", VariantColumns, "the variants of a model have different columns"),
    ("variant-relation", VariantRelation, "a name is an import in one variant and something else in another"),
    ("unknown-reference", UnknownReference, "a `:name` that is no import and no variable"),
    ("unused-variable", UnusedVariable, "a declared variable is never used"),
    ("invalid-variable", InvalidVariable, "a variable has no value, or one that doesn't fit its type"),
    ("time-range-unused", TimeRangeUnused, "a `time_range` model doesn't use its range"),
    // Queries
    ("syntax-error", SyntaxError, "the query can't be read as SQL"),
    ("too-deep", TooDeep, "a query is nested too deep"),
    ("several-statements", SeveralStatements, "a model's file holds more than one statement"),
    ("not-a-query", NotAQuery, "a model's statement isn't a query"),
    ("parsed-by-engine", ParsedByEngine, "the engine reads a query that dbgo's own parser can't"),
    ("undeclared-table", UndeclaredTable, "a table is named without an import"),
    ("unknown-table", UnknownTable, "a qualifier names no table of the query"),
    ("unknown-column", UnknownColumn, "a column that doesn't exist"),
    ("ambiguous-column", AmbiguousColumn, "a column that several tables have"),
    ("unknown-function", UnknownFunction, "a function that doesn't exist"),
    ("wrong-arguments", WrongArguments, "a function is called with arguments it doesn't take"),
    ("type-mismatch", TypeMismatch, "values of types that don't go together"),
    ("set-operation-width", SetOperationWidth, "the sides of a set operation have different numbers of columns"),
    ("not-grouped", NotGrouped, "a column is neither grouped nor aggregated"),
    ("misplaced-aggregate", MisplacedAggregate, "an aggregate stands where none can be computed"),
    ("misplaced-window", MisplacedWindow, "a window function stands where none can be computed, or without `OVER`"),
    ("misplaced-unnest", MisplacedUnnest, "`unnest` stands where no rows can be made"),
    ("invalid-window", InvalidWindow, "a window that doesn't exist, or a frame that can't be"),
    ("position-out-of-range", PositionOutOfRange, "a position that names no column"),
    ("wrong-width", WrongWidth, "a subquery or list of names has another number of columns than it must have"),
    ("unsupported-join", UnsupportedJoin, "a join that the engine can't make"),
    ("invalid-recursion", InvalidRecursion, "a common table expression reads itself where it can't"),
    ("invalid-star", InvalidStar, "a star that can't be expanded"),
    ("invalid-constant", InvalidConstant, "a constant that isn't what its place needs"),
    ("duplicate-name", DuplicateName, "a name is given twice in one place"),
    ("duplicate-column", DuplicateColumn, "two output columns have the same name"),
    ("unknown-columns", UnknownColumns, "the columns of a model or seed can't be told"),
    ("columns-depend-on-data", ColumnsDependOnData, "the columns of a query depend on data"),
    ("engine-refuses", EngineRefuses, "the engine refuses a query that dbgo found no fault in"),
    ("engine-failed", EngineFailed, "the engine can't be opened, or failed outside of any model"),
    // Contracts and keys
    ("contract-column-missing", ContractColumnMissing, "a contract names a column that the query doesn't make"),
    ("contract-type", ContractType, "a column's type doesn't fit its contract"),
    ("unknown-type", UnknownType, "a type that doesn't exist"),
    ("inclusive-range", InclusiveRange, "`between` takes the end of a range that ends before it"),
    ("unknown-key-column", UnknownKeyColumn, "a key or time column that the query doesn't make"),
    // Seeds and sources
    ("malformed-seed", MalformedSeed, "a seed's file can't be read"),
    ("ragged-row", RaggedRow, "a row of a CSV has another number of values than its header"),
    ("seed-value", SeedValue, "a value of a seed doesn't fit its column's type"),
    ("malformed-table", MalformedTable, "a source or typing file isn't one `CREATE TABLE`"),
    // Building and running
    ("missing-variable", MissingVariable, "an environment variable that `dbgo.toml` names isn't set"),
    ("rustc-missing", RustcMissing, "there is no rustc"),
    ("rustc-too-old", RustcTooOld, "the rustc is too old"),
    ("linker-missing", LinkerMissing, "there is no C linker that works"),
    ("generated-code", GeneratedCode, "rustc refuses code that dbgo generated, which is a fault of dbgo"),
    ("crates-unavailable", CratesUnavailable, "a crate that a program is linked with can't be had"),
    ("libduckdb-missing", LibduckdbMissing, "there is no `libduckdb` to link a program with"),
    ("program-not-built", ProgramNotBuilt, "a program can't be compiled or linked on this machine"),
    ("seeds-too-large", SeedsTooLarge, "the seeds are too large to be carried by a program"),
    ("unwritable", Unwritable, "a folder or file can't be written"),
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Code::ALL
            .iter()
            .copied()
            .find(|code| code.text() == text)
            .ok_or(())
    }
}
