//! WebSocket frames (RFC 6455, section 5.2), as little of them as both ends of this benchmark need: whole text frames,
//! ping and close.

use anyhow::{Result, bail};

/// A message of text.
pub(crate) const TEXT: u8 = 1;
/// The end of a connection.
pub(crate) const CLOSE: u8 = 8;

/// One whole frame at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    mask: Option<[u8; 4]>,
    /// Where the payload begins.
    pub(crate) start: usize,
    /// Where the frame ends.
    pub(crate) end: usize,
}

impl Frame {
    /// The frame at the beginning, when all of it is there.
    pub(crate) fn at_start(bytes: &[u8]) -> Result<Option<Self>> {
        let [first, second, ..] = *bytes else { return Ok(None) };
        if first & 0xF0 != 0x80 {
            bail!("a frame is in parts, or compressed, which nobody asked for");
        }
        let (length, mut start) = match second & 0x7F {
            126 => match bytes.get(2..4) {
                Some(&[a, b]) => (usize::from(u16::from_be_bytes([a, b])), 4),
                _ => return Ok(None),
            },
            127 => match bytes.get(2..10).and_then(|eight| <[u8; 8]>::try_from(eight).ok()) {
                Some(eight) => (usize::try_from(u64::from_be_bytes(eight))?, 10),
                None => return Ok(None),
            },
            short => (usize::from(short), 2),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            let Some(key) = bytes
                .get(start..start + 4)
                .and_then(|four| <[u8; 4]>::try_from(four).ok())
            else {
                return Ok(None);
            };
            start += 4;
            Some(key)
        };
        let end = start + length;
        Ok((bytes.len() >= end).then_some(Self {
            opcode: first & 0x0F,
            mask,
            start,
            end,
        }))
    }

    /// The payload of this frame, unmasked, behind what `out` holds already.
    pub(crate) fn unmask(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let payload = &bytes[self.start..self.end];
        match self.mask {
            None | Some([0, 0, 0, 0]) => out.extend_from_slice(payload),
            Some(mask) => out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask)),
        }
    }
}

/// A text as a server frames it.
pub(crate) fn from_server(text: &[u8], out: &mut Vec<u8>) {
    head(text.len(), 0, out);
    out.extend_from_slice(text);
}

/// A text as a client frames it. The mask is all zeros, which is one of those that the RFC allows, and costs nothing here.
pub(crate) fn from_client(text: &[u8], out: &mut Vec<u8>) {
    head(text.len(), 0x80, out);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(text);
}

fn head(length: usize, masked: u8, out: &mut Vec<u8>) {
    out.push(0x80 | TEXT);
    if let Ok(length @ 0..126) = u8::try_from(length) {
        out.push(masked + length);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(masked + 126);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(masked + 127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    //! Frames of each kind of length, either way; frames that are not all there; frames in parts.

    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_made() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let text = vec![b'x'; length];
            for make in [from_server, from_client] {
                let mut bytes = Vec::new();
                make(&text, &mut bytes);
                for part in [0, 1, bytes.len() - 1] {
                    assert_eq!(Frame::at_start(&bytes[..part]).unwrap(), None, "{part} of {length}");
                }
                bytes.extend_from_slice(b"the next");
                let frame = Frame::at_start(&bytes).unwrap().unwrap();
                assert_eq!((frame.opcode, frame.end), (TEXT, bytes.len() - 8));
                let mut read = Vec::new();
                frame.unmask(&bytes, &mut read);
                assert!(read == text, "{length}");
            }
        }
    }

    #[test]
    fn a_mask_is_taken_off() {
        // "Hello", from section 5.7 of the RFC.
        let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let mut read = Vec::new();
        Frame::at_start(&bytes).unwrap().unwrap().unmask(&bytes, &mut read);
        assert_eq!(read, b"Hello");
    }

    #[test]
    fn frames_in_parts_are_refused() {
        assert!(Frame::at_start(&[0x01, 0x03, 0x48, 0x65, 0x6c]).is_err());
    }
}
