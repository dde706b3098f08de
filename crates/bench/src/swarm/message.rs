//! The messages of the load generator. A message's text is `@@<sender>:<number>:<microseconds>@@`, padded to 200 bytes.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;
use ichat_protocol::{EntryId, RoomId};

/// The length of a message's text.
const TEXT_BYTES: usize = 200;
/// The beginning and the end of a mark.
pub(super) const DELIMITER: &[u8] = b"@@";

/// The mark of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) sender: usize,
    /// Counts the sender's messages from 0.
    pub(super) number: u32,
    /// The time of sending, or at a fixed rate the time when the message was due, since the swarm's start.
    pub(super) sent_at: Duration,
}

impl Mark {
    /// Parses what is between the delimiters.
    pub(super) fn parse(mark: &[u8]) -> Option<Self> {
        let mut fields = mark.split(|byte| *byte == b':').map(|digits| {
            digits.iter().try_fold(0_u64, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
            })
        });
        Some(Self {
            sender: usize::try_from(fields.next()??).ok()?,
            number: u32::try_from(fields.next()??).ok()?,
            sent_at: Duration::from_micros(fields.next()??),
        })
    }

    /// Replaces `packet` by the Socket.IO packet of a message with this mark: a post to the room, or the tutorial's
    /// event.
    pub(super) fn write_packet(self, room: Option<RoomId>, packet: &mut Vec<u8>) -> Result<()> {
        packet.clear();
        match room {
            Some(room) => write!(
                packet,
                "42[\"post\",{{\"room\":\"{room}\",\"id\":\"{}\",\"body\":{{\"kind\":\"message\",\"text\":\"",
                EntryId::fresh()
            )?,
            None => packet.extend_from_slice(b"42[\"chat message\",\""),
        }
        let start = packet.len();
        write!(
            packet,
            "@@{}:{}:{}@@",
            self.sender,
            self.number,
            self.sent_at.as_micros()
        )?;
        packet.resize(start + TEXT_BYTES, b'_');
        packet.extend_from_slice(match room {
            Some(_) => b"\"}}]".as_slice(),
            None => b"\"]".as_slice(),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! - a mark is parsed as it was written
    //! - something else is no mark

    use super::*;

    #[test]
    fn a_mark_is_parsed_as_it_was_written() {
        let mark = Mark {
            sender: 7,
            number: 123,
            sent_at: Duration::from_micros(4_567),
        };
        let mut packet = Vec::new();
        for room in [None, Some(RoomId::fresh())] {
            mark.write_packet(room, &mut packet).unwrap();
            let text = String::from_utf8(packet.clone()).unwrap();
            let between = text.split("@@").nth(1).unwrap();
            assert_eq!(Mark::parse(between.as_bytes()), Some(mark));
        }
    }

    #[test]
    fn something_else_is_no_mark() {
        for text in ["", "1:2", "1:2:x", "-1:2:3", "1:99999999999:3"] {
            assert_eq!(Mark::parse(text.as_bytes()), None, "{text}");
        }
    }
}
