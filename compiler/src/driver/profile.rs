//! A model's change profile, out of its variants.

use super::model::Work;
use super::variants::TypedVariant;
use crate::directives::Variants;
use crate::fingerprint::{self, Import, ModelMeaning, Profile, VariantMeaning};
use crate::typed::TypedModel;

impl Work<'_> {
    /// What the model's data is made of.
    pub(super) fn profile(
        &self,
        model: &TypedModel,
        variants: &Variants,
        typed: &[TypedVariant],
    ) -> Profile {
        let import = |(alias, path): &(String, String)| {
            let alias = alias.to_lowercase();
            let columns = self.imports.get(&alias).and_then(|schema| {
                let names = schema.columns.as_ref()?.iter();
                Some(names.map(|column| column.name.to_lowercase()).collect())
            });
            let path = path.clone();
            (alias, Import { path, columns })
        };
        let pairs = variants.variants.iter().zip(typed);
        let meaning = ModelMeaning {
            text: self.text,
            imports: model.imports.iter().map(import).collect(),
            variants: pairs
                .map(|(variant, typed)| VariantMeaning {
                    tree: typed.tree.as_ref(),
                    tokens: &variant.tokens,
                    conditions: variants.conditions(variant),
                })
                .collect(),
        };
        fingerprint::profile(model, &meaning)
    }
}
