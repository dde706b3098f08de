//! Cases of the fan-out: `1000x10` is a thousand clients, ten of whom send flat out, each waiting for its own message
//! before the next; `100@50` is a hundred clients and fifty messages a second.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) clients: usize,
    pub(crate) pace: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// So many senders, each with one message under way.
    FlatOut(usize),
    /// So many messages a second.
    Rate(u32),
}

impl Case {
    pub(crate) fn senders(self) -> usize {
        match self.pace {
            Pace::FlatOut(senders) => senders,
            Pace::Rate(_) => 10.min(self.clients),
        }
    }

    pub(crate) fn rate(self) -> Option<u32> {
        match self.pace {
            Pace::FlatOut(_) => None,
            Pace::Rate(rate) => Some(rate),
        }
    }

    /// For people.
    pub(crate) fn words(self) -> String {
        match self.pace {
            Pace::FlatOut(1) => format!("{} clients, 1 sender flat out", self.clients),
            Pace::FlatOut(senders) => format!("{} clients, {senders} senders flat out", self.clients),
            Pace::Rate(rate) => format!("{} clients, {rate} messages a second", self.clients),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pace {
            Pace::FlatOut(senders) => write!(f, "{}x{senders}", self.clients),
            Pace::Rate(rate) => write!(f, "{}@{rate}", self.clients),
        }
    }
}

/// The text names no case.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a case is CLIENTSxSENDERS (1000x10) or CLIENTS@RATE (100@50), each number at least 1, senders at most clients"
)]
pub(crate) struct NoCase;

impl FromStr for Case {
    type Err = NoCase;

    fn from_str(text: &str) -> Result<Self, NoCase> {
        let at_least_1 = |number: &str| number.parse().ok().filter(|number| *number > 0).ok_or(NoCase);
        let case = if let Some((clients, senders)) = text.split_once('x') {
            Self {
                clients: at_least_1(clients)?,
                pace: Pace::FlatOut(at_least_1(senders)?),
            }
        } else {
            let (clients, rate) = text.split_once('@').ok_or(NoCase)?;
            Self {
                clients: at_least_1(clients)?,
                pace: Pace::Rate(rate.parse().ok().filter(|rate| *rate > 0).ok_or(NoCase)?),
            }
        };
        (case.senders() <= case.clients).then_some(case).ok_or(NoCase)
    }
}

#[cfg(test)]
mod tests {
    //! Cases are read as they are written; what is no case is refused.

    use super::*;

    #[test]
    fn a_case_is_read_as_it_is_written() {
        for text in ["1000x10", "5000x1", "100@50"] {
            assert_eq!(text.parse::<Case>().unwrap().to_string(), text);
        }
        for text in ["", "1000", "x10", "10x", "0x1", "5x6", "10@0", "a@b", "10@50x"] {
            assert_eq!(text.parse::<Case>(), Err(NoCase), "{text}");
        }
    }
}
