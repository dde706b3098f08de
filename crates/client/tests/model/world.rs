//! The model: three sessions, a server and a network that does its worst. The test of the client plays it, and so does the
//! checker, as its case D14.

#![allow(clippy::unwrap_used, reason = "a model that can't go on says where")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ichat_client::session::{
    Change, Command, Effect, Input, Load, OutboxItem, OutboxState, Restored, RoomCursor, Session, Update,
};
use ichat_protocol::{
    Body, ClientEvent, DeviceId, Entries, Entry, EntryId, Epoch, Head, Heads, Hello, History, LimitsInfo, MemberId,
    Name, Page, RoomId, RoomSummary, Seq, ServerEvent, ServerId, ServerInfo,
};
use proptest::prelude::*;

/// Small, so that catching up takes many pages.
const PAGE: usize = 3;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(kind: u8, n: usize) -> T {
    format!("{kind:08x}-0000-7000-8000-{n:012x}").parse().unwrap()
}

struct Server {
    room: RoomId,
    epoch: Epoch,
    log: Vec<Entry>,
}

impl Server {
    fn head(&self) -> Head {
        Head {
            epoch: self.epoch,
            seq: Seq(self.log.len() as u64),
        }
    }

    fn page(&self, after: usize, before: usize) -> ServerEvent {
        let end = before.saturating_sub(1).min(self.log.len()).min(after + PAGE);
        ServerEvent::Page(Page {
            room: self.room,
            head: self.head(),
            entries: self.log.get(after..end).unwrap_or_default().to_vec(),
            later: Vec::new(),
        })
    }

    /// What this says to the asker, and to all.
    fn takes(&mut self, from: usize, event: ClientEvent) -> (Vec<ServerEvent>, Option<ServerEvent>) {
        let place = |seq: Option<Seq>, otherwise: usize| seq.map_or(otherwise, |seq| usize::try_from(seq.0).unwrap());
        match event {
            ClientEvent::Post(post) => {
                let told = |entry: Entry| {
                    ServerEvent::Entries(Entries {
                        room: post.room,
                        epoch: self.epoch,
                        entries: vec![entry],
                    })
                };
                if let Some(entry) = self.log.iter().find(|entry| entry.id == post.id) {
                    return (vec![told(entry.clone())], None);
                }
                let entry = Entry {
                    seq: Seq(self.log.len() as u64 + 1),
                    id: post.id,
                    author: member(from),
                    device: id(0xd, from),
                    at: 0,
                    body: post.body,
                };
                let all = told(entry.clone());
                self.log.push(entry);
                (Vec::new(), Some(all))
            }
            ClientEvent::History(History { before, after, .. }) => {
                (vec![self.page(place(after, 0), place(before, usize::MAX))], None)
            }
            ClientEvent::Sync(sync) => {
                let Some(held) = sync.rooms[&self.room] else {
                    return (vec![self.page(self.log.len().saturating_sub(PAGE), usize::MAX)], None);
                };
                let starts = (place(Some(held.seq), 0)..self.log.len()).step_by(PAGE);
                (starts.map(|after| self.page(after, usize::MAX)).collect(), None)
            }
            _ => (Vec::new(), None),
        }
    }
}

fn member(n: usize) -> MemberId {
    MemberId::guest(id::<DeviceId>(0xa, n).0)
}

/// What survives a crash.
#[derive(Default)]
struct Disk {
    room: Option<RoomSummary>,
    log: BTreeMap<u64, Entry>,
    epoch: Option<Epoch>,
    outbox: Vec<OutboxItem>,
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

    fn restored(&self) -> Restored {
        let cursor = self.room.clone().map(|room| RoomCursor {
            epoch: self.epoch.unwrap_or(room.head.epoch),
            room,
            first: Seq(self.log.keys().next().copied().unwrap_or(0)),
            last: Seq(self.log.keys().last().copied().unwrap_or(0)),
            members: Vec::new(),
        });
        Restored {
            rooms: cursor.into_iter().collect(),
            outbox: self.outbox.clone(),
        }
    }
}

struct Client {
    session: Session,
    disk: Disk,
    connected: bool,
    up: VecDeque<ClientEvent>,
    down: Vec<ServerEvent>,
    said: Vec<EntryId>,
    shown: BTreeMap<u64, EntryId>,
}

struct World {
    now: u64,
    server: Server,
    clients: Vec<Client>,
}

impl World {
    fn new() -> Self {
        let client = |_| Client {
            session: Session::new(),
            disk: Disk::default(),
            connected: false,
            up: VecDeque::new(),
            down: Vec::new(),
            said: Vec::new(),
            shown: BTreeMap::new(),
        };
        let mut world = Self {
            now: 1_000,
            server: Server {
                room: id(1, 1),
                epoch: id(0xe, 1),
                log: Vec::new(),
            },
            clients: (0..3).map(client).collect(),
        };
        for n in 0..3 {
            world.step(n, Input::Start(Restored::default()));
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
                    Effect::Load { room, load } => inputs.push_back(loaded(&client.disk, room, load)),
                    Effect::Up(Update::Entries { entries, .. }) => {
                        for entry in entries {
                            let stands = client.shown.entry(entry.seq.0).or_insert(entry.id);
                            assert_eq!(*stands, entry.id, "a place never changes hands");
                        }
                    }
                    Effect::Up(Update::Outbox { items, .. }) => {
                        let waiting: BTreeSet<_> = items.iter().map(|item| item.id).collect();
                        for id in client.said.iter().filter(|id| !waiting.contains(id)) {
                            assert!(
                                self.server.log.iter().any(|entry| entry.id == *id),
                                "only what stands leaves"
                            );
                        }
                        assert!(items.iter().all(|item| item.state == OutboxState::Sending));
                    }
                    Effect::Up(_) | Effect::Connect { .. } | Effect::Wake { .. } => {}
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
        let hello = self.hello(n);
        self.step(n, Input::Event(hello));
    }

    fn hello(&self, n: usize) -> ServerEvent {
        ServerEvent::Hello(Hello {
            server: ServerInfo {
                id: id::<ServerId>(5, 1),
                name: Name::parse("Model").unwrap(),
                software: String::new(),
            },
            protocol: 1,
            me: member(n),
            name: Name::parse("Somebody").unwrap(),
            device: id(0xd, n),
            lobby: self.server.room,
            rooms: vec![RoomSummary {
                id: self.server.room,
                name: Name::parse("Lobby").unwrap(),
                topic: String::new(),
                members: 3,
                head: self.server.head(),
                joined: true,
                read: Seq::ZERO,
                unread: 0,
            }],
            limits: LimitsInfo {
                text_bytes: 16_384,
                page_entries: 200,
                packet_bytes: 131_072,
                waiting_posts: 1_024,
                heads_every_ms: 5_000,
            },
            now: 0,
        })
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

    fn says(&mut self, n: usize) {
        let client = &mut self.clients[n];
        let (room, id) = (self.server.room, id(0x10 + u8::try_from(n).unwrap(), client.said.len()));
        client.said.push(id);
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

    fn happens(&mut self, what: u8, which: u8) {
        let (n, which) = (usize::from(which) % 3, usize::from(which) / 3);
        match what % 16 {
            0..=2 => self.says(n),
            3..=5 => self.server_hears(n),
            6..=8 => self.client_hears(n, which),
            9 if !self.clients[n].down.is_empty() => {
                let down = &mut self.clients[n].down;
                down.remove(which % down.len());
            }
            10 if !self.clients[n].down.is_empty() => {
                let down = &mut self.clients[n].down;
                down.push(down[which % down.len()].clone());
            }
            11 | 12 => self.connects(n),
            13 => self.breaks(n),
            14 => self.crashes(n),
            _ => {
                self.now += 1_000 + which as u64 * 20;
                self.step(n, Input::Tick);
            }
        }
    }

    /// The network behaves from now on.
    fn calms(&mut self) {
        for _ in 0..40 {
            self.now += 5_000;
            for n in 0..3 {
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

fn loaded(disk: &Disk, room: RoomId, load: Load) -> Input {
    let entries = disk
        .log
        .values()
        .rev()
        .take(load.limit as usize)
        .cloned()
        .collect::<Vec<_>>();
    Input::Loaded {
        room,
        load,
        entries: entries.into_iter().rev().collect(),
        later: Vec::new(),
    }
}

/// Plays what happens, lets the network calm down, and looks whether the promises were kept; panics where they were not.
pub(crate) fn play(happenings: &[(u8, u8)]) {
    let mut world = World::new();
    for (what, which) in happenings {
        world.happens(*what, *which);
    }
    world.calms();
    let log: Vec<_> = world.server.log.iter().map(|entry| entry.id).collect();
    for client in &world.clients {
        let own: Vec<_> = log.iter().filter(|id| client.said.contains(id)).copied().collect();
        assert_eq!(own, client.said, "each once, in the order of its device");
        assert!(client.disk.outbox.is_empty());
        let first = client.disk.log.keys().next();
        let first = first.map_or(0, |first| usize::try_from(*first).unwrap() - 1);
        let held: Vec<_> = client.disk.log.values().map(|entry| entry.id).collect();
        assert_eq!(held[..], log[first..], "the same log");
    }
}

/// Anything that may happen, many times: somebody speaks, an event is heard, lost, doubled or overtaken, a line breaks or
/// comes back, a client crashes, time goes on.
pub(crate) fn happenings() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((any::<u8>(), any::<u8>()), 0..300)
}
