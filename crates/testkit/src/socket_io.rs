//! A Socket.IO client of few lines: it opens a connection, sends packets and receives them. What they mean is up to the
//! caller.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use ichat_protocol::Hello;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Longer than a loaded server takes to let one of five thousand clients in.
const JOIN_TIMEOUT: Duration = Duration::from_mins(1);
/// Small, since thousands of clients share a process.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Engine.IO's and Socket.IO's packet types, as they begin a text frame.
pub(crate) mod packet {
    pub(crate) const PING: &str = "2";
    pub(crate) const PONG: &str = "3";
    pub(crate) const CLOSE: &str = "1";
    pub(crate) const CONNECT: &str = "40";
    pub(crate) const DISCONNECT: &str = "41";
    pub(crate) const EVENT: &str = "42";
    pub(crate) const ACK: &str = "43";
    pub(crate) const CONNECT_ERROR: &str = "44";
}

/// One Socket.IO connection. It answers pings by itself, as long as something waits for the next packet.
pub struct SocketIoClient {
    socket: WebSocketStream<TcpStream>,
    is_pong_due: bool,
}

impl SocketIoClient {
    /// Opens the transport: WebSocket and Engine.IO. The client is not signed in yet.
    pub async fn open(server: SocketAddr) -> Result<Self> {
        Self::open_over(connect(server).await?, server).await
    }

    /// Opens the transport over a TCP connection that the caller has made.
    pub async fn open_over(stream: TcpStream, server: SocketAddr) -> Result<Self> {
        Self::open_by(stream, upgrade_request(server)?).await
    }

    /// Opens the transport as a reverse proxy does for a client at this address.
    pub async fn open_for(server: SocketAddr, client: IpAddr) -> Result<Self> {
        let mut request = upgrade_request(server)?;
        let client = HeaderValue::from_str(&client.to_string())?;
        request.headers_mut().insert("x-forwarded-for", client);
        Self::open_by(connect(server).await?, request).await
    }

    async fn open_by(stream: TcpStream, request: Request) -> Result<Self> {
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        let mut client = Self {
            socket,
            is_pong_due: false,
        };
        let open = client.next().await?.context("the server closed the connection")?;
        ensure!(open.starts_with("0{"), "not an Engine.IO server: {open}");
        Ok(client)
    }

    /// Opens the transport, signs in, and waits for the server's `hello`.
    pub async fn join(server: SocketAddr, auth: &Value) -> Result<(Self, Hello)> {
        Self::join_over(connect(server).await?, server, auth).await
    }

    /// Does the same over a TCP connection that the caller has made.
    pub async fn join_over(stream: TcpStream, server: SocketAddr, auth: &Value) -> Result<(Self, Hello)> {
        let joining = async { Self::open_over(stream, server).await?.sign_in(auth).await };
        let joined = tokio::time::timeout(JOIN_TIMEOUT, joining).await;
        joined.context("the server did not say hello in time")?
    }

    /// Does the same as a reverse proxy does for a client at this address.
    pub async fn join_for(server: SocketAddr, client: IpAddr, auth: &Value) -> Result<(Self, Hello)> {
        let joining = async { Self::open_for(server, client).await?.sign_in(auth).await };
        let joined = tokio::time::timeout(JOIN_TIMEOUT, joining).await;
        joined.context("the server did not say hello in time")?
    }

    async fn sign_in(mut self, auth: &Value) -> Result<(Self, Hello)> {
        self.send_connect(auth).await?;
        while let Some(packet) = self.next().await? {
            if let Some(error) = packet.strip_prefix(packet::CONNECT_ERROR) {
                bail!("the server refused the connection: {error}");
            }
            if let Some(hello) = event_argument(packet.as_bytes(), "hello") {
                return Ok((self, serde_json::from_slice(hello)?));
            }
        }
        bail!("the server closed the connection before its hello")
    }

    /// Sends the packet that connects to the namespace. `null` is no payload at all, as in Socket.IO's tutorial.
    pub(crate) async fn send_connect(&mut self, auth: &Value) -> Result<()> {
        let payload = if auth.is_null() {
            String::new()
        } else {
            auth.to_string()
        };
        self.send(format!("{}{payload}", packet::CONNECT)).await
    }

    /// Emits an event with one argument.
    pub async fn emit(&mut self, event: &str, argument: &Value) -> Result<()> {
        self.send(format!("{}{}", packet::EVENT, json!([event, argument])))
            .await
    }

    /// Sends a packet.
    pub async fn send(&mut self, packet: impl Into<Utf8Bytes>) -> Result<()> {
        Ok(self.socket.send(Message::Text(packet.into())).await?)
    }

    /// Buffers a packet, so that many of them leave in one write.
    pub async fn queue(&mut self, packet: impl Into<Utf8Bytes>) -> Result<()> {
        Ok(self.socket.feed(Message::Text(packet.into())).await?)
    }

    /// Sends what [`queue`](Self::queue) has buffered.
    pub async fn flush(&mut self) -> Result<()> {
        Ok(self.socket.flush().await?)
    }

    /// Sends binary data, which this protocol never does.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<()> {
        Ok(self.socket.send(Message::binary(bytes)).await?)
    }

    /// Returns the next packet; `None` when the connection has ended. Cancel safe: no packet is lost, and no ping
    /// unanswered.
    pub async fn next(&mut self) -> Result<Option<Utf8Bytes>> {
        loop {
            if self.is_pong_due {
                match self.send(packet::PONG).await {
                    Ok(()) => self.is_pong_due = false,
                    Err(_) => return Ok(None),
                }
            }
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) if text == packet::PING => self.is_pong_due = true,
                Some(Ok(Message::Text(text))) if text == packet::CLOSE || text == packet::DISCONNECT => {
                    return Ok(None);
                }
                Some(Ok(Message::Text(text))) => return Ok(Some(text)),
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Ok(Message::Binary(_))) => bail!("the server sent binary data"),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) if is_end(&error) => return Ok(None),
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    /// Returns the TCP connection, to write what no WebSocket library would.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }
}

fn upgrade_request(server: SocketAddr) -> Result<Request> {
    let url = format!("ws://{server}/socket.io/?EIO=4&transport=websocket");
    Ok(url.into_client_request()?)
}

async fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Returns whether the peer closed the connection, with or without WebSocket's ceremony.
fn is_end(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => true,
        Error::Io(error) => matches!(
            error.kind(),
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
        ),
        Error::Protocol(error) => {
            *error == tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake
        }
        _ => false,
    }
}

/// Returns the argument of an event, if the packet is that event.
pub fn event_argument<'a>(packet: &'a [u8], event: &str) -> Option<&'a [u8]> {
    let rest = packet.strip_prefix(b"42[\"")?.strip_prefix(event.as_bytes())?;
    rest.strip_prefix(b"\",")?.strip_suffix(b"]")
}

/// Returns the `auth` payload of a guest, who has no key.
pub fn guest_auth(name: &str) -> Value {
    json!({ "protocol": 1, "name": name })
}

#[cfg(test)]
mod tests {
    //! An event's argument is found by the event's whole name.

    use super::*;

    #[test]
    fn an_event_is_known_by_its_whole_name() {
        let packet = br#"42["page",{"entries":[]}]"#;
        assert_eq!(event_argument(packet, "page"), Some(&br#"{"entries":[]}"#[..]));
        assert_eq!(event_argument(packet, "pag"), None);
        assert_eq!(event_argument(br#"43["page",{}]"#, "page"), None);
    }
}
