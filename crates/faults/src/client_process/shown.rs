//! The view of the client's server that an interface would show.

use std::collections::{BTreeMap, HashMap, HashSet};

use ichat_client::Profile;
use ichat_client::session::{ConnectionStatus, OutboxItem, OutboxState, Update};
use ichat_protocol::{Body, Entry, EntryId, Epoch, RoomId, Seq, TargetEffect};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::client_protocol::{RoomView, Status, View};
use crate::history::{Event, Position, Recorder};

/// The view, shared between the task that applies updates and those that wait for a change.
#[derive(Default)]
pub(super) struct SharedShown {
    shown: Mutex<Shown>,
    changed: Notify,
}

impl SharedShown {
    /// Notes that these posts are about to be given to the client.
    pub(super) fn expect_posts<'a>(&self, posts: impl ExactSizeIterator<Item = (EntryId, &'a Body)>) {
        let mut shown = self.lock();
        shown.status.given += posts.len();
        for (id, body) in posts {
            shown.unseen.insert(id);
            if let Some(of) = body.target() {
                let erases = body.properties().effect == Some(TargetEffect::Erase);
                shown.changes.insert(id, PostedChange { of, erases });
            }
        }
        shown.count_posts();
        drop(shown);
        self.changed.notify_waiters();
    }

    /// Notes that the client did not take this post.
    pub(super) fn forget_post(&self, id: EntryId) {
        let mut shown = self.lock();
        shown.unseen.remove(&id);
        shown.count_posts();
        drop(shown);
        self.changed.notify_waiters();
    }

    pub(super) fn apply(&self, update: Update, profile: &Profile, recorder: &Recorder) {
        self.lock().apply(update, profile, recorder);
        self.changed.notify_waiters();
    }

    /// Returns a future that ends with the next change from now on.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Waits until the condition holds.
    pub(super) async fn changed_until(&self, condition: impl Fn(&Shown) -> bool) {
        loop {
            let changed = self.changed();
            if condition(&self.lock()) {
                return;
            }
            changed.await;
        }
    }

    pub(super) fn status(&self) -> Status {
        self.lock().status.clone()
    }

    pub(super) fn rooms(&self) -> Vec<RoomId> {
        self.lock().rooms.keys().copied().collect()
    }

    pub(super) fn newest_range_start(&self, room: RoomId) -> Seq {
        self.lock().newest_range_start(room)
    }

    pub(super) fn view(&self, profile: &Profile) -> View {
        self.lock().view(profile)
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock()
    }
}

/// The view that an interface would show.
#[derive(Default)]
pub(super) struct Shown {
    status: Status,
    rooms: BTreeMap<RoomId, ShownRoom>,
    /// Posts that the client was given and does not show in any way yet.
    unseen: HashSet<EntryId>,
    waiting: BTreeMap<RoomId, HashSet<EntryId>>,
    refused: BTreeMap<RoomId, HashSet<EntryId>>,
    acknowledged: HashSet<EntryId>,
    /// The edits, deletions and reactions that the client was given.
    changes: HashMap<EntryId, PostedChange>,
    contradictions: Vec<String>,
}

/// A post that changes an entry.
struct PostedChange {
    of: EntryId,
    erases: bool,
}

struct ShownRoom {
    epoch: Epoch,
    entries: BTreeMap<Seq, Entry>,
}

impl Shown {
    fn apply(&mut self, update: Update, profile: &Profile, recorder: &Recorder) {
        match update {
            Update::Connection(connection) => self.apply_connection(connection),
            Update::Hello(hello) => self.status.lobby = Some(hello.lobby),
            Update::Entries {
                room, head, entries, ..
            } => self.apply_entries(room, head.epoch, entries, profile, recorder),
            Update::Reset { room } => {
                self.rooms.remove(&room);
                self.status.resets += 1;
                recorder.record(Event::Reset { room });
            }
            Update::Outbox { room, items, merged } => {
                self.apply_merged(room, &merged, recorder);
                self.apply_outbox(room, items, recorder);
            }
            Update::Rooms { .. }
            | Update::Directory(_)
            | Update::Members { .. }
            | Update::Presence { .. }
            | Update::Typing { .. }
            | Update::Refused { .. } => {}
        }
        let lobby = self.status.lobby.and_then(|lobby| self.rooms.get(&lobby));
        self.status.shown = lobby.map_or(0, |lobby| lobby.entries.len());
        let last = lobby.and_then(|lobby| lobby.entries.keys().next_back());
        self.status.last = last.copied().unwrap_or_default();
    }

    fn apply_connection(&mut self, connection: ConnectionStatus) {
        let online = connection == ConnectionStatus::Online;
        self.status.connections += u32::from(online && !self.status.online);
        self.status.online = online;
        self.status.offline_reason = match connection {
            ConnectionStatus::Reconnecting { message, .. } => message,
            ConnectionStatus::Refused { error, .. } => Some(error.message),
            ConnectionStatus::Connecting | ConnectionStatus::Online => None,
        };
    }

    /// Notes the edits and deletions that were applied to posts that waited, and the posts that were withdrawn by them.
    fn apply_merged(&mut self, room: RoomId, merged: &[EntryId], recorder: &Recorder) {
        let erased: HashSet<EntryId> = merged
            .iter()
            .filter_map(|id| self.changes.get(id))
            .filter(|change| change.erases)
            .map(|change| change.of)
            .collect();
        let changes_of_erased = self.changes.iter().filter(|(_, change)| erased.contains(&change.of));
        let changes_of_erased = changes_of_erased.map(|(id, _)| *id).filter(|id| !merged.contains(id));
        let withdrawn: Vec<EntryId> = erased.iter().copied().chain(changes_of_erased).collect();
        let waiting = self.waiting.entry(room).or_default();
        for id in merged {
            self.unseen.remove(id);
            recorder.record(Event::Merged { id: *id });
        }
        for id in withdrawn {
            let was_unseen = self.unseen.remove(&id);
            if waiting.remove(&id) || was_unseen {
                recorder.record(Event::Withdrawn { id });
            }
        }
    }

    fn apply_outbox(&mut self, room: RoomId, items: Vec<OutboxItem>, recorder: &Recorder) {
        let (mut waiting, mut refused) = (HashSet::new(), HashSet::new());
        for item in items {
            match item.state {
                OutboxState::Sending => drop(waiting.insert(item.id)),
                OutboxState::Failed { error } => {
                    let was_refused = self.refused.get(&room).is_some_and(|ids| ids.contains(&item.id));
                    if refused.insert(item.id) && !was_refused {
                        recorder.record(Event::Refused {
                            id: item.id,
                            reason: format!("{:?}: {}", error.code, error.message),
                        });
                    }
                }
            }
        }
        let is_in_outbox = |id: &EntryId| waiting.contains(id) || refused.contains(id);
        self.unseen.retain(|id| !is_in_outbox(id));
        // A post that has left the outbox is shown as sent.
        let before = self.waiting.remove(&room).unwrap_or_default();
        let sent: Vec<EntryId> = before.into_iter().filter(|id| !is_in_outbox(id)).collect();
        self.waiting.insert(room, waiting);
        self.refused.insert(room, refused);
        for id in sent {
            self.acknowledge(id, None, recorder);
        }
        self.count_posts();
    }

    fn apply_entries(
        &mut self,
        room: RoomId,
        epoch: Epoch,
        entries: Vec<Entry>,
        profile: &Profile,
        recorder: &Recorder,
    ) {
        for entry in &entries {
            if entry.author == profile.member && entry.device == profile.device {
                let seq = entry.seq;
                self.acknowledge(entry.id, Some(Position { room, epoch, seq }), recorder);
            }
        }
        let shown = self.rooms.entry(room).or_insert_with(|| ShownRoom {
            epoch,
            entries: BTreeMap::new(),
        });
        if shown.epoch != epoch {
            self.contradictions.push(format!(
                "room {room}: the epoch changed from {} to {epoch} without a reset",
                shown.epoch
            ));
            shown.epoch = epoch;
        }
        for entry in entries.clone() {
            let (seq, id) = (entry.seq, entry.id);
            if let Some(before) = shown.entries.insert(seq, entry)
                && before.id != id
            {
                self.contradictions
                    .push(format!("room {room}: entry {seq} was {} before it was {id}", before.id));
            }
        }
        recorder.record(Event::Shown { room, epoch, entries });
    }

    fn acknowledge(&mut self, id: EntryId, at: Option<Position>, recorder: &Recorder) {
        if self.unseen.remove(&id) {
            self.count_posts();
        }
        if self.acknowledged.insert(id) {
            self.status.acknowledged += 1;
        } else if at.is_none() {
            return;
        }
        recorder.record(Event::Acknowledged { id, at });
    }

    fn count_posts(&mut self) {
        let waiting: usize = self.waiting.values().map(HashSet::len).sum();
        self.status.waiting = waiting + self.unseen.len();
        self.status.refused = self.refused.values().map(HashSet::len).sum();
    }

    /// Returns where the range begins that ends with the newest entry and has no gap.
    pub(super) fn newest_range_start(&self, room: RoomId) -> Seq {
        let Some(shown) = self.rooms.get(&room) else {
            return Seq::ZERO;
        };
        let mut start: Option<Seq> = None;
        for seq in shown.entries.keys().rev() {
            if start.is_some_and(|start| seq.next() != start) {
                break;
            }
            start = Some(*seq);
        }
        start.unwrap_or_default()
    }

    fn view(&self, profile: &Profile) -> View {
        let rooms = self.rooms.iter().map(|(room, shown)| RoomView {
            room: *room,
            epoch: shown.epoch,
            entries: shown.entries.values().cloned().collect(),
        });
        View {
            me: profile.member.clone(),
            device: profile.device,
            rooms: rooms.collect(),
            waiting: self.waiting.values().flatten().copied().collect(),
            refused: self.refused.values().flatten().copied().collect(),
            contradictions: self.contradictions.clone(),
        }
    }
}
