//! What was read of a file, kept for the next time: the file is read again only if its stamp is
//! another one.
//!
//! A stamp is what the file system says of a file: device, inode, size, and the times of its last
//! change of content and of state. Nobody can set the last one, so that a file with the same stamp
//! has the same bytes, with one exception: times go in ticks of some milliseconds, and a file may
//! change twice in one tick. A stamp is therefore kept only if it is older than a mark that the
//! same file system set before anything was read, which is stricter than git's rule for its index
//! (git, `Documentation/technical/racy-git.txt`): whatever changes a file later gives it a later
//! time.

use crate::cache::{Mark, Store, Table};
use serde::{Deserialize, Serialize};
use std::fs::Metadata;

/// The largest text that is kept. Larger files are data, which is read each time.
const MOST_TEXT: usize = 256 * 1024;

/// What the file system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    content_changed: (i64, i64),
    state_changed: (i64, i64),
}

impl Stamp {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            content_changed: (metadata.mtime(), metadata.mtime_nsec()),
            state_changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Elsewhere the file system doesn't say enough.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Option<Self> {
        None
    }

    /// Whether the file can't have changed since without getting another stamp.
    pub(super) fn is_settled(&self, mark: &Mark) -> bool {
        self.device == mark.device && self.state_changed < mark.time
    }
}

/// What is kept of a file that could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept<'a> {
    pub(super) stamp: Stamp,
    pub(super) hash: [u8; 32],
    pub(super) size: u64,
    pub(super) text: &'a str,
    pub(super) footer: &'a [u8],
}

impl<'a> Kept<'a> {
    /// What is kept of the file at this path, if it still has its stamp, which is only asked for if something is kept.
    pub(super) fn find(
        store: &'a Store,
        path: &str,
        stamp: impl FnOnce() -> Option<Stamp>,
    ) -> Option<Self> {
        let bytes = store.get(Table::File, path)?;
        let kept: Kept<'a> = postcard::from_bytes(bytes).ok()?;
        (kept.stamp == stamp()?).then_some(kept)
    }

    /// The bytes to be kept; `None` for what is read each time.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        if self.text.len() > MOST_TEXT || self.footer.len() > MOST_TEXT {
            return None;
        }
        postcard::to_stdvec(self).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_of_the_same_tick_is_not_settled() {
        let stamp = Stamp {
            device: 1,
            inode: 2,
            size: 3,
            content_changed: (5, 0),
            state_changed: (5, 100),
        };
        let mark = |device, time| Mark { device, time };
        assert!(stamp.is_settled(&mark(1, (5, 101))));
        assert!(stamp.is_settled(&mark(1, (6, 0))));
        assert!(!stamp.is_settled(&mark(1, (5, 100))));
        assert!(!stamp.is_settled(&mark(1, (4, 999))));
        assert!(!stamp.is_settled(&mark(9, (6, 0))), "another clock");
    }
}
