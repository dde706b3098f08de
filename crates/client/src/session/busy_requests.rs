//! Requests that the server was too busy for. They are sent again after the time that it named, and nobody has to know.
//!
//! A refusal doesn't contain the request, so the last ones are kept. Posts are in the outbox, and the log repeats its `sync`s.

use std::collections::VecDeque;

use ichat_protocol::{ClientEvent, ClientEventKind, EntryId, Refused, RoomId};

use super::{effects::Effects, retry_after::retry_after};

/// The last requests that are kept. More are rarely under way.
const MAX_RECENT: usize = 64;
/// The requests that wait. Further ones are reported as refused.
const MAX_WAITING: usize = 64;

#[derive(Default)]
pub(super) struct BusyRequests {
    /// The last requests on this connection, oldest first.
    recent: VecDeque<ClientEvent>,
    /// The refused ones, oldest first.
    waiting: VecDeque<ClientEvent>,
    paused_until: Option<u64>,
}

impl BusyRequests {
    /// Notes a request that is being sent.
    pub(super) fn sent(&mut self, event: &ClientEvent) {
        if !is_repeated(ClientEventKind::from(event)) {
            return;
        }
        if self.recent.len() == MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(event.clone());
    }

    /// Handles a refusal. Returns whether the request is sent again.
    pub(super) fn refuse(&mut self, now: u64, refused: &Refused) -> bool {
        let Some(wait) = retry_after(&refused.error).filter(|_| self.waiting.len() < MAX_WAITING) else {
            return false;
        };
        // Those before it may have been answered.
        let Some(index) = self.recent.iter().rposition(|event| is_of(event, refused)) else {
            return false;
        };
        if let Some(event) = self.recent.remove(index) {
            self.waiting.retain(|earlier| !replaces(&event, earlier));
            self.waiting.push_back(event);
        }
        self.paused_until = self.paused_until.max(Some(now + wait));
        true
    }

    /// Sends the requests again once the time is over.
    pub(super) fn send(&mut self, now: u64, effects: &mut Effects) {
        if self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        self.paused_until = None;
        for event in self.waiting.drain(..) {
            effects.emit(event);
        }
    }

    /// Returns the next time at which [`Self::send`] has something to do.
    pub(super) fn next_send(&self) -> Option<u64> {
        self.paused_until
    }

    /// Forgets the requests of a connection that has ended, as it has lost those that had no answer yet. Only read markers that
    /// wait are sent on the next one: nothing else would set them.
    pub(super) fn disconnected(&mut self) {
        self.recent.clear();
        self.waiting
            .retain(|event| ClientEventKind::from(event) == ClientEventKind::Read);
        self.paused_until = None;
    }
}

/// Returns whether a refused request is sent again from here.
fn is_repeated(kind: ClientEventKind) -> bool {
    match kind {
        ClientEventKind::Create
        | ClientEventKind::Rooms
        | ClientEventKind::Join
        | ClientEventKind::Leave
        | ClientEventKind::Members
        | ClientEventKind::History
        | ClientEventKind::Away
        | ClientEventKind::Read
        | ClientEventKind::SetName => true,
        ClientEventKind::Post | ClientEventKind::Sync | ClientEventKind::Typing => false,
    }
}

/// Returns whether a refusal can be that of a request.
fn is_of(event: &ClientEvent, refused: &Refused) -> bool {
    let (room, id) = subject(event);
    event.name() == refused.event && room == refused.room && id == refused.id
}

/// Returns the room and the entry that a refusal of a request names.
fn subject(event: &ClientEvent) -> (Option<RoomId>, Option<EntryId>) {
    match event {
        ClientEvent::Post(post) => (Some(post.room), Some(post.id)),
        ClientEvent::Create(create) => (Some(create.room), None),
        ClientEvent::Join(room) | ClientEvent::Leave(room) | ClientEvent::Members(room) => (Some(room.room), None),
        ClientEvent::History(history) => (Some(history.room), history.around),
        ClientEvent::Typing(typing) => (Some(typing.room), None),
        ClientEvent::Read(read) => (Some(read.room), None),
        ClientEvent::Rooms(_) | ClientEvent::Sync(_) | ClientEvent::Away(_) | ClientEvent::SetName(_) => (None, None),
    }
}

/// Returns whether a request makes an earlier one pointless.
fn replaces(event: &ClientEvent, earlier: &ClientEvent) -> bool {
    match event {
        ClientEvent::Read(_)
        | ClientEvent::Away(_)
        | ClientEvent::SetName(_)
        | ClientEvent::Rooms(_)
        | ClientEvent::Members(_) => event.name() == earlier.name() && subject(event) == subject(earlier),
        ClientEvent::Post(_)
        | ClientEvent::Create(_)
        | ClientEvent::Join(_)
        | ClientEvent::Leave(_)
        | ClientEvent::History(_)
        | ClientEvent::Sync(_)
        | ClientEvent::Typing(_) => false,
    }
}
