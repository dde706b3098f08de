//! Presence: who is online, and who is away. A person with several connections is one person.
//!
//! Presence is state, not history: changes are collected and broadcast a few times a second, and a client that misses a
//! broadcast is corrected by the next one, or when it reconnects. Of a crowd only [`MAX_PRESENCE_PEOPLE`] are shown, since telling
//! everyone about everyone is work that grows with the square.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::limits::MAX_PRESENCE_PEOPLE;
use ichat_protocol::{Availability, MemberId, Name, Person, Presence, ServerEvent};
use parking_lot::Mutex;
use socketioxide::socket::Sid;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::fanout::client::ClientConnection;
use crate::fanout::hub::{Channel, Hub};

/// Time between two broadcasts of changes. A hundred people who connect at once are one event.
const PRESENCE_INTERVAL: Duration = Duration::from_millis(250);

/// The people who are online. Clones share the state.
#[derive(Clone)]
pub(crate) struct PresenceTracker {
    state: Arc<Mutex<State>>,
    online_count: watch::Sender<u32>,
}

#[derive(Default)]
struct State {
    online: HashMap<MemberId, OnlineMember>,
    /// Members whose presence changed since the last broadcast.
    changed: HashSet<MemberId>,
    /// The members who are shown, as they were broadcast last.
    shown: HashMap<MemberId, Shown>,
}

struct OnlineMember {
    name: Name,
    connections: HashMap<Sid, MemberConnection>,
}

struct MemberConnection {
    client: Arc<ClientConnection>,
    is_away: bool,
}

/// What other people see of an online member.
#[derive(Clone, PartialEq)]
struct Shown {
    name: Name,
    availability: Availability,
}

impl PresenceTracker {
    /// Makes a tracker that keeps `online_count` at the number of people online.
    pub(crate) fn new(online_count: watch::Sender<u32>) -> Self {
        Self {
            state: Arc::default(),
            online_count,
        }
    }

    pub(crate) fn connect(&self, client: &Arc<ClientConnection>, name: &Name) {
        let mut state = self.state.lock();
        let member = state
            .online
            .entry(client.member.clone())
            .or_insert_with(|| OnlineMember {
                name: name.clone(),
                connections: HashMap::new(),
            });
        member.name = name.clone();
        let connection = MemberConnection {
            client: Arc::clone(client),
            is_away: false,
        };
        member.connections.insert(client.socket.id, connection);
        state.changed.insert(client.member.clone());
        self.update_count(&state);
    }

    /// Removes a connection. Returns whether it was the member's last one.
    pub(crate) fn disconnect(&self, client: &ClientConnection) -> bool {
        let mut state = self.state.lock();
        let is_last = state.online.get_mut(&client.member).is_some_and(|member| {
            member.connections.remove(&client.socket.id);
            member.connections.is_empty()
        });
        if is_last {
            state.online.remove(&client.member);
        }
        state.changed.insert(client.member.clone());
        self.update_count(&state);
        is_last
    }

    /// Sets whether the member is away on this connection. A member is away when all of their connections are.
    pub(crate) fn set_away(&self, client: &ClientConnection, is_away: bool) {
        let mut state = self.state.lock();
        let member = state.online.get_mut(&client.member);
        if let Some(connection) = member.and_then(|member| member.connections.get_mut(&client.socket.id)) {
            connection.is_away = is_away;
            state.changed.insert(client.member.clone());
        }
    }

    pub(crate) fn set_name(&self, member: &MemberId, name: &Name) {
        let mut state = self.state.lock();
        if let Some(online) = state.online.get_mut(member) {
            online.name = name.clone();
            state.changed.insert(member.clone());
        }
    }

    /// Returns the name of a member who is online.
    pub(crate) fn name(&self, member: &MemberId) -> Option<Name> {
        self.state.lock().online.get(member).map(|online| online.name.clone())
    }

    /// Returns the connections of a member.
    pub(crate) fn connections(&self, member: &MemberId) -> Vec<Arc<ClientConnection>> {
        let state = self.state.lock();
        let connections = state.online.get(member).map(|online| online.connections.values());
        connections
            .into_iter()
            .flatten()
            .map(|connection| Arc::clone(&connection.client))
            .collect()
    }

    /// Returns the presence list for a member who has just connected: everyone online, or the people shown of a crowd.
    pub(crate) fn snapshot_for(&self, newcomer: &MemberId) -> Presence {
        let state = self.state.lock();
        let person = |(id, member): (&MemberId, &OnlineMember)| member.shown().person(id.clone());
        let mut people: Vec<Person> = if state.online.len() > MAX_PRESENCE_PEOPLE {
            let others = state.shown.keys().filter(|id| *id != newcomer);
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

    fn update_count(&self, state: &State) {
        let count = u32::try_from(state.online.len()).unwrap_or(u32::MAX);
        self.online_count
            .send_if_modified(|current| std::mem::replace(current, count) != count);
    }
}

impl OnlineMember {
    fn shown(&self) -> Shown {
        let availability = if self.connections.values().any(|connection| !connection.is_away) {
            Availability::Online
        } else {
            Availability::Away
        };
        Shown {
            name: self.name.clone(),
            availability,
        }
    }
}

impl Shown {
    fn person(self, id: MemberId) -> Person {
        Person {
            id,
            name: self.name,
            availability: self.availability,
        }
    }
}

impl State {
    /// Returns what changed since the last broadcast. A member who disconnected and reconnected in between has not changed.
    fn take_changes(&mut self) -> Vec<Person> {
        let mut people = Vec::new();
        let mut gone = Vec::new();
        let mut candidates = Vec::new();
        for id in std::mem::take(&mut self.changed) {
            if !self.online.contains_key(&id) {
                gone.extend(self.shown.remove(&id).map(|shown| (id, shown)));
            } else if self.shown.contains_key(&id) {
                people.extend(self.show(id));
            } else {
                candidates.push(id);
            }
        }
        let has_room = self.shown.len() < MAX_PRESENCE_PEOPLE;
        if has_room && !gone.is_empty() && self.shown.len() + candidates.len() < self.online.len() {
            // Members of a crowd who were not shown so far.
            candidates.extend(self.online.keys().filter(|id| !self.shown.contains_key(id)).cloned());
        }
        for id in candidates {
            if self.shown.len() < MAX_PRESENCE_PEOPLE {
                people.extend(self.show(id));
            }
        }
        people.extend(gone.into_iter().map(|(id, shown)| Person {
            id,
            name: shown.name,
            availability: Availability::Offline,
        }));
        people
    }

    /// Marks a member who is online as shown. Returns them if others see a difference.
    fn show(&mut self, id: MemberId) -> Option<Person> {
        let shown = self.online.get(&id)?.shown();
        if self.shown.get(&id) == Some(&shown) {
            return None;
        }
        self.shown.insert(id.clone(), shown.clone());
        Some(shown.person(id))
    }
}

/// Broadcasts changes of presence until the server shuts down.
pub(crate) async fn run(presence: PresenceTracker, hub: Hub, closing: CancellationToken) {
    let mut ticks = tokio::time::interval(PRESENCE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let people = presence.state.lock().take_changes();
        if !people.is_empty() {
            let event = ServerEvent::Presence(Presence { people });
            hub.broadcast(Channel::Everyone, &event).await;
        }
    }
}
