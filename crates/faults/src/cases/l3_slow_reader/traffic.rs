//! The messages that the clients send and receive.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{Entries, EntryId, RoomId};
use ichat_testkit::SocketIoClient;
use ichat_testkit::socket_io::event_argument;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::phases::{Latencies, Phases};

/// The time between two messages of a sender.
const SEND_INTERVAL: Duration = Duration::from_millis(80);
const MESSAGE_BYTES: usize = 8 * 1024;
/// Messages of a flood that wait for their receipts at the same time.
const FLOOD_WINDOW: usize = 16;
/// After so long without a receipt, or without the last message, it is sent again.
pub(super) const RETRY_TIMEOUT: Duration = Duration::from_secs(5);
/// No message follows on this one.
pub(super) const LAST_MESSAGE: &str = "that was all";

/// Sends messages that carry the time, and reads meanwhile.
pub(super) async fn send_at_intervals(
    mut client: SocketIoClient,
    lobby: RoomId,
    phases: &Phases,
    mut stopped: watch::Receiver<bool>,
) -> Result<()> {
    let mut due = tokio::time::interval(SEND_INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = due.tick() => {
                let text = format!("@@{}@@{:x<MESSAGE_BYTES$}", phases.now().as_micros(), "");
                post(&mut client, lobby, EntryId::fresh(), &text).await?;
            }
            packet = client.next() => {
                let packet = packet?.context("the server closed a sender's connection")?;
                ensure!(event_argument(packet.as_bytes(), "refused").is_none(), "{packet}");
            }
            _ = stopped.changed() => return Ok(()),
        }
    }
}

/// Sends more messages than the server queues for one client, and waits for the receipts. Messages without a receipt
/// are sent again under their ids, as by any client.
pub(super) async fn flood(client: &mut SocketIoClient, room: RoomId, messages: usize) -> Result<()> {
    let text = "y".repeat(MESSAGE_BYTES);
    let mut unacknowledged = HashSet::new();
    for sent in 0..=messages {
        if sent < messages {
            let id = EntryId::fresh();
            post(client, room, id, &text).await?;
            unacknowledged.insert(id);
        }
        while unacknowledged.len() >= FLOOD_WINDOW || (sent == messages && !unacknowledged.is_empty()) {
            let Ok(receipts) = tokio::time::timeout(RETRY_TIMEOUT, next_entries(client)).await else {
                for id in &unacknowledged {
                    post(client, room, *id, &text).await?;
                }
                continue;
            };
            for entry in receipts?.entries {
                unacknowledged.remove(&entry.id);
            }
        }
    }
    Ok(())
}

async fn post(client: &mut SocketIoClient, room: RoomId, id: EntryId, text: &str) -> Result<()> {
    let body = json!({ "kind": "message", "text": text });
    client
        .emit("post", &json!({ "room": room, "id": id, "body": body }))
        .await
}

async fn next_entries(client: &mut SocketIoClient) -> Result<Entries> {
    loop {
        let packet = client.next().await?.context("the server closed the connection")?;
        if let Some(entries) = event_argument(packet.as_bytes(), "entries") {
            return Ok(serde_json::from_slice(entries)?);
        }
    }
}

/// Reads until the connection ends, which is an error.
pub(super) async fn read_on(client: &mut SocketIoClient) -> Result<()> {
    while client.next().await?.is_some() {}
    bail!("the server closed a connection")
}

/// Receives everything up to the last message. A client that measures returns the latencies.
pub(super) async fn listen(mut client: SocketIoClient, phases: &Phases, measures: bool) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    while let Some(packet) = client.next().await? {
        if event_argument(packet.as_bytes(), "entries").is_none() {
            continue;
        }
        // Most broadcasts are one long message, which need not be searched.
        let is_one_long_message = (MESSAGE_BYTES..MESSAGE_BYTES * 3 / 2).contains(&packet.len());
        if !is_one_long_message && packet.contains(LAST_MESSAGE) {
            return Ok(latencies);
        }
        if !measures {
            continue;
        }
        let now = phases.now();
        for sent in packet.split("@@").skip(1).step_by(2) {
            let sent = Duration::from_micros(sent.parse()?);
            if let Some(phase) = phases.of(sent) {
                latencies.record(phase, now.saturating_sub(sent));
            }
        }
    }
    bail!("the server closed a listener's connection")
}
