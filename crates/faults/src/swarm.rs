//! Many light clients in one process: a WebSocket, Socket.IO's few packets, and the frames as bytes. Thousands of real ones
//! would measure themselves.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use ed25519_dalek::SigningKey;
use ichat_protocol::{Challenge, DeviceId, Head, Name, PROTOCOLS, RoomId, sign};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

/// No frame of the server is larger than a page.
const FRAME: usize = 4 * 1024 * 1024;
/// Longer than a server takes for a client, when five thousand come at once.
const PATIENCE: Duration = Duration::from_mins(1);

/// Lets this process have so many connections.
pub(crate) fn allow(connections: usize) -> Result<()> {
    let wanted = u64::try_from(connections)? + 256;
    let allowed = rlimit::increase_nofile_limit(wanted)?;
    ensure!(
        allowed >= wanted,
        "this process may open {allowed} files, and it needs {wanted}: ulimit -n {wanted}"
    );
    Ok(())
}

/// A runtime for them, beside the case's own thread.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// One connection of a guest, or of whoever `auth` says.
pub(crate) struct Wire {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    /// What was read, the last frame's text included.
    buffer: Vec<u8>,
    /// Where in the buffer the next frame begins.
    next: usize,
}

/// What `hello` said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Welcome {
    pub(crate) lobby: RoomId,
    /// How far the lobby goes.
    pub(crate) head: Head,
}

impl Wire {
    /// Connects, and waits for `hello`.
    pub(crate) async fn join(address: SocketAddr, auth: &Value) -> Result<(Self, Welcome)> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Self::over(stream, address, auth).await
    }

    /// The same, with so little room in the system that who does not read is soon noticed: over this machine's own card a
    /// packet has 64 KiB, and the system keeps megabytes of them.
    #[cfg(unix)]
    pub(crate) async fn join_narrowly(address: SocketAddr, auth: &Value) -> Result<(Self, Welcome)> {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_recv_buffer_size(64 * 1024)?;
        socket.set_tcp_mss(1_400)?;
        socket.set_nonblocking(true)?;
        let socket = TcpSocket::from_std_stream(socket.into());
        Self::over(socket.connect(address).await?, address, auth).await
    }

    async fn over(stream: TcpStream, address: SocketAddr, auth: &Value) -> Result<(Self, Welcome)> {
        let (reader, writer) = stream.into_split();
        let mut wire = Self {
            reader,
            writer,
            buffer: Vec::new(),
            next: 0,
        };
        let welcome = tokio::time::timeout(PATIENCE, wire.begins(address, auth)).await;
        let welcome = welcome.context("the server did not say hello")??;
        Ok((wire, welcome))
    }

    async fn begins(&mut self, address: SocketAddr, auth: &Value) -> Result<Welcome> {
        const END: &[u8] = b"\r\n\r\n";
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aWNoYXQgZmF1bHRzIQ==\r\n\r\n"
        );
        self.writer.write_all(request.as_bytes()).await?;
        self.next = loop {
            if let Some(end) = self.buffer.windows(END.len()).position(|part| part == END) {
                break end + END.len();
            }
            ensure!(self.read().await?, "the server ended the connection");
        };
        let answer = String::from_utf8_lossy(&self.buffer[..self.next]);
        let status = answer.lines().next().unwrap_or_default();
        ensure!(status.starts_with("HTTP/1.1 101 "), "{status}");
        self.comes_in(auth).await
    }

    async fn comes_in(&mut self, auth: &Value) -> Result<Welcome> {
        while let Some(frame) = self.next().await? {
            if frame.first() == Some(&b'0') {
                let connect = format!("40{auth}");
                self.say(&connect).await?;
            } else if frame.starts_with(b"44") {
                bail!("the server refused: {}", String::from_utf8_lossy(frame));
            } else if let Some(hello) = argument(frame, "hello") {
                let hello: ichat_protocol::Hello = serde_json::from_slice(hello)?;
                let lobby = hello.rooms.iter().find(|room| room.id == hello.lobby);
                return Ok(Welcome {
                    lobby: hello.lobby,
                    head: lobby.context("the lobby is not among the rooms")?.head,
                });
            }
        }
        bail!("the server ended the connection ahead of its hello")
    }

    /// The next packet, pings answered; nothing when the connection has ended. It may be given up at any time and called
    /// again: nothing is lost by that.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>> {
        let text = loop {
            let Some((opcode, text, end)) = frame(&self.buffer[self.next..])? else {
                self.buffer.drain(..std::mem::take(&mut self.next));
                match self.read().await {
                    Ok(true) => continue,
                    Ok(false) => return Ok(None),
                    Err(error) if is_end(&error) => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            };
            let (text, end) = (self.next + text.start..self.next + text.end, self.next + end);
            self.next = end;
            if opcode == CLOSE {
                return Ok(None);
            }
            if self.buffer[text.clone()] != *b"2" {
                break text;
            }
            if self.say("3").await.is_err() {
                return Ok(None);
            }
        };
        Ok(Some(&self.buffer[text]))
    }

    /// Whether anything more came.
    async fn read(&mut self) -> io::Result<bool> {
        Ok(self.reader.read_buf(&mut self.buffer).await? > 0)
    }

    /// Emits an event.
    pub(crate) async fn emit(&mut self, event: &str, argument: &Value) -> Result<()> {
        let packet = format!("42{}", json!([event, argument]));
        self.say(&packet).await
    }

    async fn say(&mut self, text: &str) -> Result<()> {
        const TEXT: u8 = 0x81;
        const MASKED: u8 = 0x80;
        let length = text.len();
        let mut frame = vec![TEXT];
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..126), _) => frame.push(MASKED | short),
            (_, Ok(middle)) => {
                frame.push(MASKED | 0x7e);
                frame.extend(middle.to_be_bytes());
            }
            _ => bail!("{length} bytes are more than this client says at once"),
        }
        // A mask of zeros leaves the text as it is.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        Ok(self.writer.write_all(&frame).await?)
    }
}

const CLOSE: u8 = 8;

/// The first frame in these bytes, if it is whole: its opcode, where its text stands, and where it ends.
fn frame(bytes: &[u8]) -> Result<Option<(u8, Range<usize>, usize)>> {
    let long = |many: usize| {
        let length = bytes.get(2..2 + many)?.iter();
        Some((
            2 + many,
            length.fold(0, |length, byte| length << 8 | usize::from(*byte)),
        ))
    };
    let Some(head) = bytes.get(..2) else { return Ok(None) };
    let head = match head[1] & 0x7f {
        126 => long(2),
        127 => long(8),
        short => Some((2, usize::from(short))),
    };
    let Some((start, length)) = head else { return Ok(None) };
    ensure!(length <= FRAME, "a frame of {length} bytes");
    let end = start + length;
    Ok((bytes.len() >= end).then_some((bytes[0] & 0x0f, start..end, end)))
}

/// The argument of this event, if the packet is one.
pub(crate) fn argument<'a>(packet: &'a [u8], event: &str) -> Option<&'a [u8]> {
    let rest = packet.strip_prefix(b"42[\"")?.strip_prefix(event.as_bytes())?;
    rest.strip_prefix(b"\",")?.strip_suffix(b"]")
}

fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

/// The `auth` of a guest.
pub(crate) fn guest(number: usize) -> Value {
    json!({ "protocol": 1, "name": format!("Guest {number}") })
}

/// Somebody with a key, and perhaps several devices.
pub(crate) struct Key {
    secret: SigningKey,
    name: Name,
}

impl Key {
    pub(crate) fn new(name: &str, dice: &mut fastrand::Rng) -> Result<Self> {
        let mut secret = [0; 32];
        dice.fill(&mut secret);
        Ok(Self {
            secret: SigningKey::from_bytes(&secret),
            name: Name::parse(name)?,
        })
    }

    /// What a new device of theirs brings.
    pub(crate) async fn auth(&self, address: SocketAddr) -> Result<Value> {
        let challenge = challenge(address).await?;
        let auth = sign(
            &self.secret,
            &challenge,
            PROTOCOLS[0],
            self.name.clone(),
            DeviceId::fresh(),
        );
        Ok(serde_json::to_value(auth)?)
    }
}

async fn challenge(address: SocketAddr) -> Result<Challenge> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /api/hello HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let body = answer.split_once("\r\n\r\n").context("the answer has no end")?.1;
    serde_json::from_str(body).context("the server's challenge can't be read")
}

#[cfg(test)]
mod tests {
    //! Frames are found as they come: short ones, long ones, several at once, and in pieces.

    use super::*;

    #[test]
    fn frames_are_found_as_they_come() {
        let mut bytes = vec![0x81, 2, b'h', b'i', 0x81, 126, 1, 0];
        bytes.extend([b'x'; 256]);
        assert_eq!(frame(&bytes).unwrap(), Some((1, 2..4, 4)));
        assert_eq!(frame(&bytes[4..]).unwrap(), Some((1, 4..260, 260)));
        for part in [0, 1, 2, 3] {
            assert_eq!(frame(&bytes[..part]).unwrap(), None);
        }
        assert_eq!(frame(&bytes[4..bytes.len() - 1]).unwrap(), None);
        assert!(frame(&[0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]).is_err());
    }
}
