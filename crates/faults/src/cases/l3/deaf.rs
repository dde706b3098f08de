//! A client that reads, then doesn't, and then gets everything that it missed.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ichat_protocol::{Entries, Head, Heads, Page, RoomId, Seq};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::swarm::{self, Wire};

/// Whoever does not read for a time.
pub(super) struct Deaf {
    wire: Wire,
    address: SocketAddr,
    lobby: RoomId,
    /// Up to here everything is there.
    has: Head,
    gaps: usize,
    /// What is missing is on its way.
    asking: bool,
}

impl Deaf {
    pub(super) fn new(wire: Wire, address: SocketAddr, lobby: RoomId, has: Head) -> Self {
        Self {
            wire,
            address,
            lobby,
            has,
            gaps: 0,
            asking: false,
        }
    }

    /// Reads for a time, does not read until it is woken with the log's last place, and then gets everything. Gives how many
    /// gaps there were to fill.
    pub(super) async fn lives(mut self, reads: Duration, woken: oneshot::Receiver<Seq>) -> Result<usize> {
        let until = Instant::now() + reads;
        while let Ok(packet) = tokio::time::timeout_at(until, self.wire.next()).await {
            let packet = packet?.context("the server ended the connection of somebody who reads")?;
            let news = News::of(packet, self.lobby)?;
            self.takes(news).await?;
        }
        // On a busy machine it may have been slow before.
        self.gaps = 0;
        let end = woken.await?;
        while self.has.seq < end {
            if let Some(packet) = self.wire.next().await? {
                let news = News::of(packet, self.lobby)?;
                self.takes(news).await?;
            } else {
                // The server may have lost its patience. Then one comes back, as anybody does.
                self.wire = Wire::join(self.address, &swarm::guest(0)).await?.0;
                self.asks().await?;
            }
        }
        Ok(self.gaps)
    }

    async fn takes(&mut self, news: News) -> Result<()> {
        match news {
            News::Range(first, last) if first <= self.has.seq.next() => {
                self.has.seq = self.has.seq.max(last);
                self.asking = false;
            }
            News::Range(..) if !self.asking => self.asks().await?,
            News::Head(head) if head > self.has.seq && !self.asking => self.asks().await?,
            News::Range(..) | News::Head(_) | News::Other => {}
        }
        Ok(())
    }

    async fn asks(&mut self) -> Result<()> {
        self.gaps += 1;
        self.asking = true;
        let rooms = json!({ self.lobby.to_string(): self.has });
        self.wire.emit("sync", &json!({ "rooms": rooms })).await
    }
}

/// What a packet says of the lobby's log.
enum News {
    /// It holds this range, whole.
    Range(Seq, Seq),
    /// The log goes up to here.
    Head(Seq),
    Other,
}

impl News {
    fn of(packet: &[u8], lobby: RoomId) -> Result<Self> {
        let (room, entries) = if let Some(entries) = swarm::argument(packet, "entries") {
            let Entries { room, entries, .. } = serde_json::from_slice(entries)?;
            (room, entries)
        } else if let Some(page) = swarm::argument(packet, "page") {
            let Page { room, entries, .. } = serde_json::from_slice(page)?;
            (room, entries)
        } else if let Some(heads) = swarm::argument(packet, "heads") {
            let heads: Heads = serde_json::from_slice(heads)?;
            return Ok(heads.heads.get(&lobby).map_or(News::Other, |head| News::Head(head.seq)));
        } else {
            return Ok(News::Other);
        };
        let places = entries.first().zip(entries.last()).filter(|_| room == lobby);
        Ok(places.map_or(News::Other, |(first, last)| News::Range(first.seq, last.seq)))
    }
}
