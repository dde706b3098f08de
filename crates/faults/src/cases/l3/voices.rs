//! What those of the crowd do: they speak, they listen.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{Entries, EntryId, RoomId};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::Clock;
use crate::swarm::{self, Wire};

/// How often each says something.
const EVERY: Duration = Duration::from_millis(80);
/// Of how many bytes.
const MESSAGE: usize = 8 * 1024;
/// So many of those are said at once.
const WINDOW: usize = 16;
/// After so long without a receipt, or without the end, a try is made again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Behind a message of this kind nothing more comes.
pub(super) const END: &str = "that was all";

/// Says something again and again, and reads meanwhile.
pub(super) async fn speak(
    mut wire: Wire,
    lobby: RoomId,
    clock: &Clock,
    mut hushed: watch::Receiver<bool>,
) -> Result<()> {
    let mut due = tokio::time::interval(EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = due.tick() => {
                let text = format!("@@{}@@{:x<MESSAGE$}", clock.began.elapsed().as_micros(), "");
                let body = json!({ "kind": "message", "text": text });
                wire.emit("post", &json!({ "room": lobby, "id": EntryId::fresh(), "body": body })).await?;
            }
            packet = wire.next() => {
                let packet = packet?.context("the server ended a speaker's connection")?;
                ensure!(swarm::argument(packet, "refused").is_none(), "{}", String::from_utf8_lossy(packet));
            }
            _ = hushed.changed() => return Ok(()),
        }
    }
}

/// Says more than may wait for one client, and waits for the receipts. What has none after a while is said again, under its id,
/// as any client does.
pub(super) async fn fill(wire: &mut Wire, lobby: RoomId, messages: usize) -> Result<()> {
    let mut own = HashSet::new();
    for said in 0..=messages {
        if said < messages {
            let id = EntryId::fresh();
            say(wire, lobby, id).await?;
            own.insert(id);
        }
        while own.len() >= WINDOW || (said == messages && !own.is_empty()) {
            let Ok(packet) = tokio::time::timeout(PATIENCE, receipts(wire)).await else {
                for id in &own {
                    say(wire, lobby, *id).await?;
                }
                continue;
            };
            for entry in packet?.entries {
                own.remove(&entry.id);
            }
        }
    }
    Ok(())
}

async fn say(wire: &mut Wire, lobby: RoomId, id: EntryId) -> Result<()> {
    let body = json!({ "kind": "message", "text": "y".repeat(MESSAGE) });
    wire.emit("post", &json!({ "room": lobby, "id": id, "body": body }))
        .await
}

/// The next entries that it is told.
async fn receipts(wire: &mut Wire) -> Result<Entries> {
    loop {
        let packet = wire.next().await?.context("the server ended the connection")?;
        if let Some(entries) = swarm::argument(packet, "entries") {
            return Ok(serde_json::from_slice(entries)?);
        }
    }
}

/// Reads on, and says nothing.
pub(super) async fn read(wire: &mut Wire) -> Result<()> {
    while wire.next().await?.is_some() {}
    bail!("the server ended a connection")
}

/// Hears everything up to the end, and how late each message came.
pub(super) async fn listen(mut wire: Wire, clock: &Clock, looks: bool) -> Result<[Vec<Duration>; 2]> {
    let mut latencies: [Vec<Duration>; 2] = Default::default();
    while let Some(packet) = wire.next().await? {
        let Some(entries) = swarm::argument(packet, "entries") else {
            continue;
        };
        // Most hold a long message and nothing else.
        let is_one_long = (MESSAGE..MESSAGE + MESSAGE / 2).contains(&entries.len());
        if !is_one_long && holds(entries, END) {
            return Ok(latencies);
        }
        if !looks {
            continue;
        }
        let now = clock.began.elapsed();
        let text = String::from_utf8_lossy(entries);
        for said in text.split("@@").skip(1).step_by(2) {
            let said = Duration::from_micros(said.parse()?);
            if let Some(phase) = clock.phase(said) {
                latencies[phase].push(now.saturating_sub(said));
            }
        }
    }
    bail!("the server ended a listener's connection")
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}
