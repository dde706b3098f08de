//! A simulated server with one room.

use std::collections::BTreeSet;

use ichat_protocol::{
    ClientEvent, ClientEventKind, DeviceId, Entries, Entry, EntryId, Epoch, ErrorCode, Head, Hello, History,
    LimitsInfo, MemberId, Name, Page, Post, Refused, RoomId, RoomSummary, Seq, ServerEvent, ServerId, ServerInfo,
    TargetEffect, WireError,
};

use super::transition::CLIENTS;

/// So few entries that catching up takes many pages.
const PAGE_ENTRIES: usize = 3;

pub(super) struct SimulatedServer {
    pub(super) room: RoomId,
    epoch: Epoch,
    log: Vec<Entry>,
    /// The posts of each client that were refused and have not been received again.
    refused: [Vec<EntryId>; CLIENTS],
}

/// The events with which the server answers one event of a client.
#[derive(Default)]
pub(super) struct Answer {
    /// For the client that sent the event.
    pub(super) direct: Vec<ServerEvent>,
    pub(super) broadcast: Option<ServerEvent>,
}

impl SimulatedServer {
    pub(super) fn new() -> Self {
        Self {
            room: id(1, 1),
            epoch: id(0xe, 1),
            log: Vec::new(),
            refused: Default::default(),
        }
    }

    /// Returns the ids of the log's entries, in order.
    pub(super) fn log(&self) -> Vec<EntryId> {
        self.log.iter().map(|entry| entry.id).collect()
    }

    pub(super) fn has(&self, id: EntryId) -> bool {
        self.log.iter().any(|entry| entry.id == id)
    }

    /// Returns the text of a message after all its edits, or `None` if it was deleted or never posted.
    pub(super) fn text_of(&self, id: EntryId) -> Option<String> {
        let own = self.log.iter().find(|entry| entry.id == id)?;
        let mut amendments = self.log.iter().filter(|entry| entry.body.target() == Some(id));
        let is_deleted = |entry: &Entry| entry.body.properties().effect == Some(TargetEffect::Erase);
        if amendments.clone().any(is_deleted) {
            return None;
        }
        let last = amendments.next_back().unwrap_or(own);
        last.body.message_text().map(str::to_owned)
    }

    pub(super) fn head(&self) -> Head {
        Head {
            epoch: self.epoch,
            seq: Seq(self.log.len() as u64),
        }
    }

    pub(super) fn hello(&self, client: usize) -> ServerEvent {
        ServerEvent::Hello(Box::new(Hello {
            server: ServerInfo {
                id: id::<ServerId>(5, 1),
                name: Name::parse("Model").unwrap(),
                software: String::new(),
            },
            protocol: 1,
            me: member(client),
            name: Name::parse("User").unwrap(),
            device: id(0xd, client),
            guest_secret: None,
            lobby: self.room,
            rooms: vec![RoomSummary {
                id: self.room,
                name: Name::parse("Lobby").unwrap(),
                topic: String::new(),
                members: 3,
                head: self.head(),
                joined: true,
                read: Seq::ZERO,
                unread: 0,
            }],
            more: false,
            limits: LimitsInfo::current(),
            now: 0,
        }))
    }

    pub(super) fn handle(&mut self, client: usize, event: ClientEvent) -> Answer {
        match event {
            ClientEvent::Post(post) => self.commit(client, post),
            // The session names no entry by itself.
            ClientEvent::History(History {
                before,
                after,
                room: _,
                around: _,
                limit: _,
            }) => Answer {
                direct: vec![self.page(after.map_or(0, index), before.map_or(usize::MAX, index))],
                broadcast: None,
            },
            ClientEvent::Sync(sync) => Answer {
                direct: self.sync(sync.rooms[&self.room]),
                broadcast: None,
            },
            ClientEvent::Create(_)
            | ClientEvent::Rooms(_)
            | ClientEvent::Join(_)
            | ClientEvent::Leave(_)
            | ClientEvent::Members(_)
            | ClientEvent::Typing(_)
            | ClientEvent::Away(_)
            | ClientEvent::Read(_)
            | ClientEvent::SetName(_) => Answer::default(),
        }
    }

    /// Returns whether a post must be refused, because it was sent behind a refused one and would overtake it. The server
    /// doesn't wait for a refused post that the client has withdrawn: `outbox` has those that can come again.
    pub(super) fn must_refuse(&mut self, client: usize, post: EntryId, outbox: &BTreeSet<EntryId>) -> bool {
        let refused = &mut self.refused[client];
        refused.retain(|id| outbox.contains(id));
        refused.first().is_some_and(|first| *first != post)
    }

    /// Refuses a post for now.
    pub(super) fn refuse(&mut self, client: usize, post: EntryId) -> ServerEvent {
        let refused = &mut self.refused[client];
        if !refused.contains(&post) {
            refused.push(post);
        }
        ServerEvent::Refused(Refused {
            event: ClientEventKind::Post.name().into(),
            room: Some(self.room),
            id: Some(post),
            error: WireError::new(ErrorCode::Storage, "The disk is full."),
        })
    }

    /// Forgets the refused posts of a client whose connection has ended.
    pub(super) fn forget_refused(&mut self, client: usize) {
        self.refused[client].clear();
    }

    /// Appends a post and broadcasts it. A repeated post gets the entry of the first time.
    fn commit(&mut self, client: usize, post: Post) -> Answer {
        self.refused[client].retain(|id| *id != post.id);
        if let Some(entry) = self.log.iter().find(|entry| entry.id == post.id) {
            return Answer {
                direct: vec![self.entries(entry.clone())],
                broadcast: None,
            };
        }
        let entry = Entry {
            seq: Seq(self.log.len() as u64 + 1),
            id: post.id,
            author: member(client),
            device: id(0xd, client),
            at: 0,
            body: post.body,
        };
        self.log.push(entry.clone());
        Answer {
            direct: Vec::new(),
            broadcast: Some(self.entries(entry)),
        }
    }

    fn sync(&self, cursor: Option<Head>) -> Vec<ServerEvent> {
        let end = self.log.len();
        let Some(cursor) = cursor else {
            return vec![self.page(end.saturating_sub(PAGE_ENTRIES), usize::MAX)];
        };
        let starts = (index(cursor.seq)..end).step_by(PAGE_ENTRIES);
        starts.map(|after| self.page(after, usize::MAX)).collect()
    }

    fn entries(&self, entry: Entry) -> ServerEvent {
        ServerEvent::Entries(Entries {
            room: self.room,
            epoch: self.epoch,
            entries: vec![entry],
        })
    }

    fn page(&self, after: usize, before: usize) -> ServerEvent {
        let end = before.saturating_sub(1).min(self.log.len()).min(after + PAGE_ENTRIES);
        ServerEvent::Page(Page {
            room: self.room,
            head: self.head(),
            entries: self.log.get(after..end).unwrap_or_default().to_vec(),
            later: Vec::new(),
        })
    }
}

pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(kind: u8, number: usize) -> T {
    format!("{kind:08x}-0000-7000-8000-{number:012x}").parse().unwrap()
}

fn index(seq: Seq) -> usize {
    usize::try_from(seq.0).unwrap()
}

fn member(client: usize) -> MemberId {
    MemberId::guest(id::<DeviceId>(0xa, client).0)
}
