//! L4: out, with a full buffer.
//!
//! What ends somebody's part today: they leave the room (from another device), and the server ends a connection that takes
//! nothing for half a minute. Both are tried on a device whose buffer is full.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::{
    Availability, Body, Entries, Entry, EntryId, MemberId, Page, Person, Presence, Refused, RoomId, RoomSummary, Seq,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use super::Case;
use crate::round::Round;
use crate::swarm::{self, Key, Wire};

pub(super) const CASE: Case = Case {
    name: "L4",
    about: "out of the room with a full buffer: nothing more is sent, and whoever goes on not reading is closed",
    rounds: 5,
    short_rounds: 1,
    needs: &[],
    run,
};

/// So many messages of this size fill every buffer on the way.
const MESSAGES: usize = 600;
const MESSAGE: usize = 8 * 1024;
/// So many wait for their receipts at once.
const WINDOW: usize = 32;
const AFTER: &str = "said after they had left";
/// The server's patience with somebody who takes nothing is thirty seconds; this is a busy machine's.
const CLOSED_WITHIN: Duration = Duration::from_mins(1);
/// When nothing came for so long, everything that waited has come.
const QUIET: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(30);

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    // The witness of the round joins a lobby in which somebody has been.
    round.person("ada")?.joins(&server)?;
    let owner = Key::new("Owner", &mut round.dice)?;
    let scene = Scene {
        address: server.address(),
        room: RoomId(Uuid::new_v4()),
        leaver: Key::new("Leaver", &mut round.dice)?,
        deaf: Key::new("Deaf", &mut round.dice)?,
    };
    let closed = swarm::runtime()?.block_on(scene.plays(&owner))?;
    round.took("closed after it was full, ms", closed);
    round.verify()
}

struct Scene {
    address: SocketAddr,
    room: RoomId,
    leaver: Key,
    deaf: Key,
}

impl Scene {
    /// Gives how long the server had patience with somebody who took nothing.
    async fn plays(self, owner: &Key) -> Result<Duration> {
        let mut owner = self.comes(owner).await?;
        let create = json!({ "room": self.room, "name": "Seminar" });
        owner.emit("create", &create).await?;
        let _: RoomSummary = until(&mut owner, "room").await?;

        let mut phone = self.comes(&self.leaver).await?;
        self.joins(&mut phone).await?;
        let mut laptop = self.comes_narrowly(&self.leaver).await?;
        self.joins(&mut laptop).await?;
        let mut deaf = self.comes_narrowly(&self.deaf).await?;
        let me = self.joins(&mut deaf).await?;

        // Neither laptop nor deaf read from here on.
        let before = self.fills(&mut owner).await?;
        let full = Instant::now();
        phone.emit("leave", &json!({ "room": self.room })).await?;
        while until::<RoomSummary>(&mut phone, "room").await?.joined {}
        for _ in 0..10 {
            self.says(&mut owner, AFTER).await?;
        }
        self.is_silent_for_who_left(laptop, &mut owner, before).await?;

        // Deaf goes on not reading.
        let gone = |person: &Person| person.id == me && person.availability == Availability::Offline;
        let closing = async {
            while !until::<Presence>(&mut owner, "presence").await?.people.iter().any(gone) {}
            anyhow::Ok(full.elapsed())
        };
        let closed = tokio::time::timeout(CLOSED_WITHIN, closing).await;
        let closed = closed.context("a connection that takes nothing was not closed")??;
        // What the system had taken before that still comes, and then the end.
        let rest = async {
            while deaf.next().await?.is_some() {}
            anyhow::Ok(())
        };
        let ended = tokio::time::timeout(PATIENCE, rest).await;
        ended.context("the connection has no end")??;
        Ok(closed)
    }

    /// Reads everything that comes, up to the answer to a question that is asked when nothing more does: nothing of the room may be in it
    /// that was said after it was left, and the question is refused.
    async fn is_silent_for_who_left(&self, mut laptop: Wire, owner: &mut Wire, before: Seq) -> Result<()> {
        let mut last = Seq::ZERO;
        let reading = async {
            loop {
                let Ok(packet) = tokio::time::timeout(QUIET, laptop.next()).await else {
                    // With room in its buffer again it would get this, if it still got anything.
                    self.says(owner, AFTER).await?;
                    laptop.emit("history", &json!({ "room": self.room })).await?;
                    continue;
                };
                let packet = packet?.context("the connection ended")?;
                if let Some(refused) = swarm::argument(packet, "refused") {
                    let refused: Refused = serde_json::from_slice(refused)?;
                    ensure!(refused.event == "history", "{} was refused", refused.event);
                    return Ok(());
                }
                ensure!(
                    swarm::argument(packet, "page").is_none(),
                    "who has left was shown the room's history"
                );
                if let Some(entries) = swarm::argument(packet, "entries") {
                    let Entries { entries, .. } = serde_json::from_slice(entries)?;
                    ensure!(
                        !entries.iter().any(|entry| says(entry, AFTER)),
                        "who had left was told what was said then"
                    );
                    last = entries.last().map_or(last, |entry| entry.seq);
                }
            }
        };
        let silent = tokio::time::timeout(PATIENCE, reading).await;
        silent.context("who has left is not answered")??;
        ensure!(
            last < before,
            "its buffer was never full, so this proves nothing: it has everything up to {last}"
        );
        Ok(())
    }

    async fn comes(&self, key: &Key) -> Result<Wire> {
        Ok(Wire::join(self.address, &key.auth(self.address).await?).await?.0)
    }

    async fn comes_narrowly(&self, key: &Key) -> Result<Wire> {
        let auth = key.auth(self.address).await?;
        Ok(Wire::join_narrowly(self.address, &auth).await?.0)
    }

    /// Gives who it is that joined.
    async fn joins(&self, wire: &mut Wire) -> Result<MemberId> {
        wire.emit("join", &json!({ "room": self.room })).await?;
        let page: Page = until(wire, "page").await?;
        let joined = page
            .entries
            .iter()
            .rev()
            .find(|entry| matches!(entry.body, Body::Joined { .. }));
        Ok(joined.context("nobody has joined")?.author.clone())
    }

    /// Says so much that whoever does not read has a full buffer. Gives how far the room goes then.
    async fn fills(&self, owner: &mut Wire) -> Result<Seq> {
        let text = "x".repeat(MESSAGE);
        let (mut sent, mut receipts, mut last) = (0, 0, Seq::ZERO);
        while receipts < MESSAGES {
            while sent < MESSAGES && sent - receipts < WINDOW {
                self.emits(owner, &text).await?;
                sent += 1;
            }
            let Entries { entries, .. } = until(owner, "entries").await?;
            receipts += entries.iter().filter(|entry| says(entry, &text)).count();
            last = entries.last().map_or(last, |entry| entry.seq);
        }
        Ok(last)
    }

    async fn says(&self, owner: &mut Wire, text: &str) -> Result<()> {
        self.emits(owner, text).await?;
        while !until::<Entries>(owner, "entries")
            .await?
            .entries
            .iter()
            .any(|entry| says(entry, text))
        {}
        Ok(())
    }

    async fn emits(&self, owner: &mut Wire, text: &str) -> Result<()> {
        let body = json!({ "kind": "message", "text": text });
        let post = json!({ "room": self.room, "id": EntryId::fresh(), "body": body });
        owner.emit("post", &post).await
    }
}

fn says(entry: &Entry, what: &str) -> bool {
    matches!(&entry.body, Body::Message { text, .. } if text == what)
}

/// Waits for the next event of this name.
async fn until<T: DeserializeOwned>(wire: &mut Wire, event: &str) -> Result<T> {
    let coming = async {
        loop {
            let packet = wire.next().await?.context("the server ended the connection")?;
            if let Some(refused) = swarm::argument(packet, "refused") {
                anyhow::bail!("refused: {}", String::from_utf8_lossy(refused));
            }
            if let Some(argument) = swarm::argument(packet, event) {
                return Ok(serde_json::from_slice(argument)?);
            }
        }
    };
    let came = tokio::time::timeout(CLOSED_WITHIN, coming).await;
    came.with_context(|| format!("no \"{event}\" came"))?
}
