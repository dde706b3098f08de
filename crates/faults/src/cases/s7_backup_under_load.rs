//! S7: a backup of a running server, which then replaces the log.

use std::collections::HashSet;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::EntryId;

use crate::case::{Case, Load, Need};
use crate::client_handle::ClientHandle;
use crate::generator::post_messages;
use crate::history::{self, Event};
use crate::room_log::{self, RoomLog};
use crate::round::Round;
use crate::server_handle::run_maintenance;

pub(super) const CASE: Case = Case {
    id: "S7",
    about: "a backup under load: sound, a prefix of every room's log; restored, every client starts over and mixes nothing",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    load: Load::Busy,
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let program = round.programs.server.clone();
    let clients = [
        round.client("ada")?,
        round.client("ben")?,
        round.socket_io_client("cy")?,
    ];
    for client in &clients {
        client.join(server.address())?;
    }
    post(round, &clients, "before the backup")?;
    round.sleep_up_to(200);
    let acknowledged = acknowledged(&clients)?;
    post(round, &clients, "during the backup")?;
    let backup = round.dir.join("backup.db");
    let start = Instant::now();
    run_maintenance(&program, "backup", server.data(), &backup)?;
    round.record_ms("backup, ms", start.elapsed());
    post(round, &clients, "after the backup")?;
    for client in &clients {
        client.wait_for_empty_outbox()?;
    }
    server.stop()?;

    let complete = room_log::read(server.data())?;
    run_maintenance(&program, "restore", server.data(), &backup)?;
    let restored = room_log::read(server.data())?;
    check_prefix(&restored, &complete)?;
    let entries = restored.iter().flat_map(|log| &log.entries);
    let ids: HashSet<EntryId> = entries.map(|entry| entry.id).collect();
    for id in acknowledged {
        ensure!(
            ids.contains(&id),
            "{id} was acknowledged before the backup began, and is not in it"
        );
    }
    round.note_restored_log();
    server.restart()?;
    for client in &clients {
        client.nudge()?;
        client.wait_until("starting over", |now| now.status.resets > 0 && now.status.online)?;
    }
    post(round, &clients, "after the restore")?;
    round.check()
}

fn post(round: &mut Round, clients: &[ClientHandle], about: &str) -> Result<()> {
    for client in clients {
        let count = round.rng.u32(10..60);
        post_messages(round, client, about, count)?;
    }
    Ok(())
}

/// Returns the posts that were shown as sent so far.
fn acknowledged(clients: &[ClientHandle]) -> Result<Vec<EntryId>> {
    let mut ids = Vec::new();
    for file in clients.iter().flat_map(ClientHandle::histories) {
        ids.extend(history::read(&file)?.into_iter().filter_map(|event| match event {
            Event::Acknowledged { id, .. } => Some(id),
            Event::Started { .. }
            | Event::Invoked { .. }
            | Event::Queued { .. }
            | Event::Refused { .. }
            | Event::Merged { .. }
            | Event::Withdrawn { .. }
            | Event::Shown { .. }
            | Event::Reset { .. } => None,
        }));
    }
    Ok(ids)
}

/// Checks that the restored logs are prefixes of the complete ones, in another epoch.
fn check_prefix(restored: &[RoomLog], complete: &[RoomLog]) -> Result<()> {
    ensure!(!restored.is_empty(), "there is no room in the backup");
    for log in restored {
        let before = complete.iter().find(|before| before.room == log.room);
        let before = before.with_context(|| format!("room {} was not there before", log.room))?;
        ensure!(
            before.entries.starts_with(&log.entries),
            "room {}: the backup is no prefix of its log",
            log.room
        );
        ensure!(before.epoch != log.epoch, "room {} has its old epoch", log.room);
    }
    Ok(())
}
