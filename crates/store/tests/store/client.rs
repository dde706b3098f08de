//! A client's data folder, and a room of three whose pages it stores.

use ichat_protocol::{EntryId, Page, RoomId};
use ichat_store::{OutboxRow, ReplicaChange, Store, StoreError};
use tempfile::TempDir;

use crate::fixture::{Fixture, Person, message, seqs, whole_log};

/// A client that stores pages of the fixture's room.
pub(crate) struct Client {
    pub(crate) store: Store,
    pub(crate) dir: TempDir,
    room: RoomId,
}

impl Client {
    pub(crate) async fn of(fixture: &Fixture) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(dir.path()).await.unwrap(),
            dir,
            room: fixture.room,
        }
    }

    /// Stores a range of the room's log, as a page has it.
    pub(crate) async fn stores(
        &self,
        fixture: &Fixture,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<(), StoreError> {
        let page = fixture.page(Some(range.end() + 1), Some(range.start() - 1), 200).await;
        assert_eq!(seqs(&page.entries), range.collect::<Vec<_>>());
        self.store.save(vec![entries(page)]).await
    }

    pub(crate) async fn stored(&self) -> Vec<u64> {
        seqs(&whole_log(&self.store, self.room).await)
    }

    pub(crate) async fn range(&self) -> (u64, u64) {
        let state = self.store.persisted_state().await.unwrap();
        let room = state.rooms.into_iter().find(|room| room.room.id == self.room).unwrap();
        (room.first.0, room.last.0)
    }

    pub(crate) async fn outbox(&self) -> Vec<OutboxRow> {
        self.store.persisted_state().await.unwrap().outbox
    }

    pub(crate) async fn reopened(mut self) -> Self {
        self.store.close().await;
        self.store = Store::open(self.dir.path()).await.unwrap();
        self
    }
}

pub(crate) fn entries(page: Page) -> ReplicaChange {
    ReplicaChange::AddEntries {
        room: page.room,
        epoch: page.head.epoch,
        entries: page.entries,
    }
}

pub(crate) fn post(fixture: &Fixture, text: &str) -> OutboxRow {
    OutboxRow {
        id: EntryId::fresh(),
        room: fixture.room,
        body: message(text),
        written_at: 77,
        error: None,
        sent: false,
    }
}

/// Creates a room of three members, with `created`, three `joined` and the messages 5 to 20.
pub(crate) async fn room_of_three() -> (Fixture, Person, Person) {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob, &Person::called("carol")]).await;
    for n in 5..=20 {
        fixture.says(&alice, &format!("message {n}")).await;
    }
    (fixture, alice, bob)
}

#[track_caller]
pub(crate) fn assert_out_of_sync(saved: &Result<(), StoreError>) {
    assert!(matches!(saved, Err(StoreError::OutOfSync(_))), "{saved:?}");
}
