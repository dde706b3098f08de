//! The naive model: a list of entries, and what a person would compute from it by hand.

use std::collections::{BTreeMap, HashMap};

use ichat_protocol::{Body, Entry, EntryId, MemberId, RoomChange, Seq};
use ichat_store::NewEntry;

use crate::fixture::{name, text_of};

/// The log as a list; everything else is computed from it.
#[derive(Default)]
pub(super) struct Model {
    pub(super) log: Vec<Entry>,
    first_bodies: HashMap<EntryId, Body>,
    /// The read markers of the members.
    pub(super) read: BTreeMap<MemberId, u64>,
}

impl Model {
    /// Takes over an entry that was there before the model.
    pub(super) fn start_with(&mut self, entry: Entry) {
        self.first_bodies.insert(entry.id, entry.body.clone());
        self.log.push(entry);
    }

    pub(super) fn member_name(&self, who: &MemberId) -> Option<String> {
        let mut called = None;
        for entry in self.log.iter().filter(|e| e.author == *who) {
            match entry.body.room_change() {
                Some(RoomChange::Join(name) | RoomChange::RenameMember(name)) => called = Some(name.to_string()),
                Some(RoomChange::Leave) => called = None,
                Some(RoomChange::Name(_) | RoomChange::Topic(_)) | None => {}
            }
        }
        called
    }

    /// Returns the date of an entry that is written now: that of the entry before, if the clock was set back by a minute at most.
    fn date(&self, now: u64) -> u64 {
        match self.log.last() {
            Some(last) if now < last.at && last.at - now <= 60_000 => last.at,
            _ => now,
        }
    }

    fn message(&self, id: EntryId) -> Option<&Entry> {
        self.log.iter().find(|e| e.id == id && is_message(e))
    }

    /// Returns a message's text after its edits.
    pub(super) fn current_text(&self, message: &Entry) -> String {
        let edits = self.log.iter().filter(|e| e.body.target() == Some(message.id));
        let edited = edits.filter_map(|e| e.body.message_text()).next_back();
        edited.map_or_else(|| text_of(message), ToOwned::to_owned)
    }

    /// Returns the outcome that the store should have, and changes the log accordingly.
    pub(super) fn append(&mut self, new: &NewEntry) -> &'static str {
        if let Some(first) = self.first_bodies.get(&new.id) {
            let same = *first == new.body && self.log.iter().any(|e| e.id == new.id && e.author == new.author);
            return if same { "duplicate" } else { "conflict" };
        }
        let called = self.member_name(&new.author);
        let joins = matches!(new.body, Body::Joined { .. });
        if called.is_none() && !joins {
            return "not joined";
        }
        if let Body::Joined { name } | Body::MemberRenamed { name, .. } = &new.body
            && called.as_deref() == Some(name.as_str())
        {
            return "duplicate";
        }
        if let Some(of) = new.body.target() {
            match self.message(of) {
                None => return "unknown entry",
                Some(target) if target.author != new.author && !matches!(new.body, Body::React { .. }) => {
                    return "not yours";
                }
                Some(_) => {}
            }
        }
        let seq = Seq(self.log.len() as u64 + 1);
        if joins && called.is_none() {
            self.read.insert(new.author.clone(), seq.0);
        }
        self.first_bodies.insert(new.id, new.body.clone());
        self.log.push(Entry {
            seq,
            id: new.id,
            author: new.author.clone(),
            device: new.device,
            at: self.date(new.at),
            body: match &new.body {
                Body::MemberRenamed { name: new, .. } => Body::MemberRenamed {
                    name: new.clone(),
                    from: called.as_deref().map(name),
                },
                body => body.clone(),
            },
        });
        if let Body::Delete { of } = new.body {
            for entry in &mut self.log {
                if entry.id == of || matches!(entry.body, Body::Edit { of: edited, .. } if edited == of) {
                    entry.body = Body::Wiped;
                }
            }
        }
        "committed"
    }

    pub(super) fn current_texts(&self, word: &str) -> Vec<String> {
        let messages = self.log.iter().rev().filter(|e| is_message(e));
        messages
            .map(|message| self.current_text(message))
            .filter(|text| text.split(' ').any(|other| other == word))
            .collect()
    }

    pub(super) fn unread(&self, who: &MemberId) -> (u64, u32) {
        if self.member_name(who).is_none() {
            return (0, 0);
        }
        let read = self.read.get(who).copied().unwrap_or(0);
        let unread = self
            .log
            .iter()
            .filter(|e| e.seq.0 > read && e.author != *who && e.body.properties().counts_as_unread)
            .count();
        (read, u32::try_from(unread).unwrap())
    }
}

pub(super) fn is_message(entry: &Entry) -> bool {
    matches!(entry.body, Body::Message { .. })
}
