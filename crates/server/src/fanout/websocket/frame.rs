//! Events as WebSocket frames.

use std::error::Error;
use std::io::Cursor;

use bytes::Bytes;
use serde::Serialize;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// The prefix of an event: Engine.IO's `message`, Socket.IO's `EVENT`.
const EVENT: &[u8] = b"42";
/// The prefix of the packet that accepts a client: Engine.IO's `message`, Socket.IO's `CONNECT`.
const CONNECT: &[u8] = b"40";

/// One or more whole WebSocket text messages. Clones share the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Frame(Bytes);

impl Frame {
    /// Encodes events of one name, a message for each. An argument that is a tuple becomes as many arguments, as in
    /// socketioxide.
    pub(crate) fn events<T: Serialize>(name: &str, arguments: &[T]) -> Self {
        let mut bytes = Vec::new();
        for argument in arguments {
            // Only maps whose keys are not strings fail, and no event has one.
            if let Err(error) = append_event(&mut bytes, name, argument) {
                tracing::error!(%error, name, "encoding an event failed");
            }
        }
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.0
    }
}

fn append_event(bytes: &mut Vec<u8>, name: &str, argument: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let packet = encode_packet(name, argument)?;
    let header = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    let length = packet.len() as u64;
    bytes.reserve(header.len(length) + packet.len());
    header.format(length, bytes)?;
    bytes.extend(packet);
    Ok(())
}

/// Encodes `42["name",argument]`.
fn encode_packet(name: &str, argument: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut packet = EVENT.to_vec();
    packet.push(b'[');
    serde_json::to_writer(&mut packet, name)?;
    packet.push(b',');
    let start = packet.len();
    serde_json::to_writer(&mut packet, argument)?;
    if packet[start] == b'[' {
        // A tuple's closing bracket becomes that of the packet.
        packet.remove(start);
    } else {
        packet.push(b']');
    }
    Ok(packet)
}

/// Returns whether these whole, unmasked WebSocket frames contain a Socket.IO `CONNECT` packet.
pub(super) fn contains_connect(frames: &[u8]) -> bool {
    let mut cursor = Cursor::new(frames);
    while let Ok(Some((_, length))) = FrameHeader::parse(&mut cursor) {
        let rest = usize::try_from(cursor.position()).map_or(&[][..], |start| &frames[start..]);
        if rest.starts_with(CONNECT) {
            return true;
        }
        cursor.set_position(cursor.position().saturating_add(length).min(frames.len() as u64));
    }
    false
}

#[cfg(test)]
mod tests {
    //! - short, medium and long frames carry their length
    //! - events in a row are messages of their own, and a tuple is spread
    //! - a `CONNECT` is found among other frames

    use super::*;

    #[test]
    fn a_frame_carries_its_length() {
        for (text, head) in [
            (10, vec![0x81, 23]),
            (300, vec![0x81, 126, 1, 57]),
            (70_000, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 17, 125]),
        ] {
            let frame = Frame::events("said", &["x".repeat(text)]);
            let bytes = frame.bytes();
            assert_eq!(bytes[..head.len()], head, "{text}");
            assert!(bytes[head.len()..].starts_with(b"42[\"said\",\"x"), "{text}");
            assert_eq!(bytes.len(), head.len() + text + 13, "{text}");
        }
    }

    #[test]
    fn events_in_a_row_are_messages_of_their_own() {
        let row = Frame::events("said", &[("a", 1), ("b", 2)]);
        assert_eq!(
            row.bytes().as_ref(),
            b"\x81\x1042[\"said\",\"a\",1]\x81\x1042[\"said\",\"b\",2]"
        );
    }

    #[test]
    fn a_connect_is_found_among_other_frames() {
        let frame = |payload: &str| {
            let mut bytes = vec![0x81, u8::try_from(payload.len()).unwrap()];
            bytes.extend(payload.bytes());
            bytes
        };
        let open = frame(r#"0{"sid":"40"}"#);
        let ping = frame("2");
        let connect = frame(r#"40{"sid":"a"}"#);
        assert!(!contains_connect(&open));
        assert!(!contains_connect(&[open.clone(), ping.clone()].concat()));
        assert!(contains_connect(&[open, ping, connect].concat()));
        let long = Frame::events("said", &["x".repeat(70_000)]);
        assert!(!contains_connect(long.bytes()));
        assert!(contains_connect(&[long.bytes(), frame("40").as_slice()].concat()));
        assert!(!contains_connect(&[0x81, 127, 0]), "a header that is cut off");
    }
}
