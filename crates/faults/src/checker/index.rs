//! The log of a round, by room and by id, and the violations that were found in it.

use std::collections::{BTreeMap, HashMap, HashSet};

use ichat_protocol::{Body, Entry, EntryId, Epoch, RoomId, TargetEffect};

use super::observations::{ClientHistory, Observations};
use super::rule::{Rule, Violation};
use crate::history::Event;
use crate::room_log::RoomLog;

/// An entry and the room that it is in.
#[derive(Clone, Copy)]
pub(super) struct Logged<'a> {
    pub(super) room: RoomId,
    pub(super) entry: &'a Entry,
}

/// The observations of a round in a form that is quick to search.
pub(super) struct Index<'a> {
    pub(super) observations: &'a Observations,
    logs: BTreeMap<RoomId, &'a RoomLog>,
    by_id: HashMap<EntryId, Logged<'a>>,
    /// The targets of the deletions in the log.
    deleted: HashSet<EntryId>,
    pub(super) violations: Vec<Violation>,
}

impl<'a> Index<'a> {
    pub(super) fn new(observations: &'a Observations) -> Self {
        let mut by_id = HashMap::new();
        let mut deleted = HashSet::new();
        for log in &observations.logs {
            for entry in &log.entries {
                let room = log.room;
                by_id.entry(entry.id).or_insert(Logged { room, entry });
                if let Body::Delete { of } = entry.body {
                    deleted.insert(of);
                }
            }
        }
        Self {
            observations,
            logs: observations.logs.iter().map(|log| (log.room, log)).collect(),
            by_id,
            deleted,
            violations: Vec::new(),
        }
    }

    pub(super) fn violated(&mut self, rule: Rule, details: String) {
        self.violations.push(Violation { rule, details });
    }

    pub(super) fn all_violated(&mut self, rule: Rule, details: Vec<String>) {
        for details in details {
            self.violated(rule, details);
        }
    }

    /// Returns the entry with this id.
    pub(super) fn logged(&self, id: EntryId) -> Option<Logged<'a>> {
        self.by_id.get(&id).copied()
    }

    /// Returns the entries of a room, none if there is no such room.
    pub(super) fn entries(&self, room: RoomId) -> &'a [Entry] {
        self.logs.get(&room).map_or(&[][..], |log| &log.entries)
    }

    /// Returns the log of a room, if it still has this epoch.
    pub(super) fn log_of_epoch(&self, room: RoomId, epoch: Epoch) -> Option<&'a RoomLog> {
        self.logs.get(&room).copied().filter(|log| log.epoch == epoch)
    }

    /// Returns whether a message or an edit with this body may have been erased by a deletion.
    pub(super) fn may_be_erased(&self, id: EntryId, body: &Body) -> bool {
        let message = match body.properties().effect {
            Some(TargetEffect::ReplaceText) => body.target(),
            Some(TargetEffect::Erase | TargetEffect::Annotate) => None,
            None => body.properties().is_target.then_some(id),
        };
        message.is_some_and(|message| self.deleted.contains(&message))
    }

    /// Returns whether an entry was shown as it is in the log. It may have been shown before its deletion.
    pub(super) fn is_same(&self, shown: &Entry, logged: &Entry) -> bool {
        let is_erased = logged.body == Body::Wiped && self.may_be_erased(logged.id, &shown.body);
        let body = if is_erased { Body::Wiped } else { shown.body.clone() };
        let shown = Entry { body, ..shown.clone() };
        shown == *logged
    }
}

/// Returns whether the client is the author of the entry, on its own device.
pub(super) fn is_by(client: &ClientHistory, entry: &Entry) -> bool {
    client.events().any(|event| match event {
        Event::Started { me, device } => *me == entry.author && *device == entry.device,
        Event::Invoked { .. }
        | Event::Queued { .. }
        | Event::Acknowledged { .. }
        | Event::Refused { .. }
        | Event::Merged { .. }
        | Event::Withdrawn { .. }
        | Event::Shown { .. }
        | Event::Reset { .. } => false,
    })
}

/// Describes the first difference between two ranges of entries.
pub(super) fn first_difference(one: &[Entry], other: &[Entry]) -> String {
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    match differs {
        Some((one, other)) => format!("{one:?} instead of {other:?}"),
        None => format!("{} entries instead of {}", one.len(), other.len()),
    }
}
