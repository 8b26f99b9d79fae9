//! The keywords of DuckDB 1.5.5 and where they may be names, as its function `duckdb_keywords()`
//! lists them.

use Category::{Column as C, Reserved as R, TypeOrFunction as T, Unreserved as U};

/// Where a keyword may be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// Everywhere.
    Unreserved,
    /// A column or table, but no function.
    Column,
    /// A type or function, but no column or table.
    TypeOrFunction,
    /// Only behind `AS` and behind a dot.
    Reserved,
}

/// A keyword: an index into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keyword(u16);

impl Keyword {
    /// What is no keyword.
    pub(super) const NONE: Keyword = Keyword(u16::MAX);

    /// The keyword that a word is, without regard to case.
    pub(super) fn of(word: &str) -> Keyword {
        let mut lower = [0_u8; LONGEST];
        let Some(buffer) = lower.get_mut(..word.len()) else {
            return Keyword::NONE;
        };
        buffer.copy_from_slice(word.as_bytes());
        buffer.make_ascii_lowercase();
        let found = KEYWORDS.binary_search_by(|(text, _)| text.as_bytes().cmp(buffer));
        found.map_or(Keyword::NONE, |index| Keyword(index as u16))
    }

    /// Where it may be a name; `None` for what is no keyword.
    pub(super) fn category(self) -> Option<Category> {
        KEYWORDS.get(self.0 as usize).map(|(_, category)| *category)
    }

    /// Whether it may be a column or a table without quotes: `ColId` of the grammar. Some
    /// keywords are in the list of columns and in those of types or functions as well.
    pub(super) fn names_columns(self) -> bool {
        const ALSO_COLUMNS: [&str; 5] = ["columns", "generated", "map", "struct", "try_cast"];
        match self.category() {
            None | Some(Category::Unreserved | Category::Column) => true,
            Some(Category::TypeOrFunction) => ALSO_COLUMNS.contains(&self.text()),
            Some(Category::Reserved) => false,
        }
    }

    /// As it is written, in lower case.
    pub(super) fn text(self) -> &'static str {
        KEYWORDS.get(self.0 as usize).map_or("", |(text, _)| text)
    }
}

/// Whether a word can't name a column or a table without quotes.
pub fn needs_quotes(word: &str) -> bool {
    !Keyword::of(word).names_columns()
}

/// The length of `xmlnamespaces`, with some room.
const LONGEST: usize = 16;

/// Finds a keyword while compiling.
const fn keyword(text: &str) -> Keyword {
    let mut index = 0;
    while index < KEYWORDS.len() {
        if same(KEYWORDS[index].0.as_bytes(), text.as_bytes()) {
            return Keyword(index as u16);
        }
        index += 1;
    }
    panic!("no keyword of the engine")
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

macro_rules! words {
    ($($name:ident $text:literal,)*) => {
        $(pub(super) const $name: Keyword = keyword($text);)*
    };
}

words! {
    ALL "all", AND "and", ANTI "anti", ANY "any", ARRAY "array", AS "as", ASC "asc", ASOF "asof", ASYMMETRIC "asymmetric",
    AT "at", BETWEEN "between", BIT "bit", BOTH "both", BY "by", CASE "case", CAST "cast",
    CHAR "char", CHARACTER "character", COLLATE "collate", COLUMNS "columns",
    CROSS "cross", CUBE "cube", CURRENT "current", DEFAULT "default", DESC "desc",
    DESCRIBE "describe", DISTINCT "distinct", DOUBLE "double", ELSE "else", END "end",
    ENUM "enum", ESCAPE "escape", EXCEPT "except", EXCLUDE "exclude", EXISTS "exists",
    EXPORT_STATE "export_state", EXTRACT "extract", FALSE "false", FETCH "fetch", FILTER "filter",
    FIRST "first", FOLLOWING "following", FOR "for", FROM "from", FULL "full", GLOB "glob",
    GROUP "group", GROUPING "grouping", GROUPS "groups", HAVING "having", IF "if",
    IGNORE "ignore", ILIKE "ilike", IN "in", INNER "inner", INTERSECT "intersect",
    INTERVAL "interval", INTO "into", IS "is", ISNULL "isnull", JOIN "join", KEY "key",
    LAMBDA "lambda", LAST "last", LATERAL "lateral", LEADING "leading", LEFT "left", LIKE "like",
    LIMIT "limit", MAP "map", MATERIALIZED "materialized", NAME "name", NATIONAL "national",
    NATURAL "natural", NCHAR "nchar", NO "no", NOT "not", NOTNULL "notnull", NULL "null",
    NULLS "nulls", OFFSET "offset", ON "on", ONLY "only", OPERATOR "operator", OR "or",
    ORDER "order", ORDINALITY "ordinality", OTHERS "others", OUTER "outer", OVER "over",
    OVERLAPS "overlaps", OVERLAY "overlay", PARTITION "partition", PERCENT "percent",
    PIVOT "pivot", PIVOT_LONGER "pivot_longer", PIVOT_WIDER "pivot_wider", PLACING "placing",
    POSITION "position", POSITIONAL "positional", PRECEDING "preceding", PRECISION "precision",
    QUALIFY "qualify", RANGE "range", RECURSIVE "recursive", RENAME "rename",
    REPEATABLE "repeatable", REPLACE "replace", RESPECT "respect", RIGHT "right", ROLLUP "rollup",
    ROW "row", ROWS "rows", SAMPLE "sample", SELECT "select", SEMI "semi", SETOF "setof",
    SETS "sets", SHOW "show", SIMILAR "similar", SOME "some", STRUCT "struct",
    SUBSTRING "substring", SUMMARIZE "summarize", SYMMETRIC "symmetric", TABLE "table",
    TABLESAMPLE "tablesample", THEN "then", TIES "ties", TIME "time", TIMESTAMP "timestamp",
    TO "to", TRAILING "trailing", TRIM "trim", TRUE "true", TRY_CAST "try_cast",
    UNBOUNDED "unbounded", UNION "union", UNKNOWN "unknown", UNPIVOT "unpivot",
    USING "using", VALUES "values", VARIADIC "variadic", VARYING "varying",
    WHEN "when", WHERE "where", WINDOW "window", WITH "with", WITHIN "within", WITHOUT "without",
    ZONE "zone",
}

#[rustfmt::skip]
const KEYWORDS: &[(&str, Category)] = &[
    ("abort", U), ("absolute", U), ("access", U), ("action", U), ("add", U), ("admin", U),
    ("after", U), ("aggregate", U), ("all", R), ("also", U), ("alter", U), ("always", U),
    ("analyse", R), ("analyze", R), ("and", R), ("anti", T), ("any", R), ("array", R), ("as", R),
    ("asc", R), ("asof", T), ("assertion", U), ("assignment", U), ("asymmetric", R), ("at", T),
    ("attach", U), ("attribute", U), ("authorization", T), ("backward", U), ("before", U),
    ("begin", U), ("between", C), ("bigint", C), ("binary", T), ("bit", C), ("boolean", C),
    ("both", R), ("by", T), ("cache", U), ("call", U), ("called", U), ("cascade", U),
    ("cascaded", U), ("case", R), ("cast", R), ("catalog", U), ("centuries", U), ("century", U),
    ("chain", U), ("char", C), ("character", C), ("characteristics", U), ("check", R),
    ("checkpoint", U), ("class", U), ("close", U), ("cluster", U), ("coalesce", C),
    ("collate", R), ("collation", T), ("column", R), ("columns", T), ("comment", U),
    ("comments", U), ("commit", U), ("committed", U), ("compression", U), ("concurrently", T),
    ("configuration", U), ("conflict", U), ("connection", U), ("constraint", R),
    ("constraints", U), ("content", U), ("continue", U), ("conversion", U), ("copy", U),
    ("cost", U), ("create", R), ("cross", T), ("csv", U), ("cube", U), ("current", U),
    ("cursor", U), ("cycle", U), ("data", U), ("database", U), ("day", U), ("days", U),
    ("deallocate", U), ("dec", C), ("decade", U), ("decades", U), ("decimal", C), ("declare", U),
    ("default", R), ("defaults", U), ("deferrable", R), ("deferred", U), ("definer", U),
    ("delete", U), ("delimiter", U), ("delimiters", U), ("depends", U), ("desc", R),
    ("describe", R), ("detach", U), ("dictionary", U), ("disable", U), ("discard", U),
    ("distinct", R), ("do", R), ("document", U), ("domain", U), ("double", U), ("drop", U),
    ("each", U), ("else", R), ("enable", U), ("encoding", U), ("encrypted", U), ("end", R),
    ("enum", U), ("error", U), ("escape", U), ("event", U), ("except", R), ("exclude", U),
    ("excluding", U), ("exclusive", U), ("execute", U), ("exists", C), ("explain", U),
    ("export", U), ("export_state", U), ("extension", U), ("extensions", U), ("external", U),
    ("extract", C), ("false", R), ("family", U), ("fetch", R), ("filter", U), ("first", U),
    ("float", C), ("following", U), ("for", R), ("force", U), ("foreign", R), ("forward", U),
    ("freeze", T), ("from", R), ("full", T), ("function", U), ("functions", U), ("generated", T),
    ("glob", T), ("global", U), ("grant", U), ("granted", U), ("group", R), ("grouping", C),
    ("grouping_id", C), ("groups", U), ("handler", U), ("having", R), ("header", U), ("hold", U),
    ("hour", U), ("hours", U), ("identity", U), ("if", U), ("ignore", U), ("ilike", T),
    ("immediate", U), ("immutable", U), ("implicit", U), ("import", U), ("in", R), ("include", U),
    ("including", U), ("increment", U), ("index", U), ("indexes", U), ("inherit", U),
    ("inherits", U), ("initially", R), ("inline", U), ("inner", T), ("inout", C), ("input", U),
    ("insensitive", U), ("insert", U), ("install", U), ("instead", U), ("int", C), ("integer", C),
    ("intersect", R), ("interval", C), ("into", R), ("invoker", U), ("is", T), ("isnull", T),
    ("isolation", U), ("join", T), ("json", U), ("key", U), ("label", U), ("lambda", R),
    ("language", U), ("large", U), ("last", U), ("lateral", R), ("leading", R), ("leakproof", U),
    ("left", T), ("level", U), ("like", T), ("limit", R), ("listen", U), ("load", U),
    ("local", U), ("location", U), ("lock", U), ("locked", U), ("logged", U), ("macro", U),
    ("map", T), ("mapping", U), ("match", U), ("matched", U), ("materialized", U),
    ("maxvalue", U), ("merge", U), ("method", U), ("microsecond", U), ("microseconds", U),
    ("millennia", U), ("millennium", U), ("millisecond", U), ("milliseconds", U), ("minute", U),
    ("minutes", U), ("minvalue", U), ("mode", U), ("month", U), ("months", U), ("move", U),
    ("name", U), ("names", U), ("national", C), ("natural", T), ("nchar", C), ("new", U),
    ("next", U), ("no", U), ("none", C), ("not", R), ("nothing", U), ("notify", U),
    ("notnull", T), ("nowait", U), ("null", R), ("nullif", C), ("nulls", U), ("numeric", C),
    ("object", U), ("of", U), ("off", U), ("offset", R), ("oids", U), ("old", U), ("on", R),
    ("only", R), ("operator", U), ("option", U), ("options", U), ("or", R), ("order", R),
    ("ordinality", U), ("others", U), ("out", C), ("outer", T), ("over", U), ("overlaps", T),
    ("overlay", C), ("overriding", U), ("owned", U), ("owner", U), ("parallel", U), ("parser", U),
    ("partial", U), ("partition", U), ("partitioned", U), ("passing", U), ("password", U),
    ("percent", U), ("persistent", U), ("pivot", R), ("pivot_longer", R), ("pivot_wider", R),
    ("placing", R), ("plans", U), ("policy", U), ("position", C), ("positional", T),
    ("pragma", U), ("preceding", U), ("precision", C), ("prepare", U), ("prepared", U),
    ("preserve", U), ("primary", R), ("prior", U), ("privileges", U), ("procedural", U),
    ("procedure", U), ("program", U), ("publication", U), ("qualify", R), ("quarter", U),
    ("quarters", U), ("quote", U), ("range", U), ("read", U), ("real", C), ("reassign", U),
    ("recheck", U), ("recursive", U), ("ref", U), ("references", R), ("referencing", U),
    ("refresh", U), ("reindex", U), ("relative", U), ("release", U), ("rename", U),
    ("repeatable", U), ("replace", U), ("replica", U), ("reset", U), ("respect", U),
    ("restart", U), ("restrict", U), ("returning", R), ("returns", U), ("revoke", U),
    ("right", T), ("role", U), ("rollback", U), ("rollup", U), ("row", C), ("rows", U),
    ("rule", U), ("sample", U), ("savepoint", U), ("schema", U), ("schemas", U), ("scope", U),
    ("scroll", U), ("search", U), ("second", U), ("seconds", U), ("secret", U), ("security", U),
    ("select", R), ("semi", T), ("sequence", U), ("sequences", U), ("serializable", U),
    ("server", U), ("session", U), ("set", U), ("setof", C), ("sets", U), ("share", U),
    ("show", R), ("similar", T), ("simple", U), ("skip", U), ("smallint", C), ("snapshot", U),
    ("some", R), ("sorted", U), ("source", U), ("sql", U), ("stable", U), ("standalone", U),
    ("start", U), ("statement", U), ("statistics", U), ("stdin", U), ("stdout", U),
    ("storage", U), ("stored", U), ("strict", U), ("strip", U), ("struct", T),
    ("subscription", U), ("substring", C), ("summarize", R), ("symmetric", R), ("sysid", U),
    ("system", U), ("table", R), ("tables", U), ("tablesample", T), ("tablespace", U),
    ("target", U), ("temp", U), ("template", U), ("temporary", U), ("text", U), ("then", R),
    ("ties", U), ("time", C), ("timestamp", C), ("to", R), ("trailing", R), ("transaction", U),
    ("transform", U), ("treat", C), ("trigger", U), ("trim", C), ("true", R), ("truncate", U),
    ("trusted", U), ("try_cast", T), ("type", U), ("types", U), ("unbounded", U),
    ("uncommitted", U), ("unencrypted", U), ("union", R), ("unique", R), ("unknown", U),
    ("unlisten", U), ("unlogged", U), ("unpack", T), ("unpivot", R), ("until", U), ("update", U),
    ("use", U), ("user", U), ("using", R), ("vacuum", U), ("valid", U), ("validate", U),
    ("validator", U), ("value", U), ("values", C), ("varchar", C), ("variable", U),
    ("variadic", R), ("varying", U), ("verbose", T), ("version", U), ("view", U), ("views", U),
    ("virtual", U), ("volatile", U), ("week", U), ("weeks", U), ("when", R), ("where", R),
    ("whitespace", U), ("window", R), ("with", R), ("within", U), ("without", U), ("work", U),
    ("wrapper", U), ("write", U), ("xml", U), ("xmlattributes", C), ("xmlconcat", C),
    ("xmlelement", C), ("xmlexists", C), ("xmlforest", C), ("xmlnamespaces", C), ("xmlparse", C),
    ("xmlpi", C), ("xmlroot", C), ("xmlserialize", C), ("xmltable", C), ("year", U), ("years", U),
    ("yes", U), ("zone", U),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found_without_case() {
        assert!(KEYWORDS.is_sorted_by(|left, right| left.0 < right.0));
        assert!(KEYWORDS.iter().all(|(text, _)| text.len() <= LONGEST));
        assert_eq!(Keyword::of("FrOm"), FROM);
        assert_eq!(Keyword::of("form"), Keyword::NONE);
        assert_eq!(Keyword::of("a_very_long_name_indeed"), Keyword::NONE);
        assert_eq!(LEFT.category(), Some(Category::TypeOrFunction));
    }
}
