//! One connection of the swarm: in through the WebSocket's and Socket.IO's doors, then hearing.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::frames::{self, Frame};
use super::{Ears, Wire, member};

/// How far in it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for the server's answer to a question, on a connection of its own.
    Asking,
    /// Waits for the end of the HTTP answer.
    Upgrading,
    /// Waits for Engine.IO's and then Socket.IO's welcome.
    Entering,
    In,
}

pub(crate) struct Client {
    number: usize,
    address: SocketAddr,
    stream: TcpStream,
    stage: Stage,
    /// What proves who it is.
    auth: String,
    /// The beginning of a frame whose rest has not come yet.
    part: Vec<u8>,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(number: usize, address: SocketAddr, wire: Wire, registry: &Registry) -> Result<Self> {
        let (stage, auth, words) = match wire {
            Wire::Classic => (Stage::Upgrading, String::new(), upgrade(address)),
            Wire::Guest => {
                let auth = format!("{{\"protocol\":1,\"name\":\"Client {number}\"}}");
                (Stage::Upgrading, auth, upgrade(address))
            }
            Wire::Member(_) => (Stage::Asking, String::new(), member::question(address)),
        };
        Ok(Self {
            number,
            address,
            stream: stream(number, address, registry)?,
            stage,
            auth,
            part: Vec::new(),
            unsent: words,
        })
    }

    /// Goes on from the question to the connection.
    fn asked(&mut self, auth: String, registry: &Registry) -> Result<()> {
        self.stream = stream(self.number, self.address, registry)?;
        self.stage = Stage::Upgrading;
        self.auth = auth;
        self.part = Vec::new();
        self.unsent = upgrade(self.address);
        Ok(())
    }

    /// Sends one text.
    pub(crate) fn say(&mut self, text: &[u8]) -> Result<()> {
        frames::from_client(text, &mut self.unsent);
        self.flush()
    }

    /// Sends what the socket takes.
    pub(crate) fn flush(&mut self) -> Result<()> {
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

    /// Reads what is there. `is_ending` says that the end may be behind it.
    pub(crate) fn hear(
        &mut self,
        buffer: &mut [u8],
        is_ending: bool,
        ears: &mut Ears,
        registry: &Registry,
    ) -> Result<()> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => bail!("the server ended the connection of client {}", self.number),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).with_context(|| format!("client {} can't read", self.number)),
            };
            ears.now = ears.epoch.elapsed();
            ears.bytes += read as u64;
            if self.stage == Stage::Asking {
                self.part.extend_from_slice(&buffer[..read]);
                if let Some(auth) = member::auth(self.number, &self.part)? {
                    return self.asked(auth, registry);
                }
            } else if self.part.is_empty() {
                let used = self.take(&buffer[..read], ears)?;
                self.part.extend_from_slice(&buffer[used..read]);
            } else {
                self.part.extend_from_slice(&buffer[..read]);
                let mut part = std::mem::take(&mut self.part);
                let used = self.take(&part, ears)?;
                part.drain(..used);
                self.part = part;
            }
            // A short read has emptied the socket (epoll(7), question 9).
            if read < buffer.len() && !is_ending {
                return Ok(());
            }
        }
    }

    /// Takes all that is whole, and says how much that was.
    fn take(&mut self, bytes: &[u8], ears: &mut Ears) -> Result<usize> {
        let mut used = 0;
        if self.stage == Stage::Upgrading {
            let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                bail!(
                    "the server refused client {}: {}",
                    self.number,
                    String::from_utf8_lossy(bytes)
                );
            }
            used = end + 4;
            self.stage = Stage::Entering;
        }
        while let Some(frame) = Frame::at_start(&bytes[used..])? {
            let payload = &bytes[used + frame.start..used + frame.end];
            used += frame.end;
            match (frame.opcode, self.stage) {
                (frames::TEXT, _) if payload == b"2" => self.say(b"3")?,
                (frames::TEXT, Stage::In) => ears.message(self.number, payload)?,
                (frames::TEXT, _) => self.enter(payload, ears)?,
                (frames::CLOSE, _) => bail!("the server closed the connection of client {}", self.number),
                _ => {}
            }
        }
        Ok(used)
    }

    fn enter(&mut self, payload: &[u8], ears: &mut Ears) -> Result<()> {
        if payload.starts_with(b"0") {
            let words = format!("40{}", self.auth);
            return self.say(words.as_bytes());
        }
        if payload.starts_with(b"44") {
            bail!(
                "the server refused client {}: {}",
                self.number,
                String::from_utf8_lossy(payload)
            );
        }
        let is_in = match (ears.wire, payload.strip_prefix(b"42[\"hello\",")) {
            (Wire::Classic, _) => payload.starts_with(b"40"),
            (_, None) => false,
            (wire, Some(hello)) => {
                let lobby = ears.lobby(hello)?.id;
                if let Wire::Member(Some(held)) = wire {
                    self.say(member::sync(lobby, held)?.as_bytes())?;
                }
                true
            }
        };
        if is_in {
            self.stage = Stage::In;
            ears.inside += 1;
        }
        Ok(())
    }
}

fn stream(number: usize, address: SocketAddr, registry: &Registry) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).context("no connection can be made")?;
    // It may fail while the connection is being made; a write then says why.
    drop(stream.set_nodelay(true));
    registry.register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
    Ok(stream)
}

fn upgrade(address: SocketAddr) -> Vec<u8> {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}
