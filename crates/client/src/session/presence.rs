//! Presence: the people who are online or away.

use std::collections::BTreeMap;

use ichat_protocol::{Availability, MemberId, Person};

use super::{Update, effects::Effects};

/// A bound on the people that a hostile server can make the client keep.
const MAX_PEOPLE: usize = 20_000;

/// The people who are online or away.
#[derive(Debug, Default)]
pub(super) struct OnlinePeople {
    people: BTreeMap<MemberId, Person>,
    changed: bool,
}

impl OnlinePeople {
    pub(super) fn update(&mut self, people: Vec<Person>) {
        for person in people {
            self.changed = true;
            match person.availability {
                Availability::Offline => {
                    self.people.remove(&person.id);
                }
                Availability::Online | Availability::Away => {
                    if self.people.len() < MAX_PEOPLE || self.people.contains_key(&person.id) {
                        self.people.insert(person.id.clone(), person);
                    }
                }
            }
        }
    }

    /// Returns the people who are online or away.
    pub(super) fn ids(&self) -> impl Iterator<Item = &MemberId> {
        self.people.keys()
    }

    /// Forgets everyone: presence is unknown without a connection.
    pub(super) fn clear(&mut self) {
        self.changed |= !self.people.is_empty();
        self.people.clear();
    }

    pub(super) fn mark_changed(&mut self) {
        self.changed = true;
    }

    pub(super) fn notify_changes(&mut self, effects: &mut Effects) {
        if std::mem::take(&mut self.changed) {
            let people = self.people.values().cloned().collect();
            effects.notify(Update::Presence { people });
        }
    }
}
