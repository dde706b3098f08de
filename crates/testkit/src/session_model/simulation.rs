//! Simulated clients, connected to the simulated server by a network with faults.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ichat_client::session::{
    Change, Command, Effect, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor, Session, Update,
};
use ichat_protocol::{Body, ClientEvent, Entry, EntryId, Epoch, Heads, Kind, RoomId, RoomSummary, Seq, ServerEvent};

use super::server::{self, SimulatedServer};
use super::transition::{CLIENTS, Transition};

/// The state of a client that survives a crash.
#[derive(Default)]
pub(super) struct SimulatedDisk {
    room: Option<RoomSummary>,
    pub(super) log: BTreeMap<u64, Entry>,
    epoch: Option<Epoch>,
    pub(super) outbox: Vec<OutboxItem>,
}

pub(super) struct SimulatedClient {
    session: Session,
    pub(super) disk: SimulatedDisk,
    is_connected: bool,
    to_server: VecDeque<ClientEvent>,
    from_server: Vec<ServerEvent>,
    /// The posts in the outbox, as reported to the interface.
    pub(super) outbox: BTreeSet<EntryId>,
    /// The newest message in the outbox.
    waiting: Option<EntryId>,
    /// The messages that the user has changed, with their text, or withdrawn.
    pub(super) amended: BTreeMap<EntryId, Option<String>>,
    amendments: usize,
    /// The entries reported to the interface.
    timeline: BTreeMap<u64, EntryId>,
}

pub struct Simulation {
    now: u64,
    pub(super) server: SimulatedServer,
    pub(super) clients: Vec<SimulatedClient>,
}

impl Simulation {
    pub(super) fn new() -> Self {
        let client = |_| SimulatedClient {
            session: Session::new(),
            disk: SimulatedDisk::default(),
            is_connected: false,
            to_server: VecDeque::new(),
            from_server: Vec::new(),
            outbox: BTreeSet::new(),
            waiting: None,
            amended: BTreeMap::new(),
            amendments: 0,
            timeline: BTreeMap::new(),
        };
        let mut simulation = Self {
            now: 1_000,
            server: SimulatedServer::new(),
            clients: (0..CLIENTS).map(client).collect(),
        };
        for client in 0..CLIENTS {
            simulation.step(client, Input::Start(PersistedState::default()));
        }
        simulation
    }

    /// Carries out a transition. `new_id` returns the id of a client's next post.
    pub(super) fn apply(&mut self, transition: Transition, new_id: impl FnOnce(usize) -> EntryId) {
        match transition {
            Transition::Post(client) => {
                let body = Body::Message {
                    text: "hi".into(),
                    reply_to: None,
                    mentions: Vec::new(),
                };
                self.post(client, new_id(client), body);
            }
            Transition::Edit(client) => self.amend(client, |of, number| Body::Edit {
                of,
                text: format!("edited {number}"),
                mentions: Vec::new(),
            }),
            Transition::Withdraw(client) => self.amend(client, |of, _| Body::Delete { of }),
            Transition::DeliverToServer(client) => self.deliver_to_server(client, false),
            Transition::Refuse(client) => {
                while !self.clients[client].to_server.is_empty() {
                    self.deliver_to_server(client, true);
                }
            }
            Transition::DeliverToClient(client, event) => self.deliver_to_client(client, event),
            Transition::Lose(client, event) => {
                let events = &mut self.clients[client].from_server;
                if !events.is_empty() {
                    events.remove(event % events.len());
                }
            }
            Transition::Duplicate(client, event) => {
                let events = &mut self.clients[client].from_server;
                // A refusal answers one post, and the connection delivers it once.
                let repeatable = events.iter().filter(|event| !matches!(event, ServerEvent::Refused(_)));
                let repeatable: Vec<_> = repeatable.cloned().collect();
                if !repeatable.is_empty() {
                    events.push(repeatable[event % repeatable.len()].clone());
                }
            }
            Transition::Connect(client) => self.connect(client),
            Transition::Disconnect(client) => self.disconnect(client),
            Transition::Crash(client) => self.crash(client),
            Transition::Advance(client, ms) => {
                self.now += ms;
                self.step(client, Input::Tick);
            }
        }
    }

    /// Lets time pass without faults until everything must have arrived.
    pub(super) fn run_without_faults(&mut self) {
        for _ in 0..40 {
            self.now += 5_000;
            for number in 0..CLIENTS {
                self.connect(number);
                let heads = [(self.server.room, self.server.head())].into();
                let client = &mut self.clients[number];
                client.from_server.push(ServerEvent::Heads(Heads { heads }));
                while !self.clients[number].to_server.is_empty() || !self.clients[number].from_server.is_empty() {
                    self.deliver_to_server(number, false);
                    self.deliver_to_client(number, 0);
                }
                self.step(number, Input::Tick);
            }
        }
    }

    fn post(&mut self, client: usize, id: EntryId, body: Body) {
        let command = Command::Send {
            room: self.server.room,
            id,
            body,
            written: 0,
        };
        self.step(client, Input::Command(command));
    }

    /// Amends the newest message in a client's outbox, if there is one.
    fn amend(&mut self, number: usize, amendment: impl FnOnce(EntryId, usize) -> Body) {
        let client = &mut self.clients[number];
        let Some(of) = client.waiting.filter(|id| !client.has_withdrawn(*id)) else {
            return;
        };
        client.amendments += 1;
        let body = amendment(of, client.amendments);
        client.amended.insert(of, body.message_text().map(str::to_owned));
        let id = server::id(0x20 + u8::try_from(number).unwrap(), client.amendments);
        self.post(number, id, body);
    }

    fn deliver_to_server(&mut self, number: usize, is_disk_full: bool) {
        let client = &mut self.clients[number];
        let Some(event) = client.to_server.pop_front() else {
            return;
        };
        if let ClientEvent::Post(post) = &event
            && (is_disk_full || self.server.must_refuse(number, post.id, &client.outbox))
        {
            client.from_server.push(self.server.refuse(number, post.id));
            return;
        }
        let answer = self.server.handle(number, event);
        client.from_server.extend(answer.direct);
        if let Some(broadcast) = answer.broadcast {
            for client in self.clients.iter_mut().filter(|client| client.is_connected) {
                client.from_server.push(broadcast.clone());
            }
        }
    }

    fn deliver_to_client(&mut self, client: usize, event: usize) {
        let events = &mut self.clients[client].from_server;
        if !events.is_empty() {
            let event = events.remove(event % events.len());
            self.step(client, Input::Event(event));
        }
    }

    fn connect(&mut self, client: usize) {
        if self.clients[client].is_connected {
            return;
        }
        self.clients[client].is_connected = true;
        self.step(client, Input::Opened);
        let hello = self.server.hello(client);
        self.step(client, Input::Event(hello));
    }

    fn disconnect(&mut self, client: usize) {
        if self.clients[client].is_connected {
            self.drop_connection(client);
            self.step(client, Input::Closed { error: None });
        }
    }

    fn crash(&mut self, number: usize) {
        self.drop_connection(number);
        let client = &mut self.clients[number];
        client.session = Session::new();
        let persisted = client.disk.persisted_state();
        self.step(number, Input::Start(persisted));
    }

    fn drop_connection(&mut self, number: usize) {
        self.clients[number].drop_connection();
        self.server.forget_refused(number);
    }

    /// Passes an input to a client's session, and carries out the effects.
    fn step(&mut self, number: usize, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.clients[number].session.step(self.now, input) {
                let client = &mut self.clients[number];
                match effect {
                    Effect::Save(change) => client.disk.save(change),
                    Effect::Emit(event) => client.to_server.push_back(event),
                    Effect::Close => {
                        self.drop_connection(number);
                        inputs.push_back(Input::Closed { error: None });
                    }
                    Effect::Load { room, range } => inputs.push_back(client.disk.load(room, range)),
                    Effect::Notify(update) => client.show(update),
                    Effect::Connect { .. } | Effect::Wake { .. } => {}
                }
            }
        }
    }
}

impl SimulatedClient {
    pub(super) fn has_withdrawn(&self, id: EntryId) -> bool {
        self.amended.get(&id).is_some_and(Option::is_none)
    }

    fn drop_connection(&mut self) {
        self.is_connected = false;
        self.to_server.clear();
        self.from_server.clear();
    }

    fn show(&mut self, update: Update) {
        if let Update::Entries { entries, .. } = update {
            for entry in entries {
                let shown = self.timeline.entry(entry.seq.0).or_insert(entry.id);
                assert_eq!(*shown, entry.id, "a sequence number changed its entry");
            }
        } else if let Update::Outbox { items, .. } = update {
            assert!(
                items.iter().all(|item| item.state == OutboxState::Sending),
                "a post failed"
            );
            self.outbox = items.iter().map(|item| item.id).collect();
            let mut messages = items.iter().filter(|item| item.body.kind() == Kind::Message);
            self.waiting = messages.next_back().map(|item| item.id);
        }
    }
}

impl SimulatedDisk {
    fn save(&mut self, change: Change) {
        match change {
            Change::Outbox(item) => match self.outbox.iter_mut().find(|known| known.id == item.id) {
                Some(known) => *known = item,
                None => self.outbox.push(item),
            },
            Change::Discarded { id } => self.outbox.retain(|item| item.id != id),
            Change::Entries { epoch, entries, .. } => self.save_entries(epoch, entries),
            Change::Room(room) => self.room = Some(room),
            // The server has one history, refuses nothing for good, and has no lists of members.
            Change::Reset { .. } | Change::Members { .. } | Change::Read { .. } => {}
        }
    }

    fn save_entries(&mut self, epoch: Epoch, entries: Vec<Entry>) {
        assert!(
            self.log.is_empty() || self.epoch == Some(epoch),
            "two histories were mixed"
        );
        self.epoch = Some(epoch);
        for entry in entries {
            self.outbox.retain(|item| item.id != entry.id);
            let old = self.log.insert(entry.seq.0, entry);
            assert!(old.is_none(), "an entry was saved twice");
        }
        let (first, last) = (*self.log.keys().next().unwrap(), *self.log.keys().last().unwrap());
        assert_eq!(last - first + 1, self.log.len() as u64, "the replica has a gap");
    }

    fn load(&self, room: RoomId, range: LogRange) -> Input {
        let newest = self.log.values().rev().take(range.limit as usize);
        let mut entries: Vec<_> = newest.cloned().collect();
        entries.reverse();
        Input::Loaded {
            room,
            range,
            entries,
            later: Vec::new(),
            damaged: false,
        }
    }

    fn persisted_state(&self) -> PersistedState {
        let cursor = self.room.clone().map(|room| RoomCursor {
            epoch: self.epoch.unwrap_or(room.head.epoch),
            room,
            first: Seq(self.log.keys().next().copied().unwrap_or(0)),
            last: Seq(self.log.keys().last().copied().unwrap_or(0)),
            members: Vec::new(),
            members_partial: false,
            read_pending: false,
        });
        PersistedState {
            rooms: cursor.into_iter().collect(),
            outbox: self.outbox.clone(),
        }
    }
}
