//! Events in the form in which they go onto a WebSocket, made once for everybody who gets them.

use bytes::Bytes;
use serde::Serialize;

/// A whole message of text (RFC 6455, 5.2). Servers mask nothing.
const TEXT: u8 = 0x81;
/// What stands ahead of an event: Engine.IO's `message`, Socket.IO's `EVENT`.
const EVENT: &[u8] = b"42";
/// Engine.IO's `message`, Socket.IO's `CONNECT`.
const CONNECT: &[u8] = b"40";

/// One or more whole WebSocket messages. Clones share the bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame(Bytes);

impl Frame {
    /// An event with one argument.
    pub(crate) fn event(name: &str, data: &(impl Serialize + ?Sized)) -> Self {
        Self::events(name, &[data])
    }

    /// Events of one name in a row. An argument that is a tuple stands for as many arguments.
    pub(crate) fn events<T: Serialize>(name: &str, arguments: &[T]) -> Self {
        let mut bytes = Vec::new();
        for argument in arguments {
            match packet(name, argument) {
                Ok(packet) => append(&mut bytes, &packet),
                // Only maps with keys that are no texts can't be written, and no event has one.
                Err(error) => tracing::error!(%error, name, "an event can't be written as JSON"),
            }
        }
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.0
    }
}

/// `42["name",argument]`. As in socketioxide, a tuple is spread.
fn packet(name: &str, argument: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut packet = EVENT.to_vec();
    packet.push(b'[');
    serde_json::to_writer(&mut packet, name)?;
    packet.push(b',');
    let start = packet.len();
    serde_json::to_writer(&mut packet, argument)?;
    if packet[start] == b'[' {
        // The argument's own brackets are those of the packet.
        packet.remove(start);
    } else {
        packet.push(b']');
    }
    Ok(packet)
}

fn append(bytes: &mut Vec<u8>, packet: &[u8]) {
    let length = packet.len();
    bytes.reserve(10 + length);
    bytes.push(TEXT);
    if let Ok(length @ 0..126) = u8::try_from(length) {
        bytes.push(length);
    } else if let Ok(length) = u16::try_from(length) {
        bytes.push(126);
        bytes.extend(length.to_be_bytes());
    } else {
        bytes.push(127);
        bytes.extend((length as u64).to_be_bytes());
    }
    bytes.extend(packet);
}

/// Whether a Socket.IO `CONNECT` is among these whole, unmasked WebSocket frames.
pub(crate) fn hold_a_connect(mut frames: &[u8]) -> bool {
    while let [_, length, rest @ ..] = frames {
        let (length, rest) = match (length, rest) {
            (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
            (127, rest) => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return false,
            },
            (length, rest) => (u64::from(*length), rest),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
        let (payload, behind) = rest.split_at(length);
        if payload.starts_with(CONNECT) {
            return true;
        }
        frames = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    //! The three forms of a length; events in a row; a `CONNECT` among other frames.

    use super::*;

    #[test]
    fn the_length_has_three_forms() {
        for (text, head) in [
            (10, vec![0x81, 23]),
            (300, vec![0x81, 126, 1, 57]),
            (70_000, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 17, 125]),
        ] {
            let frame = Frame::event("said", &"x".repeat(text));
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
    fn a_connect_is_found_among_others() {
        let frame = |payload: &str| {
            let mut bytes = vec![TEXT, u8::try_from(payload.len()).unwrap()];
            bytes.extend(payload.bytes());
            bytes
        };
        let open = frame(r#"0{"sid":"40"}"#);
        let ping = frame("2");
        let connect = frame(r#"40{"sid":"a"}"#);
        assert!(!hold_a_connect(&open));
        assert!(!hold_a_connect(&[open.clone(), ping.clone()].concat()));
        assert!(hold_a_connect(&[open, ping, connect].concat()));
        let long = Frame::event("said", &"x".repeat(70_000));
        assert!(!hold_a_connect(long.bytes()));
        assert!(hold_a_connect(&[long.bytes(), frame("40").as_slice()].concat()));
        assert!(!hold_a_connect(&[0x81, 127, 0]), "cut short");
    }
}
