//! Models that read a model in many ways, and models that read those.

/// A model: its name in its folder, and its query. `:parent` and other models are read by name.
#[derive(Clone, Debug)]
pub struct Model {
    pub name: String,
    pub query: String,
}

/// The names that a query may read besides models of its folder.
const SOURCES: [&str; 2] = ["orders", "customers"];

impl Model {
    fn new(name: impl Into<String>, query: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            query: query.into(),
        }
    }

    /// The model's file.
    pub fn text(&self, folder: &str) -> String {
        let mut header = String::new();
        for name in self.reads() {
            let path = match SOURCES.contains(&name.as_str()) {
                true => format!("sources.{name}"),
                false => format!("models.{folder}.{name}"),
            };
            header.push_str(&format!("-- @import: {path}\n"));
        }
        format!("{header}{}\n", self.query)
    }

    /// What the query reads, each once: the words behind a single colon.
    fn reads(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (at, _) in self.query.match_indices(':') {
            if let Some(name) = reference(&self.query, at)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }

    /// The query as the engine reads it, without the colons of references.
    pub fn sql(&self) -> String {
        let letters = self.query.char_indices();
        letters
            .filter(|(at, letter)| *letter != ':' || reference(&self.query, *at).is_none())
            .map(|(_, letter)| letter)
            .collect()
    }
}

/// The name of a reference whose colon stands at a byte, in lower case.
fn reference(query: &str, at: usize) -> Option<String> {
    let is_cast = query[..at].ends_with(':');
    let rest = &query[at + 1..];
    let length = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let name = rest[..length.unwrap_or(rest.len())].to_lowercase();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
    (is_name && !is_cast).then_some(name)
}

/// The model `parent` with this query, and readers of these of its columns. Those of a column that
/// it doesn't have don't compile, and are no matter.
pub fn readers(query: &str, columns: &[String]) -> Vec<Model> {
    let mut models = vec![
        Model::new("parent", query),
        Model::new("all_of_it", "select * from :parent"),
        Model::new("counted", "select count(*) as n from :parent"),
        Model::new("crossed", "select c.id from :customers c, :parent"),
        Model::new("counted_again", "select sum(n) as n from :counted"),
        Model::new(
            "there",
            "select id, exists (select 1 from :parent) as is_there from :customers",
        ),
    ];
    for (index, column) in columns.iter().take(2).enumerate() {
        let other = &columns[(index + 1) % columns.len()];
        models.extend(of_column(index, column, other));
    }
    models
}

fn of_column(index: usize, column: &str, other: &str) -> Vec<Model> {
    let one = |name: &str, query: String| Model::new(format!("{name}{index}"), query);
    vec![
        one(
            "handed_on",
            format!("select {column} as v, 1 as one from :parent"),
        ),
        one(
            "groups",
            format!("select {column} as k, count(*) as n from :parent group by {column}"),
        ),
        one(
            "least",
            format!("select min({column}) as low, 'x' as x from :parent"),
        ),
        one(
            "some",
            format!("select {column} as v, {other} as w from :parent where {other} is not null"),
        ),
        one(
            "found",
            format!(
                "select id, (select max(p.{column}::varchar) from :parent p) as m from :customers"
            ),
        ),
        one(
            "typed",
            format!("select typeof({column}) as t, {other} as w from :parent"),
        ),
        one(
            "hashed",
            format!("select {column} as v from :parent where hash({column}) % 3 = 0"),
        ),
        one(
            "paired",
            format!(
                "select p.{other} as w, q.{column} as v from :parent p join :parent q on p.{other} = q.{other}"
            ),
        ),
        one(
            "numbered",
            format!(
                "select {other} as w, rank() over (partition by {other} order by {column}) as n from :parent"
            ),
        ),
        one(
            "united",
            format!("select {column} as v from :parent union select {column} from :parent"),
        ),
        one(
            "first_of",
            format!("select {column} as v from :parent order by {column} limit 3"),
        ),
        one(
            "groups_of_that",
            format!("select v, count(*) as n, max(one) as one from :handed_on{index} group by v"),
        ),
        one(
            "rows_of_that",
            format!("select one, count(v) over () as n from :handed_on{index}"),
        ),
        one(
            "names_of_that",
            format!(
                "select c.name, s.w from :customers c left join :some{index} s on s.v::varchar = c.name"
            ),
        ),
    ]
}
