//! The bytes of a message whose end has not arrived.

use std::io::Cursor;

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

use crate::net::memory_budget::{MemoryAccount, MemoryShare};

/// The length of the longest header of a frame, in bytes.
const MAX_HEADER_BYTES: usize = 14;

/// Counts what the WebSocket library keeps of a message whose end has not arrived, in the connection's account. It reads no
/// more than the headers of the frames.
pub(super) struct UnfinishedMessage {
    share: MemoryShare,
    bytes: usize,
    /// The beginning of a header that has arrived in part.
    header: Vec<u8>,
    /// Bytes of the current frame that have not arrived.
    payload: u64,
    /// `true` if the current frame is the last one of its message.
    ends_message: bool,
    /// `true` after a header that the library refuses, too: it ends the connection.
    is_damaged: bool,
}

impl UnfinishedMessage {
    pub(super) fn new(account: &MemoryAccount) -> Self {
        Self {
            share: account.share(0),
            bytes: 0,
            header: Vec::new(),
            payload: 0,
            ends_message: false,
            is_damaged: false,
        }
    }

    /// Counts bytes that have arrived.
    pub(super) fn receive(&mut self, mut arrived: &[u8]) {
        while !arrived.is_empty() && !self.is_damaged {
            arrived = if self.payload > 0 {
                self.receive_payload(arrived)
            } else {
                self.receive_header(arrived)
            };
        }
        self.share.set_unfinished(self.bytes);
    }

    /// Takes the rest of the current frame, and returns what follows it.
    fn receive_payload<'a>(&mut self, arrived: &'a [u8]) -> &'a [u8] {
        let count = usize::try_from(self.payload).map_or(arrived.len(), |rest| rest.min(arrived.len()));
        self.payload -= count as u64;
        self.bytes += count;
        if self.payload == 0 && self.ends_message {
            self.bytes = 0;
        }
        &arrived[count..]
    }

    /// Takes the header of the next frame, or what has arrived of it, and returns what follows it.
    fn receive_header<'a>(&mut self, arrived: &'a [u8]) -> &'a [u8] {
        let known = self.header.len();
        let count = arrived.len().min(MAX_HEADER_BYTES - known);
        self.header.extend_from_slice(&arrived[..count]);
        let mut cursor = Cursor::new(self.header.as_slice());
        match FrameHeader::parse(&mut cursor) {
            Ok(Some((header, payload))) => {
                let used = usize::try_from(cursor.position()).unwrap_or(MAX_HEADER_BYTES);
                self.payload = payload;
                // A control frame may come between the frames of a message.
                self.ends_message = match header.opcode {
                    OpCode::Data(_) => header.is_final,
                    OpCode::Control(_) => false,
                };
                if payload == 0 && self.ends_message {
                    self.bytes = 0;
                }
                self.header.clear();
                &arrived[used - known..]
            }
            Ok(None) => &arrived[count..],
            Err(_) => {
                self.is_damaged = true;
                &[]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! - what has arrived of a message counts until its end arrives, however it is cut
    //! - frames of one message count together, and a ping between them ends nothing
    //! - a damaged header ends the counting

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::net::memory_budget::MemoryBudget;

    fn account() -> MemoryAccount {
        MemoryBudget::new(usize::MAX).open(CancellationToken::new())
    }

    /// Returns a masked frame.
    fn frame(first: u8, payload: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        if let Ok(short @ ..126) = u8::try_from(payload) {
            bytes.push(0x80 | short);
        } else {
            bytes.push(0x80 | 127);
            bytes.extend((payload as u64).to_be_bytes());
        }
        bytes.extend([1, 2, 3, 4]);
        bytes.extend(vec![b'x'; payload]);
        bytes
    }

    #[test]
    fn what_has_arrived_counts_until_the_end_arrives() {
        for payload in [5, 300, 70_000] {
            let bytes = frame(0x81, payload);
            for first in [1, 2, 9, 13, 14, bytes.len() - 1] {
                let first = first.min(bytes.len() - 1);
                let account = account();
                let mut message = UnfinishedMessage::new(&account);
                message.receive(&bytes[..first]);
                let header = bytes.len() - payload;
                let counted = first.saturating_sub(header) * 2;
                assert_eq!(account.bytes(), counted, "{first} of {payload}");
                message.receive(&bytes[first..]);
                assert_eq!(account.bytes(), 0, "{payload} after {first}");
            }
        }
    }

    #[test]
    fn frames_of_one_message_count_together() {
        let account = account();
        let mut message = UnfinishedMessage::new(&account);
        message.receive(&[frame(0x01, 1_000), frame(0x89, 4), frame(0x00, 500)].concat());
        assert_eq!(account.bytes(), 2 * 1_504);
        message.receive(&frame(0x80, 0));
        assert_eq!(account.bytes(), 0);
        message.receive(&frame(0x01, 10));
        drop(message);
        assert_eq!(account.bytes(), 0);
    }

    #[test]
    fn a_damaged_header_ends_the_counting() {
        let account = account();
        let mut message = UnfinishedMessage::new(&account);
        message.receive(&[0x8f, 0x80, 0, 0, 0, 0]);
        message.receive(&frame(0x01, 10));
        assert_eq!(account.bytes(), 0);
    }
}
