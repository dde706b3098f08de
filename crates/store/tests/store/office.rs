//! A small office that talks through a store.

use ichat_protocol::{Body, DeviceId, Entry, EntryId, MemberId, Name, Page, RoomId, RoomSummary, Seq};
use ichat_store::{NewEntry, Outcome, Search, Store};
use tempfile::TempDir;

/// A server's data folder, its store and one room that everybody in [`Office::with`] is a member of.
pub(crate) struct Office {
    pub(crate) store: Store,
    pub(crate) room: RoomId,
    pub(crate) dir: TempDir,
}

/// Somebody with one device.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: MemberId,
    pub(crate) name: Name,
    pub(crate) device: DeviceId,
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn message(text: &str) -> Body {
    Body::Message {
        text: text.into(),
        reply_to: None,
    }
}

impl Person {
    pub(crate) fn called(text: &str) -> Self {
        let mut key = [0; 32];
        key[..text.len()].copy_from_slice(text.as_bytes());
        Self {
            id: MemberId::of_key(&key),
            name: name(text),
            device: DeviceId::fresh(),
        }
    }

    pub(crate) fn drafts(&self, room: RoomId, body: Body) -> NewEntry {
        NewEntry {
            room,
            id: EntryId::fresh(),
            author: self.id.clone(),
            device: self.device,
            at: 1_000,
            body,
        }
    }

    pub(crate) fn joins(&self, room: RoomId) -> NewEntry {
        let name = self.name.clone();
        self.drafts(room, Body::Joined { name })
    }

    pub(crate) fn says(&self, room: RoomId, text: &str) -> NewEntry {
        self.drafts(room, message(text))
    }
}

/// The entry of a draft that must have been committed.
#[track_caller]
pub(crate) fn committed(outcome: Outcome) -> Entry {
    match outcome {
        Outcome::Committed(entry) => entry,
        other => panic!("not committed: {other:?}"),
    }
}

impl Office {
    /// A new folder, and a room called *Office* with these members.
    pub(crate) async fn with(people: &[&Person]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_server(dir.path(), &name("Lobby")).await.unwrap();
        let office = Self {
            store,
            room: RoomId::fresh(),
            dir,
        };
        let host = Person::called("host");
        office.open_room(&host, office.room, "Office").await;
        for person in people {
            office.commit(person.joins(office.room)).await;
        }
        office
    }

    pub(crate) async fn open_room(&self, host: &Person, room: RoomId, called: &str) -> Entry {
        self.commit(host.drafts(room, Body::Created { name: name(called) }))
            .await
    }

    /// Puts one draft in, and says what became of it.
    pub(crate) async fn try_commit(&self, draft: NewEntry) -> Outcome {
        let mut outcomes = self.store.commit(vec![draft]).await.unwrap();
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    pub(crate) async fn commit(&self, draft: NewEntry) -> Entry {
        committed(self.try_commit(draft).await)
    }

    pub(crate) async fn says(&self, who: &Person, text: &str) -> Entry {
        self.commit(who.says(self.room, text)).await
    }

    pub(crate) async fn edits(&self, who: &Person, of: &Entry, text: &str) -> Entry {
        let text = text.into();
        self.commit(who.drafts(self.room, Body::Edit { of: of.id, text })).await
    }

    pub(crate) async fn deletes(&self, who: &Person, of: &Entry) -> Entry {
        self.commit(who.drafts(self.room, Body::Delete { of: of.id })).await
    }

    pub(crate) async fn reacts(&self, who: &Person, to: &Entry, emoji: &str, on: bool) -> Entry {
        let body = Body::React {
            to: to.id,
            emoji: emoji.into(),
            on,
        };
        self.commit(who.drafts(self.room, body)).await
    }

    /// The whole log of the office's room.
    pub(crate) async fn log(&self) -> Vec<Entry> {
        whole_log(&self.store, self.room).await
    }

    pub(crate) async fn page(&self, before: Option<u64>, after: Option<u64>, limit: u32) -> Page {
        let page = self.store.page(self.room, before.map(Seq), after.map(Seq), limit);
        page.await.unwrap().unwrap()
    }

    pub(crate) async fn sees(&self, who: &Person) -> RoomSummary {
        self.store.room(self.room, &who.id).await.unwrap().unwrap()
    }

    /// The texts that a search in all rooms finds.
    pub(crate) async fn finds(&self, text: &str) -> Vec<String> {
        found(&self.store, text).await
    }

    /// Closes the store and opens the folder again.
    pub(crate) async fn reopened(mut self) -> Self {
        self.store.close().await;
        self.store = Store::open_server(self.dir.path(), &name("Lobby")).await.unwrap();
        self
    }
}

pub(crate) async fn whole_log(store: &Store, room: RoomId) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    loop {
        let after = log.last().map_or(Seq::ZERO, |entry| entry.seq);
        let page = store.page(room, None, Some(after), 200).await.unwrap().unwrap();
        if page.entries.is_empty() {
            return log;
        }
        log.extend(page.entries);
    }
}

pub(crate) async fn found(store: &Store, text: &str) -> Vec<String> {
    let search = Search {
        text: text.into(),
        limit: 50,
        ..Search::default()
    };
    let hits = store.search(search).await.unwrap();
    hits.into_iter().map(|hit| text_of(&hit.entry)).collect()
}

pub(crate) fn text_of(entry: &Entry) -> String {
    match &entry.body {
        Body::Message { text, .. } | Body::Edit { text, .. } => text.clone(),
        other => format!("{other:?}"),
    }
}

pub(crate) fn texts(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(text_of).collect()
}

pub(crate) fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq.0).collect()
}
