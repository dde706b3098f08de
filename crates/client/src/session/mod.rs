//! A session with one server as a plain state machine: input in, effects out; no socket, no clock, no disk.
//!
//! ```text
//!   Input ──▶ step ──┬─ receive ─┬─ hello        who we are, which rooms; sync, outbox again
//!                    │           └─ log_events   entries, pages, resets, heads ─▶ log (range, gap) ─▶ unread
//!                    ├─ commands                 what the person wants; ranges from replica and server
//!                    ├─ connection               back-off, refusals, watchdog
//!                    ├─ outbox                   in order, in a window, again until answered
//!                    └─ people                   presence, typing
//!                                     └─▶ Effect
//! ```
//!
//! The desktop runs this one; `ui/src/backend/session/` is the same machine in TypeScript for the browser. The traces in
//! `crates/protocol/vectors/session/` hold both to one behaviour.

mod commands;
mod connection;
mod hello;
mod log;
mod log_events;
mod out;
mod outbox;
mod people;
mod receive;
mod room;
mod types;
mod unread;

use std::collections::{BTreeMap, BTreeSet};

use ichat_protocol::{Hello, MemberId, Name, RoomId, RoomSummary, Seq};

pub use types::{
    Change, Command, ConnectionStatus, Effect, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor,
    Update,
};

use connection::Line;
use out::Out;
use outbox::Outbox;
use people::{People, Typing};
use room::Room;

/// One person's session with one server, over any number of connections.
pub struct Session {
    line: Line,
    /// What the last hello said, without its rooms.
    hello: Option<Hello>,
    me: Option<MemberId>,
    lobby: Option<RoomId>,
    rooms: BTreeMap<RoomId, Room>,
    outbox: Outbox,
    people: People,
    typing: Typing,
    wishes: Wishes,
    rooms_changed: bool,
    told: Option<ConnectionStatus>,
    /// When the next tick comes.
    wake_at: Option<u64>,
}

/// What the person wants and the server may not know yet.
#[derive(Default)]
struct Wishes {
    name: Option<Name>,
    away: bool,
    read: BTreeMap<RoomId, Seq>,
    created: BTreeSet<RoomId>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A session that waits for [`Input::Start`].
    pub fn new() -> Self {
        Self {
            line: Line::new(),
            hello: None,
            me: None,
            lobby: None,
            rooms: BTreeMap::new(),
            outbox: Outbox::default(),
            people: People::default(),
            typing: Typing::default(),
            wishes: Wishes::default(),
            rooms_changed: false,
            told: None,
            wake_at: None,
        }
    }

    /// Takes an input at a time, in milliseconds of any clock that does not go back, and says what is to be done.
    /// What several parts of a step may change (lists, the connection's state) is told once, at its end.
    pub fn step(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        let now = now_ms;
        let mut out = Out::default();
        match input {
            Input::Start(restored) => self.start(restored, &mut out),
            Input::Opened => self.line.opened(now),
            Input::Event(event) => {
                self.line.heard(now);
                self.receive(now, event, &mut out);
            }
            Input::Closed { error } => {
                self.line.closed(now, error, &mut out);
                self.people.forget();
                self.typing.forget();
                self.outbox.forget_sent();
            }
            Input::Tick => {
                self.wake_at = None;
                self.tick(now, &mut out);
            }
            Input::Nudge => self.nudge(now, &mut out),
            Input::Refresh => self.refresh(&mut out),
            Input::Command(command) => self.command(now, command, &mut out),
            Input::Loaded {
                room,
                range,
                entries,
                later,
            } => self.loaded(room, range, entries, later, &mut out),
        }
        if self.line.is_online() {
            self.outbox.send(now, &mut out);
        }
        self.tell(&mut out);
        self.wake(now, &mut out);
        out.0
    }

    fn start(&mut self, restored: PersistedState, out: &mut Out) {
        for cursor in restored.rooms {
            self.rooms.insert(cursor.room.id, Room::restored(cursor));
        }
        self.outbox.restore(restored.outbox);
        self.rooms_changed = true;
        self.line.start(out);
    }

    fn tick(&mut self, now: u64, out: &mut Out) {
        self.line.tick(now, out);
        self.typing.expire(now);
        if self.line.is_online() {
            self.ask_again(now, out);
        }
    }

    /// Whoever has slept asks for what was missed; the answer also proves the line.
    fn nudge(&mut self, now: u64, out: &mut Out) {
        let in_rooms = self.rooms.values().any(Room::is_joined);
        if self.line.nudge(now, in_rooms, out) {
            self.sync_all(now, out);
        }
    }

    fn refresh(&mut self, out: &mut Out) {
        self.told = None;
        if let Some(hello) = &self.hello {
            let rooms = self.joined_rooms();
            out.up(Update::Hello(Hello { rooms, ..hello.clone() }));
        }
        self.rooms_changed = true;
        self.outbox.refresh();
        self.people.refresh();
        self.typing.refresh();
        for (room, known) in self.rooms.iter().filter(|(_, known)| !known.members.is_empty()) {
            let members = known.members.clone();
            out.up(Update::Members { room: *room, members });
        }
    }

    /// Tells what has changed in this step.
    fn tell(&mut self, out: &mut Out) {
        let status = self.line.status(self.outbox.waiting());
        if status.is_some() && status != self.told {
            self.told.clone_from(&status);
            out.0
                .extend(status.map(|status| Effect::Notify(Update::Connection(status))));
        }
        if std::mem::take(&mut self.rooms_changed) {
            out.up(Update::Rooms {
                rooms: self.joined_rooms(),
            });
        }
        self.outbox.tell(out);
        self.people.tell(out);
        self.typing.tell(out);
    }

    /// The lobby first, then by name.
    fn joined_rooms(&self) -> Vec<RoomSummary> {
        let joined = self.rooms.values().filter(|room| room.is_joined());
        let mut rooms: Vec<_> = joined.map(Room::summary).collect();
        rooms.sort_by_key(|room| (Some(room.id) != self.lobby, room.name.clone(), room.id));
        rooms
    }

    fn wake(&mut self, now: u64, out: &mut Out) {
        let mut due: Vec<u64> = self.line.due().into_iter().chain(self.typing.due()).collect();
        if self.line.is_online() {
            due.extend(self.outbox.due());
            due.extend(
                self.rooms
                    .values()
                    .filter(|room| room.is_joined())
                    .filter_map(|room| room.log.due()),
            );
        }
        if let Some(due) = due
            .into_iter()
            .min()
            .filter(|due| self.wake_at.is_none_or(|wake| *due < wake))
        {
            self.wake_at = Some(due);
            out.0.push(Effect::Wake {
                after_ms: due.saturating_sub(now),
            });
        }
    }
}
