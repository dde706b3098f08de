//! The state that all clients of a swarm share while they receive.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ichat_protocol::{Head, Hello, RoomSummary};
use memchr::memmem::Finder;

use super::deliveries::Deliveries;
use super::message::{DELIMITER, Mark};

/// The way to sign in, and the events that the clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `chat message`, as in Socket.IO's tutorial.
    Tutorial,
    /// I-Chat's own events, without a key.
    Guest,
    /// I-Chat's own events with a key, as the app and the page use them. A client that has the lobby's log up to this
    /// head requests what it misses.
    Member(Option<Head>),
}

/// The shared state of all clients.
pub(super) struct Receiver {
    pub(super) protocol: Protocol,
    start: Instant,
    /// The time of the last read, since the start.
    now: Duration,
    /// The lobby, as the first client saw it.
    pub(super) lobby: Option<RoomSummary>,
    /// The number of clients that are signed in.
    pub(super) connected: usize,
    delimiter: Finder<'static>,
    pub(super) deliveries: Deliveries,
    /// `true` if a sender has just received its own message.
    has_own_message: bool,
    pub(super) frames: u64,
    pub(super) bytes: u64,
}

impl Receiver {
    pub(super) fn new(protocol: Protocol, deliveries: Deliveries) -> Self {
        Self {
            protocol,
            start: Instant::now(),
            now: Duration::ZERO,
            lobby: None,
            connected: 0,
            delimiter: Finder::new(DELIMITER),
            deliveries,
            has_own_message: false,
            frames: 0,
            bytes: 0,
        }
    }

    /// Returns the time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Notes that so many bytes were read now.
    pub(super) fn note_read(&mut self, bytes: usize) {
        self.now = self.start.elapsed();
        self.bytes += bytes as u64;
    }

    /// Records the messages in a frame's payload.
    pub(super) fn record_messages(&mut self, client: usize, payload: &[u8]) -> Result<()> {
        self.frames += 1;
        let mut rest = payload;
        while let Some(start) = self.delimiter.find(rest) {
            let inside = &rest[start + DELIMITER.len()..];
            let end = self.delimiter.find(inside).context("a mark has no end")?;
            let mark = Mark::parse(&inside[..end]).context("a mark can't be parsed")?;
            let latency = self.now.saturating_sub(mark.sent_at);
            self.deliveries.record(client, mark.sender, mark.number, latency)?;
            self.has_own_message |= mark.sender == client;
            rest = &inside[end + DELIMITER.len()..];
        }
        Ok(())
    }

    /// Returns whether a client has received its own message since the last call.
    pub(super) fn take_own_message(&mut self) -> bool {
        std::mem::take(&mut self.has_own_message)
    }

    /// Returns the lobby, and takes it from the server's `hello` if it is not known yet.
    pub(super) fn learn_lobby(&mut self, hello: &[u8]) -> Result<&RoomSummary> {
        if self.lobby.is_none() {
            let hello: Hello = serde_json::from_slice(hello)?;
            self.lobby = hello.rooms.into_iter().find(|room| room.id == hello.lobby);
        }
        self.lobby.as_ref().context("the hello does not contain the lobby")
    }
}
