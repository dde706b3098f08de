//! Requests that the server was too busy for. They are sent again after the time that it named, and nobody has to know.
//!
//! A refusal doesn't contain the request, so the last ones are kept. Posts are in the outbox, and the log repeats its `sync`s.

use std::collections::VecDeque;

use ichat_protocol::{ClientEvent, ClientEventKind, EntryId, FindMembers, MemberList, Refused, RoomId, RoomList};

use super::{effects::Effects, retry_after::retry_after};

/// The last requests that are kept. More are rarely under way.
const MAX_RECENT: usize = 64;
/// The requests that wait. Further ones are reported as refused.
const MAX_WAITING: usize = 64;

#[derive(Default)]
pub(super) struct BusyRequests {
    /// The last requests on this connection, oldest first.
    recent: VecDeque<ClientEvent>,
    /// The refused ones, oldest first. No newer request replaces one of them.
    waiting: VecDeque<ClientEvent>,
    paused_until: Option<u64>,
}

impl BusyRequests {
    /// Records a request that is being sent.
    pub(super) fn sent(&mut self, event: &ClientEvent) {
        self.drop_replaced(event);
        if !is_repeated(event) {
            return;
        }
        if self.recent.len() == MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(event.clone());
    }

    /// Forgets the waiting requests that an event makes pointless.
    pub(super) fn drop_replaced(&mut self, event: &ClientEvent) {
        self.waiting.retain(|earlier| !replaces(event, earlier));
    }

    /// Forgets the request that a list of rooms answers.
    pub(super) fn found_rooms(&mut self, list: &RoomList) {
        self.forget(
            |event| matches!(event, ClientEvent::Rooms(find) if find.query == list.query && find.after == list.after),
        );
    }

    /// Forgets the request that a list of members answers. Of those that name the members it is the oldest: the server answers
    /// them in order.
    pub(super) fn found_members(&mut self, list: &MemberList) {
        let is_answered = |find: &FindMembers| {
            let names_members = !find.ids.is_empty();
            find.room == list.room
                && names_members == list.more.is_none()
                && (names_members || (find.query == list.query && find.after == list.after))
        };
        self.forget(|event| matches!(event, ClientEvent::Members(find) if is_answered(find)));
    }

    /// Handles a refusal. Returns whether the request, or a newer one that replaces it, is sent again or was sent already.
    ///
    /// Where several requests may be meant, it is the newest: those before it may have been answered. If answers name their
    /// requests, all that have none are sent again, unless they are answered before that.
    pub(super) fn refuse(&mut self, now: u64, refused: &Refused) -> bool {
        let is_meant = |event: &ClientEvent| is_of(event, refused);
        let Some(wait) = retry_after(&refused.error) else {
            if let Some(index) = self.recent.iter().rposition(is_meant) {
                self.recent.remove(index);
            }
            return false;
        };
        let found = if refused.event.parse().is_ok_and(has_named_answers) {
            self.put_off_all(is_meant)
        } else {
            self.recent
                .iter()
                .rposition(is_meant)
                .is_some_and(|index| self.put_off(index))
        };
        if found {
            self.paused_until = self.paused_until.max(Some(now + wait));
        }
        found
    }

    /// Puts off all requests that a refusal can mean. Returns `false` if there are none, or if there is no space for one.
    fn put_off_all(&mut self, is_meant: impl Fn(&ClientEvent) -> bool) -> bool {
        let mut found = self.waiting.iter().any(&is_meant);
        while let Some(index) = self.recent.iter().position(&is_meant) {
            if !self.put_off(index) {
                return false;
            }
            found = true;
        }
        found
    }

    /// Puts off a recent request, unless a newer one replaces it. Returns `false` if there is no space for it.
    fn put_off(&mut self, index: usize) -> bool {
        if self.waiting.len() == MAX_WAITING {
            return false;
        }
        let Some(event) = self.recent.remove(index) else {
            return false;
        };
        let mut newer = self.recent.range(index..).chain(&self.waiting);
        if !newer.any(|newer| replaces(newer, &event)) {
            self.waiting.push_back(event);
        }
        true
    }

    /// Sends the requests again once the time is over.
    pub(super) fn send(&mut self, now: u64, effects: &mut Effects) {
        if self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        self.paused_until = None;
        for event in std::mem::take(&mut self.waiting) {
            self.sent(&event);
            effects.emit(event);
        }
    }

    /// Forgets the oldest request of this kind.
    fn forget(&mut self, is_answered: impl Fn(&ClientEvent) -> bool) {
        for requests in [&mut self.waiting, &mut self.recent] {
            if let Some(index) = requests.iter().position(&is_answered) {
                requests.remove(index);
                return;
            }
        }
    }

    /// Returns the next time at which [`Self::send`] has something to do.
    pub(super) fn next_send(&self) -> Option<u64> {
        self.paused_until
    }

    /// Returns whether a request for a part of the list of all rooms has no answer yet.
    pub(super) fn awaits_rooms(&self) -> bool {
        let mut requests = self.recent.iter().chain(&self.waiting);
        requests.any(|event| ClientEventKind::from(event) == ClientEventKind::Rooms)
    }

    /// Forgets the requests of a connection that has ended, as it has lost those that had no answer yet. Returns those that
    /// wait, oldest first.
    pub(super) fn disconnected(&mut self) -> VecDeque<ClientEvent> {
        self.recent.clear();
        self.paused_until = None;
        std::mem::take(&mut self.waiting)
    }
}

/// Returns whether a refused request is sent again from here. The listing of the user's rooms repeats its own.
fn is_repeated(event: &ClientEvent) -> bool {
    match event {
        ClientEvent::Rooms(find) => !find.joined,
        ClientEvent::Create(_)
        | ClientEvent::Join(_)
        | ClientEvent::Leave(_)
        | ClientEvent::Members(_)
        | ClientEvent::History(_)
        | ClientEvent::Away(_)
        | ClientEvent::Read(_)
        | ClientEvent::SetName(_) => true,
        ClientEvent::Post(_) | ClientEvent::Sync(_) | ClientEvent::Typing(_) => false,
    }
}

/// Returns whether the answers to these requests name them.
fn has_named_answers(kind: ClientEventKind) -> bool {
    match kind {
        ClientEventKind::Rooms | ClientEventKind::Members => true,
        ClientEventKind::Post
        | ClientEventKind::Create
        | ClientEventKind::Join
        | ClientEventKind::Leave
        | ClientEventKind::History
        | ClientEventKind::Sync
        | ClientEventKind::Typing
        | ClientEventKind::Away
        | ClientEventKind::Read
        | ClientEventKind::SetName => false,
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
        ClientEvent::Join(room) | ClientEvent::Leave(room) => (Some(room.room), None),
        ClientEvent::Members(find) => (Some(find.room), None),
        ClientEvent::History(history) => (Some(history.room), history.around),
        ClientEvent::Typing(typing) => (Some(typing.room), None),
        ClientEvent::Read(read) => (Some(read.room), None),
        ClientEvent::Rooms(_) | ClientEvent::Sync(_) | ClientEvent::Away(_) | ClientEvent::SetName(_) => (None, None),
    }
}

/// Returns whether a request makes an earlier one pointless.
fn replaces(event: &ClientEvent, earlier: &ClientEvent) -> bool {
    match event {
        ClientEvent::Read(_) | ClientEvent::Away(_) | ClientEvent::SetName(_) => {
            event.name() == earlier.name() && subject(event) == subject(earlier)
        }
        ClientEvent::Rooms(_) | ClientEvent::Members(_) => event == earlier,
        ClientEvent::Join(_) | ClientEvent::Leave(_) => {
            let kind = ClientEventKind::from(earlier);
            (kind == ClientEventKind::Join || kind == ClientEventKind::Leave) && subject(event) == subject(earlier)
        }
        ClientEvent::Post(_)
        | ClientEvent::Create(_)
        | ClientEvent::History(_)
        | ClientEvent::Sync(_)
        | ClientEvent::Typing(_) => false,
    }
}
