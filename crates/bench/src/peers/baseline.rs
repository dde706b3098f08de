//! The baseline: one thread, one frame made for all clients, and nothing but `read` and `write` beside it. It speaks
//! just enough WebSocket and Socket.IO for the load generator.
//!
//! After each poll it reads from every client that has sent something, and then writes to every client: everything that
//! was sent, in one `write` ([`Writes::Together`]), or in one `write` for each message ([`Writes::Each`]), as a server
//! does that sends a message when it has it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use ichat_testkit::websocket::{Frame, accept_key, write_server_text};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::print_address::print_address;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writes {
    Together,
    Each,
}

/// A mistake that this server makes once, with clients that only receive, for the test that the load generator finds
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    Drop,
    Double,
    Reorder,
}

const LISTENER: Token = Token(usize::MAX);
const EVENTS_CAPACITY: usize = 1_024;
const READ_BUFFER_BYTES: usize = 64 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// A defect shows after so many messages.
const MESSAGES_BEFORE_DEFECT: usize = 100;

/// The stage of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Http,
    WebSocket,
    /// Signed in: it receives messages.
    SocketIo,
}

struct Connection {
    stream: TcpStream,
    stage: Stage,
    /// The beginning of a request or a frame whose rest has not come yet.
    partial: Vec<u8>,
    /// The bytes that the socket has not accepted yet.
    unsent: Vec<u8>,
    has_sent_messages: bool,
}

/// The messages that were sent since the last poll, framed for all clients.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Where each message ends.
    ends: Vec<usize>,
}

pub(super) fn serve(writes: Writes, mut defect: Option<Defect>) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(EVENTS_CAPACITY);
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    print_address(listener.local_addr()?);
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut buffer = vec![0; READ_BUFFER_BYTES];
    let mut batch = Batch::default();
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
            let slot = &mut connections[event.token().0];
            let Some(connection) = slot else { continue };
            if event.is_writable() {
                connection.flush();
            }
            if (event.is_readable() || event.is_read_closed()) && !connection.receive(&mut buffer, &mut batch)? {
                *slot = None;
            }
        }
        if batch.ends.is_empty() {
            continue;
        }
        let defect_now = defect.take_if(|_| messages > MESSAGES_BEFORE_DEFECT && batch.ends.len() > 1);
        let is_signed_in = |connection: &&mut Connection| connection.stage == Stage::SocketIo;
        for connection in connections.iter_mut().flatten().filter(is_signed_in) {
            match (writes, defect_now) {
                (_, Some(defect)) if !connection.has_sent_messages => connection.write_with_defect(&batch, defect),
                (Writes::Together, _) => connection.write(&batch.bytes),
                (Writes::Each, _) => batch.messages().for_each(|message| connection.write(message)),
            }
        }
        messages += batch.ends.len();
        batch.bytes.clear();
        batch.ends.clear();
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
            stage: Stage::Http,
            partial: Vec::new(),
            unsent: Vec::new(),
            has_sent_messages: false,
        }));
    }
}

impl Batch {
    fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

impl Connection {
    /// Reads what has come. Returns false when the connection has ended.
    fn receive(&mut self, buffer: &mut [u8], batch: &mut Batch) -> Result<bool> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.partial.extend_from_slice(&buffer[..read]);
                    self.consume(batch)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Ok(false),
            }
        }
    }

    fn consume(&mut self, batch: &mut Batch) -> Result<()> {
        let mut partial = std::mem::take(&mut self.partial);
        let mut consumed = 0;
        if self.stage == Stage::Http
            && let Some(end) = memchr::memmem::find(&partial, END_OF_HEAD)
        {
            consumed = end + END_OF_HEAD.len();
            self.upgrade(&String::from_utf8_lossy(&partial[..consumed]))?;
        }
        while self.stage != Stage::Http
            && let Some(frame) = Frame::parse(&partial[consumed..])?
        {
            let mut packet = Vec::with_capacity(frame.end());
            frame.unmask(&partial[consumed..], &mut packet);
            consumed += frame.end();
            if packet.starts_with(b"42") {
                write_server_text(&packet, &mut batch.bytes);
                batch.ends.push(batch.bytes.len());
                self.has_sent_messages = true;
            } else if packet.starts_with(b"40") {
                self.stage = Stage::SocketIo;
                self.write_text(b"40{\"sid\":\"bare\"}");
            }
        }
        partial.drain(..consumed);
        self.partial = partial;
        Ok(())
    }

    fn upgrade(&mut self, request: &str) -> Result<()> {
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .context("the request has no key")?;
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept_key(key.trim())
        );
        self.write(response.as_bytes());
        self.write_text(b"0{\"sid\":\"bare\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}");
        self.stage = Stage::WebSocket;
        Ok(())
    }

    fn write_text(&mut self, text: &[u8]) {
        let mut frame = Vec::new();
        write_server_text(text, &mut frame);
        self.write(&frame);
    }

    /// Writes to the socket, and keeps what it does not take.
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
        // The next read finds a connection that has ended.
        let written = self.stream.write(&self.unsent).unwrap_or(0);
        self.unsent.drain(..written);
    }

    fn write_with_defect(&mut self, batch: &Batch, defect: Defect) {
        let mut messages: Vec<&[u8]> = batch.messages().collect();
        match defect {
            Defect::Drop => drop(messages.pop()),
            Defect::Double => messages.extend_from_within(messages.len() - 1..),
            Defect::Reorder => messages.reverse(),
        }
        self.write(&messages.concat());
    }
}
