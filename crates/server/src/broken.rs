//! Defects on purpose of the server: see [`ichat_store::broken`].

use ichat_store::broken::is_selected;

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Reads what a resuming client has missed, and subscribes it afterwards.
    HeadBeforeJoin,
    /// Sends no heads.
    NoHeads,
}

impl Broken {
    /// Returns whether this defect is selected.
    pub(crate) fn is_wanted(self) -> bool {
        is_selected(match self {
            Broken::HeadBeforeJoin => "head-before-join",
            Broken::NoHeads => "no-heads",
        })
    }
}
