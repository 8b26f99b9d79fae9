//! A project that is edited at random, as people edit theirs: most edits are small, some break it,
//! and later ones may mend it.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// An edit: what to do, and numbers that say where and how.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    kind: u8,
    at: u16,
    how: u16,
}

impl Arbitrary for Edit {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        (0..19u8, any::<u16>(), any::<u16>())
            .prop_map(|(kind, at, how)| Self { kind, at, how })
            .boxed()
    }
}

/// What an audit may be.
const AUDITS: [&str; 6] = [
    "-- @param: c column\n-- @param: p column\nselect this.* from :this left join :p on this.:c = :p where :p is null\n",
    "-- @import: rates = seeds.rates\n-- @param: c column\n-- @param: p column\nselect * from :this where this.:c > (select max(rates.rate) from :rates) and this.:p > 1\n",
    "-- @param: c column\n-- @param: p column\nselect * from :this where m(:c) > 1 and :p is null and amuont > 1\n",
    "-- @param: c column\nselect * from :this where :c is null\n",
    "-- @import: models.nothing\n-- @param: c column\nselect * from :this where :c is null\n",
    "-- @param: c column\n-- @param: p relation\nselect * from :this where\n",
];

#[derive(Clone, Debug)]
struct Model {
    imports: Vec<String>,
    pragmas: Vec<String>,
    columns: Vec<String>,
    filter: u16,
    is_broken: bool,
}

impl Model {
    fn text(&self) -> String {
        let mut text = String::new();
        for (index, import) in self.imports.iter().enumerate() {
            text += &format!("-- @import: i{index} = {import}\n");
        }
        for pragma in &self.pragmas {
            text += &format!("-- {pragma}\n");
        }
        let columns = self.columns.join(",\n    ");
        text += &format!("select\n    {columns}\n");
        let mut joins = (0..self.imports.len()).map(|index| format!(":i{index}"));
        if let Some(first) = joins.next() {
            text += &format!("from {first}\n");
        }
        for join in joins {
            text += &format!("inner join {join} using (id)\n");
        }
        if !self.imports.is_empty() {
            text += &format!("where id > {}\n", self.filter);
        }
        if self.is_broken {
            text += "and and\n";
        }
        text
    }
}

/// The project.
#[derive(Debug)]
pub struct Edited {
    models: BTreeMap<String, Model>,
    others: BTreeMap<String, String>,
    written: BTreeMap<String, String>,
    made: u16,
}

impl Edited {
    pub fn new() -> Self {
        let mut project = Self {
            models: BTreeMap::new(),
            others: BTreeMap::new(),
            written: BTreeMap::new(),
            made: 0,
        };
        for (path, text) in [
            (
                "models/unfolded.sql",
                "-- @import: rates = seeds.rates\nselect\n#for code in :rates.id sep ','\n    ${code} as id_${code}\n#endfor\nfrom :rates\n",
            ),
            (
                "models/included.sql",
                "-- @import: a = models.a\nselect id, m(amount) as amount from :a\nwhere\n    #include 'fragments/f.sql'\n",
            ),
            ("fragments/f.sql", "amount > 3\n"),
            ("macros/m.sql", "create macro m(a) as a + 1;\n"),
            (
                "models/audited.sql",
                "-- @import: a = models.a\n-- @audit: known(id, :a.id)\nselect id, amount from :a\n",
            ),
            ("audits/known.sql", AUDITS[0]),
            ("dbgo.toml", "name = 'shop'\n"),
            (
                "sources/raw/orders.sql",
                "create table orders (id bigint, amount integer, note varchar)\n",
            ),
            ("seeds/rates.csv", "id,rate\n1,0.5\n2,0.25\n"),
            ("seeds/places.csv", "id,name\n1,here\n"),
            (
                "seeds/places.sql",
                "create table places (id bigint not null, name varchar)\n",
            ),
        ] {
            project.others.insert(path.to_owned(), text.to_owned());
        }
        let reads: [(&str, &[&str], &[&str]); 7] = [
            ("a", &["sources.raw.orders"], &["id", "amount", "note"]),
            ("b", &["models.a"], &["id", "amount * 2 as amount"]),
            (
                "c",
                &["models.a", "seeds.rates"],
                &["id", "amount * rate as worth"],
            ),
            ("d", &["models.b", "models.c"], &["id", "amount", "worth"]),
            ("e", &["models.d"], &["*"]),
            (
                "x/f",
                &["models.e", "seeds.places"],
                &["id", "name", "worth"],
            ),
            ("x/g", &[], &["1 as id", "current_date as today"]),
        ];
        for (name, imports, columns) in reads {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let model = Model {
                imports: texts(imports),
                pragmas: Vec::new(),
                columns: texts(columns),
                filter: 0,
                is_broken: false,
            };
            project.models.insert(format!("models/{name}.sql"), model);
        }
        project
    }

    /// Edits it.
    pub fn apply(&mut self, edit: &Edit) {
        let how = usize::from(edit.how);
        match edit.kind {
            0..9 => self.edit_model(edit),
            9 => {
                self.made += 1;
                let name = ["models/0new", "models/x/new", "models/zz"][how % 3];
                let path = format!("{name}{}.sql", self.made);
                let model = self.model_at(edit.at).clone();
                self.models.insert(path, model);
            }
            10 if self.models.len() > 2 => {
                let path = self.path_at(edit.at);
                self.models.remove(&path);
            }
            11 => {
                self.made += 1;
                let path = self.path_at(edit.at);
                if let Some(model) = self.models.remove(&path) {
                    self.models
                        .insert(format!("models/m{}.sql", self.made), model);
                }
            }
            12 => {
                let texts = [
                    "name = 'shop'\n",
                    "name = 'shop'\n\n[defaults]\nmaterialized = 'table'\n",
                    "name = 'shop'\n\n[vars]\nlow = 3\nnames = ['a', 'b']\n",
                    "name = 'shop'\n\n[defaults.\"models/x\"]\nenabled = false\n",
                    "name = 'shop'\nunknown = 1\n",
                ];
                self.other("dbgo.toml", texts[how % texts.len()]);
            }
            13 => {
                let texts = [
                    "id,rate\n1,0.5\n2,0.25\n",
                    "id,rate\n1,1\n2,2\n",
                    "id,rate\n1,\n2,a\n",
                    "id,price\n1,0.5\n",
                    "id\n",
                ];
                self.other("seeds/rates.csv", texts[how % texts.len()]);
            }
            14 => {
                let texts = [
                    "create table orders (id bigint, amount integer, note varchar)\n",
                    "create table orders (id bigint not null, amount decimal(18, 2), note varchar)\n",
                    "create table orders (id bigint, amuont integer, note varchar)\n",
                    "-- @description: Orders.\ncreate table orders (id bigint, amount integer, note varchar)\n",
                    "create tabel orders (id bigint)\n",
                ];
                self.other("sources/raw/orders.sql", texts[how % texts.len()]);
            }
            16 => {
                let texts = [
                    "-- @import: rates = seeds.rates\nselect\n#for code in :rates.id sep ','\n    ${code} as id_${code}\n#endfor\nfrom :rates\n",
                    "-- @import: rates = seeds.rates\nselect\n#for one in :rates.rate sep ','\n    ${one} as id\n#endfor\nfrom :rates\n",
                    "-- @import: a = models.a\nselect id, amount from :a\nwhere\n    #include 'fragments/f.sql'\n",
                    "-- @import: a = models.a\nselect id, m(amount) as amount from :a\n",
                    "select 1 as id, 2 as amount\n",
                ];
                self.other("models/unfolded.sql", texts[how % texts.len()]);
            }
            17 => {
                let fragments = ["amount > 3\n", "amount > 4 and amuont > 1\n", "id > \n"];
                let macros = [
                    "create macro m(a) as a + 1;\n",
                    "create macro m(a) as a || 'x';\n",
                    "create macro m(a, b) as a + b;\n",
                    "create macro n(a) as a;\n",
                ];
                match how % 5 {
                    0 => {
                        self.others.remove("fragments/f.sql");
                    }
                    1 | 2 => self.other("fragments/f.sql", fragments[how / 5 % fragments.len()]),
                    _ => self.other("macros/m.sql", macros[how / 5 % macros.len()]),
                }
            }
            18 => {
                let path = ["audits/known.sql", "audits/x/known.sql", "audits/odd.sql"][how % 3];
                match how / 3 % 4 {
                    0 => {
                        self.others.remove(path);
                    }
                    _ => self.other(path, AUDITS[how / 12 % AUDITS.len()]),
                }
            }
            _ => {
                let places = "seeds/places.sql";
                let board = "exposures/board.sql";
                let exposed = [
                    "-- @exposure: type='report'\n-- @import: models.d\n-- @uses: d.worth\n",
                    "-- @exposure: type='report'\n-- @import: models.d\n-- @import: models.e\n",
                    "-- @exposure: type='reprot'\n-- @import: models.nothing\n",
                    "-- @exposure: type='report'\n-- @import: models.x.f\n-- @uses: f.nmae\nselect 1\n",
                    "-- @exposure: type='report'\n\n-- @import: models.x.f\n-- @uses: f.nmae\n",
                ];
                match how % 9 {
                    4 => {
                        self.others.remove(board);
                    }
                    5.. => self.other(board, exposed[how / 9 % exposed.len()]),
                    0 => {
                        self.others.remove(places);
                    }
                    1 => self.other(places, "create table places (id bigint, name varchar)\n"),
                    2 => self.other("macros/m.sql", "create macro m(a) as a\n"),
                    _ => {
                        self.others.remove("macros/m.sql");
                    }
                }
            }
        }
    }

    fn edit_model(&mut self, edit: &Edit) {
        let how = usize::from(edit.how);
        let paths: Vec<String> = self.models.keys().map(|path| import(path)).collect();
        let path = self.path_at(edit.at);
        let Some(model) = self.models.get_mut(&path) else {
            return;
        };
        match edit.kind {
            // The query alone.
            0 | 1 => model.filter = edit.how,
            2 => model.is_broken = !model.is_broken,
            // Columns.
            3 => {
                let index = how % model.columns.len();
                let names = [
                    "amount",
                    "amuont",
                    "worth",
                    "1 as one",
                    "id + 0.5 as amount",
                    "name",
                ];
                names[how / 7 % names.len()].clone_into(&mut model.columns[index]);
            }
            4 => model.columns.push(format!("{how} as extra{}", how % 3)),
            5 if model.columns.len() > 1 => {
                model.columns.pop();
            }
            // The header.
            6 => {
                let target = &paths[how % paths.len()];
                match model.imports.len() {
                    0 => model.imports.push(target.clone()),
                    count => model.imports[how / 5 % count].clone_from(target),
                }
            }
            7 => model
                .imports
                .push(["models.nothing", "models.a", "seeds.rates"][how % 3].to_owned()),
            _ => {
                let pragmas = [
                    "@description: A model.",
                    "@config: materialized='view'",
                    "@config: materialized='tabel'",
                    "@config: enabled=false",
                    "@config: deprecated='old'",
                    "@column: id bigint not null",
                    "@var: low integer",
                    "@audit: not_null(id)",
                    "@audit: known(id, amount), where='id > 1'",
                    "@audit: odd(id)",
                    "@unknown: 1",
                ];
                match how % 3 {
                    0 => model.pragmas.clear(),
                    _ => model
                        .pragmas
                        .push(pragmas[how / 3 % pragmas.len()].to_owned()),
                }
            }
        }
    }

    fn path_at(&self, at: u16) -> String {
        let index = usize::from(at) % self.models.len();
        self.models.keys().nth(index).cloned().unwrap_or_default()
    }

    fn model_at(&self, at: u16) -> &Model {
        &self.models[&self.path_at(at)]
    }

    fn other(&mut self, path: &str, text: &str) {
        self.others.insert(path.to_owned(), text.to_owned());
    }

    /// Writes what changed since the last time.
    pub fn write(&mut self, root: &Path) {
        let models = self
            .models
            .iter()
            .map(|(path, model)| (path.clone(), model.text()));
        let others = self
            .others
            .iter()
            .map(|(path, text)| (path.clone(), text.clone()));
        let now: BTreeMap<String, String> = models.chain(others).collect();
        for path in self.written.keys().filter(|path| !now.contains_key(*path)) {
            fs::remove_file(root.join(path)).unwrap();
        }
        for (path, text) in now
            .iter()
            .filter(|(path, text)| self.written.get(*path) != Some(text))
        {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.written = now;
    }
}

fn import(path: &str) -> String {
    path.trim_end_matches(".sql").replace('/', ".")
}
