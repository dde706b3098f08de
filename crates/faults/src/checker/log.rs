//! Checks of the log: by itself, over the wire, and whether clients sent everything in it.

use std::collections::{HashMap, HashSet};

use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Seq, Writer};

use super::index::{Index, first_difference};
use super::observations::ClientHistory;
use super::rule::Rule;
use crate::history::Event;

/// Checks that sequence numbers have no gap, and ids are unique.
pub(super) fn check_sequence_and_ids(index: &mut Index<'_>) {
    let mut ids = HashMap::new();
    for log in &index.observations.logs {
        for (entry, expected) in log.entries.iter().zip(1..) {
            if entry.seq != Seq(expected) {
                let details = format!(
                    "room {}: {} has number {} instead of {expected}",
                    log.room, entry.id, entry.seq
                );
                index.violated(Rule::NoGapInSequence, details);
                break;
            }
        }
        for entry in &log.entries {
            if let Some((room, seq)) = ids.insert(entry.id, (log.room, entry.seq)) {
                let details = format!(
                    "{} is entry {seq} of room {room} and entry {} of room {}",
                    entry.id, entry.seq, log.room
                );
                index.violated(Rule::IdsAreUnique, details);
            }
        }
    }
}

/// Checks that the witness saw over the wire what is on disk.
pub(super) fn check_wire(index: &mut Index<'_>) {
    let Some(witness) = &index.observations.witness else {
        return;
    };
    if witness.rooms.is_empty() {
        index.violated(Rule::WireEqualsDisk, "the witness was shown no room".to_owned());
    }
    for room in &witness.rooms {
        let on_disk = index.entries(room.room);
        if room.entries != on_disk {
            let details = format!("room {}: {}", room.room, first_difference(&room.entries, on_disk));
            index.violated(Rule::WireEqualsDisk, details);
        }
    }
}

/// Checks that every post of a client whose history is there was sent by that client.
pub(super) fn check_origin(index: &mut Index<'_>) {
    let mut sent: HashSet<EntryId> = HashSet::new();
    let mut known: HashSet<(&MemberId, DeviceId)> = HashSet::new();
    for event in index.observations.clients.iter().flat_map(ClientHistory::events) {
        match event {
            Event::Invoked { id, .. } => drop(sent.insert(*id)),
            Event::Started { me, device } => drop(known.insert((me, *device))),
            Event::Queued { .. }
            | Event::Acknowledged { .. }
            | Event::Refused { .. }
            | Event::Merged { .. }
            | Event::Withdrawn { .. }
            | Event::Shown { .. }
            | Event::Reset { .. } => {}
        }
    }
    for entry in index.observations.logs.iter().flat_map(|log| &log.entries) {
        // The server writes some kinds of entries itself, under ids of its own.
        let is_post = match entry.body.properties().writer {
            Writer::Member | Writer::TargetAuthor | Writer::Unknown => true,
            Writer::Server => entry.body == Body::Wiped,
        };
        if is_post && known.contains(&(&entry.author, entry.device)) && !sent.contains(&entry.id) {
            let details = format!("no client sent {}, which is entry {}", entry.id, entry.seq);
            index.violated(Rule::NothingIsInvented, details);
        }
    }
}
