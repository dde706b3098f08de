//! The names of members: those whom a text mentions, and those of authors.

use std::collections::BTreeSet;
use std::time::Duration;

use ichat_client::session::{Command, Update};
use ichat_protocol::limits::{MAX_MENTIONS, MAX_NAME_CHARS};
use ichat_protocol::{ClientEventKind, Entry, Member, RoomId, WireError};

use super::CliSession;
use super::rooms::{browse, listed_rooms};

/// The words after an `@` that are looked for as the beginning of a name.
const MAX_NAME_WORDS: usize = 3;
/// The names that are looked for at once. The session repeats no more requests after a busy server's refusals.
const NAMES_BATCH: usize = 32;
/// The time to wait for the names of members before entries are printed without them.
const NAMES_TIMEOUT: Duration = Duration::from_secs(2);

impl CliSession {
    /// Returns the members of a room who may be mentioned in a text: those whose names begin like what follows an `@`.
    pub(crate) async fn mentionable(&mut self, room: RoomId, text: &str) -> Result<&[Member], WireError> {
        let finds = beginnings_of_names(text)
            .into_iter()
            .map(|beginning| Command::FindMembers {
                room,
                query: beginning.to_owned(),
            });
        for finds in finds.collect::<Vec<_>>().chunks(NAMES_BATCH) {
            // The server answers in order, so the answer to this follows those.
            let commands: Vec<_> = finds.iter().cloned().chain([browse(None, None)]).collect();
            let found = self.request(&commands, (ClientEventKind::Rooms, None), |update| {
                listed_rooms(None, None, update)
            });
            found.await??;
        }
        Ok(self.members.get(&room).map_or(&[], Vec::as_slice))
    }

    /// Waits for the names of the authors of entries, where the session doesn't have all members of the room.
    pub(crate) async fn wait_for_names(&mut self, room: RoomId, entries: &[Entry]) -> Result<(), WireError> {
        let is_named = |entry: &Entry| self.names.contains_key(&entry.author);
        if !self.partly_known.contains(&room) || entries.iter().all(is_named) {
            return Ok(());
        }
        let is_answer =
            |update: &Update| matches!(update, Update::Members { room: of, .. } if *of == room).then_some(());
        match tokio::time::timeout(NAMES_TIMEOUT, self.wait_for(is_answer)).await {
            Ok(answered) => answered,
            // Without the names, the entries are printed with parts of the authors' keys.
            Err(_) => Ok(()),
        }
    }
}

/// Returns the beginnings of the names that a text may mention: the first words that follow each `@`.
fn beginnings_of_names(text: &str) -> BTreeSet<&str> {
    let names = text.split('@').skip(1).take(MAX_MENTIONS);
    let beginnings = names.flat_map(|name| {
        let first = name.chars().next().filter(|c| !c.is_alphanumeric());
        let word_ends = name.char_indices().zip(name.chars().skip(1).map(Some).chain([None]));
        let word_ends = word_ends.filter_map(|((at, c), next)| {
            let is_end = c.is_alphanumeric() && !next.is_some_and(char::is_alphanumeric);
            is_end.then_some(at + c.len_utf8())
        });
        // A name may begin with an emoji.
        let ends = first
            .map(char::len_utf8)
            .into_iter()
            .chain(word_ends.take(MAX_NAME_WORDS));
        ends.map(|end| &name[..end]).collect::<Vec<_>>()
    });
    beginnings
        .filter(|beginning| beginning.chars().count() <= MAX_NAME_CHARS && !beginning.trim().is_empty())
        .collect()
}
