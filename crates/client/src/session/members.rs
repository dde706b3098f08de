//! The members of a room, as far as they are known. Of a large room these are the first ones, those whose names are needed, and
//! those that the user has looked for.

use std::collections::BTreeSet;

use ichat_protocol::{
    ClientEvent, Entry, FindMembers, Member, MemberId, MemberList, Membership, RoomChange, RoomId, RoomProjection,
    limits::MAX_LIST_ITEMS,
};
use indexmap::IndexMap;

use super::effects::Effects;

/// The members of a room that are listed at once. The others are requested when they are needed.
const MAX_LISTED: usize = 1_000;
/// A bound on the members of a room that are kept.
const MAX_MEMBERS: usize = 2_000;
/// A bound on the people who are waited for, and on those who are requested because they are online.
const MAX_REQUESTED: usize = 1_000;

/// The part of a room's members that the server has listed, on this connection or an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Extent {
    /// None. The known members are from answers to other requests.
    #[default]
    Unknown,
    Partial,
    /// All: an answer has said so. From then on the entries keep the list up to date.
    Complete,
}

/// The listing of a room's members on this connection.
#[derive(Debug, Default, PartialEq)]
enum Listing {
    #[default]
    NotRequested,
    /// The page after this member is under way; so many members are listed.
    Requested {
        after: Option<MemberId>,
        listed: usize,
    },
    Done,
}

/// The known members of a room, present and past.
#[derive(Debug, Default)]
pub(super) struct KnownMembers {
    /// In the order in which they became known.
    members: IndexMap<MemberId, Member>,
    extent: Extent,
    listing: Listing,
    /// People whose names are needed, and who are not requested yet: the next page may bring them.
    wanted: BTreeSet<MemberId>,
    /// People who were requested on this connection, without those whom an answer has brought.
    requested: BTreeSet<MemberId>,
    /// The number of people who were requested on this connection because they are online.
    requested_online: usize,
}

impl KnownMembers {
    /// Restores the members that were stored. There are none if the server never listed them.
    pub(super) fn persisted(members: Vec<Member>, is_partial: bool) -> Self {
        let extent = match (members.is_empty(), is_partial) {
            (true, _) => Extent::Unknown,
            (false, true) => Extent::Partial,
            (false, false) => Extent::Complete,
        };
        let members = members.into_iter().map(|member| (member.id.clone(), member));
        Self {
            members: members.collect(),
            extent,
            ..Self::default()
        }
    }

    /// Returns `true` while no member is known.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn to_vec(&self) -> Vec<Member> {
        self.members.values().cloned().collect()
    }

    /// Returns whether the server has ever listed members, and so the list is worth storing.
    pub(super) fn is_listed(&self) -> bool {
        self.extent != Extent::Unknown
    }

    /// Returns whether the room may have others.
    pub(super) fn is_partial(&self) -> bool {
        self.extent != Extent::Complete
    }

    /// Forgets the requests, because a new connection does not answer them, or because entries are missing since then.
    pub(super) fn forget_requests(&mut self) {
        self.listing = Listing::NotRequested;
        self.requested.clear();
        self.requested_online = 0;
    }

    /// Handles a refusal of requests that can be sent again: the list when the room is opened again, names when they are needed
    /// again.
    pub(super) fn refuse(&mut self) {
        if self.listing != Listing::Done {
            self.listing = Listing::NotRequested;
        }
        self.requested.clear();
    }

    /// Requests the list, unless that was done on this connection.
    pub(super) fn request_list(&mut self, room: RoomId, effects: &mut Effects) {
        if self.listing == Listing::NotRequested {
            self.listing = Listing::Requested { after: None, listed: 0 };
            effects.emit(ClientEvent::Members(FindMembers::first(room)));
        }
    }

    /// Takes over what the server has listed, and requests what follows.
    pub(super) fn add(&mut self, answer: MemberList, effects: &mut Effects) {
        let MemberList {
            room,
            members,
            query,
            after,
            more,
        } = answer;
        for member in &members {
            self.requested.remove(&member.id);
        }
        let count = members.len();
        let last = members.last().map(|member| member.id.clone());
        // Other answers say nothing about the list.
        let more = more.filter(|_| query.is_none());
        let is_whole_list = more == Some(false) && after.is_none();
        if is_whole_list {
            self.members.clear();
        }
        self.merge(members);
        if is_whole_list {
            self.complete();
        } else if let (Some(more), Some(listed)) = (more, self.listed_before(after.as_ref())) {
            let listed = listed + count;
            if more {
                self.request_page(room, last.filter(|_| listed < MAX_LISTED), listed, effects);
            } else {
                self.complete();
            }
        }
        self.evict();
        self.request_wanted(room, effects);
    }

    /// Records that names are needed, unless the list has or may bring them.
    pub(super) fn need<'a>(&mut self, people: impl IntoIterator<Item = &'a MemberId>) {
        self.add_wanted(people, MAX_REQUESTED);
    }

    /// Requests the names of people who are online, as far as there is space for them. Most may be members of other rooms.
    pub(super) fn need_online<'a>(
        &mut self,
        room: RoomId,
        people: impl IntoIterator<Item = &'a MemberId>,
        effects: &mut Effects,
    ) {
        let space = MAX_MEMBERS.saturating_sub(self.members.len());
        let max = MAX_REQUESTED.saturating_sub(self.requested_online).min(space);
        self.requested_online += self.add_wanted(people, max);
        self.request_wanted(room, effects);
    }

    /// Requests the names that are needed, if the list doesn't bring them.
    pub(super) fn request_wanted(&mut self, room: RoomId, effects: &mut Effects) {
        if self.extent != Extent::Partial || self.awaits_first_page() {
            return;
        }
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.retain(|id| !self.members.contains_key(id));
        if self.requested.len() > MAX_REQUESTED {
            self.requested.clear();
        }
        let ids: Vec<_> = wanted.iter().cloned().collect();
        self.requested.extend(wanted);
        for ids in ids.chunks(MAX_LIST_ITEMS as usize) {
            effects.emit(ClientEvent::Members(FindMembers {
                ids: ids.to_vec(),
                ..FindMembers::first(room)
            }));
        }
    }

    /// Applies an entry that follows the list. Returns whether it changes it.
    pub(super) fn apply(&mut self, entry: &Entry) -> bool {
        if self.is_empty() {
            return false;
        }
        let known = self.members.get(&entry.author);
        let membership = known.map(|member| Membership {
            name: member.name.clone(),
            joined: !member.left,
        });
        let Some(changed) = RoomProjection::default().apply(&entry.body, membership.as_ref()) else {
            return false;
        };
        let since = match entry.body.room_change() {
            Some(RoomChange::Join(_) | RoomChange::RenameMember(_)) => Some(entry.at),
            Some(RoomChange::Leave | RoomChange::Name(_) | RoomChange::Topic(_)) | None => {
                known.and_then(|member| member.since)
            }
        };
        let member = Member {
            id: entry.author.clone(),
            name: changed.name,
            left: !changed.joined,
            since,
        };
        self.members.insert(member.id.clone(), member);
        self.evict();
        true
    }

    /// Requests the page of the list after this member. Without one, the rest is not listed.
    fn request_page(&mut self, room: RoomId, after: Option<MemberId>, listed: usize, effects: &mut Effects) {
        self.extent = Extent::Partial;
        let Some(after) = after else {
            self.listing = Listing::Done;
            return;
        };
        effects.emit(ClientEvent::Members(FindMembers {
            after: Some(after.clone()),
            ..FindMembers::first(room)
        }));
        self.listing = Listing::Requested {
            after: Some(after),
            listed,
        };
    }

    /// Returns the number of members that are listed up to this one, if the page after it is under way.
    fn listed_before(&self, after: Option<&MemberId>) -> Option<usize> {
        match &self.listing {
            Listing::Requested {
                after: expected,
                listed,
            } => (expected.as_ref() == after).then_some(*listed),
            Listing::NotRequested | Listing::Done => None,
        }
    }

    fn awaits_first_page(&self) -> bool {
        self.listed_before(None).is_some()
    }

    fn complete(&mut self) {
        self.extent = Extent::Complete;
        self.listing = Listing::Done;
        self.wanted.clear();
    }

    fn merge(&mut self, members: Vec<Member>) {
        for member in members {
            let known = self.members.get(&member.id);
            // An entry that followed the list may have arrived before it.
            if known.is_none_or(|known| known.since <= member.since) {
                self.members.insert(member.id.clone(), member);
            }
        }
    }

    /// Drops the members that became known first, if there are too many.
    fn evict(&mut self) {
        let excess = self.members.len().saturating_sub(MAX_MEMBERS);
        if excess > 0 {
            self.members.drain(..excess);
            if self.extent == Extent::Complete {
                self.extent = Extent::Partial;
            }
        }
    }

    /// Adds at most so many people to those who are wanted. Returns the number of them.
    fn add_wanted<'a>(&mut self, people: impl IntoIterator<Item = &'a MemberId>, max: usize) -> usize {
        if self.extent != Extent::Partial && !matches!(self.listing, Listing::Requested { .. }) {
            return 0;
        }
        let before = self.wanted.len();
        let end = MAX_REQUESTED.min(before + max);
        for id in people {
            if self.wanted.len() >= end {
                break;
            }
            if !self.requested.contains(id) && !self.members.contains_key(id) {
                self.wanted.insert(id.clone());
            }
        }
        self.wanted.len() - before
    }
}
