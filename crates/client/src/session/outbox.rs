//! Posts that are not acknowledged yet: sent in their order, again and again until the server has answered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ichat_protocol::{ClientEvent, Entry, EntryId, Post, RoomId, WireError, limits::MAX_POSTS_IN_FLIGHT};

use super::{Change, OutboxItem, OutboxState, Update, out::Out};

/// A post without an answer is sent again after this.
const SEND_AGAIN_MS: u64 = 10_000;
/// How long to wait after the first passing refusal; each one more doubles it.
const PAUSE_MS: u64 = 500;
/// The longest such wait.
const PAUSE_CAP_MS: u64 = 15_000;

#[derive(Debug)]
struct Waiting {
    item: OutboxItem,
    /// When it was sent on this connection.
    sent: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// By the order in which they were written.
    posts: BTreeMap<u64, Waiting>,
    places: HashMap<EntryId, u64>,
    next: u64,
    /// After a passing refusal nothing is sent until then: posts behind the refused one must not overtake it.
    paused_until: Option<u64>,
    refusals: u32,
    changed: BTreeSet<RoomId>,
}

impl Outbox {
    pub(super) fn restore(&mut self, items: Vec<OutboxItem>) {
        for item in items {
            self.push(item);
        }
    }

    /// Takes a new post; false if it is there already.
    pub(super) fn push(&mut self, item: OutboxItem) -> bool {
        if self.places.contains_key(&item.id) {
            return false;
        }
        self.places.insert(item.id, self.next);
        self.changed.insert(item.room);
        self.posts.insert(self.next, Waiting { item, sent: None });
        self.next += 1;
        true
    }

    /// How many wait to be acknowledged.
    pub(super) fn waiting(&self) -> u32 {
        let sending = self.posts.values().filter(|post| is_sending(post)).count();
        u32::try_from(sending).unwrap_or(u32::MAX)
    }

    pub(super) fn retry(&mut self, id: EntryId, out: &mut Out) {
        let Some(post) = self.post(id) else { return };
        if is_sending(post) {
            return;
        }
        post.item.state = OutboxState::Sending;
        post.sent = None;
        let room = post.item.room;
        self.changed.insert(room);
        let state = OutboxState::Sending;
        out.save(Change::OutboxState { id, state });
    }

    /// Whether the post is on its way, so that it can't be taken back.
    pub(super) fn is_under_way(&self, id: EntryId) -> bool {
        let post = self.places.get(&id).and_then(|place| self.posts.get(place));
        post.is_some_and(|post| is_sending(post) && post.sent.is_some())
    }

    pub(super) fn discard(&mut self, id: EntryId, out: &mut Out) {
        if self.remove(id) {
            out.save(Change::Discarded { id });
        }
    }

    /// These stand in the part of the log that has just been saved, and left the outbox on disk with that.
    pub(super) fn acknowledge(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.remove(entry.id);
        }
    }

    /// These stand in the log, but are not saved.
    pub(super) fn acknowledge_unsaved(&mut self, entries: &[Entry], out: &mut Out) {
        for entry in entries {
            self.discard(entry.id, out);
        }
    }

    /// The server refused a post. Whether it was one of ours.
    pub(super) fn refused(&mut self, now: u64, id: EntryId, error: WireError, out: &mut Out) -> bool {
        let Some(post) = self.post(id) else { return false };
        if !is_sending(post) {
            return true;
        }
        if error.code.is_transient() {
            let room = post.item.room;
            // Those behind it go again as well, so that the order stays. A burst of refusals is one refusal.
            if self.paused_until.is_none() {
                let pause = (PAUSE_MS << self.refusals.min(8)).min(PAUSE_CAP_MS);
                self.paused_until = Some(now + pause);
                self.refusals = self.refusals.saturating_add(1);
                out.up(Update::Refused {
                    event: "post".into(),
                    room: Some(room),
                    error,
                });
            }
            self.forget_sent();
            return true;
        }
        let state = OutboxState::Failed { error };
        post.item.state = state.clone();
        post.sent = None;
        let room = post.item.room;
        self.changed.insert(room);
        out.save(Change::OutboxState { id, state });
        true
    }

    /// What was sent on a connection may not have arrived.
    pub(super) fn forget_sent(&mut self) {
        for post in self.posts.values_mut() {
            post.sent = None;
        }
    }

    /// A new connection: what was refused in passing on the last one is tried at once.
    pub(super) fn resume(&mut self) {
        self.forget_sent();
        self.paused_until = None;
    }

    /// Sends what may be sent now.
    pub(super) fn send(&mut self, now: u64, out: &mut Out) {
        if self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        self.paused_until = None;
        let sending = self.posts.values_mut().filter(|post| is_sending(post));
        for post in sending.take(MAX_POSTS_IN_FLIGHT) {
            if post.sent.is_none_or(|sent| sent + SEND_AGAIN_MS <= now) {
                post.sent = Some(now);
                let OutboxItem { id, room, body, .. } = &post.item;
                out.emit(ClientEvent::Post(Post {
                    room: *room,
                    id: *id,
                    body: body.clone(),
                }));
            }
        }
    }

    /// When to send again.
    pub(super) fn due(&self) -> Option<u64> {
        if self.paused_until.is_some() {
            return self.paused_until;
        }
        let in_flight = self
            .posts
            .values()
            .filter(|post| is_sending(post))
            .take(MAX_POSTS_IN_FLIGHT);
        let sent = in_flight.filter_map(|post| post.sent);
        sent.min().map(|sent| sent + SEND_AGAIN_MS)
    }

    /// Tells the rooms whose posts changed.
    pub(super) fn tell(&mut self, out: &mut Out) {
        for room in std::mem::take(&mut self.changed) {
            let items = self.posts.values().map(|post| &post.item);
            let items = items.filter(|item| item.room == room).cloned().collect();
            out.up(Update::Outbox { room, items });
        }
    }

    /// Tells all of them.
    pub(super) fn refresh(&mut self) {
        self.changed.extend(self.posts.values().map(|post| post.item.room));
    }

    fn post(&mut self, id: EntryId) -> Option<&mut Waiting> {
        let place = self.places.get(&id)?;
        self.posts.get_mut(place)
    }

    fn remove(&mut self, id: EntryId) -> bool {
        let post = self.places.remove(&id).and_then(|place| self.posts.remove(&place));
        if let Some(post) = &post {
            self.changed.insert(post.item.room);
            self.refusals = 0;
        }
        post.is_some()
    }
}

fn is_sending(post: &Waiting) -> bool {
    post.item.state == OutboxState::Sending
}
