//! WebSocket frames in bytes that something else has read: what the proxy and the load generator need of RFC 6455.
//!
//! The header is tungstenite's own type. Its sockets are no use here: the proxy must pass frames on unchanged, and the
//! load generator may not copy them.

use std::io::Cursor;
use std::net::SocketAddr;
use std::ops::Range;

use anyhow::{Result, ensure};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// No frame of client or server is larger: a page of messages, all as long as they may be.
const MAX_PAYLOAD_BYTES: u64 = 4 * 1024 * 1024;

/// One whole frame at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    header: FrameHeader,
    payload: Range<usize>,
}

impl Frame {
    /// Parses the frame at the beginning of the bytes. `None` as long as it is incomplete.
    ///
    /// Refuses fragments and compressed frames: neither clients nor servers here send any.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let mut cursor = Cursor::new(bytes);
        let Some((header, length)) = FrameHeader::parse(&mut cursor)? else {
            return Ok(None);
        };
        ensure!(
            header.is_final && !header.rsv1,
            "the frame is a fragment, or compressed"
        );
        ensure!(length <= MAX_PAYLOAD_BYTES, "the frame has {length} bytes");
        let start = usize::try_from(cursor.position())?;
        let end = start + usize::try_from(length)?;
        let payload = start..end;
        Ok((bytes.len() >= end).then_some(Self { header, payload }))
    }

    /// Returns where the frame ends: the number of its bytes, header included.
    pub fn end(&self) -> usize {
        self.payload.end
    }

    /// Returns where the payload is. It is still masked when a client sent the frame.
    pub fn payload(&self) -> Range<usize> {
        self.payload.clone()
    }

    pub fn is_text(&self) -> bool {
        self.header.opcode == OpCode::Data(Data::Text)
    }

    pub fn is_close(&self) -> bool {
        self.header.opcode == OpCode::Control(Control::Close)
    }

    /// Appends the payload to `out`, without its mask. `bytes` are those that the frame was parsed from.
    pub fn unmask(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let payload = &bytes[self.payload()];
        match self.header.mask {
            None | Some([0, 0, 0, 0]) => out.extend_from_slice(payload),
            Some(mask) => out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask)),
        }
    }
}

/// Appends a text frame as a server sends it.
pub fn write_server_text(text: &[u8], out: &mut Vec<u8>) {
    write_text(text, None, out);
}

/// Appends a text frame as a client sends it. The mask is all zeros, which the RFC allows, and which costs nothing.
pub fn write_client_text(text: &[u8], out: &mut Vec<u8>) {
    write_text(text, Some([0; 4]), out);
}

fn write_text(text: &[u8], mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
    let header = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        mask,
        ..FrameHeader::default()
    };
    #[expect(clippy::expect_used, reason = "writing to a vector succeeds")]
    header
        .format(text.len() as u64, out)
        .expect("a vector takes everything");
    out.extend_from_slice(text);
}

/// Returns the HTTP request that opens Socket.IO's WebSocket. `headers` are whole lines, each with its end.
pub fn upgrade_request(server: SocketAddr, headers: &str) -> Vec<u8> {
    // The key is the RFC's own example. Nothing here checks the answer to it; `SocketIoClient` does.
    format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// Returns the `Sec-WebSocket-Accept` with which a server answers the client's key.
pub fn accept_key(key: &str) -> String {
    derive_accept_key(key.as_bytes())
}

#[cfg(test)]
mod tests {
    //! Frames of each length format, in both directions; incomplete ones; masks; fragments and oversized frames.

    use super::*;

    #[test]
    fn a_frame_is_parsed_as_it_was_written() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let text = vec![b'x'; length];
            for write in [write_server_text, write_client_text] {
                let mut bytes = Vec::new();
                write(&text, &mut bytes);
                for part in [0, 1, bytes.len() - 1] {
                    assert_eq!(Frame::parse(&bytes[..part]).unwrap(), None, "{part} of {length}");
                }
                bytes.extend_from_slice(b"the next frame");
                let frame = Frame::parse(&bytes).unwrap().unwrap();
                assert!(frame.is_text() && !frame.is_close());
                assert_eq!(frame.end(), bytes.len() - 14);
                let mut payload = Vec::new();
                frame.unmask(&bytes, &mut payload);
                assert!(payload == text, "{length}");
            }
        }
    }

    #[test]
    fn a_mask_is_removed() {
        // "Hello", from section 5.7 of the RFC.
        let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let mut payload = Vec::new();
        Frame::parse(&bytes).unwrap().unwrap().unmask(&bytes, &mut payload);
        assert_eq!(payload, b"Hello");
    }

    #[test]
    fn fragments_and_oversized_frames_are_refused() {
        assert!(Frame::parse(&[0x01, 0x03, 0x48, 0x65, 0x6c]).is_err());
        assert!(Frame::parse(&[0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]).is_err());
    }
}
