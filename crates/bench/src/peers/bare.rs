//! The limit: one thread, one frame made for all, and nothing but `read` and `write` beside it. It speaks just enough
//! WebSocket and Socket.IO for the swarm to believe it.
//!
//! After each wait it reads everybody who has said something, and then writes: to each client all that was said, in one
//! `write` ([`Writes::Together`]), or one `write` for each message ([`Writes::Each`]), as a server does that sends a
//! message when it has it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use sha1::{Digest as _, Sha1};

use crate::swarm::frames::{self, Frame};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writes {
    Together,
    Each,
}

/// What this server does wrong once to those who only listen, for the test that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Drop,
    Double,
    Reorder,
}

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    part: Vec<u8>,
    unsent: Vec<u8>,
    is_upgraded: bool,
    is_in: bool,
    has_spoken: bool,
}

/// What was said since the last wait, framed for everybody.
#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    /// Where each message ends.
    ends: Vec<usize>,
}

pub(super) fn serve(writes: Writes, mut fault: Option<Fault>) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1_024);
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    super::say_where(listener.local_addr()?);
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut said = Said::default();
    let mut messages = 0;
    loop {
        if let Err(error) = poll.poll(&mut events, None)
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut connections)?;
                continue;
            }
            let place = &mut connections[event.token().0];
            let Some(connection) = place else { continue };
            if event.is_writable() {
                connection.flush();
            }
            if (event.is_readable() || event.is_read_closed()) && !connection.hear(&mut buffer, &mut said)? {
                *place = None;
            }
        }
        if said.ends.is_empty() {
            continue;
        }
        let now_wrong = fault.take_if(|_| messages > 100 && said.ends.len() > 1);
        for connection in connections.iter_mut().flatten().filter(|connection| connection.is_in) {
            match (writes, now_wrong) {
                (_, Some(fault)) if !connection.has_spoken => connection.write_wrongly(&said, fault),
                (Writes::Together, _) => connection.write(&said.bytes),
                (Writes::Each, _) => said.each().for_each(|message| connection.write(message)),
            }
        }
        messages += said.ends.len();
        said.bytes.clear();
        said.ends.clear();
    }
}

fn accept(listener: &TcpListener, poll: &Poll, connections: &mut Vec<Option<Connection>>) -> Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("no connection can be accepted"),
        };
        stream.set_nodelay(true)?;
        poll.registry().register(
            &mut stream,
            Token(connections.len()),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        connections.push(Some(Connection {
            stream,
            part: Vec::new(),
            unsent: Vec::new(),
            is_upgraded: false,
            is_in: false,
            has_spoken: false,
        }));
    }
}

impl Said {
    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

impl Connection {
    /// Reads what is there. False when the connection has ended.
    fn hear(&mut self, buffer: &mut [u8], said: &mut Said) -> Result<bool> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.part.extend_from_slice(&buffer[..read]);
                    self.take(said)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Ok(false),
            }
        }
    }

    fn take(&mut self, said: &mut Said) -> Result<()> {
        let mut part = std::mem::take(&mut self.part);
        let mut used = 0;
        if !self.is_upgraded
            && let Some(end) = memchr::memmem::find(&part, b"\r\n\r\n")
        {
            used = end + 4;
            self.upgrade(&String::from_utf8_lossy(&part[..used]))?;
        }
        while self.is_upgraded
            && let Some(frame) = Frame::at_start(&part[used..])?
        {
            let bytes = &part[used..used + frame.end];
            used += frame.end;
            let mut text = Vec::with_capacity(frame.end);
            frame.unmask(bytes, &mut text);
            if text.starts_with(b"42") {
                frames::from_server(&text, &mut said.bytes);
                said.ends.push(said.bytes.len());
                self.has_spoken = true;
            } else if text.starts_with(b"40") {
                self.is_in = true;
                self.write_text(b"40{\"sid\":\"bare\"}");
            }
        }
        part.drain(..used);
        self.part = part;
        Ok(())
    }

    fn upgrade(&mut self, request: &str) -> Result<()> {
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .context("a request without a key")?;
        let sum = Sha1::digest(format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.trim()));
        let accept = base64::engine::general_purpose::STANDARD.encode(sum);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        self.write(answer.as_bytes());
        self.write_text(b"0{\"sid\":\"bare\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}");
        self.is_upgraded = true;
        Ok(())
    }

    fn write_text(&mut self, text: &[u8]) {
        let mut frame = Vec::new();
        frames::from_server(text, &mut frame);
        self.write(&frame);
    }

    /// Writes to the socket, and keeps what it doesn't take.
    fn write(&mut self, bytes: &[u8]) {
        let written = if self.unsent.is_empty() {
            self.stream.write(bytes).unwrap_or(0)
        } else {
            0
        };
        self.unsent.extend_from_slice(&bytes[written..]);
    }

    fn flush(&mut self) {
        if self.unsent.is_empty() {
            return;
        }
        // A connection that has ended is noticed when it is read.
        let written = self.stream.write(&self.unsent).unwrap_or(0);
        self.unsent.drain(..written);
    }

    fn write_wrongly(&mut self, said: &Said, fault: Fault) {
        let mut messages: Vec<&[u8]> = said.each().collect();
        match fault {
            Fault::Drop => drop(messages.pop()),
            Fault::Double => messages.extend_from_within(messages.len() - 1..),
            Fault::Reorder => messages.reverse(),
        }
        self.write(&messages.concat());
    }
}
