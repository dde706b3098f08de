//! Defects on purpose, for builds with the feature `broken`, which no release has: `crates/faults` proves with them that its
//! checker notices. The variable `ICHAT_BROKEN` selects the defect; without it the build behaves as any other.

use std::time::Duration;

/// The time for which each defect leaves its window open, so that a few rounds meet it.
pub const WINDOW: Duration = Duration::from_millis(25);

/// A defect of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Acknowledges posts, and commits them a little later.
    AcknowledgeBeforeCommit,
    /// Has no unique index of entry ids, so that the log may have an id twice.
    NoUniqueIndex,
    /// Forces nothing to the disk.
    SynchronousOff,
}

impl Broken {
    /// Returns whether this defect is selected.
    pub(crate) fn is_wanted(self) -> bool {
        is_selected(match self {
            Broken::AcknowledgeBeforeCommit => "acknowledge-before-commit",
            Broken::NoUniqueIndex => "no-unique-index",
            Broken::SynchronousOff => "synchronous-off",
        })
    }
}

/// Returns whether `ICHAT_BROKEN` selects the defect of this name.
pub fn is_selected(name: &str) -> bool {
    std::env::var_os("ICHAT_BROKEN").is_some_and(|selected| selected == name)
}

/// Returns whether these entries are acknowledged first. Those that the server writes are not: without them no
/// client could connect.
pub(crate) fn acknowledges_first(entries: &[crate::NewEntry]) -> bool {
    Broken::AcknowledgeBeforeCommit.is_wanted() && entries.iter().all(|entry| entry.body.check().is_ok())
}
