//! `MAP`.

use std::ops::Deref;

/// The pairs of a SQL map, in the engine's order. Keys of any type, so there
/// is no hash and no order to rely on; read a column as a
/// [`HashMap`](std::collections::HashMap) or
/// [`BTreeMap`](std::collections::BTreeMap) where they are wanted.
///
/// ```
/// use dbgo_rows::Map;
///
/// let stock = Map(vec![("apple".to_string(), 3), ("pear".to_string(), 0)]);
/// assert_eq!(stock.value("pear"), Some(&0));
/// assert_eq!(stock.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Map<K, V>(pub Vec<(K, V)>);

impl<K, V> Map<K, V> {
    /// The value of a key, found by looking at each pair.
    pub fn value<Q: ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: PartialEq<Q>,
    {
        self.0
            .iter()
            .find(|(candidate, _)| candidate == key)
            .map(|(_, value)| value)
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K, V> Deref for Map<K, V> {
    type Target = [(K, V)];

    fn deref(&self) -> &[(K, V)] {
        &self.0
    }
}

impl<K, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
