//! Checks of what a client showed, and of what it holds at the end.

use super::index::{Index, first_difference};
use super::observations::ClientHistory;
use super::rule::Rule;
use crate::client_protocol::View;
use crate::history::Event;
use crate::room_log::RoomLog;

/// Checks that everything that was ever shown is in the log where it was shown.
pub(super) fn check_shown(index: &mut Index<'_>, client: &ClientHistory) {
    let mut violations = Vec::new();
    for event in client.events() {
        let Event::Shown { room, epoch, entries } = event else {
            continue;
        };
        let Some(log) = index.log_of_epoch(*room, *epoch) else {
            if !index.observations.is_restored {
                violations.push(format!(
                    "{} was shown epoch {epoch} of room {room}, which does not exist",
                    client.name
                ));
            }
            continue;
        };
        for entry in entries {
            let at = entry.seq.0.checked_sub(1).and_then(|at| usize::try_from(at).ok());
            let logged = at.and_then(|at| log.entries.get(at));
            if !logged.is_some_and(|logged| index.is_same(entry, logged)) {
                violations.push(format!(
                    "{} was shown {entry:?}, and the log has {logged:?}",
                    client.name
                ));
            }
        }
    }
    index.all_violated(Rule::OneOrderForAll, violations);
}

/// Checks that the client's view and its replica are in sync with the log.
pub(super) fn check_end(index: &mut Index<'_>, client: &ClientHistory) {
    let mut violations = Vec::new();
    if let Some(view) = &client.view {
        violations.extend(view_differences(index, &client.name, view));
    }
    for replica in client.replica.iter().flatten() {
        violations.extend(replica_difference(index, &client.name, replica));
    }
    if let (Some(view), Some(replica)) = (&client.view, &client.replica) {
        violations.extend(rooms_missing_on_disk(&client.name, view, replica));
    }
    index.all_violated(Rule::ClientsAreInSync, violations);
}

fn view_differences(index: &Index<'_>, name: &str, view: &View) -> Vec<String> {
    let contradictions = view.contradictions.iter();
    let mut differences: Vec<_> = contradictions.map(|what| format!("{name}: {what}")).collect();
    if view.rooms.is_empty() {
        differences.push(format!("{name} shows no room"));
    }
    for room in &view.rooms {
        let log = index.entries(room.room);
        let mut pairs = room.entries.iter().zip(log);
        let is_same = room.entries.len() == log.len() && pairs.all(|(shown, logged)| index.is_same(shown, logged));
        if !is_same {
            let difference = first_difference(&room.entries, log);
            differences.push(format!("{name} shows of room {}: {difference}", room.room));
        }
    }
    if !view.waiting.is_empty() {
        differences.push(format!("{name}: posts are still waiting: {:?}", view.waiting));
    }
    differences
}

/// Describes the rooms that the client shows and has nothing of in its replica.
fn rooms_missing_on_disk(name: &str, view: &View, replica: &[RoomLog]) -> Vec<String> {
    let mut missing = Vec::new();
    for room in view.rooms.iter().filter(|room| !room.entries.is_empty()) {
        let is_on_disk = |log: &RoomLog| log.room == room.room && !log.entries.is_empty();
        if !replica.iter().any(is_on_disk) {
            missing.push(format!(
                "{name} shows room {}, and has nothing of it on disk",
                room.room
            ));
        }
    }
    missing
}

fn replica_difference(index: &Index<'_>, name: &str, replica: &RoomLog) -> Option<String> {
    let Some(log) = index.log_of_epoch(replica.room, replica.epoch) else {
        return Some(format!("{name} has another epoch of room {}", replica.room));
    };
    // A replica may begin later.
    let from = log.entries.len().saturating_sub(replica.entries.len());
    let newest = &log.entries[from..];
    (replica.entries != newest).then(|| {
        let difference = first_difference(&replica.entries, newest);
        format!("{name} has of room {}: {difference}", replica.room)
    })
}
