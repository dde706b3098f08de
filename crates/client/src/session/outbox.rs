//! The outbox: posts that the server has not acknowledged. They are sent in order, and again until the server answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ichat_protocol::{
    Body, ClientEvent, ClientEventKind, Entry, EntryId, Post, RoomId, WireError, limits::MAX_POSTS_IN_FLIGHT,
};

use super::{Change, OutboxItem, OutboxState, Update, effects::Effects, retry_after::retry_after};

/// A post without an answer is sent again after this time.
const RESEND_INTERVAL_MS: u64 = 10_000;
/// The pause after the first transient refusal. Each further one doubles it.
const INITIAL_PAUSE_MS: u64 = 500;
const MAX_PAUSE_MS: u64 = 15_000;
/// A message waits this long for the next key of its edit. The time without a connection doesn't count.
const EDIT_TIMEOUT_MS: u64 = 60_000;

/// A post in the outbox.
#[derive(Debug)]
struct QueuedPost {
    item: OutboxItem,
    /// The time at which it was last sent on this connection.
    sent_at: Option<u64>,
    /// The number of times that it was sent, on any connection, and got no answer. Unless it is 0, the log may have the post.
    unanswered: u32,
}

impl QueuedPost {
    fn is_sending(&self) -> bool {
        self.item.state == OutboxState::Sending
    }
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The posts in the order in which the user wrote them.
    posts: BTreeMap<u64, QueuedPost>,
    positions: HashMap<EntryId, u64>,
    next_position: u64,
    /// No post is sent before this time, so that posts behind a refused one do not overtake it.
    paused_until: Option<u64>,
    /// Pauses since the last acknowledgement or removal.
    pauses: u32,
    changed_rooms: BTreeSet<RoomId>,
    /// The edits and deletions that have been applied to posts here since the last report, by their rooms.
    merged: BTreeMap<RoomId, Vec<EntryId>>,
    /// The messages that the user is editing, and the times at which they are sent as they are. There is none without a
    /// connection. They are not persisted, so that a device that ends holds nothing back.
    edits: BTreeMap<EntryId, Option<u64>>,
}

impl Outbox {
    /// Loads the persisted posts.
    pub(super) fn load(&mut self, items: Vec<OutboxItem>) {
        for item in items {
            self.push_unanswered(item);
        }
    }

    /// Appends a post of a device that has ended, and stores it for this one.
    pub(super) fn adopt(&mut self, item: OutboxItem, effects: &mut Effects) {
        if self.push_unanswered(item.clone()) {
            effects.save(Change::Outbox(item));
        }
    }

    /// Gives a post up to a device that has adopted it. While that one may send it, it is sent here as well, in the same form,
    /// so that changes made here can follow it.
    pub(super) fn disown(&mut self, id: EntryId, adopted: Option<OutboxItem>) {
        let Some(adopted) = adopted else {
            self.remove(id);
            return;
        };
        let mut item = OutboxItem { sent: true, ..adopted };
        let room = item.room;
        let Some(post) = self.post_mut(id) else {
            self.push_unanswered(item);
            return;
        };
        if !post.is_sending() {
            item.state = post.item.state.clone();
        }
        post.item = item;
        post.sent_at = None;
        post.unanswered = post.unanswered.max(1);
        self.changed_rooms.insert(room);
    }

    /// Appends a post. Returns false if its id is already in the outbox.
    pub(super) fn push(&mut self, item: OutboxItem) -> bool {
        self.push_sent(item, 0)
    }

    /// Returns whether a post that is appended now to a room is sent at once, if there is a connection.
    pub(super) fn sends_next(&mut self, now: u64, room: RoomId) -> bool {
        self.expire_edits(now);
        let is_paused = self.paused_until.is_some_and(|until| until > now);
        !is_paused
            && self.window().len() < MAX_POSTS_IN_FLIGHT
            && !self.posts_in_edit().any(|post| post.item.room == room)
    }

    /// Keeps a message from being sent while the user edits it, if it can't be in the log. Without a connection `now` is `None`.
    pub(super) fn start_edit(&mut self, id: EntryId, now: Option<u64>) {
        self.edits.insert(id, now.map(|now| now + EDIT_TIMEOUT_MS));
    }

    pub(super) fn end_edit(&mut self, id: EntryId) {
        self.edits.remove(&id);
    }

    /// Applies an edit or a deletion to a message that waits here and can't be in the log, so that the server gets only the
    /// result. Returns false if it has to be posted: there is no such message, or the log may have it already. Of a refused
    /// message that the log may have, it also begins sending again, since the amendment can only follow it.
    pub(super) fn merge(&mut self, amendment: &OutboxItem, effects: &mut Effects) -> bool {
        let Some(target) = amendment.body.target() else {
            return false;
        };
        let Some(post) = self.post(target) else {
            return false;
        };
        let Some(amended) = amended(&post.item.body, &amendment.body) else {
            return false;
        };
        self.edits.remove(&target);
        let Some(post) = self.post_mut(target) else {
            return false;
        };
        if post.unanswered > 0 {
            self.retry(target, effects);
            return false;
        }
        let room = post.item.room;
        match amended {
            Amended::Edited(body) => {
                post.item.body = body;
                post.item.state = OutboxState::Sending;
                post.item.sent = false;
                effects.save(Change::Outbox(post.item.clone()));
                // They were refused with the message. Sent behind it, they would replace the newer text.
                self.discard_changes(target, |change| change.message_text().is_some(), effects);
            }
            Amended::Deleted => self.withdraw(target, effects),
        }
        self.changed_rooms.insert(room);
        self.merged.entry(room).or_default().push(amendment.id);
        true
    }

    /// Returns the number of posts that are being sent. Failed posts do not count.
    pub(super) fn waiting_count(&self) -> u32 {
        let sending = self.posts.values().filter(|post| post.is_sending()).count();
        u32::try_from(sending).unwrap_or(u32::MAX)
    }

    /// Sends a failed post again.
    pub(super) fn retry(&mut self, id: EntryId, effects: &mut Effects) {
        let Some(post) = self.post_mut(id) else { return };
        if post.is_sending() {
            return;
        }
        post.item.state = OutboxState::Sending;
        post.sent_at = None;
        let item = post.item.clone();
        self.edits.remove(&id);
        self.changed_rooms.insert(item.room);
        effects.save(Change::Outbox(item));
    }

    /// Returns whether the post is being sent and may be in the log already, so that it can't be withdrawn.
    pub(super) fn may_be_committed(&self, id: EntryId) -> bool {
        self.post(id)
            .is_some_and(|post| post.is_sending() && post.unanswered > 0)
    }

    /// Returns the room of a post.
    pub(super) fn room_of(&self, id: EntryId) -> Option<RoomId> {
        self.post(id).map(|post| post.item.room)
    }

    /// Removes a post that the server will never have, with the changes of it.
    pub(super) fn withdraw(&mut self, id: EntryId, effects: &mut Effects) {
        if self.positions.contains_key(&id) {
            self.discard_changes(id, |_| true, effects);
            self.discard(id, effects);
        }
    }

    pub(super) fn discard(&mut self, id: EntryId, effects: &mut Effects) {
        if self.remove(id) {
            effects.save(Change::Discarded { id });
        }
    }

    /// Removes posts whose entries were just saved. [`Change::Entries`] has removed them from the disk.
    pub(super) fn acknowledge_saved(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.remove(entry.id);
        }
    }

    /// Removes posts whose entries are in the room's log, but were not saved.
    pub(super) fn acknowledge_unsaved(&mut self, entries: &[Entry], effects: &mut Effects) {
        for entry in entries {
            self.discard(entry.id, effects);
        }
    }

    /// Handles the refusal of a post. Returns false if the post is not in the outbox.
    pub(super) fn refuse(&mut self, now: u64, id: EntryId, error: WireError, effects: &mut Effects) -> bool {
        let Some(post) = self.post_mut(id) else { return false };
        post.unanswered = post.unanswered.saturating_sub(1);
        if !post.is_sending() {
            return true;
        }
        if error.code.is_transient() {
            let room = post.item.room;
            self.pause(now, room, error, effects);
            return true;
        }
        post.item.state = OutboxState::Failed { error };
        post.item.sent = post.unanswered > 0;
        post.sent_at = None;
        let item = post.item.clone();
        self.changed_rooms.insert(item.room);
        effects.save(Change::Outbox(item));
        true
    }

    /// Stops counting what depends on the connection, which has ended: answers, and the time of edits.
    pub(super) fn disconnected(&mut self) {
        self.mark_unsent();
        for until in self.edits.values_mut() {
            *until = None;
        }
    }

    /// Marks all posts as not sent, since a connection that ended may have lost them.
    fn mark_unsent(&mut self) {
        for post in self.posts.values_mut() {
            post.sent_at = None;
        }
    }

    /// Starts sending on a new connection. It ends a pause, which was for the last one.
    pub(super) fn resume(&mut self, now: u64) {
        self.mark_unsent();
        self.paused_until = None;
        for until in self.edits.values_mut() {
            until.get_or_insert(now + EDIT_TIMEOUT_MS);
        }
    }

    /// Sends the posts that are due, after it has been stored that they may be in the log.
    pub(super) fn send(&mut self, now: u64, effects: &mut Effects) {
        if self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        self.paused_until = None;
        self.expire_edits(now);
        let mut due = Vec::new();
        for position in self.window() {
            let Some(post) = self.posts.get_mut(&position) else {
                continue;
            };
            if post.sent_at.is_none_or(|sent| sent + RESEND_INTERVAL_MS <= now) {
                post.sent_at = Some(now);
                post.unanswered = post.unanswered.saturating_add(1);
                if !post.item.sent {
                    post.item.sent = true;
                    effects.save(Change::Outbox(post.item.clone()));
                }
                let OutboxItem { id, room, body, .. } = &post.item;
                due.push(Post {
                    room: *room,
                    id: *id,
                    body: body.clone(),
                });
            }
        }
        for post in due {
            effects.emit(ClientEvent::Post(post));
        }
    }

    /// Returns the next time at which [`Outbox::send`] has something to do.
    pub(super) fn next_send(&self) -> Option<u64> {
        if self.paused_until.is_some() {
            return self.paused_until;
        }
        let window = self.window();
        let sent = window.iter().filter_map(|position| self.posts.get(position)?.sent_at);
        let edits = self.posts_in_edit().filter_map(|post| *self.edits.get(&post.item.id)?);
        sent.map(|sent| sent + RESEND_INTERVAL_MS).chain(edits).min()
    }

    /// Reports the rooms whose posts have changed.
    pub(super) fn notify_changes(&mut self, effects: &mut Effects) {
        for room in std::mem::take(&mut self.changed_rooms) {
            let items = self.posts.values().map(|post| &post.item);
            let items = items.filter(|item| item.room == room).cloned().collect();
            let merged = self.merged.remove(&room).unwrap_or_default();
            effects.notify(Update::Outbox { room, items, merged });
        }
    }

    pub(super) fn mark_all_changed(&mut self) {
        self.changed_rooms
            .extend(self.posts.values().map(|post| post.item.room));
    }

    /// Returns the positions of the posts that may be in flight at the same time. What is behind a message that is being edited
    /// doesn't overtake it in its room.
    fn window(&self) -> Vec<u64> {
        let mut waiting_rooms = BTreeSet::new();
        let sending = self.posts.iter().filter(|(_, post)| post.is_sending());
        let may_go = sending.filter(|(_, post)| {
            if self.is_in_edit(post) {
                waiting_rooms.insert(post.item.room);
            }
            !waiting_rooms.contains(&post.item.room)
        });
        may_go
            .map(|(position, _)| *position)
            .take(MAX_POSTS_IN_FLIGHT)
            .collect()
    }

    fn posts_in_edit(&self) -> impl Iterator<Item = &QueuedPost> {
        self.posts.values().filter(|post| self.is_in_edit(post))
    }

    /// Returns whether a post waits for the user's edit. One that may be in the log doesn't: the edit can only follow it.
    fn is_in_edit(&self, post: &QueuedPost) -> bool {
        post.is_sending() && post.unanswered == 0 && self.edits.contains_key(&post.item.id)
    }

    fn expire_edits(&mut self, now: u64) {
        self.edits.retain(|_, until| until.is_none_or(|until| until > now));
    }

    /// Pauses after a transient refusal. The posts behind the refused one are sent again as well, which keeps their order. A
    /// pause whose length the server names is not reported.
    fn pause(&mut self, now: u64, room: RoomId, error: WireError, effects: &mut Effects) {
        if let Some(wait) = retry_after(&error) {
            self.paused_until = self.paused_until.max(Some(now + wait));
        } else if self.paused_until.is_none() {
            // All posts in flight are refused for the same reason: that counts once.
            let pause = (INITIAL_PAUSE_MS << self.pauses.min(8)).min(MAX_PAUSE_MS);
            self.paused_until = Some(now + pause);
            self.pauses = self.pauses.saturating_add(1);
            effects.notify(Update::Refused {
                event: ClientEventKind::Post.name().into(),
                room: Some(room),
                id: None,
                error,
            });
        }
        self.mark_unsent();
    }

    /// Discards the changes of a post that fulfil the condition.
    fn discard_changes(&mut self, of: EntryId, condition: impl Fn(&Body) -> bool, effects: &mut Effects) {
        let posts = self.posts.values().map(|post| &post.item);
        let changes: Vec<_> = posts
            .filter(|item| item.body.target() == Some(of) && condition(&item.body))
            .map(|item| item.id)
            .collect();
        for change in changes {
            self.discard(change, effects);
        }
    }

    /// Appends a post of an earlier session or of another device, which has no answer to it.
    fn push_unanswered(&mut self, item: OutboxItem) -> bool {
        let unanswered = u32::from(item.sent);
        self.push_sent(item, unanswered)
    }

    fn push_sent(&mut self, item: OutboxItem, unanswered: u32) -> bool {
        if self.positions.contains_key(&item.id) {
            return false;
        }
        self.positions.insert(item.id, self.next_position);
        self.changed_rooms.insert(item.room);
        let post = QueuedPost {
            item,
            sent_at: None,
            unanswered,
        };
        self.posts.insert(self.next_position, post);
        self.next_position += 1;
        true
    }

    fn post(&self, id: EntryId) -> Option<&QueuedPost> {
        self.posts.get(self.positions.get(&id)?)
    }

    fn post_mut(&mut self, id: EntryId) -> Option<&mut QueuedPost> {
        let position = self.positions.get(&id)?;
        self.posts.get_mut(position)
    }

    fn remove(&mut self, id: EntryId) -> bool {
        let post = self
            .positions
            .remove(&id)
            .and_then(|position| self.posts.remove(&position));
        if let Some(post) = &post {
            self.edits.remove(&post.item.id);
            self.changed_rooms.insert(post.item.room);
            self.pauses = 0;
        }
        post.is_some()
    }
}

/// A message after an amendment.
enum Amended {
    Edited(Body),
    Deleted,
}

/// Returns a message as an amendment of it leaves it, or `None` if the two are something else.
fn amended(message: &Body, amendment: &Body) -> Option<Amended> {
    let Body::Message { reply_to, .. } = message else {
        return None;
    };
    match amendment {
        Body::Edit { text, mentions, .. } => Some(Amended::Edited(Body::Message {
            text: text.clone(),
            reply_to: *reply_to,
            mentions: mentions.clone(),
        })),
        Body::Delete { .. } => Some(Amended::Deleted),
        Body::Created { .. }
        | Body::Joined { .. }
        | Body::Left
        | Body::MemberRenamed { .. }
        | Body::RoomRenamed { .. }
        | Body::Topic { .. }
        | Body::Message { .. }
        | Body::Wiped
        | Body::React { .. }
        | Body::Unknown(_) => None,
    }
}
