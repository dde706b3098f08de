//! A server that keeps one room and its promises.

use ichat_protocol::{
    ClientEvent, DeviceId, Entries, Entry, EntryId, Epoch, Head, Hello, History, LimitsInfo, MemberId, Name, Page,
    RoomId, RoomSummary, Seq, ServerEvent, ServerId, ServerInfo,
};

/// Small, so that catching up takes many pages.
const PAGE: usize = 3;

pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(kind: u8, n: usize) -> T {
    format!("{kind:08x}-0000-7000-8000-{n:012x}").parse().unwrap()
}

pub(super) struct Server {
    pub(super) room: RoomId,
    epoch: Epoch,
    log: Vec<Entry>,
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            room: id(1, 1),
            epoch: id(0xe, 1),
            log: Vec::new(),
        }
    }

    /// The ids of its entries, in their order.
    pub(super) fn log(&self) -> Vec<EntryId> {
        self.log.iter().map(|entry| entry.id).collect()
    }

    pub(super) fn has(&self, id: EntryId) -> bool {
        self.log.iter().any(|entry| entry.id == id)
    }

    pub(super) fn hello(&self, n: usize) -> ServerEvent {
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

    pub(super) fn head(&self) -> Head {
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
    pub(super) fn takes(&mut self, from: usize, event: ClientEvent) -> (Vec<ServerEvent>, Option<ServerEvent>) {
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
