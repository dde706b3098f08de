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
    /// The edits of each message, in the order in which they were sent.
    edits: HashMap<EntryId, Vec<(EntryId, &'a Body)>>,
    queued: HashSet<EntryId>,
    acknowledged: Vec<(EntryId, Option<Position>)>,
    refused: HashSet<EntryId>,
    /// Changes that were applied to messages that waited. They are not sent.
    merged: HashSet<EntryId>,
    /// Posts that were withdrawn. They are not sent either.
    withdrawn: HashSet<EntryId>,
    /// `true` if the outcome of every queued post is in the log, refused, or in the result of another post.
    is_settled: bool,
}

impl<'a> Posts<'a> {
    fn of(client: &'a ClientHistory, is_restored: bool) -> Self {
        let mut posts = Self {
            is_settled: client.is_complete && !is_restored,
            ..Self::default()
        };
        for event in client.events() {
            match event {
                Event::Invoked { room, id, body } => {
                    let (_, bodies) = posts.sent.entry(*id).or_insert_with(|| {
                        posts.order.push(*id);
                        (*room, Vec::new())
                    });
                    bodies.push(body);
                    if let Body::Edit { of, .. } = body {
                        posts.edits.entry(*of).or_default().push((*id, body));
                    }
                }
                Event::Queued { id } => drop(posts.queued.insert(*id)),
                Event::Acknowledged { id, at } => posts.acknowledged.push((*id, *at)),
                Event::Refused { id, .. } => drop(posts.refused.insert(*id)),
                Event::Merged { id } => drop(posts.merged.insert(*id)),
                Event::Withdrawn { id } => drop(posts.withdrawn.insert(*id)),
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
            || bodies
                .iter()
                .filter_map(|body| body.target())
                .any(|of| is_deleted(of) || self.has_result_of(index, of, id))
    }

    /// Returns whether a message is in the log with the text of an edit or of a later one, which is not in the log itself.
    fn has_result_of(&self, index: &Index<'_>, of: EntryId, edit: EntryId) -> bool {
        let edits = self.unsent_edits(index, of);
        let Some(logged) = index.logged(of) else { return false };
        let since = edits.iter().skip_while(|(id, _)| *id != edit);
        since
            .map(|(_, body)| body)
            .any(|body| self.is_result(of, body, &logged.entry.body))
    }

    /// Returns whether a message may be in the log in this form: with the text of the last edit that was applied before it was
    /// sent, or as it was sent if there is none.
    fn may_be_logged_as(&self, index: &Index<'_>, id: EntryId, logged: &Body) -> bool {
        let Some((_, bodies)) = self.sent.get(&id) else {
            return false;
        };
        if *logged == Body::Wiped {
            return bodies.iter().any(|body| index.may_be_erased(id, body));
        }
        for (edit, body) in self.unsent_edits(index, id).into_iter().rev() {
            if self.is_result(id, body, logged) {
                return true;
            }
            // A client that was killed may not have stored an edit, or not have merged it.
            if self.merged.contains(&edit) || (self.is_settled && self.queued.contains(&edit)) {
                return false;
            }
        }
        bodies.contains(&logged)
    }

    /// Returns the edits of a message that may have been applied before it was sent, in their order: those that are not in the
    /// log, and were neither refused nor withdrawn.
    fn unsent_edits(&self, index: &Index<'_>, of: EntryId) -> Vec<(EntryId, &'a Body)> {
        let edits = self.edits.get(&of).into_iter().flatten().copied();
        let is_unsent = |id: &EntryId| {
            index.logged(*id).is_none()
                && !self.withdrawn.contains(id)
                && (self.merged.contains(id) || !self.refused.contains(id))
        };
        edits.filter(|(id, _)| is_unsent(id)).collect()
    }

    /// Returns whether a message in the log is one that was sent, with the text of this edit.
    fn is_result(&self, id: EntryId, edit: &Body, logged: &Body) -> bool {
        let Some((_, bodies)) = self.sent.get(&id) else {
            return false;
        };
        bodies.iter().any(|body| edited(body, edit).as_ref() == Some(logged))
    }

    fn changes_of(&self, id: EntryId) -> impl Iterator<Item = &'a Body> {
        let bodies = self.sent.values().flat_map(|(_, bodies)| bodies.iter().copied());
        bodies.filter(move |body| body.target() == Some(id))
    }
}

fn is_deletion(body: &Body) -> bool {
    body.properties().effect == Some(TargetEffect::Erase)
}

/// Returns the message with the text of an edit.
fn edited(message: &Body, edit: &Body) -> Option<Body> {
    match (message, edit) {
        (Body::Message { reply_to, .. }, Body::Edit { text, mentions, .. }) => Some(Body::Message {
            text: text.clone(),
            reply_to: *reply_to,
            mentions: mentions.clone(),
        }),
        (_, _) => None,
    }
}

/// Checks every rule about the posts of a client.
pub(super) fn check_posts(index: &mut Index<'_>, client: &ClientHistory) {
    let posts = Posts::of(client, index.observations.is_restored);
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
                || posts.merged.contains(*id)
                || posts.withdrawn.contains(*id)
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
    let unsent = posts.merged.union(&posts.withdrawn);
    for id in unsent.filter(|id| !posts.refused.contains(*id)) {
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
        if logged_in != *room || !posts.may_be_logged_as(index, *id, &entry.body) {
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
