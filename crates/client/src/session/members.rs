//! The members of a room, as far as they are known. Of a large room these are the first ones, those whose names are needed, and
//! those that the user has looked for.

use std::collections::BTreeSet;

use ichat_protocol::{
    ClientEvent, Entry, FindMembers, Member, MemberId, MemberList, Membership, RoomChange, RoomId, RoomProjection,
    limits::MAX_LIST_ITEMS,
};

use super::effects::Effects;

/// The members of a room that are listed at once. The others are requested when they are needed.
const MAX_LISTED: usize = 1_000;
/// A bound on the members of a room that are kept.
const MAX_MEMBERS: usize = 2_000;
/// A bound on the people who are waited for.
const MAX_REQUESTED: usize = 1_000;

/// The listing of a room's members on this connection.
#[derive(Debug, Default, PartialEq)]
enum Listing {
    #[default]
    NotRequested,
    /// The page after this member is under way; so many members are listed.
    Requested { after: Option<MemberId>, listed: usize },
    /// From now on the entries keep the list up to date.
    Done,
}

/// The known members of a room, present and past.
#[derive(Debug, Default)]
pub(super) struct KnownMembers {
    /// Empty while unknown.
    list: Vec<Member>,
    /// `true` if the server has others.
    is_partial: bool,
    listing: Listing,
    /// People whose names are needed, and whom the list may still bring.
    wanted: BTreeSet<MemberId>,
    /// People who were requested on this connection.
    requested: BTreeSet<MemberId>,
}

impl KnownMembers {
    pub(super) fn persisted(list: Vec<Member>) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    pub(super) fn list(&self) -> &[Member] {
        &self.list
    }

    pub(super) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Forgets the requests, because a new connection does not answer them.
    pub(super) fn forget_requests(&mut self) {
        self.listing = Listing::NotRequested;
        self.requested.clear();
    }

    /// Requests the list, unless that was done on this connection.
    pub(super) fn request_list(&mut self, room: RoomId, effects: &mut Effects) {
        if self.listing == Listing::NotRequested {
            self.listing = Listing::Requested { after: None, listed: 0 };
            effects.emit(ClientEvent::Members(FindMembers::first(room)));
        }
    }

    /// Requests the members whose names begin with a text.
    pub(super) fn find(room: RoomId, query: String, effects: &mut Effects) {
        effects.emit(ClientEvent::Members(FindMembers {
            query: Some(query),
            ..FindMembers::first(room)
        }));
    }

    /// Takes over what the server has listed, and requests what follows.
    pub(super) fn add(&mut self, answer: MemberList, effects: &mut Effects) {
        let MemberList {
            room,
            mut members,
            query,
            after,
            more,
        } = answer;
        members.truncate(MAX_MEMBERS);
        let more = more.filter(|_| query.is_none());
        let listed = match &self.listing {
            Listing::Requested {
                after: expected,
                listed,
            } if *expected == after => listed + members.len(),
            Listing::NotRequested | Listing::Requested { .. } | Listing::Done => 0,
        };
        let last = members.last().map(|member| member.id.clone());
        match more {
            Some(false) if after.is_none() => {
                self.list = members;
                self.complete();
            }
            Some(false) if listed > 0 => {
                self.merge(members);
                self.complete();
            }
            Some(true) if listed > 0 => {
                self.merge(members);
                self.is_partial = true;
                self.listing = Listing::Done;
                if let Some(after) = last.filter(|_| listed < MAX_LISTED) {
                    self.listing = Listing::Requested {
                        after: Some(after.clone()),
                        listed,
                    };
                    effects.emit(ClientEvent::Members(FindMembers {
                        after: Some(after),
                        ..FindMembers::first(room)
                    }));
                }
            }
            Some(_) | None => self.merge(members),
        }
        self.request_wanted(room, effects);
    }

    /// Notes that names are needed, and requests those that the list doesn't have.
    pub(super) fn need<'a>(
        &mut self,
        room: RoomId,
        people: impl IntoIterator<Item = &'a MemberId>,
        effects: &mut Effects,
    ) {
        if !self.is_partial && !matches!(self.listing, Listing::Requested { .. }) {
            return;
        }
        for id in people {
            let is_new = !self.requested.contains(id) && !self.list.iter().any(|member| member.id == *id);
            if is_new && self.wanted.len() < MAX_REQUESTED {
                self.wanted.insert(id.clone());
            }
        }
        self.request_wanted(room, effects);
    }

    /// Applies an entry that follows the list. Returns whether it changes it.
    pub(super) fn apply(&mut self, entry: &Entry) -> bool {
        if self.list.is_empty() {
            return false;
        }
        let known = self.list.iter().find(|member| member.id == entry.author);
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
        self.set(Member {
            id: entry.author.clone(),
            name: changed.name,
            left: !changed.joined,
            since,
        });
        true
    }

    /// Notes that the server has no others.
    fn complete(&mut self) {
        self.is_partial = false;
        self.listing = Listing::Done;
        self.wanted.clear();
    }

    fn merge(&mut self, members: Vec<Member>) {
        for member in members {
            let known = self.list.iter().find(|known| known.id == member.id);
            // An entry that followed the list may have arrived before it.
            if known.is_none_or(|known| known.since <= member.since) {
                self.set(member);
            }
        }
    }

    fn set(&mut self, member: Member) {
        if let Some(known) = self.list.iter_mut().find(|known| known.id == member.id) {
            *known = member;
            return;
        }
        self.list.push(member);
        if self.list.len() > MAX_MEMBERS {
            self.list.remove(0);
            self.is_partial = true;
        }
    }

    fn request_wanted(&mut self, room: RoomId, effects: &mut Effects) {
        if !self.is_partial || self.wanted.is_empty() {
            return;
        }
        let known: BTreeSet<_> = self.list.iter().map(|member| &member.id).collect();
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.retain(|id| !known.contains(id));
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
}
