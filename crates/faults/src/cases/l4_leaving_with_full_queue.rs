//! L4: a user leaves a room while much waits for one of their devices.
//!
//! Two things end a membership or a connection today: the user leaves the room, on another device, and the server
//! closes a connection that takes nothing for half a minute. Both are tried with a device whose queue is full.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{
    Availability, Body, Entries, Entry, EntryId, MemberId, Page, Person, Presence, Refused, RoomId, RoomSummary, Seq,
};
use ichat_testkit::socket_io::event_argument;
use ichat_testkit::{Identity, SocketIoClient};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::case::{Case, Load};
use crate::crowd;
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "L4",
    about: "leaving a room with a full queue: nothing more of it is sent, and a client that never reads is disconnected",
    rounds: 5,
    short_rounds: 1,
    needs: &[],
    load: Load::Waiting,
    run,
};

/// So many messages of this size fill every buffer on the way.
const FILLING_MESSAGES: usize = 600;
const MESSAGE_BYTES: usize = 8 * 1024;
/// Messages that wait for their receipts at the same time.
const SEND_WINDOW: usize = 32;
const LATE_MESSAGE: &str = "said after the user had left";
const LATE_MESSAGES: usize = 10;
/// The server closes the connection after thirty seconds; a busy machine takes longer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_mins(1);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// When nothing came for so long, everything that waited has come.
const QUIET_PERIOD: Duration = Duration::from_millis(500);

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    // The round's witness needs an entry in the lobby.
    round.client("ada")?.join(server.address())?;
    let scene = Scene {
        server: server.address(),
        room: RoomId::fresh(),
    };
    let disconnected_after = crowd::runtime()?.block_on(scene.play())?;
    round.record_ms("disconnected after the queue was full, ms", disconnected_after);
    round.check()
}

struct Scene {
    server: SocketAddr,
    room: RoomId,
}

impl Scene {
    /// Returns how long the server kept the connection that took nothing.
    async fn play(self) -> Result<Duration> {
        let mut owner = self.connect(&Identity::random(), "Owner").await?;
        let create = json!({ "room": self.room, "name": "Seminar" });
        owner.emit("create", &create).await?;
        let _: RoomSummary = next_event(&mut owner, "room").await?;

        let leaver = Identity::random();
        let mut phone = self.connect(&leaver, "Leaver").await?;
        self.join_room(&mut phone).await?;
        let mut laptop = self
            .connect_with_small_buffers(&leaver.on_another_device(), "Leaver")
            .await?;
        self.join_room(&mut laptop).await?;
        let mut mute = self
            .connect_with_small_buffers(&Identity::random(), "Never reads")
            .await?;
        let mute_member = self.join_room(&mut mute).await?;

        // The laptop and the client that never reads read nothing from here on.
        let last_before = self.fill_queues(&mut owner).await?;
        let full_since = Instant::now();
        phone.emit("leave", &json!({ "room": self.room })).await?;
        while next_event::<RoomSummary>(&mut phone, "room").await?.joined {}
        for _ in 0..LATE_MESSAGES {
            self.post_and_await(&mut owner, LATE_MESSAGE).await?;
        }
        self.check_silence(laptop, &mut owner, last_before).await?;

        wait_until_offline(&mut owner, &mute_member).await?;
        let disconnected_after = full_since.elapsed();
        // The kernel still delivers what it had taken, and then the end.
        let rest = async {
            while mute.next().await?.is_some() {}
            anyhow::Ok(())
        };
        let ended = tokio::time::timeout(READ_TIMEOUT, rest).await;
        ended.context("the connection has no end")??;
        Ok(disconnected_after)
    }

    /// Reads everything that waits for the laptop, and then makes a request that the server must refuse. Nothing of the
    /// room that was said after the user had left may come before the refusal.
    async fn check_silence(
        &self,
        mut laptop: SocketIoClient,
        owner: &mut SocketIoClient,
        last_before: Seq,
    ) -> Result<()> {
        let mut last = Seq::ZERO;
        let reading = async {
            loop {
                let Ok(packet) = tokio::time::timeout(QUIET_PERIOD, laptop.next()).await else {
                    // Its queue has space again. A device that was still subscribed would receive this.
                    self.post_and_await(owner, LATE_MESSAGE).await?;
                    laptop.emit("history", &json!({ "room": self.room })).await?;
                    continue;
                };
                let packet = packet?.context("the server closed the connection")?;
                let packet = packet.as_bytes();
                if let Some(refused) = event_argument(packet, "refused") {
                    let refused: Refused = serde_json::from_slice(refused)?;
                    ensure!(refused.event == "history", "{} was refused", refused.event);
                    return Ok(());
                }
                ensure!(
                    event_argument(packet, "page").is_none(),
                    "the user has left, and got the room's history"
                );
                if let Some(entries) = event_argument(packet, "entries") {
                    let Entries { entries, .. } = serde_json::from_slice(entries)?;
                    ensure!(
                        !entries.iter().any(|entry| is_message(entry, LATE_MESSAGE)),
                        "the user had left, and got a message that was said after that"
                    );
                    last = entries.last().map_or(last, |entry| entry.seq);
                }
            }
        };
        let read = tokio::time::timeout(READ_TIMEOUT, reading).await;
        read.context("the server does not answer the user who has left")??;
        ensure!(
            last < last_before,
            "the queue was never full, so this proves nothing: everything up to entry {last} was received"
        );
        Ok(())
    }

    async fn connect(&self, identity: &Identity, name: &str) -> Result<SocketIoClient> {
        let auth = identity.auth(self.server, name).await?;
        Ok(SocketIoClient::join(self.server, &auth).await?.0)
    }

    async fn connect_with_small_buffers(&self, identity: &Identity, name: &str) -> Result<SocketIoClient> {
        let auth = identity.auth(self.server, name).await?;
        Ok(crowd::join_with_small_buffers(self.server, &auth).await?.0)
    }

    /// Joins the room, and returns the member that did.
    async fn join_room(&self, client: &mut SocketIoClient) -> Result<MemberId> {
        client.emit("join", &json!({ "room": self.room })).await?;
        let page: Page = next_event(client, "page").await?;
        let mut newest_first = page.entries.into_iter().rev();
        let joined = newest_first.find(|entry| matches!(entry.body, Body::Joined { .. }));
        Ok(joined.context("the page tells of no member who joined")?.author)
    }

    /// Posts so much that the queue of a client that does not read is full. Returns the last sequence number.
    async fn fill_queues(&self, owner: &mut SocketIoClient) -> Result<Seq> {
        let text = "x".repeat(MESSAGE_BYTES);
        let (mut sent, mut receipts, mut last) = (0, 0, Seq::ZERO);
        while receipts < FILLING_MESSAGES {
            while sent < FILLING_MESSAGES && sent - receipts < SEND_WINDOW {
                self.post(owner, &text).await?;
                sent += 1;
            }
            let Entries { entries, .. } = next_event(owner, "entries").await?;
            receipts += entries.iter().filter(|entry| is_message(entry, &text)).count();
            last = entries.last().map_or(last, |entry| entry.seq);
        }
        Ok(last)
    }

    async fn post_and_await(&self, client: &mut SocketIoClient, text: &str) -> Result<()> {
        self.post(client, text).await?;
        loop {
            let Entries { entries, .. } = next_event(client, "entries").await?;
            if entries.iter().any(|entry| is_message(entry, text)) {
                return Ok(());
            }
        }
    }

    async fn post(&self, client: &mut SocketIoClient, text: &str) -> Result<()> {
        let body = json!({ "kind": "message", "text": text });
        let post = json!({ "room": self.room, "id": EntryId::fresh(), "body": body });
        client.emit("post", &post).await
    }
}

fn is_message(entry: &Entry, with: &str) -> bool {
    matches!(&entry.body, Body::Message { text, .. } if text == with)
}

async fn wait_until_offline(client: &mut SocketIoClient, member: &MemberId) -> Result<()> {
    let is_offline = |person: &Person| person.id == *member && person.availability == Availability::Offline;
    let waiting = async {
        while !next_event::<Presence>(client, "presence")
            .await?
            .people
            .iter()
            .any(is_offline)
        {}
        anyhow::Ok(())
    };
    let offline = tokio::time::timeout(DISCONNECT_TIMEOUT, waiting).await;
    offline.context("a connection that takes nothing was not closed")?
}

/// Waits for the next event of this name, and skips others. A refusal is an error.
async fn next_event<T: DeserializeOwned>(client: &mut SocketIoClient, event: &str) -> Result<T> {
    let waiting = async {
        loop {
            let packet = client.next().await?.context("the server closed the connection")?;
            if event_argument(packet.as_bytes(), "refused").is_some() {
                bail!("refused: {packet}");
            }
            if let Some(argument) = event_argument(packet.as_bytes(), event) {
                return Ok(serde_json::from_slice(argument)?);
            }
        }
    };
    let received = tokio::time::timeout(DISCONNECT_TIMEOUT, waiting).await;
    received.with_context(|| format!("no \"{event}\" came"))?
}
