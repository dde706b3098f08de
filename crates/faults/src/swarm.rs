//! Many light clients in one process: a WebSocket, Socket.IO's few packets, and the frames as bytes. Thousands of real ones
//! would measure themselves.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{Head, RoomId};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
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
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// The last frame's text.
    frame: Vec<u8>,
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

    /// The same, with so small a buffer in the system that who does not read is soon noticed.
    pub(crate) async fn join_narrowly(address: SocketAddr, auth: &Value) -> Result<(Self, Welcome)> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        Self::over(socket.connect(address).await?, address, auth).await
    }

    async fn over(stream: TcpStream, address: SocketAddr, auth: &Value) -> Result<(Self, Welcome)> {
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::with_capacity(16 * 1024, reader);
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aWNoYXQgZmF1bHRzIQ==\r\n\r\n"
        );
        writer.write_all(request.as_bytes()).await?;
        head_of_answer(&mut reader).await?;
        let mut wire = Self {
            reader,
            writer,
            frame: Vec::new(),
        };
        let welcome = tokio::time::timeout(PATIENCE, wire.comes_in(auth)).await;
        let welcome = welcome.context("the server did not say hello")??;
        Ok((wire, welcome))
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

    /// The next packet, pings answered; nothing when the connection has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>> {
        loop {
            match self.read_frame().await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) if is_end(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
            if self.frame != b"2" {
                return Ok(Some(&self.frame));
            }
            if self.say("3").await.is_err() {
                return Ok(None);
            }
        }
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

    /// Whether a text came; false when the connection is closed.
    async fn read_frame(&mut self) -> Result<bool> {
        const CLOSE: u8 = 8;
        let mut head = [0; 2];
        self.reader.read_exact(&mut head).await?;
        let length = match head[1] & 0x7f {
            126 => usize::from(self.reader.read_u16().await?),
            127 => usize::try_from(self.reader.read_u64().await?)?,
            short => usize::from(short),
        };
        ensure!(length <= FRAME, "a frame of {length} bytes");
        self.frame.resize(length, 0);
        self.reader.read_exact(&mut self.frame).await?;
        Ok(head[0] & 0x0f != CLOSE)
    }
}

/// Reads up to the end of the HTTP answer.
async fn head_of_answer(reader: &mut BufReader<OwnedReadHalf>) -> Result<()> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        ensure!(answer.len() < 8_192, "the answer has no end");
        answer.push(reader.read_u8().await.context("the server ended the connection")?);
    }
    let line = String::from_utf8_lossy(&answer);
    ensure!(
        line.starts_with("HTTP/1.1 101 "),
        "{}",
        line.lines().next().unwrap_or_default()
    );
    Ok(())
}

/// The argument of this event, if the packet is one.
pub(crate) fn argument<'a>(packet: &'a [u8], event: &str) -> Option<&'a [u8]> {
    let rest = packet.strip_prefix(b"42[\"")?.strip_prefix(event.as_bytes())?;
    rest.strip_prefix(b"\",")?.strip_suffix(b"]")
}

fn is_end(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(
        kind,
        Some(BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    )
}

/// The `auth` of a guest.
pub(crate) fn guest(number: usize) -> Value {
    json!({ "protocol": 1, "name": format!("Guest {number}") })
}
