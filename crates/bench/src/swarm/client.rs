//! One connection of the swarm: it signs in through HTTP, WebSocket and Socket.IO, and then receives.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use ichat_protocol::{Head, RoomId, Sync};
use ichat_testkit::socket_io::{event_argument, guest_auth};
use ichat_testkit::websocket::{Frame, upgrade_request, write_client_text};
use ichat_testkit::{Identity, challenge_request, read_challenge};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::receiver::{Protocol, Receiver};

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The stage of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for the server's challenge, on a connection of its own.
    Challenge,
    /// Waits for the response to the WebSocket upgrade.
    Upgrade,
    /// Waits for Engine.IO's and then Socket.IO's first packet.
    SignIn,
    Connected,
}

pub(super) struct Client {
    number: usize,
    server: SocketAddr,
    stream: TcpStream,
    stage: Stage,
    auth: String,
    /// The beginning of a frame whose rest has not come yet.
    partial: Vec<u8>,
    /// The bytes that the socket has not accepted yet.
    unsent: Vec<u8>,
}

impl Client {
    pub(super) fn connect(number: usize, server: SocketAddr, protocol: Protocol, registry: &Registry) -> Result<Self> {
        let name = client_name(number);
        let (stage, auth, request) = match protocol {
            Protocol::Tutorial => (Stage::Upgrade, String::new(), upgrade_request(server, "")),
            Protocol::Guest => (
                Stage::Upgrade,
                guest_auth(&name).to_string(),
                upgrade_request(server, ""),
            ),
            Protocol::Member(_) => (Stage::Challenge, String::new(), challenge_request(server)),
        };
        Ok(Self {
            number,
            server,
            stream: connect(number, server, registry)?,
            stage,
            auth,
            partial: Vec::new(),
            unsent: request,
        })
    }

    /// Goes on from the challenge to the connection proper.
    fn upgrade(&mut self, auth: String, registry: &Registry) -> Result<()> {
        self.stream = connect(self.number, self.server, registry)?;
        self.stage = Stage::Upgrade;
        self.auth = auth;
        self.partial = Vec::new();
        self.unsent = upgrade_request(self.server, "");
        Ok(())
    }

    /// Sends a packet.
    pub(super) fn send(&mut self, packet: &[u8]) -> Result<()> {
        write_client_text(packet, &mut self.unsent);
        self.flush()
    }

    /// Sends as much as the socket takes.
    pub(super) fn flush(&mut self) -> Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).with_context(|| format!("client {} can't send", self.number)),
            }
        }
        Ok(())
    }

    /// Reads what has come. After a short read the socket is empty (epoll(7), question 9), unless the peer has closed
    /// it.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        is_read_closed: bool,
        receiver: &mut Receiver,
        registry: &Registry,
    ) -> Result<()> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => bail!("the server closed the connection of client {}", self.number),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).with_context(|| format!("client {} can't read", self.number)),
            };
            receiver.note_read(read);
            if self.stage == Stage::Challenge {
                self.partial.extend_from_slice(&buffer[..read]);
                if let Some(auth) = member_auth(self.number, &self.partial)? {
                    return self.upgrade(auth, registry);
                }
            } else if self.partial.is_empty() {
                let consumed = self.consume(&buffer[..read], receiver)?;
                self.partial.extend_from_slice(&buffer[consumed..read]);
            } else {
                self.partial.extend_from_slice(&buffer[..read]);
                let mut partial = std::mem::take(&mut self.partial);
                let consumed = self.consume(&partial, receiver)?;
                partial.drain(..consumed);
                self.partial = partial;
            }
            if read < buffer.len() && !is_read_closed {
                return Ok(());
            }
        }
    }

    /// Handles everything that is complete, and returns how many bytes that were.
    fn consume(&mut self, bytes: &[u8], receiver: &mut Receiver) -> Result<usize> {
        let mut consumed = 0;
        if self.stage == Stage::Upgrade {
            let Some(end) = memchr::memmem::find(bytes, END_OF_HEAD) else {
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                return self.refused(bytes);
            }
            consumed = end + END_OF_HEAD.len();
            self.stage = Stage::SignIn;
        }
        while let Some(frame) = Frame::parse(&bytes[consumed..])? {
            let payload = &bytes[consumed..][frame.payload()];
            consumed += frame.end();
            if frame.is_close() {
                bail!("the server closed the connection of client {}", self.number);
            } else if !frame.is_text() {
                continue;
            }
            match self.stage {
                Stage::Challenge | Stage::Upgrade | Stage::SignIn | Stage::Connected if payload == b"2" => {
                    self.send(b"3")?;
                }
                Stage::Connected => receiver.record_messages(self.number, payload)?,
                Stage::Challenge | Stage::Upgrade | Stage::SignIn => self.sign_in(payload, receiver)?,
            }
        }
        Ok(consumed)
    }

    fn sign_in(&mut self, packet: &[u8], receiver: &mut Receiver) -> Result<()> {
        if packet.starts_with(b"0") {
            let connect = format!("40{}", self.auth);
            return self.send(connect.as_bytes());
        }
        if packet.starts_with(b"44") {
            return self.refused(packet);
        }
        let hello = event_argument(packet, "hello");
        let is_connected = match receiver.protocol {
            Protocol::Tutorial => packet.starts_with(b"40"),
            Protocol::Guest => match hello {
                Some(hello) => receiver.learn_lobby(hello).map(|_| true)?,
                None => false,
            },
            Protocol::Member(cursor) => match hello {
                Some(hello) => {
                    let lobby = receiver.learn_lobby(hello)?.id;
                    if let Some(cursor) = cursor {
                        self.send(sync(lobby, cursor)?.as_bytes())?;
                    }
                    true
                }
                None => false,
            },
        };
        if is_connected {
            self.stage = Stage::Connected;
            receiver.connected += 1;
        }
        Ok(())
    }

    fn refused<T>(&self, answer: &[u8]) -> Result<T> {
        let answer = String::from_utf8_lossy(answer);
        bail!("the server refused client {}: {answer}", self.number)
    }
}

fn connect(number: usize, server: SocketAddr, registry: &Registry) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(server).context("no connection can be made")?;
    // This may fail while the connection is being made; a write then tells why.
    drop(stream.set_nodelay(true));
    registry.register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
    Ok(stream)
}

fn client_name(number: usize) -> String {
    format!("Client {number}")
}

/// Returns the `auth` payload for the server's challenge. Each number is a user of its own, the same one in every run.
fn member_auth(number: usize, response: &[u8]) -> Result<Option<String>> {
    let Some(challenge) = read_challenge(response)? else {
        return Ok(None);
    };
    let mut secret = [1; 32];
    secret[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let auth = Identity::from_secret(secret).sign(&challenge, &client_name(number))?;
    Ok(Some(auth.to_string()))
}

/// Returns the packet that requests the entries after this cursor.
fn sync(room: RoomId, cursor: Head) -> Result<String> {
    let sync = Sync {
        rooms: [(room, Some(cursor))].into(),
    };
    Ok(format!("42{}", serde_json::to_string(&("sync", sync))?))
}
