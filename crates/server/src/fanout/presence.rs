//! Presence: the list of people that clients show, and its changes.
//!
//! Presence is state, not history: changes are collected and broadcast a few times a second. A newcomer gets the people as
//! they were broadcast last, so that what has changed since, and changes back before the next broadcast, leaves no client
//! with another list. A client that misses a broadcast is corrected by the person's next change, or when it reconnects. Of a
//! crowd only [`MAX_PRESENCE_PEOPLE`] are listed: sending everyone's presence to everyone is work that grows with the square
//! of their number.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::limits::{MAX_LIST_ITEMS, MAX_PRESENCE_PEOPLE};
use ichat_protocol::{Availability, MemberId, Person, Presence, ServerEvent};
use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::fanout::client::ClientConnection;
use crate::fanout::hub::{Channel, Hub};
use crate::fanout::online_members::OnlineMembers;

/// Time between two broadcasts of changes. A hundred people who connect at once are one event.
const PRESENCE_INTERVAL: Duration = Duration::from_millis(250);

/// The people who are listed. Clones share them.
#[derive(Clone)]
pub(crate) struct PresenceTracker<C = Arc<ClientConnection>> {
    online: OnlineMembers<C>,
    /// The people as they were broadcast last.
    listed: Arc<Mutex<HashMap<MemberId, Person>>>,
}

impl<C: Clone> PresenceTracker<C> {
    pub(crate) fn new(online: OnlineMembers<C>) -> Self {
        Self {
            online,
            listed: Arc::default(),
        }
    }

    /// Sends the presence list to a member who has just connected: the people as they were broadcast last, and the newcomer.
    /// The caller has added the client to those who receive the next broadcast, which can't be taken before this list is sent.
    pub(crate) fn send_snapshot(&self, newcomer: &MemberId, send: impl FnMut(Presence)) {
        let listed = self.listed.lock();
        let mut people: Vec<Person> = listed.values().cloned().collect();
        if !listed.contains_key(newcomer) {
            people.extend(self.online.person(newcomer));
        }
        people.sort_by(|a, b| a.id.cmp(&b.id));
        in_parts(&people).for_each(send);
    }

    /// Returns the changes since the last broadcast. A member who disconnected and reconnected in between has not
    /// changed.
    fn take_changes(&self) -> Vec<Person> {
        let mut listed = self.listed.lock();
        let (mut people, mut gone, mut candidates) = (Vec::new(), Vec::new(), Vec::new());
        for id in self.online.take_changed() {
            match (self.online.person(&id), listed.entry(id)) {
                (Some(person), Slot::Occupied(mut slot)) => {
                    if *slot.get() != person {
                        slot.insert(person.clone());
                        people.push(person);
                    }
                }
                (Some(person), Slot::Vacant(_)) => candidates.push(person),
                (None, Slot::Occupied(slot)) => gone.push(slot.remove()),
                (None, Slot::Vacant(_)) => {}
            }
        }
        let is_full = listed.len() >= MAX_PRESENCE_PEOPLE;
        if !is_full && !gone.is_empty() && listed.len() + candidates.len() < self.online.len() {
            // Members of a crowd who were not listed so far.
            candidates.extend(self.online.people());
        }
        for person in candidates {
            if listed.len() < MAX_PRESENCE_PEOPLE && !listed.contains_key(&person.id) {
                listed.insert(person.id.clone(), person.clone());
                people.push(person);
            }
        }
        people.extend(gone.into_iter().map(|person| Person {
            availability: Availability::Offline,
            ..person
        }));
        people
    }
}

/// Returns the events that report people.
fn in_parts(people: &[Person]) -> impl Iterator<Item = Presence> {
    let parts = people.chunks(MAX_LIST_ITEMS as usize);
    parts.map(|people| Presence {
        people: people.to_vec(),
    })
}

/// Broadcasts changes of presence until the server shuts down.
pub(crate) async fn run(presence: PresenceTracker, hub: Hub, closing: CancellationToken) {
    let mut ticks = tokio::time::interval(PRESENCE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let people = presence.take_changes();
        for presence in in_parts(&people) {
            hub.broadcast(Channel::Everyone, &ServerEvent::Presence(presence)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    //! - the first 250 people are listed
    //! - when a listed person goes, one who is not listed follows
    //! - while there is room, only the member who went is reported
    //! - a member who reconnected between two broadcasts has not changed
    //! - a change of availability is reported once
    //! - a newcomer sees nobody who goes, and nothing that changes back, before the next broadcast

    use std::collections::HashSet;

    use ichat_protocol::Name;
    use tokio::sync::watch;
    use uuid::Uuid;

    use super::*;
    use crate::fanout::client::ConnectionId;

    fn tracker() -> PresenceTracker<()> {
        PresenceTracker::new(OnlineMembers::new(watch::channel(0).0))
    }

    fn name() -> Name {
        Name::parse("Alice").unwrap()
    }

    /// Connects a new member.
    fn connects(presence: &PresenceTracker<()>) -> (MemberId, ConnectionId) {
        let (member, connection) = (MemberId::guest(Uuid::new_v4()), ConnectionId::next());
        presence.online.add(&member, connection, (), &name());
        (member, connection)
    }

    /// Returns the people whom a newcomer sees, with their availability, sorted by member.
    fn snapshot(presence: &PresenceTracker<()>, newcomer: &MemberId) -> Vec<(MemberId, Availability)> {
        let mut people = Vec::new();
        presence.send_snapshot(newcomer, |part| people.extend(part.people));
        people
            .into_iter()
            .map(|person| (person.id, person.availability))
            .collect()
    }

    /// Returns the changes with their availability, sorted by member.
    fn changes(presence: &PresenceTracker<()>) -> Vec<(MemberId, Availability)> {
        let people = presence.take_changes().into_iter();
        let mut changes: Vec<_> = people.map(|person| (person.id, person.availability)).collect();
        changes.sort_by(|a, b| a.0.cmp(&b.0));
        changes
    }

    /// Connects a crowd of which everyone but the last is listed.
    fn crowd(presence: &PresenceTracker<()>) -> (Vec<(MemberId, ConnectionId)>, MemberId) {
        let listed: Vec<_> = (0..MAX_PRESENCE_PEOPLE).map(|_| connects(presence)).collect();
        assert_eq!(changes(presence).len(), MAX_PRESENCE_PEOPLE);
        let (late, _) = connects(presence);
        (listed, late)
    }

    #[test]
    fn the_first_people_are_listed() {
        let presence = tracker();
        let (listed, late) = crowd(&presence);
        assert_eq!(changes(&presence), [], "a person too many was listed");
        let ids = |newcomer: &MemberId| -> HashSet<_> {
            let people = snapshot(&presence, newcomer).into_iter();
            people.map(|(member, _)| member).collect()
        };
        let mut expected: HashSet<_> = listed.iter().map(|(member, _)| member.clone()).collect();
        assert_eq!(ids(&listed[0].0), expected);
        expected.insert(late.clone());
        assert_eq!(ids(&late), expected, "a newcomer sees themselves");
    }

    #[test]
    fn when_a_listed_person_goes_one_who_is_not_listed_follows() {
        let presence = tracker();
        let (listed, late) = crowd(&presence);
        assert_eq!(changes(&presence), []);
        let (gone, connection) = &listed[0];
        presence.online.remove(gone, *connection);
        let mut expected = vec![(gone.clone(), Availability::Offline), (late, Availability::Online)];
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(changes(&presence), expected);
    }

    #[test]
    fn while_there_is_room_only_the_member_who_went_is_reported() {
        let presence = tracker();
        let (gone, connection) = connects(&presence);
        connects(&presence);
        assert_eq!(changes(&presence).len(), 2);
        presence.online.remove(&gone, connection);
        assert_eq!(changes(&presence), [(gone, Availability::Offline)]);
    }

    #[test]
    fn a_member_who_reconnected_between_two_broadcasts_has_not_changed() {
        let presence = tracker();
        let (member, connection) = connects(&presence);
        assert_eq!(changes(&presence), [(member.clone(), Availability::Online)]);
        presence.online.remove(&member, connection);
        presence.online.add(&member, ConnectionId::next(), (), &name());
        assert_eq!(changes(&presence), []);
    }

    #[test]
    fn a_change_of_availability_is_reported_once() {
        let presence = tracker();
        let (member, connection) = connects(&presence);
        assert_eq!(changes(&presence), [(member.clone(), Availability::Online)]);
        presence.online.set_away(&member, connection, true);
        assert_eq!(changes(&presence), [(member.clone(), Availability::Away)]);
        presence.online.set_away(&member, connection, true);
        assert_eq!(changes(&presence), []);
    }

    #[test]
    fn a_newcomer_sees_nothing_that_changes_back_before_the_next_broadcast() {
        let presence = tracker();
        let (carol, desk) = connects(&presence);
        assert_eq!(changes(&presence), [(carol.clone(), Availability::Online)]);
        let (alice, connection) = connects(&presence);
        presence.online.set_away(&carol, desk, true);
        let (bob, _) = connects(&presence);
        let mut seen: HashMap<_, _> = snapshot(&presence, &bob).into_iter().collect();
        presence.online.remove(&alice, connection);
        presence.online.set_away(&carol, desk, false);
        seen.extend(changes(&presence));
        let expected = [(carol, Availability::Online), (bob, Availability::Online)];
        assert_eq!(seen, HashMap::from(expected));
    }
}
