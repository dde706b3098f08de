//! Checks of a client's posts and their outcomes.

use std::collections::{BTreeMap, HashMap, HashSet};

use ichat_protocol::{Body, EntryId, RoomId, Seq, TargetEffect};

use super::index::{Index, Logged, is_by};
use super::observations::ClientHistory;
use super::rule::Rule;
use crate::history::{Event, Position};

/// The posts of one client and their outcomes.
#[derive(Default)]
struct Posts<'a> {
    /// The room and the bodies of each post. An id may be sent again, even with another body: one of them is in the
    /// log.
    sent: HashMap<EntryId, (RoomId, Vec<&'a Body>)>,
    /// The ids in the order in which they were sent first.
    order: Vec<EntryId>,
    queued: HashSet<EntryId>,
    acknowledged: Vec<(EntryId, Option<Position>)>,
    refused: HashSet<EntryId>,
    /// Posts that were withdrawn, and changes that were applied to messages that waited. They are not sent.
    unsent: HashSet<EntryId>,
}

impl<'a> Posts<'a> {
    fn of(client: &'a ClientHistory) -> Self {
        let mut posts = Self::default();
        for event in client.events() {
            match event {
                Event::Invoked { room, id, body } => {
                    let (_, bodies) = posts.sent.entry(*id).or_insert_with(|| {
                        posts.order.push(*id);
                        (*room, Vec::new())
                    });
                    bodies.push(body);
                }
                Event::Queued { id } => drop(posts.queued.insert(*id)),
                Event::Acknowledged { id, at } => posts.acknowledged.push((*id, *at)),
                Event::Refused { id, .. } => drop(posts.refused.insert(*id)),
                Event::Merged { id } | Event::Withdrawn { id } => drop(posts.unsent.insert(*id)),
                Event::Started { .. } | Event::Shown { .. } | Event::Reset { .. } => {}
            }
        }
        posts
    }

    /// Returns whether the log has the result of an edit or a deletion that was applied before its message was sent, or
    /// lacks the message because of one. A client that was killed may not have shown this.
    fn may_be_merged(&self, index: &Index<'_>, id: EntryId) -> bool {
        let is_deleted = |id: EntryId| index.logged(id).is_none() && self.changes_of(id).any(is_deletion);
        let Some((_, bodies)) = self.sent.get(&id) else {
            return false;
        };
        is_deleted(id)
            || bodies.iter().filter_map(|body| body.target()).any(|of| {
                is_deleted(of)
                    || index
                        .logged(of)
                        .is_some_and(|logged| self.is_edited(index, of, &logged.entry.body))
            })
    }

    /// Returns whether a message in the log is one that was sent, with the text of an edit that is not in the log itself.
    fn is_edited(&self, index: &Index<'_>, id: EntryId, logged: &Body) -> bool {
        let Some((_, bodies)) = self.sent.get(&id) else {
            return false;
        };
        let edits = self.sent.iter().filter(|(edit, _)| index.logged(**edit).is_none());
        edits.flat_map(|(_, (_, edits))| edits).any(|edit| {
            bodies
                .iter()
                .any(|body| edited(id, body, edit).as_ref() == Some(logged))
        })
    }

    fn changes_of(&self, id: EntryId) -> impl Iterator<Item = &'a Body> {
        let bodies = self.sent.values().flat_map(|(_, bodies)| bodies.iter().copied());
        bodies.filter(move |body| body.target() == Some(id))
    }
}

fn is_deletion(body: &Body) -> bool {
    body.properties().effect == Some(TargetEffect::Erase)
}

/// Returns the message with the text of the edit, if the edit is one of this message.
fn edited(id: EntryId, message: &Body, edit: &Body) -> Option<Body> {
    match (message, edit) {
        (Body::Message { reply_to, .. }, Body::Edit { of, text, mentions }) if *of == id => Some(Body::Message {
            text: text.clone(),
            reply_to: *reply_to,
            mentions: mentions.clone(),
        }),
        (_, _) => None,
    }
}

/// Checks every rule about the posts of a client.
pub(super) fn check_posts(index: &mut Index<'_>, client: &ClientHistory) {
    let posts = Posts::of(client);
    check_acknowledged(index, client, &posts);
    check_refused(index, client, &posts);
    check_unsent(index, client, &posts);
    check_bodies(index, client, &posts);
    check_order(index, client, &posts);
}

fn check_acknowledged(index: &mut Index<'_>, client: &ClientHistory, posts: &Posts<'_>) {
    let name = &client.name;
    for (id, at) in &posts.acknowledged {
        let is_current = at.is_some_and(|at| index.log_of_epoch(at.room, at.epoch).is_some());
        match (index.logged(*id), at) {
            (None, _) if is_current || !index.observations.is_restored => {
                let details = format!("{id} was shown to {name} as sent, and is not in the log");
                index.violated(Rule::AcknowledgedIsInLog, details);
            }
            (Some(logged), Some(at)) if is_current && (logged.room, logged.entry.seq) != (at.room, at.seq) => {
                let details = format!(
                    "{id} was shown to {name} as entry {} of room {}, and is entry {} of room {}",
                    at.seq, at.room, logged.entry.seq, logged.room
                );
                index.violated(Rule::OneOrderForAll, details);
            }
            (None | Some(_), _) => {}
        }
    }
}

fn check_refused(index: &mut Index<'_>, client: &ClientHistory, posts: &Posts<'_>) {
    let acknowledged: HashSet<EntryId> = posts.acknowledged.iter().map(|(id, _)| *id).collect();
    for id in posts.refused.iter().filter(|id| !acknowledged.contains(*id)) {
        // A post that was refused since its id is taken is not the one in the log.
        let own = posts.sent.get(id).zip(index.logged(*id));
        if own.is_some_and(|((_, bodies), logged)| bodies.contains(&&logged.entry.body)) {
            let details = format!("{id} was refused to {}, and is in the log", client.name);
            index.violated(Rule::RefusedIsNotInLog, details);
        }
    }
    if client.is_complete && !index.observations.is_restored {
        let has_outcome = |id: &&EntryId| {
            acknowledged.contains(*id)
                || posts.refused.contains(*id)
                || posts.unsent.contains(*id)
                || posts.may_be_merged(index, **id)
        };
        let without_outcome: Vec<_> = posts.queued.iter().filter(|id| !has_outcome(id)).collect();
        for id in without_outcome {
            let details = format!("{id} of {} has no outcome", client.name);
            index.violated(Rule::EveryPostHasAnOutcome, details);
        }
    }
}

fn check_unsent(index: &mut Index<'_>, client: &ClientHistory, posts: &Posts<'_>) {
    for id in posts.unsent.iter().filter(|id| !posts.refused.contains(*id)) {
        if index.logged(*id).is_some_and(|logged| is_by(client, logged.entry)) {
            let details = format!("{id} was not sent by {}, and is in the log", client.name);
            index.violated(Rule::UnsentIsNotInLog, details);
        }
    }
}

fn check_bodies(index: &mut Index<'_>, client: &ClientHistory, posts: &Posts<'_>) {
    for (id, (room, bodies)) in &posts.sent {
        // Another client's post may have the same id.
        let Some(Logged { room: logged_in, entry }) = index.logged(*id).filter(|logged| is_by(client, logged.entry))
        else {
            continue;
        };
        let is_sent =
            |body: &&Body| entry.body == **body || (entry.body == Body::Wiped && index.may_be_erased(*id, body));
        let is_result = bodies.iter().any(is_sent) || posts.is_edited(index, *id, &entry.body);
        if logged_in != *room || !is_result {
            let details = format!(
                "{id} was sent by {} as {bodies:?}, and is in the log as {:?}",
                client.name, entry.body
            );
            index.violated(Rule::BodiesAreUnaltered, details);
        }
    }
}

/// Checks that the log has a device's posts in the order in which it sent them.
fn check_order(index: &mut Index<'_>, client: &ClientHistory, posts: &Posts<'_>) {
    let mut newest: BTreeMap<RoomId, (Seq, EntryId)> = BTreeMap::new();
    for id in &posts.order {
        let Some(Logged { room, entry }) = index.logged(*id).filter(|logged| is_by(client, logged.entry)) else {
            continue;
        };
        let (seq, before) = *newest.entry(room).or_insert((entry.seq, *id));
        if seq > entry.seq {
            let details = format!(
                "{} sent {before} before {id}, and they are entries {seq} and {}",
                client.name, entry.seq
            );
            index.violated(Rule::DeviceOrderIsKept, details);
        } else {
            newest.insert(room, (entry.seq, *id));
        }
    }
}
