//! The rules of `docs/delivery.md`.

use std::fmt;

/// A rule that holds after every round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    AcknowledgedIsInLog,
    IdsAreUnique,
    NoGapInSequence,
    OneOrderForAll,
    DeviceOrderIsKept,
    BodiesAreUnaltered,
    RefusedIsNotInLog,
    UnsentIsNotInLog,
    EveryPostHasAnOutcome,
    NothingIsInvented,
    ClientsAreInSync,
    WireEqualsDisk,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::AcknowledgedIsInLog => "an acknowledged post is in the log",
            Rule::IdsAreUnique => "no id occurs twice",
            Rule::NoGapInSequence => "sequence numbers count 1, 2, 3 … without a gap",
            Rule::OneOrderForAll => "all clients are shown the same order",
            Rule::DeviceOrderIsKept => "the posts of a device are in the order in which it sent them",
            Rule::BodiesAreUnaltered => "a post is in the log as it was sent",
            Rule::RefusedIsNotInLog => "a refused post is not in the log",
            Rule::UnsentIsNotInLog => "a withdrawn post, and a change of a message that waited, are not in the log",
            Rule::EveryPostHasAnOutcome => {
                "a post that a client has taken is acknowledged, refused, withdrawn or merged in the end"
            }
            Rule::NothingIsInvented => "every post in the log was sent by a client",
            Rule::ClientsAreInSync => "every client ends in sync with the log",
            Rule::WireEqualsDisk => "the log is the same over the wire and on disk",
        })
    }
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    /// The observation that breaks the rule.
    pub(crate) details: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.details)
    }
}
