//! The rules of `docs/delivery.md`, held against everything that a round left behind. It trusts neither the clients nor the
//! server: it reads what they wrote down.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use ichat_protocol::{Body, DeviceId, Entry, EntryId, MemberId, RoomId, Seq};

use crate::history::Log;
use crate::order::View;
use crate::record::Line;

/// What a round left behind.
#[derive(Default)]
pub(crate) struct Evidence {
    /// The log, read from the server's data folder after its end.
    pub(crate) logs: Vec<Log>,
    /// The log, as a client sees it that came last, over the wire.
    pub(crate) witness: Option<View>,
    pub(crate) people: Vec<Testimony>,
    /// Rooms whose log was put back to an older state on purpose: what was acknowledged in an earlier epoch may be gone.
    pub(crate) restored: bool,
}

/// What one client left behind.
pub(crate) struct Testimony {
    pub(crate) name: String,
    /// The records of its lives, in their order.
    pub(crate) lives: Vec<Vec<Line>>,
    /// What it shows at the end, unless its end was violent.
    pub(crate) view: Option<View>,
    /// What its data folder holds at the end, if it has one.
    pub(crate) replica: Option<Vec<Log>>,
    /// Whether the client was there to the end with its outbox whole: then everything that it has taken has an answer.
    pub(crate) is_whole: bool,
}

/// A rule that was broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    AcknowledgedIsInHistory,
    NoIdTwice,
    PlacesWithoutGap,
    OneOrderForAll,
    OrderOfTheDevice,
    BodiesUnaltered,
    RefusedIsNotInHistory,
    NothingIsForgotten,
    NothingFromNowhere,
    InStep,
    WireIsDisk,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::AcknowledgedIsInHistory => "what was acknowledged stands in the history",
            Rule::NoIdTwice => "no id stands twice",
            Rule::PlacesWithoutGap => "places count 1, 2, 3 … without a gap",
            Rule::OneOrderForAll => "everybody is shown the same order",
            Rule::OrderOfTheDevice => "a device's posts stand in the order in which it sent them",
            Rule::BodiesUnaltered => "what was sent stands unaltered",
            Rule::RefusedIsNotInHistory => "what was refused does not stand in the history",
            Rule::NothingIsForgotten => "what a client has taken is acknowledged or refused in the end",
            Rule::NothingFromNowhere => "nothing stands in the history that nobody sent",
            Rule::InStep => "every client ends in step with the log",
            Rule::WireIsDisk => "the log is the same over the wire and on disk",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

/// Where an entry stands in the log.
struct Standing<'a> {
    room: RoomId,
    entry: &'a Entry,
}

/// Every violation of every rule.
pub(crate) fn verify(evidence: &Evidence) -> Vec<Violation> {
    let mut check = Check::new(evidence);
    check.log();
    check.witness();
    for person in &evidence.people {
        check.record(person);
        check.shown(person);
        check.ends(person);
    }
    check.origin();
    check.found
}

struct Check<'a> {
    evidence: &'a Evidence,
    logs: BTreeMap<RoomId, &'a Log>,
    standing: HashMap<EntryId, Standing<'a>>,
    /// Ids of messages that a deletion in the log speaks of, and of the edits of such messages.
    wiped: HashSet<EntryId>,
    found: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        let mut standing = HashMap::new();
        let mut wiped = HashSet::new();
        for log in &evidence.logs {
            for entry in &log.entries {
                let room = log.room;
                standing.entry(entry.id).or_insert(Standing { room, entry });
                if let Body::Delete { of } = entry.body {
                    wiped.insert(of);
                }
            }
        }
        Self {
            evidence,
            logs: evidence.logs.iter().map(|log| (log.room, log)).collect(),
            standing,
            wiped,
            found: Vec::new(),
        }
    }

    fn violated(&mut self, rule: Rule, what: String) {
        self.found.push(Violation { rule, what });
    }

    /// The log by itself.
    fn log(&mut self) {
        let mut ids = HashMap::new();
        for log in &self.evidence.logs {
            for (entry, place) in log.entries.iter().zip(1..) {
                if entry.seq != Seq(place) {
                    let what = format!(
                        "room {}: {} stands at {} instead of {place}",
                        log.room, entry.id, entry.seq
                    );
                    self.violated(Rule::PlacesWithoutGap, what);
                    break;
                }
            }
            for entry in &log.entries {
                if let Some((room, seq)) = ids.insert(entry.id, (log.room, entry.seq)) {
                    let what = format!(
                        "{} stands at {seq} of room {room} and at {} of room {}",
                        entry.id, entry.seq, log.room
                    );
                    self.violated(Rule::NoIdTwice, what);
                }
            }
        }
    }

    /// Who comes last sees over the wire what stands on disk.
    fn witness(&mut self) {
        let Some(witness) = &self.evidence.witness else {
            return;
        };
        for room in &witness.rooms {
            let disk = self.logs.get(&room.room).map_or(&[][..], |log| &log.entries);
            if room.entries != disk {
                let what = format!("room {}: {}", room.room, first_difference(&room.entries, disk));
                self.violated(Rule::WireIsDisk, what);
            }
        }
    }

    /// What a client sent and what it was told of it.
    fn record(&mut self, person: &Testimony) {
        let mut sent: HashMap<EntryId, (RoomId, Vec<&Body>)> = HashMap::new();
        let mut order: Vec<EntryId> = Vec::new();
        let (mut kept, mut acknowledged, mut refused) = (HashSet::new(), HashSet::new(), HashSet::new());
        for line in person.lives.iter().flatten() {
            match line {
                Line::Sent { room, id, body } => {
                    // The same id may be sent again, with another body even: one of them stands.
                    let (_, bodies) = sent.entry(*id).or_insert_with(|| {
                        order.push(*id);
                        (*room, Vec::new())
                    });
                    bodies.push(body);
                }
                Line::Kept { id } => drop(kept.insert(*id)),
                Line::Acknowledged { id, at } => {
                    acknowledged.insert(*id);
                    let stands = self
                        .standing
                        .get(id)
                        .map(|standing| (standing.room, standing.entry.seq));
                    let told = at.map(|place| (place.room, place.seq));
                    let is_of_this_history =
                        at.is_some_and(|place| self.logs.get(&place.room).is_some_and(|log| log.epoch == place.epoch));
                    if stands.is_none() && (!self.evidence.restored || is_of_this_history) {
                        let what = format!("{id} was shown to {} as sent, and is not in the log", person.name);
                        self.violated(Rule::AcknowledgedIsInHistory, what);
                    } else if let (Some(stands), Some(told)) = (stands, told)
                        && stands != told
                        && is_of_this_history
                    {
                        let what = format!(
                            "{id} was shown to {} at {told:?}, and stands at {stands:?}",
                            person.name
                        );
                        self.violated(Rule::OneOrderForAll, what);
                    }
                }
                Line::Refused { id, .. } => drop(refused.insert(*id)),
                Line::Opened { .. } | Line::Shown { .. } | Line::Reset { .. } => {}
            }
        }
        for id in refused.iter().filter(|id| !acknowledged.contains(*id)) {
            // Of a post whose id is taken the other body stands.
            let own = sent.get(id).zip(self.standing.get(id));
            if own.is_some_and(|((_, bodies), standing)| bodies.contains(&&standing.entry.body)) {
                let what = format!("{id} was refused to {}, and stands", person.name);
                self.violated(Rule::RefusedIsNotInHistory, what);
            }
        }
        if person.is_whole && !self.evidence.restored {
            for id in kept
                .iter()
                .filter(|id| !acknowledged.contains(*id) && !refused.contains(*id))
            {
                let what = format!(
                    "{id} was taken by {}'s client, and nothing was heard of it",
                    person.name
                );
                self.violated(Rule::NothingIsForgotten, what);
            }
        }
        self.bodies(person, &sent);
        self.order(person, &order);
    }

    fn bodies(&mut self, person: &Testimony, sent: &HashMap<EntryId, (RoomId, Vec<&Body>)>) {
        for (id, (room, bodies)) in sent {
            let Some(standing) = self.standing.get(id) else {
                continue;
            };
            if !is_of(person, standing.entry) {
                // Somebody else's post stands under that id.
                continue;
            }
            let entry = standing.entry;
            let stands_in = standing.room;
            let mut bodies_that_fit = bodies.iter();
            let same = bodies_that_fit
                .any(|body| entry.body == **body || (entry.body == Body::Wiped && self.may_be_wiped(*id, body)));
            if stands_in != *room || !same {
                let what = format!(
                    "{id} was sent by {} as {bodies:?}, and stands as {:?}",
                    person.name, entry.body
                );
                self.violated(Rule::BodiesUnaltered, what);
            }
        }
    }

    fn may_be_wiped(&self, id: EntryId, body: &Body) -> bool {
        match body {
            Body::Message { .. } => self.wiped.contains(&id),
            Body::Edit { of, .. } => self.wiped.contains(of),
            _ => false,
        }
    }

    /// The log, seen from the device: its posts in the order in which it was handed them.
    fn order(&mut self, person: &Testimony, sent: &[EntryId]) {
        let mut highest: BTreeMap<RoomId, (Seq, EntryId)> = BTreeMap::new();
        let mut broken = Vec::new();
        for id in sent {
            let Some(Standing { room, entry }) = self.standing.get(id) else {
                continue;
            };
            if !is_of(person, entry) {
                continue;
            }
            if let Some((seq, ahead)) = highest.get(room)
                && *seq > entry.seq
            {
                let name = &person.name;
                broken.push(format!(
                    "{name} sent {ahead} ahead of {id}, and they stand at {seq} and {}",
                    entry.seq
                ));
            }
            let top = highest.entry(*room).or_insert((entry.seq, *id));
            if entry.seq > top.0 {
                *top = (entry.seq, *id);
            }
        }
        for what in broken {
            self.violated(Rule::OrderOfTheDevice, what);
        }
    }

    /// Everything that was ever shown stands where it was shown.
    fn shown(&mut self, person: &Testimony) {
        let mut wrong = Vec::new();
        for line in person.lives.iter().flatten() {
            let Line::Shown { room, epoch, entries } = line else {
                continue;
            };
            let log = self.logs.get(room).filter(|log| log.epoch == *epoch);
            let Some(log) = log else {
                if !self.evidence.restored {
                    wrong.push(format!(
                        "room {room}, epoch {epoch}, was shown to {}, and is none",
                        person.name
                    ));
                }
                continue;
            };
            for entry in entries {
                let stands = entry.seq.0.checked_sub(1).and_then(|at| usize::try_from(at).ok());
                let stands = stands.and_then(|at| log.entries.get(at));
                let same = stands.is_some_and(|stands| self.is_same(entry, stands));
                if !same {
                    wrong.push(format!(
                        "{} was shown {entry:?}, and there stands {stands:?}",
                        person.name
                    ));
                }
            }
        }
        for what in wrong {
            self.violated(Rule::OneOrderForAll, what);
        }
    }

    /// Whether two views of a place are of the same entry; one of them may be from before its deletion.
    fn is_same(&self, shown: &Entry, stands: &Entry) -> bool {
        let wiped = stands.body == Body::Wiped && self.may_be_wiped(stands.id, &shown.body);
        let as_it_stands = Entry {
            body: if wiped { Body::Wiped } else { shown.body.clone() },
            ..shown.clone()
        };
        as_it_stands == *stands
    }

    /// What a client shows and holds in the end.
    fn ends(&mut self, person: &Testimony) {
        let mut wrong = Vec::new();
        if let Some(view) = &person.view {
            wrong.extend(
                view.contradictions
                    .iter()
                    .map(|what| format!("{}: {what}", person.name)),
            );
            for room in &view.rooms {
                let log = self.logs.get(&room.room).map_or(&[][..], |log| &log.entries);
                let same = room.entries.len() == log.len()
                    && room
                        .entries
                        .iter()
                        .zip(log)
                        .all(|(shown, stands)| self.is_same(shown, stands));
                if !same {
                    let difference = first_difference(&room.entries, log);
                    wrong.push(format!("{} shows room {} as {difference}", person.name, room.room));
                }
            }
            if !view.waiting.is_empty() {
                wrong.push(format!("{}: posts still wait: {:?}", person.name, view.waiting));
            }
        }
        for replica in person.replica.iter().flatten() {
            let log = self.logs.get(&replica.room).filter(|log| log.epoch == replica.epoch);
            let Some(log) = log else {
                wrong.push(format!(
                    "{} holds another history of room {}",
                    person.name, replica.room
                ));
                continue;
            };
            let from = log.entries.len().saturating_sub(replica.entries.len());
            if replica.entries != log.entries[from..] {
                let difference = first_difference(&replica.entries, &log.entries[from..]);
                wrong.push(format!("{} holds room {} as {difference}", person.name, replica.room));
            }
        }
        for what in wrong {
            self.violated(Rule::InStep, what);
        }
    }

    /// Every post in the log was sent by somebody whose record there is.
    fn origin(&mut self) {
        let mut sent: HashSet<EntryId> = HashSet::new();
        let mut known: HashSet<(&MemberId, DeviceId)> = HashSet::new();
        for line in self.evidence.people.iter().flat_map(|person| &person.lives).flatten() {
            match line {
                Line::Sent { id, .. } => drop(sent.insert(*id)),
                Line::Opened { me, device } => drop(known.insert((me, *device))),
                _ => {}
            }
        }
        let mut strange = Vec::new();
        for entry in self.evidence.logs.iter().flat_map(|log| &log.entries) {
            // What only the server writes has an id of the server's making.
            let by_a_client = entry.body.check().is_ok() || entry.body == Body::Wiped;
            if by_a_client && known.contains(&(&entry.author, entry.device)) && !sent.contains(&entry.id) {
                strange.push(format!("{} at {} was sent by nobody", entry.id, entry.seq));
            }
        }
        for what in strange {
            self.violated(Rule::NothingFromNowhere, what);
        }
    }
}

fn is_of(person: &Testimony, entry: &Entry) -> bool {
    person.lives.iter().flatten().any(|line| match line {
        Line::Opened { me, device } => *me == entry.author && *device == entry.device,
        _ => false,
    })
}

fn first_difference(one: &[Entry], other: &[Entry]) -> String {
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    match differs {
        Some((one, other)) => format!("{one:?}, where {other:?} stands"),
        None => format!("{} entries, of {}", one.len(), other.len()),
    }
}

#[cfg(test)]
mod tests;
