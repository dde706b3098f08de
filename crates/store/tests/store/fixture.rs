//! A store with one room, and the people who talk in it; its folder after a crash, a change from outside, and a check.

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use ichat_protocol::{Body, DeviceId, Entry, EntryId, MemberId, Name, Page, RoomId, RoomSummary, Seq};
use ichat_store::{CheckReport, MaintenanceError, NewEntry, Outcome, SearchQuery, Store, check};
use tempfile::TempDir;

/// A server's data folder, its store, and a room called *Office*.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) room: RoomId,
    pub(crate) dir: TempDir,
}

/// A person with one device.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: MemberId,
    pub(crate) name: Name,
    pub(crate) device: DeviceId,
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Returns a `member_renamed` as the server passes it to the store, which adds the name until then.
pub(crate) fn renamed(to: &str) -> Body {
    Body::MemberRenamed {
        name: name(to),
        from: None,
    }
}

pub(crate) fn message(text: &str) -> Body {
    Body::Message {
        text: text.into(),
        reply_to: None,
        mentions: Vec::new(),
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

    pub(crate) fn posts(&self, room: RoomId, body: Body) -> NewEntry {
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
        self.posts(room, Body::Joined { name })
    }

    pub(crate) fn says(&self, room: RoomId, text: &str) -> NewEntry {
        self.posts(room, message(text))
    }
}

/// Returns the entry of an outcome that must be `Committed`.
#[track_caller]
pub(crate) fn committed(outcome: Outcome) -> Entry {
    match outcome {
        Outcome::Committed(entry) => entry,
        other => panic!("not committed: {other:?}"),
    }
}

impl Fixture {
    /// Creates a data folder and a room with these members.
    pub(crate) async fn with(people: &[&Person]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_server(dir.path(), &name("Lobby")).await.unwrap();
        let fixture = Self {
            store,
            room: RoomId::fresh(),
            dir,
        };
        let host = Person::called("host");
        fixture.open_room(&host, fixture.room, "Office").await;
        for person in people {
            fixture.commit(person.joins(fixture.room)).await;
        }
        fixture
    }

    pub(crate) async fn open_room(&self, host: &Person, room: RoomId, called: &str) -> Entry {
        self.commit(host.posts(room, Body::Created { name: name(called) }))
            .await
    }

    pub(crate) async fn try_commit(&self, new: NewEntry) -> Outcome {
        let mut outcomes = self.store.commit(vec![new]).await.unwrap();
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    pub(crate) async fn commit(&self, new: NewEntry) -> Entry {
        committed(self.try_commit(new).await)
    }

    pub(crate) async fn says(&self, who: &Person, text: &str) -> Entry {
        self.commit(who.says(self.room, text)).await
    }

    pub(crate) async fn edits(&self, who: &Person, of: &Entry, text: &str) -> Entry {
        let text = text.into();
        self.commit(who.posts(
            self.room,
            Body::Edit {
                of: of.id,
                text,
                mentions: Vec::new(),
            },
        ))
        .await
    }

    pub(crate) async fn deletes(&self, who: &Person, of: &Entry) -> Entry {
        self.commit(who.posts(self.room, Body::Delete { of: of.id })).await
    }

    pub(crate) async fn reacts(&self, who: &Person, to: &Entry, emoji: &str, on: bool) -> Entry {
        let body = Body::React {
            to: to.id,
            emoji: emoji.into(),
            on,
        };
        self.commit(who.posts(self.room, body)).await
    }

    pub(crate) async fn log(&self) -> Vec<Entry> {
        whole_log(&self.store, self.room).await
    }

    pub(crate) async fn page(&self, before: Option<u64>, after: Option<u64>, limit: u32) -> Page {
        let page = self.store.page(self.room, before.map(Seq), after.map(Seq), limit);
        page.await.unwrap().unwrap()
    }

    /// Returns the room as a person sees it.
    pub(crate) async fn sees(&self, who: &Person) -> RoomSummary {
        self.store.room(self.room, &who.id).await.unwrap().unwrap()
    }

    /// Returns the texts that a search in all rooms finds.
    pub(crate) async fn finds(&self, text: &str) -> Vec<String> {
        found(&self.store, text).await
    }

    /// Closes the store and opens the folder again.
    pub(crate) async fn reopened(mut self) -> Self {
        self.store.close().await;
        self.store = Store::open_server(self.dir.path(), &name("Lobby")).await.unwrap();
        self
    }

    /// Returns whether a file of the folder has the text.
    pub(crate) fn has_on_disk(&self, text: &str) -> bool {
        let files = fs::read_dir(self.dir.path()).unwrap();
        files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .any(|content| content.windows(text.len()).any(|window| window == text.as_bytes()))
    }
}

/// Creates a room with a little of everything, in which the person returned is a member.
pub(crate) async fn busy_room() -> (Fixture, Person) {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    let first = fixture.says(&alice, "the first thing").await;
    let second = fixture.says(&bob, "said in haste").await;
    fixture.edits(&alice, &first, "the very first thing").await;
    fixture.edits(&bob, &second, "said in great haste").await;
    fixture.reacts(&alice, &second, "👍", true).await;
    fixture.deletes(&bob, &second).await;
    let regretted = bob.says(fixture.room, "said and deleted in one batch");
    let deleted = bob.posts(fixture.room, Body::Delete { of: regretted.id });
    fixture.store.commit(vec![regretted, deleted]).await.unwrap();
    fixture.commit(bob.posts(fixture.room, renamed("Robert"))).await;
    fixture.commit(bob.posts(fixture.room, Body::Left)).await;
    let topic = Body::Topic { text: "things".into() };
    fixture.commit(alice.posts(fixture.room, topic)).await;
    (fixture, alice)
}

/// Creates the same room with 300 messages.
pub(crate) async fn long_room() -> (Fixture, Person) {
    let (fixture, alice) = busy_room().await;
    let batch = (0..300).map(|n| alice.says(fixture.room, &format!("message {n}")));
    fixture.store.commit(batch.collect()).await.unwrap();
    (fixture, alice)
}

/// Copies the folder as a killed process leaves it: the newest entries are in the write-ahead log only.
pub(crate) fn as_killed(fixture: &Fixture) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["ichat.db", "ichat.db-wal", "commit-watermark"] {
        fs::copy(fixture.dir.path().join(file), dir.path().join(file)).unwrap();
    }
    dir
}

/// Changes the tables of a closed folder behind the store's back.
pub(crate) fn tamper(dir: &Path, sql: &str) {
    let file = rusqlite::Connection::open(dir.join("ichat.db")).unwrap();
    file.execute_batch(sql).unwrap();
    file.close().unwrap();
}

/// Returns the report of a check, after asserting that it has no problems.
#[track_caller]
pub(crate) fn sound(path: &Path) -> CheckReport {
    let report = check(path, &mut |_| {}).unwrap();
    assert_eq!(report.problems, [] as [&str; 0]);
    report
}

/// Returns the problems that a check finds, after asserting that there are some.
#[track_caller]
pub(crate) fn problems_of(path: &Path) -> String {
    let report = check(path, &mut |_| {}).unwrap();
    assert_ne!(report.problems.len(), 0);
    report.problems.join("\n")
}

/// Returns the error's text, after asserting that it is one sentence.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T, MaintenanceError>) -> String {
    let text = result.unwrap_err().to_string();
    assert!(text.ends_with('.') && !text.contains('\n'), "{text}");
    text
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
    let query = SearchQuery {
        text: text.into(),
        limit: 50,
        ..SearchQuery::default()
    };
    let hits = store.search(query).await.unwrap();
    hits.into_iter().map(|hit| hit.text).collect()
}

/// Returns the text of a message or an edit, and for other entries what they are.
pub(crate) fn text_of(entry: &Entry) -> String {
    match entry.body.message_text() {
        Some(text) => text.to_owned(),
        None => format!("{:?}", entry.body),
    }
}

pub(crate) fn texts(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(text_of).collect()
}

pub(crate) fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq.0).collect()
}
