//! Presence: which members are online, and which are away. A person with several connections is one person.
//!
//! Presence is state, not history: changes are collected and broadcast a few times a second, and a client that misses a
//! broadcast is corrected by the next one, or when it reconnects. Of a crowd only [`MAX_PRESENCE_PEOPLE`] are listed:
//! sending everyone's presence to everyone is work that grows with the square of their number.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::limits::MAX_PRESENCE_PEOPLE;
use ichat_protocol::{Availability, MemberId, Name, Person, Presence, ServerEvent};
use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::fanout::client::ConnectionId;
use crate::fanout::hub::{Channel, Hub};

/// Time between two broadcasts of changes. A hundred people who connect at once are one event.
const PRESENCE_INTERVAL: Duration = Duration::from_millis(250);

/// The presence of the people who are online. Clones share the state.
#[derive(Clone, Default)]
pub(crate) struct PresenceTracker {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    online: HashMap<MemberId, OnlineMember>,
    /// Members whose presence changed since the last broadcast.
    changed: HashSet<MemberId>,
    /// The members who are listed, as they were broadcast last.
    listed: HashMap<MemberId, Profile>,
}

struct OnlineMember {
    name: Name,
    /// The member's connections, each with `true` if the member is away there.
    connections: HashMap<ConnectionId, bool>,
}

/// A member's name and availability, as other people see them.
#[derive(Clone, PartialEq)]
struct Profile {
    name: Name,
    availability: Availability,
}

impl PresenceTracker {
    pub(crate) fn connect(&self, member: &MemberId, connection: ConnectionId, name: &Name) {
        let mut state = self.state.lock();
        let online = state.online.entry(member.clone()).or_insert_with(|| OnlineMember {
            name: name.clone(),
            connections: HashMap::new(),
        });
        online.name = name.clone();
        online.connections.insert(connection, false);
        state.changed.insert(member.clone());
    }

    pub(crate) fn disconnect(&self, member: &MemberId, connection: ConnectionId) {
        let mut state = self.state.lock();
        let is_last = state.online.get_mut(member).is_some_and(|online| {
            online.connections.remove(&connection);
            online.connections.is_empty()
        });
        if is_last {
            state.online.remove(member);
        }
        state.changed.insert(member.clone());
    }

    /// Sets whether the member is away on this connection. A member is away when all of their connections are.
    pub(crate) fn set_away(&self, member: &MemberId, connection: ConnectionId, is_away: bool) {
        let mut state = self.state.lock();
        let online = state.online.get_mut(member);
        if let Some(away) = online.and_then(|online| online.connections.get_mut(&connection)) {
            *away = is_away;
            state.changed.insert(member.clone());
        }
    }

    pub(crate) fn set_name(&self, member: &MemberId, name: &Name) {
        let mut state = self.state.lock();
        if let Some(online) = state.online.get_mut(member) {
            online.name = name.clone();
            state.changed.insert(member.clone());
        }
    }

    /// Returns the presence list for a member who has just connected: everyone online, or the people listed of a crowd.
    pub(crate) fn snapshot_for(&self, newcomer: &MemberId) -> Presence {
        let state = self.state.lock();
        let person = |(id, member): (&MemberId, &OnlineMember)| member.profile().person(id.clone());
        let mut people: Vec<Person> = if state.online.len() > MAX_PRESENCE_PEOPLE {
            let others = state.listed.keys().filter(|id| *id != newcomer);
            let listed = others.chain([newcomer]);
            listed
                .filter_map(|id| state.online.get_key_value(id))
                .map(person)
                .collect()
        } else {
            state.online.iter().map(person).collect()
        };
        people.sort_by(|a, b| a.id.cmp(&b.id));
        Presence { people }
    }

    /// Returns the changes since the last broadcast.
    fn take_changes(&self) -> Vec<Person> {
        self.state.lock().take_changes()
    }
}

impl OnlineMember {
    fn profile(&self) -> Profile {
        let availability = if self.connections.values().all(|is_away| *is_away) {
            Availability::Away
        } else {
            Availability::Online
        };
        Profile {
            name: self.name.clone(),
            availability,
        }
    }
}

impl Profile {
    fn person(self, id: MemberId) -> Person {
        Person {
            id,
            name: self.name,
            availability: self.availability,
        }
    }
}

impl State {
    /// Returns the changes since the last broadcast. A member who disconnected and reconnected in between has not
    /// changed.
    fn take_changes(&mut self) -> Vec<Person> {
        let mut people = Vec::new();
        let mut gone = Vec::new();
        let mut candidates = Vec::new();
        for id in std::mem::take(&mut self.changed) {
            if !self.online.contains_key(&id) {
                gone.extend(self.listed.remove(&id).map(|profile| (id, profile)));
            } else if self.listed.contains_key(&id) {
                people.extend(self.list(id));
            } else {
                candidates.push(id);
            }
        }
        let has_room = self.listed.len() < MAX_PRESENCE_PEOPLE;
        if has_room && !gone.is_empty() && self.listed.len() + candidates.len() < self.online.len() {
            // Members of a crowd who were not listed so far.
            candidates.extend(self.online.keys().filter(|id| !self.listed.contains_key(id)).cloned());
        }
        for id in candidates {
            if self.listed.len() < MAX_PRESENCE_PEOPLE {
                people.extend(self.list(id));
            }
        }
        people.extend(gone.into_iter().map(|(id, profile)| Person {
            id,
            name: profile.name,
            availability: Availability::Offline,
        }));
        people
    }

    /// Lists a member who is online. Returns them if others see a difference.
    fn list(&mut self, id: MemberId) -> Option<Person> {
        let profile = self.online.get(&id)?.profile();
        if self.listed.get(&id) == Some(&profile) {
            return None;
        }
        self.listed.insert(id.clone(), profile.clone());
        Some(profile.person(id))
    }
}

/// Broadcasts changes of presence until the server shuts down.
pub(crate) async fn run(presence: PresenceTracker, hub: Hub, closing: CancellationToken) {
    let mut ticks = tokio::time::interval(PRESENCE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let people = presence.take_changes();
        if !people.is_empty() {
            let event = ServerEvent::Presence(Presence { people });
            hub.broadcast(Channel::Everyone, &event).await;
        }
    }
}

#[cfg(test)]
mod tests {
    //! - the first 250 people are listed
    //! - when a listed person goes, one who is not listed follows
    //! - while there is room, only the member who went is reported
    //! - a member who reconnected between two broadcasts has not changed
    //! - a member is away when all of their connections are

    use uuid::Uuid;

    use super::*;

    fn name() -> Name {
        Name::parse("Alice").unwrap()
    }

    /// Connects a new member.
    fn connects(presence: &PresenceTracker) -> (MemberId, ConnectionId) {
        let (member, connection) = (MemberId::guest(Uuid::new_v4()), ConnectionId::next());
        presence.connect(&member, connection, &name());
        (member, connection)
    }

    /// Returns the changes with their availability, sorted by member.
    fn changes(presence: &PresenceTracker) -> Vec<(MemberId, Availability)> {
        let people = presence.take_changes().into_iter();
        let mut changes: Vec<_> = people.map(|person| (person.id, person.availability)).collect();
        changes.sort_by(|a, b| a.0.cmp(&b.0));
        changes
    }

    /// Connects a crowd of which everyone but the last is listed.
    fn crowd(presence: &PresenceTracker) -> (Vec<(MemberId, ConnectionId)>, MemberId) {
        let listed: Vec<_> = (0..MAX_PRESENCE_PEOPLE).map(|_| connects(presence)).collect();
        assert_eq!(changes(presence).len(), MAX_PRESENCE_PEOPLE);
        let (late, _) = connects(presence);
        (listed, late)
    }

    #[test]
    fn the_first_people_are_listed() {
        let presence = PresenceTracker::default();
        let (listed, late) = crowd(&presence);
        assert_eq!(changes(&presence), [], "a person too many was listed");
        let ids = |newcomer: &MemberId| -> HashSet<_> {
            let people = presence.snapshot_for(newcomer).people.into_iter();
            people.map(|person| person.id).collect()
        };
        let mut expected: HashSet<_> = listed.iter().map(|(member, _)| member.clone()).collect();
        assert_eq!(ids(&listed[0].0), expected);
        expected.insert(late.clone());
        assert_eq!(ids(&late), expected, "a newcomer sees themselves");
    }

    #[test]
    fn when_a_listed_person_goes_one_who_is_not_listed_follows() {
        let presence = PresenceTracker::default();
        let (listed, late) = crowd(&presence);
        assert_eq!(changes(&presence), []);
        let (gone, connection) = &listed[0];
        presence.disconnect(gone, *connection);
        let mut expected = vec![(gone.clone(), Availability::Offline), (late, Availability::Online)];
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(changes(&presence), expected);
    }

    #[test]
    fn while_there_is_room_only_the_member_who_went_is_reported() {
        let presence = PresenceTracker::default();
        let (gone, connection) = connects(&presence);
        connects(&presence);
        assert_eq!(changes(&presence).len(), 2);
        presence.disconnect(&gone, connection);
        assert_eq!(changes(&presence), [(gone, Availability::Offline)]);
    }

    #[test]
    fn a_member_who_reconnected_between_two_broadcasts_has_not_changed() {
        let presence = PresenceTracker::default();
        let (member, connection) = connects(&presence);
        assert_eq!(changes(&presence), [(member.clone(), Availability::Online)]);
        presence.disconnect(&member, connection);
        presence.connect(&member, ConnectionId::next(), &name());
        assert_eq!(changes(&presence), []);
    }

    #[test]
    fn a_member_is_away_when_all_of_their_connections_are() {
        let presence = PresenceTracker::default();
        let (member, desk) = connects(&presence);
        let phone = ConnectionId::next();
        presence.connect(&member, phone, &name());
        presence.set_away(&member, desk, true);
        assert_eq!(changes(&presence), [(member.clone(), Availability::Online)]);
        presence.set_away(&member, phone, true);
        assert_eq!(changes(&presence), [(member.clone(), Availability::Away)]);
        presence.disconnect(&member, desk);
        presence.set_away(&member, phone, false);
        assert_eq!(changes(&presence), [(member, Availability::Online)]);
    }
}
