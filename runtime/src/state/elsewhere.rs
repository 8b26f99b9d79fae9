//! What the views of the other environments on an engine show, found by model and by table: whoever decides on
//! every model of a project asks for each, so that looking through all of them would take quadratic time.

use super::records::Published;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a view shows, with its environment.
pub type Shown = (String, Published);

/// What all those views show.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    by_model: BTreeMap<String, Vec<Shown>>,
    /// The models whose views show a table.
    models: HashMap<String, BTreeSet<String>>,
}

impl Elsewhere {
    /// All of them, ordered by their models.
    pub fn iter(&self) -> impl Iterator<Item = &Shown> + Clone {
        self.by_model.values().flatten()
    }

    /// Those of a model.
    pub fn of_model<'e>(
        &'e self,
        model: &str,
    ) -> impl Iterator<Item = &'e Shown> + Clone + use<'e> {
        self.by_model.get(model).into_iter().flatten()
    }

    /// Those that show a table or view in `_dbgo`, whichever model's they are.
    pub fn of_table<'e>(
        &'e self,
        physical: &str,
    ) -> impl Iterator<Item = &'e Shown> + Clone + use<'e> {
        let found = self.models.get_key_value(physical);
        found.into_iter().flat_map(move |(physical, models)| {
            let shown = models.iter().flat_map(|model| self.of_model(model));
            shown.filter(move |(_, shown)| shown.physical == *physical)
        })
    }

    /// What an environment shows of a model.
    pub fn of(&self, environment: &str, model: &str) -> Option<&Published> {
        let mut shown = self.of_model(model);
        let found = shown.find(|(name, _)| name == environment);
        found.map(|(_, shown)| shown)
    }

    /// Adds what a view shows, in place of what it showed before.
    pub fn insert(&mut self, environment: &str, shown: Published) {
        self.remove(environment, &shown.model);
        let models = self.models.entry(shown.physical.clone()).or_default();
        models.insert(shown.model.clone());
        let of_model = self.by_model.entry(shown.model.clone()).or_default();
        of_model.push((environment.to_owned(), shown));
    }

    /// Removes the view of a model.
    pub fn remove(&mut self, environment: &str, model: &str) {
        let Some(of_model) = self.by_model.get_mut(model) else {
            return;
        };
        of_model.retain(|(name, _)| name != environment);
        if of_model.is_empty() {
            self.by_model.remove(model);
        }
    }

    /// Removes all views of some environments.
    pub fn remove_all(&mut self, environments: &BTreeSet<String>) {
        for of_model in self.by_model.values_mut() {
            of_model.retain(|(name, _)| !environments.contains(name));
        }
        self.by_model.retain(|_, of_model| !of_model.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(model: &str, physical: &str) -> Published {
        Published {
            model: model.to_owned(),
            version: "v".to_owned(),
            physical: physical.to_owned(),
            view_schema: "s".to_owned(),
            view_name: "n".to_owned(),
            columns: String::new(),
        }
    }

    fn names<'e>(found: impl Iterator<Item = &'e Shown>) -> Vec<(&'e str, &'e str)> {
        found
            .map(|(name, shown)| (name.as_str(), shown.model.as_str()))
            .collect()
    }

    #[test]
    fn views_are_found_by_model_and_by_table() {
        let mut all = Elsewhere::default();
        all.insert("prod", shown("new_name", "t1"));
        all.insert("dev", shown("old_name", "t1"));
        all.insert("dev", shown("other", "t2"));
        assert_eq!(
            names(all.of_table("t1")),
            [("prod", "new_name"), ("dev", "old_name")]
        );
        assert_eq!(names(all.of_model("other")), [("dev", "other")]);
        assert_eq!(
            all.of("dev", "old_name").map(|it| it.physical.as_str()),
            Some("t1")
        );
        assert_eq!(all.of("prod", "old_name"), None);

        all.insert("dev", shown("old_name", "t3"));
        assert_eq!(names(all.of_table("t1")), [("prod", "new_name")]);
        assert_eq!(names(all.of_table("t3")), [("dev", "old_name")]);
        all.remove("dev", "old_name");
        assert_eq!(names(all.iter()), [("prod", "new_name"), ("dev", "other")]);
        all.remove_all(&BTreeSet::from(["prod".to_owned()]));
        assert_eq!(names(all.iter()), [("dev", "other")]);
    }
}
