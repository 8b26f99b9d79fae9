//! Which libraries there are, and which bodies are in each.
//!
//! A body is known by the hash of its text, and a library holds up to [`MOST_BODIES`] of them. What a
//! compilation lacks goes into new libraries, over those made earlier: after an edit of one model that
//! is a library with one body, a *patch*. So a compilation never makes a body again that it finds
//! anywhere.
//!
//! Patches are folded: when more than [`MOST_THIN`] of the libraries that a project uses give it fewer
//! than [`FEW_BODIES`] each, the shelf forgets these, so that the next compilation that makes anything
//! makes their bodies together. However long a project is edited, it loads no more than a library for
//! each [`FEW_BODIES`] models, and [`MOST_THIN`].

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many bodies one library holds at most: rustc takes longer for more, and not in proportion.
const MOST_BODIES: usize = 256;

/// A project uses few of a library's bodies if it uses fewer than this.
const FEW_BODIES: usize = 32;

/// How many libraries with few bodies a project may use.
const MOST_THIN: usize = 16;

/// How many libraries are remembered that the project doesn't use at the moment: who goes back to
/// another state of the files finds them.
const MOST_SPARE: usize = 128;

/// A hash of a text, or of all that a text is made of.
pub type Hash = [u8; 32];

/// The libraries of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// The hash of the body that a model with this identity has.
    texts: BTreeMap<Hash, Hash>,
    /// In the order they were made.
    libraries: Vec<Shelved>,
}

/// A library on the shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelved {
    /// The name of its file.
    pub file: String,
    /// The hashes of its bodies, in its order.
    pub bodies: Vec<Hash>,
}

/// A library with those of its bodies that a project uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The name of its file.
    pub file: String,
    /// The places of the bodies in the library, with their hashes.
    pub bodies: Vec<(u32, Hash)>,
}

impl Shelf {
    /// Forgets libraries whose files aren't there.
    pub fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.libraries.retain(|library| is_there(&library.file));
    }

    /// What says of a model's identity whether its body is in a library.
    pub fn known(&self) -> impl Fn(&Hash) -> bool + Sync + use<'_> {
        let held: HashSet<&Hash> = self.held().collect();
        move |identity| {
            self.texts
                .get(identity)
                .is_some_and(|text| held.contains(text))
        }
    }

    /// The hash of the body of a model with this identity.
    pub fn text(&self, identity: &Hash) -> Option<Hash> {
        self.texts.get(identity).copied()
    }

    /// All bodies that are in a library.
    pub fn held(&self) -> impl Iterator<Item = &Hash> {
        self.libraries.iter().flat_map(|library| &library.bodies)
    }

    /// Adds a library that was made.
    pub fn add(&mut self, library: Shelved) {
        self.libraries.retain(|other| other.file != library.file);
        self.libraries.push(library);
    }

    /// The libraries that hold these bodies. Where several have one, the last that was made gives it.
    pub fn select(&self, wanted: &[Hash]) -> Vec<Used> {
        let mut places: HashMap<&Hash, (usize, u32)> = HashMap::new();
        for (index, library) in self.libraries.iter().enumerate() {
            for (place, hash) in (0..).zip(&library.bodies) {
                places.insert(hash, (index, place));
            }
        }
        let mut used: BTreeMap<usize, Vec<(u32, Hash)>> = BTreeMap::new();
        for hash in wanted {
            if let Some((index, place)) = places.get(hash) {
                used.entry(*index).or_default().push((*place, *hash));
            }
        }
        let used = used.into_iter();
        used.map(|(index, bodies)| Used {
            file: self.libraries[index].file.clone(),
            bodies,
        })
        .collect()
    }

    /// Remembers the bodies that the models of a project have, and no others; folds patches, and
    /// forgets libraries that weren't used for long.
    pub fn settle(&mut self, texts: BTreeMap<Hash, Hash>, used: &[Used]) {
        self.texts = texts;
        let is_thin = |used: &&Used| used.bodies.len() < FEW_BODIES;
        let thin: HashSet<&str> = used
            .iter()
            .filter(is_thin)
            .map(|it| it.file.as_str())
            .collect();
        if thin.len() > MOST_THIN {
            self.retain(|file| !thin.contains(file));
        }
        let used: HashSet<&str> = used.iter().map(|used| used.file.as_str()).collect();
        let is_spare = |library: &&Shelved| !used.contains(library.file.as_str());
        let spare = self.libraries.iter().filter(is_spare).count();
        let mut surplus = spare.saturating_sub(MOST_SPARE);
        self.libraries.retain(|library| {
            let goes = surplus > 0 && is_spare(&library);
            surplus -= usize::from(goes);
            !goes
        });
    }
}

/// How many libraries are made of this many bodies: enough to give each of the workers something to
/// do, where that is worth the start of a rustc.
pub fn library_count(bodies: usize, workers: usize) -> usize {
    let busy = workers.min(bodies.div_ceil(FEW_BODIES / 2));
    bodies.div_ceil(MOST_BODIES).max(busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: usize) -> Hash {
        *blake3::hash(&number.to_le_bytes()).as_bytes()
    }

    fn library(name: &str, bodies: impl IntoIterator<Item = usize>) -> Shelved {
        Shelved {
            file: name.to_owned(),
            bodies: bodies.into_iter().map(hash).collect(),
        }
    }

    fn files(used: &[Used]) -> Vec<(&str, usize)> {
        let used = used.iter();
        used.map(|used| (used.file.as_str(), used.bodies.len()))
            .collect()
    }

    #[test]
    fn a_patch_lies_over_the_library_made_before() {
        let mut shelf = Shelf::default();
        shelf.add(library("all", 0..50));
        shelf.add(library("patch", [50]));
        // The model with the body 7 has the body 50 now.
        let wanted: Vec<Hash> = (0..=50).filter(|it| *it != 7).map(hash).collect();
        let used = shelf.select(&wanted);
        assert_eq!(files(&used), [("all", 49), ("patch", 1)]);
        assert_eq!(used[1].bodies, [(0, hash(50))]);
        // And back: the patch isn't used, and stays for another time.
        let wanted: Vec<Hash> = (0..50).map(hash).collect();
        let used = shelf.select(&wanted);
        assert_eq!(files(&used), [("all", 50)]);
        shelf.settle(BTreeMap::new(), &used);
        assert!(shelf.held().any(|held| *held == hash(50)));
    }

    #[test]
    fn an_identity_is_known_while_a_library_holds_its_body() {
        let mut shelf = Shelf::default();
        shelf.add(library("all", 0..3));
        let texts: BTreeMap<Hash, Hash> = (0..4).map(|it| (hash(100 + it), hash(it))).collect();
        shelf.settle(texts, &[]);
        assert!(shelf.known()(&hash(100)));
        assert!(!shelf.known()(&hash(103)), "its body is in no library");
        assert!(!shelf.known()(&hash(104)), "nobody knows it");
        shelf.retain(|file| file != "all");
        assert!(!shelf.known()(&hash(100)), "its library is gone");
    }

    #[test]
    fn many_patches_are_made_anew_together() {
        let mut shelf = Shelf::default();
        shelf.add(library("all", 0..1000));
        let mut wanted: Vec<Hash> = (0..1000).map(hash).collect();
        let mut most = 0;
        for edit in 0..200 {
            let place = edit % 100;
            wanted[place] = hash(1000 + edit);
            let held: HashSet<Hash> = shelf.held().copied().collect();
            let missing: Vec<Hash> = (wanted.iter().copied())
                .filter(|hash| !held.contains(hash))
                .collect();
            assert!(missing.len() <= MOST_THIN * FEW_BODIES, "{}", missing.len());
            shelf.add(Shelved {
                file: format!("patch {edit}"),
                bodies: missing,
            });
            let used = shelf.select(&wanted);
            let bodies: usize = used.iter().map(|used| used.bodies.len()).sum();
            assert_eq!(bodies, wanted.len());
            most = most.max(used.len());
            shelf.settle(BTreeMap::new(), &used);
        }
        assert!(most <= MOST_THIN + 1 + wanted.len() / FEW_BODIES, "{most}");
        assert!(shelf.libraries.len() <= MOST_SPARE + most);
    }

    #[test]
    fn bodies_are_spread_over_the_workers() {
        let counts = [0, 1, 16, 17, 50, 256, 600, 5000].map(|bodies| library_count(bodies, 2));
        assert_eq!(counts, [0, 1, 1, 2, 2, 2, 3, 20]);
    }
}
