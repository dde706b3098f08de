//! Events as WebSocket frames.

use std::error::Error;
use std::io::{Cursor, Write as _};

use bytes::Bytes;
use serde::Serialize;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The prefix of an event: Engine.IO's `message`, Socket.IO's `EVENT`.
const EVENT: &[u8] = b"42";
/// The prefix of an acknowledgement: Engine.IO's `message`, Socket.IO's `ACK`.
const ACK: &[u8] = b"43";
/// The prefix of the packet that accepts a client: Engine.IO's `message`, Socket.IO's `CONNECT`.
const CONNECT: &[u8] = b"40";
/// Engine.IO's packet that ends a connection.
const CLOSE: &[u8] = b"1";

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

    /// Encodes an acknowledgement with one argument.
    pub(crate) fn ack(id: i64, argument: &impl Serialize) -> Self {
        let mut bytes = Vec::new();
        // Only maps whose keys are not strings fail, and no answer has one.
        if let Err(error) = append_ack(&mut bytes, id, argument) {
            tracing::error!(%error, "encoding an acknowledgement failed");
        }
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Returns the length of each packet, without WebSocket's header: what a client that polls fetches.
    pub(crate) fn packet_lengths(&self) -> impl Iterator<Item = usize> {
        payloads(&self.0).map(|(_, packet)| packet.len())
    }
}

fn append_event(bytes: &mut Vec<u8>, name: &str, argument: &impl Serialize) -> Result<(), Box<dyn Error>> {
    append_frame(bytes, &encode_packet(name, argument)?)
}

/// Appends `43id[argument]`.
fn append_ack(bytes: &mut Vec<u8>, id: i64, argument: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let mut packet = ACK.to_vec();
    write!(packet, "{id}[")?;
    serde_json::to_writer(&mut packet, argument)?;
    packet.push(b']');
    append_frame(bytes, &packet)
}

fn append_frame(bytes: &mut Vec<u8>, packet: &[u8]) -> Result<(), Box<dyn Error>> {
    let header = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    let length = packet.len() as u64;
    bytes.reserve(header.len(length) + packet.len());
    header.format(length, bytes)?;
    bytes.extend_from_slice(packet);
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
    payloads(frames).any(|(_, payload)| payload.starts_with(CONNECT))
}

/// Returns whether these whole, unmasked WebSocket frames end the connection, for Engine.IO or for WebSocket.
pub(super) fn contains_close(frames: &[u8]) -> bool {
    payloads(frames).any(|(opcode, payload)| match opcode {
        OpCode::Control(Control::Close) => true,
        OpCode::Data(Data::Text) => payload == CLOSE,
        OpCode::Data(_) | OpCode::Control(_) => false,
    })
}

/// Returns the payloads of whole, unmasked frames.
fn payloads(frames: &[u8]) -> impl Iterator<Item = (OpCode, &[u8])> {
    let mut cursor = Cursor::new(frames);
    std::iter::from_fn(move || {
        let (header, length) = FrameHeader::parse(&mut cursor).ok()??;
        let start = usize::try_from(cursor.position()).ok()?;
        let end = start.saturating_add(usize::try_from(length).ok()?).min(frames.len());
        cursor.set_position(end as u64);
        Some((header.opcode, &frames[start..end]))
    })
}

#[cfg(test)]
mod tests {
    //! - short, medium and long frames carry their length
    //! - events in a row are messages of their own, and a tuple is spread
    //! - an acknowledgement has its id and one argument
    //! - a `CONNECT` is found among other frames, and so is the end of the connection

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
    fn an_acknowledgement_has_its_id_and_one_argument() {
        assert_eq!(Frame::ack(7, &["a"]).bytes().as_ref(), b"\x81\x0A437[[\"a\"]]");
        assert_eq!(
            Frame::ack(i64::MAX, &0).bytes().as_ref(),
            b"\x81\x18439223372036854775807[0]"
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

    #[test]
    fn the_end_of_the_connection_is_found_among_other_frames() {
        let event = Frame::events("said", &["1"]);
        for end in [b"\x81\x011".as_slice(), b"\x88\x00", b"\x88\x02\x03\xe8"] {
            assert!(contains_close(end));
            assert!(contains_close(&[event.bytes(), end].concat()));
        }
        assert!(!contains_close(event.bytes()));
        assert!(
            !contains_close(b"\x81\x012\x8a\x011"),
            "a ping, and a pong whose payload is \"1\""
        );
    }
}
