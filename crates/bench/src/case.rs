//! The cases of the fan-out: `1000x10` is 1,000 clients, of which 10 send in a closed loop, each waiting for its own
//! message before the next; `100@50` is 100 clients and 50 messages per second (an open loop).

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;

/// Senders of an open loop. They take turns.
const OPEN_LOOP_SENDERS: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) clients: usize,
    pub(crate) pace: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// So many senders, each with one message under way.
    ClosedLoop(usize),
    /// So many messages per second.
    OpenLoop(u32),
}

impl Case {
    pub(crate) fn senders(self) -> usize {
        match self.pace {
            Pace::ClosedLoop(senders) => senders,
            Pace::OpenLoop(_) => OPEN_LOOP_SENDERS.min(self.clients),
        }
    }

    /// Returns the messages per second of an open loop.
    pub(crate) fn rate(self) -> Option<u32> {
        match self.pace {
            Pace::ClosedLoop(_) => None,
            Pace::OpenLoop(rate) => Some(rate),
        }
    }

    /// Describes the case in words.
    pub(crate) fn description(self) -> String {
        match self.pace {
            Pace::ClosedLoop(1) => format!("{} clients, 1 sender flat out", self.clients),
            Pace::ClosedLoop(senders) => format!("{} clients, {senders} senders flat out", self.clients),
            Pace::OpenLoop(rate) => format!("{} clients, {rate} messages per second", self.clients),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pace {
            Pace::ClosedLoop(senders) => write!(f, "{}x{senders}", self.clients),
            Pace::OpenLoop(rate) => write!(f, "{}@{rate}", self.clients),
        }
    }
}

/// The text is not a case.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a case is CLIENTSxSENDERS (1000x10) or CLIENTS@RATE (100@50), each number at least 1, senders at most clients"
)]
pub(crate) struct InvalidCase;

impl FromStr for Case {
    type Err = InvalidCase;

    fn from_str(text: &str) -> Result<Self, InvalidCase> {
        let count = |number: &str| number.parse().map(NonZeroUsize::get).map_err(|_| InvalidCase);
        let rate = |number: &str| number.parse().map(NonZeroU32::get).map_err(|_| InvalidCase);
        let case = if let Some((clients, senders)) = text.split_once('x') {
            Self {
                clients: count(clients)?,
                pace: Pace::ClosedLoop(count(senders)?),
            }
        } else {
            let (clients, messages) = text.split_once('@').ok_or(InvalidCase)?;
            Self {
                clients: count(clients)?,
                pace: Pace::OpenLoop(rate(messages)?),
            }
        };
        (case.senders() <= case.clients).then_some(case).ok_or(InvalidCase)
    }
}

#[cfg(test)]
mod tests {
    //! - a case is parsed as it is written
    //! - other texts are refused

    use super::*;

    #[test]
    fn a_case_is_parsed_as_it_is_written() {
        for text in ["1000x10", "5000x1", "100@50"] {
            assert_eq!(text.parse::<Case>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "1000", "x10", "10x", "0x1", "5x6", "10@0", "a@b", "10@50x"] {
            assert_eq!(text.parse::<Case>(), Err(InvalidCase), "{text}");
        }
    }
}
