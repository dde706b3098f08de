//! A client that reads, then doesn't, and then gets everything that it missed.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ichat_protocol::{Entries, Head, Heads, Page, RoomId, Seq};
use ichat_testkit::SocketIoClient;
use ichat_testkit::socket_io::event_argument;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::crowd;

pub(super) struct SlowReader {
    client: SocketIoClient,
    server: SocketAddr,
    lobby: RoomId,
    /// The client has everything up to here.
    head: Head,
    gaps: usize,
    /// `true` if the client has requested what is missing.
    is_syncing: bool,
}

impl SlowReader {
    pub(super) fn new(client: SocketIoClient, server: SocketAddr, lobby: RoomId, head: Head) -> Self {
        Self {
            client,
            server,
            lobby,
            head,
            gaps: 0,
            is_syncing: false,
        }
    }

    /// Reads for a time, does not read until it is woken with the last sequence number, and then gets everything.
    /// Returns the number of gaps that it had to fill.
    pub(super) async fn run(mut self, reads_for: Duration, woken: oneshot::Receiver<Seq>) -> Result<usize> {
        let deadline = Instant::now() + reads_for;
        while let Ok(packet) = tokio::time::timeout_at(deadline, self.client.next()).await {
            let packet = packet?.context("the server closed the connection of a client that reads")?;
            self.apply(LobbyNews::parse(packet.as_bytes(), self.lobby)?).await?;
        }
        // On a busy machine it may have been slow even while it read.
        self.gaps = 0;
        let last = woken.await?;
        while self.head.seq < last {
            if let Some(packet) = self.client.next().await? {
                self.apply(LobbyNews::parse(packet.as_bytes(), self.lobby)?).await?;
            } else {
                // The server may have closed the connection. Any client reconnects then.
                self.client = crowd::join_as_guest(self.server, 0).await?.0;
                self.sync().await?;
            }
        }
        Ok(self.gaps)
    }

    async fn apply(&mut self, news: LobbyNews) -> Result<()> {
        match news {
            LobbyNews::Range(first, last) if first <= self.head.seq.next() => {
                self.head.seq = self.head.seq.max(last);
                self.is_syncing = false;
            }
            LobbyNews::Range(..) if !self.is_syncing => self.sync().await?,
            LobbyNews::Head(head) if head > self.head.seq && !self.is_syncing => self.sync().await?,
            LobbyNews::Range(..) | LobbyNews::Head(_) | LobbyNews::Nothing => {}
        }
        Ok(())
    }

    /// Asks for what is missing.
    async fn sync(&mut self) -> Result<()> {
        self.gaps += 1;
        self.is_syncing = true;
        let rooms = json!({ self.lobby.to_string(): self.head });
        self.client.emit("sync", &json!({ "rooms": rooms })).await
    }
}

/// A packet's news of the lobby's log.
enum LobbyNews {
    /// It contains the entries from the first to the last of these.
    Range(Seq, Seq),
    /// The log ends with this entry.
    Head(Seq),
    Nothing,
}

impl LobbyNews {
    fn parse(packet: &[u8], lobby: RoomId) -> Result<Self> {
        let (room, entries) = if let Some(entries) = event_argument(packet, "entries") {
            let Entries { room, entries, .. } = serde_json::from_slice(entries)?;
            (room, entries)
        } else if let Some(page) = event_argument(packet, "page") {
            let Page { room, entries, .. } = serde_json::from_slice(page)?;
            (room, entries)
        } else if let Some(heads) = event_argument(packet, "heads") {
            let heads: Heads = serde_json::from_slice(heads)?;
            let head = heads.heads.get(&lobby);
            return Ok(head.map_or(LobbyNews::Nothing, |head| LobbyNews::Head(head.seq)));
        } else {
            return Ok(LobbyNews::Nothing);
        };
        let ends = entries.first().zip(entries.last()).filter(|_| room == lobby);
        Ok(ends.map_or(LobbyNews::Nothing, |(first, last)| {
            LobbyNews::Range(first.seq, last.seq)
        }))
    }
}
