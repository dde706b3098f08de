//! A session with one server as a state machine without I/O: [`Input`]s in, [`Effect`]s out; no socket, no clock, no disk.
//!
//! ```text
//!   Input ──▶ step ──┬─ commands               commands of the user, ranges of history
//!                    ├─ receive ─┬─ hello      the server and its rooms; sync after a reconnect
//!                    │           └─ log_events entries, pages, resets, heads
//!                    │                 └─▶ room ─┬─ log     the known range, gaps
//!                    │                           ├─ members the known members
//!                    │                           └─ unread  the unread count
//!                    ├─ connection_state       back-off, refusals, keep-alive
//!                    ├─ outbox                 posts until they are acknowledged
//!                    ├─ busy_requests          other requests that the server was too busy for
//!                    └─ presence, typing
//!                          └─▶ Effect
//! ```
//!
//! The desktop's driver runs this machine; a browser runs its twin in TypeScript, `ui/src/backend/session/`. The traces in
//! `crates/protocol/vectors/session/` hold both to the same behaviour.

mod busy_requests;
mod commands;
mod connection_state;
mod effects;
mod hello;
mod log;
mod log_events;
mod members;
mod outbox;
mod presence;
mod receive;
mod retry_after;
mod room;
mod room_listing;
mod types;
mod typing;
mod unread;

use std::collections::{BTreeMap, BTreeSet};

use ichat_protocol::{Hello, MemberId, Name, RoomId, RoomSummary, Seq, ServerEvent};

pub use types::{
    Change, Command, ConnectionStatus, Effect, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor,
    Update,
};

use busy_requests::BusyRequests;
use connection_state::ConnectionState;
use effects::Effects;
use outbox::Outbox;
use presence::OnlinePeople;
use room::Room;
use room_listing::RoomListing;
use typing::TypingIndicators;

/// One user's session with one server, across any number of connections.
pub struct Session {
    connection: ConnectionState,
    /// The last `hello`, without its rooms. Its `now` is the server's time at 0 of the session's clock.
    hello: Option<Hello>,
    me: Option<MemberId>,
    lobby: Option<RoomId>,
    rooms: BTreeMap<RoomId, Room>,
    outbox: Outbox,
    busy: BusyRequests,
    /// The listing of the user's rooms that `hello` began, if it goes on.
    listing: Option<RoomListing>,
    presence: OnlinePeople,
    typing: TypingIndicators,
    pending: PendingIntents,
    rooms_changed: bool,
    reported_status: Option<ConnectionStatus>,
    /// The time of the next requested tick.
    wake_at: Option<u64>,
}

/// Changes by the user that the server may not have yet. A post is in the [`Outbox`] instead.
#[derive(Default)]
struct PendingIntents {
    name: Option<Name>,
    away: bool,
    /// The read markers that were moved without a connection, or that the server was too busy for until it ended. The replica
    /// has them as well.
    read: BTreeMap<RoomId, Seq>,
    /// The rooms that the user joins on this device: the server also sends their newest page.
    joined: BTreeSet<RoomId>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// Creates a session that waits for [`Input::Start`].
    pub fn new() -> Self {
        Self {
            connection: ConnectionState::new(),
            hello: None,
            me: None,
            lobby: None,
            rooms: BTreeMap::new(),
            outbox: Outbox::default(),
            busy: BusyRequests::default(),
            listing: None,
            presence: OnlinePeople::default(),
            typing: TypingIndicators::default(),
            pending: PendingIntents::default(),
            rooms_changed: false,
            reported_status: None,
            wake_at: None,
        }
    }

    /// Processes one input and returns the effects that the driver must run, in order.
    ///
    /// `now` is in milliseconds, of any clock that never goes back. Lists that several parts of a step can change are
    /// reported once, at its end.
    pub fn step(&mut self, now: u64, input: Input) -> Vec<Effect> {
        self.step_of_batch(now, input, false)
    }

    /// Does the same with one of several inputs. With `has_next`, the list of rooms is reported by a later step, which
    /// follows soon: before it does anything else, unless its input changes a room, too.
    pub fn step_of_batch(&mut self, now: u64, input: Input, has_next: bool) -> Vec<Effect> {
        let mut effects = Effects::default();
        if !matches!(input, Input::Event(ServerEvent::Room(_))) {
            self.notify_rooms(&mut effects);
        }
        self.process(now, input, &mut effects);
        if self.connection.is_online() {
            self.outbox.send(now, &mut effects);
        }
        for event in effects.emitted() {
            self.busy.sent(event);
        }
        if self.connection.is_online() {
            self.busy.send(now, &mut effects);
        }
        self.notify_changes(&mut effects, has_next);
        self.request_wake(now, &mut effects);
        effects.0
    }

    fn process(&mut self, now: u64, input: Input, effects: &mut Effects) {
        match input {
            Input::Start(state) => self.start(state, effects),
            Input::Opened => self.connection.opened(now),
            Input::Event(event) => {
                self.connection.received(now);
                self.receive(now, event, effects);
            }
            Input::Closed { error } => {
                self.connection.closed(now, error, effects);
                self.presence.clear();
                self.typing.clear();
                self.outbox.disconnected();
                for event in self.busy.disconnected() {
                    self.outlive_connection(&event, effects);
                }
            }
            Input::Tick => {
                self.wake_at = None;
                self.tick(now, effects);
            }
            Input::Nudge => self.nudge(now, ConnectionState::nudge, effects),
            Input::Reconnect => self.nudge(now, ConnectionState::reconnect, effects),
            Input::Refresh => self.refresh(now, effects),
            Input::Command(command) => self.run_command(now, command, effects),
            Input::Adopt(item) => self.outbox.adopt(item, effects),
            Input::Disowned { id, item } => self.outbox.disown(id, item),
            Input::Loaded {
                room,
                range,
                damaged: true,
                ..
            } => self.on_damaged(now, room, range, effects),
            Input::Loaded {
                room,
                range,
                entries,
                later,
                damaged: false,
            } => self.on_loaded(room, range, entries, later, effects),
        }
    }

    fn start(&mut self, state: PersistedState, effects: &mut Effects) {
        for cursor in state.rooms {
            if cursor.read_pending {
                self.pending.read.insert(cursor.room.id, cursor.room.read);
            }
            self.rooms.insert(cursor.room.id, Room::persisted(cursor));
        }
        self.outbox.load(state.outbox);
        self.rooms_changed = true;
        self.connection.start(effects);
    }

    fn tick(&mut self, now: u64, effects: &mut Effects) {
        self.connection.tick(now, effects);
        self.typing.expire(now);
        if self.connection.is_online() {
            self.retry_listing(now, effects);
            self.retry_requests(now, effects);
        }
    }

    /// Connects now, or probes an open connection by a sync, which also brings what was missed.
    fn nudge(
        &mut self,
        now: u64,
        connect: fn(&mut ConnectionState, u64, bool, &mut Effects) -> bool,
        effects: &mut Effects,
    ) {
        let can_sync = self.rooms.values().any(Room::is_joined);
        if connect(&mut self.connection, now, can_sync, effects) {
            self.sync_all(now, effects);
        }
    }

    fn refresh(&mut self, now: u64, effects: &mut Effects) {
        self.reported_status = None;
        if let Some(hello) = &self.hello {
            let rooms = self.joined_rooms();
            effects.notify(Update::Hello(Box::new(Hello {
                rooms,
                now: hello.now.saturating_add(now),
                ..hello.clone()
            })));
        }
        self.rooms_changed = true;
        self.outbox.mark_all_changed();
        self.presence.mark_changed();
        self.typing.mark_all_changed();
        for (id, room) in self.rooms.iter().filter(|(_, room)| !room.members.is_empty()) {
            effects.notify(members_update(*id, room));
        }
    }

    /// Reports what has changed in this step.
    fn notify_changes(&mut self, effects: &mut Effects, has_next: bool) {
        let status = self.connection.status(self.outbox.waiting_count());
        if let Some(status) = status.filter(|status| self.reported_status.as_ref() != Some(status)) {
            self.reported_status = Some(status.clone());
            effects.notify(Update::Connection(status));
        }
        if !has_next {
            self.notify_rooms(effects);
        }
        self.outbox.notify_changes(effects);
        self.presence.notify_changes(effects);
        self.typing.notify_changes(effects);
    }

    fn notify_rooms(&mut self, effects: &mut Effects) {
        if std::mem::take(&mut self.rooms_changed) {
            let rooms = self.joined_rooms();
            let partial = self.listing.is_some();
            effects.notify(Update::Rooms { rooms, partial });
        }
    }

    /// Returns the rooms that the user is a member of: the lobby first, then by name.
    fn joined_rooms(&self) -> Vec<RoomSummary> {
        let joined = self.rooms.values().filter(|room| room.is_joined());
        let mut rooms: Vec<_> = joined.map(Room::summary).collect();
        rooms.sort_by(|a, b| {
            let is_lobby = |room: &RoomSummary| Some(room.id) == self.lobby;
            (is_lobby(b), &a.name, a.id).cmp(&(is_lobby(a), &b.name, b.id))
        });
        rooms
    }

    /// Requests a tick for the next thing to do, unless an earlier tick is already requested.
    fn request_wake(&mut self, now: u64, effects: &mut Effects) {
        let Some(due) = self.next_deadline() else { return };
        if self.wake_at.is_none_or(|wake| due < wake) {
            self.wake_at = Some(due);
            effects.push(Effect::Wake {
                after_ms: due.saturating_sub(now),
            });
        }
    }

    fn next_deadline(&self) -> Option<u64> {
        let always = self.connection.deadline().into_iter().chain(self.typing.next_expiry());
        let joined = self.rooms.values().filter(|room| room.is_joined());
        let retries = joined.filter_map(|room| room.log.retry_at());
        let listing = self.listing.as_ref().map(|listing| listing.retry_at);
        let online = retries
            .chain(self.outbox.next_send())
            .chain(self.busy.next_send())
            .chain(listing)
            .filter(|_| self.connection.is_online());
        always.chain(online).min()
    }
}

/// Returns the update with a room's members.
fn members_update(id: RoomId, room: &Room) -> Update {
    Update::Members {
        room: id,
        members: room.members.to_vec(),
        partial: room.members.is_partial(),
    }
}
