//! Many WebSocket clients in one thread, which do as little as they can beside what a server has to do: one `read` for
//! whatever has come, and a scan for the marks in the messages instead of parsing them.
//!
//! A message's text is `@@<sender>:<number>:<microseconds>@@`, filled up to 200 bytes. Each client's marks go into the
//! [`Tally`], which wants every message once, each sender's in order; it tells whether all clients had one order.

mod client;
pub(crate) mod frames;
mod load;
mod member;
mod tally;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use ichat_protocol::{EntryId, Head, Hello, RoomSummary};
use memchr::memmem::Finder;
use mio::{Events, Poll};

use self::client::Client;
pub(crate) use self::load::{Load, Talk};
use self::tally::Tally;

/// The bytes of a message's text.
const MAX_TEXT_BYTES: usize = 200;
/// A server that is silent for so long while something is due has lost it.
const STALLED: Duration = Duration::from_secs(20);
/// Joining is over when nothing came for so long.
const CALM: Duration = Duration::from_millis(300);

/// How one comes in, and speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// `chat message`, as in Socket.IO's tutorial.
    Classic,
    /// I-Chat's own events, without a key.
    Guest,
    /// The same with a key, as the app and the page do; whoever holds a part of the lobby's log asks for what is missing.
    Member(Option<Head>),
}

pub(crate) struct Swarm {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    buffer: Vec<u8>,
    ears: Ears,
}

/// What all clients share while they hear.
pub(crate) struct Ears {
    wire: Wire,
    epoch: Instant,
    /// Since the epoch, as of the last read.
    now: Duration,
    /// The room to post to, as the first client saw it.
    lobby: Option<RoomSummary>,
    /// How many clients are in.
    inside: usize,
    mark: Finder<'static>,
    tally: Tally,
    /// Somebody has just heard a message of their own.
    own: Option<usize>,
    frames: u64,
    bytes: u64,
}

impl Ears {
    /// Looks for messages in a frame's payload.
    fn message(&mut self, client: usize, payload: &[u8]) -> Result<()> {
        self.frames += 1;
        let mut rest = payload;
        while let Some(start) = self.mark.find(rest) {
            let inside = &rest[start + 2..];
            let end = self.mark.find(inside).context("a mark has no end")?;
            let (sender, number, at) = fields(&inside[..end]).context("a mark can't be read")?;
            let micros = u64::try_from(self.now.as_micros())?.saturating_sub(at);
            let sender = usize::try_from(sender)?;
            self.tally.hears(client, sender, u32::try_from(number)?, micros)?;
            if sender == client {
                self.own = Some(client);
            }
            rest = &inside[end + 2..];
        }
        Ok(())
    }
}

impl Ears {
    /// The lobby, from the server's `hello` if it isn't known yet.
    fn lobby(&mut self, hello: &[u8]) -> Result<&RoomSummary> {
        if self.lobby.is_none() {
            let hello: Hello = serde_json::from_slice(hello.strip_suffix(b"]").unwrap_or(hello))?;
            self.lobby = hello.rooms.into_iter().find(|room| room.id == hello.lobby);
        }
        self.lobby.as_ref().context("the hello does not tell of the lobby")
    }
}

/// The three numbers of a mark.
fn fields(mark: &[u8]) -> Option<(u64, u64, u64)> {
    let mut fields = mark.split(|byte| *byte == b':').map(|digits| {
        digits.iter().try_fold(0_u64, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
        })
    });
    Some((fields.next()??, fields.next()??, fields.next()??))
}

impl Swarm {
    /// Nobody yet; at most `clients`, of whom the first will be `senders`. `in_order` says what the server promises.
    pub(crate) fn new(address: SocketAddr, wire: Wire, clients: usize, senders: usize, in_order: bool) -> Result<Self> {
        Ok(Self {
            address,
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            clients: Vec::with_capacity(clients),
            buffer: vec![0; 256 * 1024],
            ears: Ears {
                wire,
                epoch: Instant::now(),
                now: Duration::ZERO,
                lobby: None,
                inside: 0,
                mark: Finder::new("@@"),
                tally: Tally::new(clients, senders, in_order),
                own: None,
                frames: 0,
                bytes: 0,
            },
        })
    }

    /// Connects until so many are in, with at most `at_once` of them on their way.
    pub(crate) fn connect(&mut self, clients: usize, at_once: usize) -> Result<()> {
        let mut progress = (Instant::now(), self.ears.inside);
        while self.ears.inside < clients {
            while self.clients.len() < clients.min(self.ears.inside.saturating_add(at_once)) {
                let client = Client::connect(self.clients.len(), self.address, self.ears.wire, self.poll.registry())?;
                self.clients.push(client);
            }
            self.turn(Some(Duration::from_millis(100)), |_, _| Ok(()))?;
            if self.ears.inside > progress.1 {
                progress = (Instant::now(), self.ears.inside);
            } else if progress.0.elapsed() > STALLED {
                bail!("{} of {clients} clients are in, and the others wait", self.ears.inside);
            }
        }
        Ok(())
    }

    /// The lobby's head as the first client saw it when it came in.
    pub(crate) fn head(&self) -> Result<Head> {
        Ok(self.ears.lobby.as_ref().context("nobody is in the lobby")?.head)
    }

    /// From now on everybody has the first sender's messages up to `from`, and hears until they have them up to `to`.
    pub(crate) fn catch_up(&mut self, clients: usize, from: u32, to: u32) -> Result<()> {
        self.ears.tally.skip_to(from);
        self.connect(clients, clients)?;
        let due = u64::from(to - from) * clients as u64;
        let mut progress = (Instant::now(), 0);
        while self.ears.tally.deliveries < due {
            self.turn(Some(Duration::from_millis(100)), |_, _| Ok(()))?;
            let deliveries = self.ears.tally.deliveries;
            if deliveries > progress.1 {
                progress = (Instant::now(), deliveries);
            } else if progress.0.elapsed() > STALLED {
                bail!("{deliveries} of {due} messages have come, and no more come");
            }
        }
        self.ears.tally.orders(&[to]).map(drop).map_err(Into::into)
    }

    /// Hears until nothing comes any more, and not for ever.
    pub(crate) fn settle(&mut self) -> Result<()> {
        let began = Instant::now();
        let mut last = (Instant::now(), self.ears.bytes);
        while last.0.elapsed() < CALM && began.elapsed() < STALLED {
            self.turn(Some(CALM / 4), |_, _| Ok(()))?;
            if self.ears.bytes != last.1 {
                last = (Instant::now(), self.ears.bytes);
            }
        }
        Ok(())
    }

    /// Hears whatever comes within this time.
    pub(crate) fn hear_for(&mut self, time: Duration) -> Result<()> {
        let began = Instant::now();
        while let Some(left) = time.checked_sub(began.elapsed()) {
            self.turn(Some(left), |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// Waits for whatever comes, and hears it; whoever heard their own message gets a turn to speak.
    fn turn(
        &mut self,
        timeout: Option<Duration>,
        mut own: impl FnMut(&mut Client, (&Ears, usize)) -> Result<()>,
    ) -> Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            polled => polled.context("the sockets can't be waited for")?,
        }
        for event in &self.events {
            let number = event.token().0;
            let client = &mut self.clients[number];
            if event.is_writable() {
                client.flush()?;
            }
            if event.is_readable() || event.is_error() || event.is_read_closed() {
                client.hear(
                    &mut self.buffer,
                    event.is_read_closed(),
                    &mut self.ears,
                    self.poll.registry(),
                )?;
                if self.ears.own.take().is_some() {
                    own(client, (&self.ears, number))?;
                }
            }
        }
        Ok(())
    }
}

/// The next message of a sender, as it goes over the wire.
fn words(ears: &Ears, sender: usize, number: u32, out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    match (ears.wire, &ears.lobby) {
        (Wire::Guest | Wire::Member(_), Some(lobby)) => write!(
            out,
            "42[\"post\",{{\"room\":\"{}\",\"id\":\"{}\",\"body\":{{\"kind\":\"message\",\"text\":\"",
            lobby.id,
            EntryId::fresh()
        )?,
        _ => out.extend_from_slice(b"42[\"chat message\",\""),
    }
    let start = out.len();
    write!(out, "@@{sender}:{number}:{}@@", ears.epoch.elapsed().as_micros())?;
    out.resize(start + MAX_TEXT_BYTES, b'_');
    out.extend_from_slice(match ears.wire {
        Wire::Classic => b"\"]".as_slice(),
        Wire::Guest | Wire::Member(_) => b"\"}}]".as_slice(),
    });
    Ok(())
}
