//! Three sessions, a server, and a network that does its worst.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ichat_client::session::{
    Change, Command, Effect, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor, Session, Update,
};
use ichat_protocol::{Body, ClientEvent, Entry, EntryId, Epoch, Heads, RoomId, RoomSummary, Seq, ServerEvent};

use super::server::Server;
use super::{CLIENTS, Happening};

/// What survives a crash.
#[derive(Default)]
pub(super) struct Disk {
    room: Option<RoomSummary>,
    pub(super) log: BTreeMap<u64, Entry>,
    epoch: Option<Epoch>,
    pub(super) outbox: Vec<OutboxItem>,
}

impl Disk {
    fn save(&mut self, change: Change) {
        match change {
            Change::Outbox(item) => self.outbox.push(item),
            Change::Discarded { id } => self.outbox.retain(|item| item.id != id),
            Change::Entries { epoch, entries, .. } => {
                assert!(
                    self.log.is_empty() || self.epoch == Some(epoch),
                    "one history at a time"
                );
                self.epoch = Some(epoch);
                for entry in entries {
                    self.outbox.retain(|item| item.id != entry.id);
                    let twice = self.log.insert(entry.seq.0, entry);
                    assert!(twice.is_none(), "nothing is saved twice");
                }
                let (first, last) = (*self.log.keys().next().unwrap(), *self.log.keys().last().unwrap());
                assert_eq!(last - first + 1, self.log.len() as u64, "without a gap");
            }
            Change::Room(room) => self.room = Some(room),
            _ => {}
        }
    }

    fn restored(&self) -> PersistedState {
        let cursor = self.room.clone().map(|room| RoomCursor {
            epoch: self.epoch.unwrap_or(room.head.epoch),
            room,
            first: Seq(self.log.keys().next().copied().unwrap_or(0)),
            last: Seq(self.log.keys().last().copied().unwrap_or(0)),
            members: Vec::new(),
        });
        PersistedState {
            rooms: cursor.into_iter().collect(),
            outbox: self.outbox.clone(),
        }
    }
}

pub(super) struct Client {
    session: Session,
    pub(super) disk: Disk,
    connected: bool,
    up: VecDeque<ClientEvent>,
    down: Vec<ServerEvent>,
    /// What its person is told to be in the outbox.
    pub(super) waiting: BTreeSet<EntryId>,
    shown: BTreeMap<u64, EntryId>,
}

pub(crate) struct World {
    now: u64,
    pub(super) server: Server,
    pub(super) clients: Vec<Client>,
}

impl World {
    pub(super) fn new() -> Self {
        let client = |_| Client {
            session: Session::new(),
            disk: Disk::default(),
            connected: false,
            up: VecDeque::new(),
            down: Vec::new(),
            waiting: BTreeSet::new(),
            shown: BTreeMap::new(),
        };
        let mut world = Self {
            now: 1_000,
            server: Server::new(),
            clients: (0..CLIENTS).map(client).collect(),
        };
        for n in 0..CLIENTS {
            world.step(n, Input::Start(PersistedState::default()));
        }
        world
    }

    fn step(&mut self, n: usize, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let client = &mut self.clients[n];
            for effect in client.session.step(self.now, input) {
                match effect {
                    Effect::Save(change) => client.disk.save(change),
                    Effect::Emit(event) => client.up.push_back(event),
                    Effect::Close => {
                        Self::cut(client);
                        inputs.push_back(Input::Closed { error: None });
                    }
                    Effect::Load { room, range } => inputs.push_back(loaded(&client.disk, room, range)),
                    Effect::Notify(Update::Entries { entries, .. }) => {
                        for entry in entries {
                            let stands = client.shown.entry(entry.seq.0).or_insert(entry.id);
                            assert_eq!(*stands, entry.id, "a place never changes hands");
                        }
                    }
                    Effect::Notify(Update::Outbox { items, .. }) => {
                        client.waiting = items.iter().map(|item| item.id).collect();
                        assert!(items.iter().all(|item| item.state == OutboxState::Sending));
                    }
                    Effect::Notify(_) | Effect::Connect { .. } | Effect::Wake { .. } => {}
                }
            }
        }
    }

    fn cut(client: &mut Client) {
        client.connected = false;
        client.up.clear();
        client.down.clear();
    }

    fn connects(&mut self, n: usize) {
        if self.clients[n].connected {
            return;
        }
        self.clients[n].connected = true;
        self.step(n, Input::Opened);
        let hello = self.server.hello(n);
        self.step(n, Input::Event(hello));
    }

    fn breaks(&mut self, n: usize) {
        if self.clients[n].connected {
            Self::cut(&mut self.clients[n]);
            self.step(n, Input::Closed { error: None });
        }
    }

    fn crashes(&mut self, n: usize) {
        let client = &mut self.clients[n];
        Self::cut(client);
        client.session = Session::new();
        let restored = client.disk.restored();
        self.step(n, Input::Start(restored));
    }

    fn says(&mut self, n: usize, id: EntryId) {
        let room = self.server.room;
        let body = Body::Message {
            text: "hi".into(),
            reply_to: None,
        };
        self.step(
            n,
            Input::Command(Command::Send {
                room,
                id,
                body,
                written: 0,
            }),
        );
    }

    fn server_hears(&mut self, n: usize) {
        let Some(event) = self.clients[n].up.pop_front() else {
            return;
        };
        let (own, all) = self.server.takes(n, event);
        self.clients[n].down.extend(own);
        if let Some(all) = all {
            for client in self.clients.iter_mut().filter(|client| client.connected) {
                client.down.push(all.clone());
            }
        }
    }

    fn client_hears(&mut self, n: usize, which: usize) {
        let down = &mut self.clients[n].down;
        if !down.is_empty() {
            let event = down.remove(which % down.len());
            self.step(n, Input::Event(event));
        }
    }

    /// `said` is the id of what somebody says.
    pub(super) fn happens(&mut self, what: Happening, said: impl FnOnce(usize) -> EntryId) {
        match what {
            Happening::Says(n) => self.says(n, said(n)),
            Happening::ServerHears(n) => self.server_hears(n),
            Happening::ClientHears(n, which) => self.client_hears(n, which),
            Happening::Loses(n, which) => {
                let down = &mut self.clients[n].down;
                if !down.is_empty() {
                    down.remove(which % down.len());
                }
            }
            Happening::Doubles(n, which) => {
                let down = &mut self.clients[n].down;
                if !down.is_empty() {
                    down.push(down[which % down.len()].clone());
                }
            }
            Happening::Connects(n) => self.connects(n),
            Happening::Breaks(n) => self.breaks(n),
            Happening::Crashes(n) => self.crashes(n),
            Happening::Passes(n, ms) => {
                self.now += ms;
                self.step(n, Input::Tick);
            }
        }
    }

    /// The network behaves from now on.
    pub(super) fn calms(&mut self) {
        for _ in 0..40 {
            self.now += 5_000;
            for n in 0..CLIENTS {
                self.connects(n);
                let heads = [(self.server.room, self.server.head())].into();
                self.clients[n].down.push(ServerEvent::Heads(Heads { heads }));
                while !self.clients[n].up.is_empty() || !self.clients[n].down.is_empty() {
                    self.server_hears(n);
                    self.client_hears(n, 0);
                }
                self.step(n, Input::Tick);
            }
        }
    }
}

fn loaded(disk: &Disk, room: RoomId, range: LogRange) -> Input {
    let entries = disk
        .log
        .values()
        .rev()
        .take(range.limit as usize)
        .cloned()
        .collect::<Vec<_>>();
    Input::Loaded {
        room,
        range,
        entries: entries.into_iter().rev().collect(),
        later: Vec::new(),
    }
}
