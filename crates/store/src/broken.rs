//! Defects on purpose, for builds with the feature `broken`, which no release has: `crates/faults` proves with them that its
//! checker notices. The variable `ICHAT_BROKEN` selects the defect; without it the build behaves as any other.

use std::time::Duration;

/// The time for which each defect leaves its window open, so that a few rounds meet it.
pub const WINDOW: Duration = Duration::from_millis(25);

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Acknowledges posts, and commits them a little later.
    AcknowledgeBeforeCommit,
    /// Has no unique index of entry ids, so that the log may have an id twice.
    NoUniqueIndex,
    /// Reads what a resuming client has missed, and subscribes it afterwards.
    HeadBeforeJoin,
    /// Sends no heads.
    NoHeads,
    /// Forces nothing to the disk.
    SynchronousOff,
}

impl Broken {
    /// Returns whether `ICHAT_BROKEN` selects this defect.
    pub fn is_wanted(self) -> bool {
        let name = match self {
            Broken::AcknowledgeBeforeCommit => "acknowledge-before-commit",
            Broken::NoUniqueIndex => "no-unique-index",
            Broken::HeadBeforeJoin => "head-before-join",
            Broken::NoHeads => "no-heads",
            Broken::SynchronousOff => "synchronous-off",
        };
        std::env::var_os("ICHAT_BROKEN").is_some_and(|wanted| wanted == name)
    }
}

/// Returns whether these entries are acknowledged first. Those that the server writes are not: without them no
/// client could connect.
pub(crate) fn acknowledges_first(entries: &[crate::NewEntry]) -> bool {
    Broken::AcknowledgeBeforeCommit.is_wanted() && entries.iter().all(|entry| entry.body.check().is_ok())
}
