//! The connections of a swarm, and waiting for what they receive.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use ichat_protocol::Head;
use mio::{Events, Poll};

use super::client::Client;
use super::deliveries::Deliveries;
use super::receiver::{Protocol, Receiver};

/// A server that sends nothing for so long, while something is due, has lost it.
pub(super) const STALL_TIMEOUT: Duration = Duration::from_secs(20);
/// The time between two checks of the progress when nothing arrives.
pub(super) const POLL_TIMEOUT: Duration = Duration::from_millis(100);
/// Signing in is over when nothing came for so long.
const QUIET_PERIOD: Duration = Duration::from_millis(300);
/// Larger than what comes for one client between two polls.
const READ_BUFFER_BYTES: usize = 256 * 1024;
const EVENTS_CAPACITY: usize = 1_024;

/// Many clients of one server, driven by one thread.
pub(crate) struct Swarm {
    server: SocketAddr,
    poll: Poll,
    events: Events,
    pub(super) clients: Vec<Client>,
    buffer: Vec<u8>,
    pub(super) receiver: Receiver,
}

impl Swarm {
    /// Makes a swarm without connections, for at most `clients`, of which the first will be `senders`. `in_order` tells
    /// whether the server promises to keep each sender's order.
    pub(crate) fn new(
        server: SocketAddr,
        protocol: Protocol,
        clients: usize,
        senders: usize,
        in_order: bool,
    ) -> Result<Self> {
        Ok(Self {
            server,
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_CAPACITY),
            clients: Vec::with_capacity(clients),
            buffer: vec![0; READ_BUFFER_BYTES],
            receiver: Receiver::new(protocol, Deliveries::new(clients, senders, in_order)),
        })
    }

    /// Connects clients until there are so many, with at most `concurrency` of them connecting at the same time.
    pub(crate) fn connect(&mut self, clients: usize, concurrency: usize) -> Result<()> {
        let mut stall = StallDetector::new(self.receiver.connected as u64);
        while self.receiver.connected < clients {
            while self.clients.len() < clients.min(self.receiver.connected.saturating_add(concurrency)) {
                let number = self.clients.len();
                let client = Client::connect(number, self.server, self.receiver.protocol, self.poll.registry())?;
                self.clients.push(client);
            }
            self.poll_once(POLL_TIMEOUT, |_, _, _| Ok(()))?;
            if stall.has_stalled(self.receiver.connected as u64) {
                bail!(
                    "{} of {clients} clients are connected, and no more are let in",
                    self.receiver.connected
                );
            }
        }
        Ok(())
    }

    /// Returns the lobby's head, as the first client saw it.
    pub(crate) fn head(&self) -> Result<Head> {
        let lobby = self.receiver.lobby.as_ref();
        Ok(lobby.context("no client is in the lobby")?.head)
    }

    /// Connects clients that all have the first sender's messages up to `from`, and waits until they have them up to
    /// `to`.
    pub(crate) fn catch_up(&mut self, clients: usize, from: u32, to: u32) -> Result<()> {
        self.receiver.deliveries.skip_to(from);
        self.connect(clients, clients)?;
        let due = u64::from(to - from) * clients as u64;
        let mut stall = StallDetector::new(0);
        while self.receiver.deliveries.count() < due {
            self.poll_once(POLL_TIMEOUT, |_, _, _| Ok(()))?;
            let count = self.receiver.deliveries.count();
            if stall.has_stalled(count) {
                bail!("{count} of {due} messages have come, and no more come");
            }
        }
        self.receiver.deliveries.orders(&[to])?;
        Ok(())
    }

    /// Receives until nothing comes any more, or [`STALL_TIMEOUT`] has passed.
    pub(crate) fn wait_until_quiet(&mut self) -> Result<()> {
        let start = Instant::now();
        let mut last = (Instant::now(), self.receiver.bytes);
        while last.0.elapsed() < QUIET_PERIOD && start.elapsed() < STALL_TIMEOUT {
            self.poll_once(QUIET_PERIOD / 4, |_, _, _| Ok(()))?;
            if self.receiver.bytes != last.1 {
                last = (Instant::now(), self.receiver.bytes);
            }
        }
        Ok(())
    }

    /// Receives whatever comes within this time.
    pub(crate) fn receive_for(&mut self, time: Duration) -> Result<()> {
        let start = Instant::now();
        while let Some(left) = time.checked_sub(start.elapsed()) {
            self.poll_once(left, |_, _, _| Ok(()))?;
        }
        Ok(())
    }

    /// Waits until something comes, and receives it. Calls `on_own_message` for each sender that has received its own
    /// message, with the sender's number.
    pub(super) fn poll_once(
        &mut self,
        timeout: Duration,
        mut on_own_message: impl FnMut(&mut Client, &Receiver, usize) -> Result<()>,
    ) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled.context("the sockets can't be polled")?,
        }
        for event in &self.events {
            let number = event.token().0;
            let client = &mut self.clients[number];
            if event.is_writable() {
                client.flush()?;
            }
            if event.is_readable() || event.is_error() || event.is_read_closed() {
                client.receive(
                    &mut self.buffer,
                    event.is_read_closed(),
                    &mut self.receiver,
                    self.poll.registry(),
                )?;
                if self.receiver.take_own_message() {
                    on_own_message(client, &self.receiver, number)?;
                }
            }
        }
        Ok(())
    }
}

/// Tells when a counter has not grown for [`STALL_TIMEOUT`].
pub(super) struct StallDetector {
    grown_at: Instant,
    count: u64,
}

impl StallDetector {
    pub(super) fn new(count: u64) -> Self {
        Self {
            grown_at: Instant::now(),
            count,
        }
    }

    pub(super) fn has_stalled(&mut self, count: u64) -> bool {
        if count > self.count {
            *self = Self::new(count);
        }
        self.grown_at.elapsed() > STALL_TIMEOUT
    }
}
