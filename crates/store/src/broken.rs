//! What is wrong on purpose in a build with the feature `broken`, which nothing ships: `crates/faults` shows with it that
//! the checker notices. `ICHAT_BROKEN` chooses the fault; without it such a build is as sound as any.

use std::time::Duration;

/// How long each fault leaves its window open, so that a few rounds are enough to meet it.
pub const WINDOW: Duration = Duration::from_millis(25);

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Posts are acknowledged, and committed a little later.
    AcknowledgeBeforeCommit,
    /// There is no index that finds an entry by its id, so that one may stand twice.
    NoUniqueIndex,
    /// A resume reads what is missing, and subscribes afterwards.
    HeadBeforeJoin,
    /// Nobody is told how far the rooms go.
    NoHeads,
    /// Nothing is forced to the disk.
    SynchronousOff,
}

impl Broken {
    /// Whether this process was told to have the fault.
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

/// Whether these are acknowledged before they are committed. What the server itself writes is not: nobody could come in.
pub(crate) fn acknowledges_first(drafts: &[crate::NewEntry]) -> bool {
    Broken::AcknowledgeBeforeCommit.is_wanted() && drafts.iter().all(|draft| draft.body.check().is_ok())
}
