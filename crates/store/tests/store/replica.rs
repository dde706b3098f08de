//! A client's data folder: a range of each room's log, the server's descriptions, and posts that are not sent yet.
//!
//! - ranges that adjoin or overlap become one; others are refused with their whole batch
//! - the current text is found in whichever order the pages come
//! - a message that was deleted meanwhile is wiped
//! - the outbox keeps its order and errors, and loses a post when its entry arrives
//! - a reset drops the room's entries
//! - rooms, members and unread counts are the server's, and follow the entries that come later

use ichat_protocol::{Body, Entry, EntryId, Epoch, ErrorCode, Head, Member, Page, RoomId, RoomSummary, Seq, WireError};
use ichat_store::{OutboxRow, ReplicaChange, Store, StoreError};
use tempfile::TempDir;

use crate::fixture::{Fixture, Person, found, message, name, seqs, text_of, whole_log};

/// A client that stores pages of the fixture's room.
struct Client {
    store: Store,
    dir: TempDir,
    room: RoomId,
}

impl Client {
    async fn of(fixture: &Fixture) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(dir.path()).await.unwrap(),
            dir,
            room: fixture.room,
        }
    }

    /// Stores a range of the room's log, as a page has it.
    async fn stores(&self, fixture: &Fixture, range: std::ops::RangeInclusive<u64>) -> Result<(), StoreError> {
        let page = fixture.page(Some(range.end() + 1), Some(range.start() - 1), 200).await;
        assert_eq!(seqs(&page.entries), range.collect::<Vec<_>>());
        self.store.save(vec![entries(page)]).await
    }

    async fn stored(&self) -> Vec<u64> {
        seqs(&whole_log(&self.store, self.room).await)
    }

    async fn range(&self) -> (u64, u64) {
        let restored = self.store.persisted_state().await.unwrap();
        let room = restored
            .rooms
            .into_iter()
            .find(|room| room.room.id == self.room)
            .unwrap();
        (room.first.0, room.last.0)
    }

    async fn outbox(&self) -> Vec<OutboxRow> {
        self.store.persisted_state().await.unwrap().outbox
    }

    async fn reopened(mut self) -> Self {
        self.store.close().await;
        self.store = Store::open(self.dir.path()).await.unwrap();
        self
    }
}

fn entries(page: Page) -> ReplicaChange {
    ReplicaChange::Entries {
        room: page.room,
        epoch: page.head.epoch,
        entries: page.entries,
    }
}

fn post(fixture: &Fixture, text: &str) -> OutboxRow {
    OutboxRow {
        id: EntryId::fresh(),
        room: fixture.room,
        body: message(text),
        written: 77,
        failed: None,
    }
}

/// Creates a room of three members, with `created`, three `joined` and the messages 5 to 20.
async fn room_of_three() -> (Fixture, Person, Person) {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob, &Person::called("carol")]).await;
    for n in 5..=20 {
        fixture.says(&alice, &format!("message {n}")).await;
    }
    (fixture, alice, bob)
}

#[track_caller]
fn assert_out_of_sync(saved: &Result<(), StoreError>) {
    assert!(matches!(saved, Err(StoreError::OutOfSync(_))), "{saved:?}");
}

#[tokio::test]
async fn ranges_that_adjoin_or_overlap_become_one() {
    let (fixture, ..) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 10..=12).await.unwrap();
    client.stores(&fixture, 13..=14).await.unwrap();
    client.stores(&fixture, 8..=9).await.unwrap();
    client.stores(&fixture, 11..=13).await.unwrap();
    client.stores(&fixture, 14..=16).await.unwrap();
    client.stores(&fixture, 6..=10).await.unwrap();
    client.stores(&fixture, 5..=17).await.unwrap();
    let client = client.reopened().await;
    assert_eq!(client.stored().await, (5..=17).collect::<Vec<_>>());
    assert_eq!(client.range().await, (5, 17));
    let stored = client.store.page(fixture.room, None, None, 200).await.unwrap().unwrap();
    assert_eq!(stored.entries, fixture.page(Some(18), Some(4), 200).await.entries);
    // A replica has nothing below its range.
    let below = client
        .store
        .page(fixture.room, Some(Seq(5)), None, 200)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(below.entries, []);
}

#[tokio::test]
async fn entries_out_of_sync_are_refused_with_their_whole_batch() {
    let (fixture, alice, _) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 10..=12).await.unwrap();
    let page = fixture.page(Some(13), Some(9), 200).await;
    let epoch = page.head.epoch;
    let change = |epoch: Epoch, entries: Vec<Entry>| ReplicaChange::Entries {
        room: fixture.room,
        epoch,
        entries,
    };
    let at = |seq: u64, of: &Entry| Entry {
        seq: Seq(seq),
        ..of.clone()
    };
    let stranger = Entry {
        id: EntryId::fresh(),
        ..page.entries[1].clone()
    };

    assert_out_of_sync(&client.stores(&fixture, 14..=16).await);
    assert_out_of_sync(&client.stores(&fixture, 5..=8).await);
    let cases = [
        // Of another history.
        change(Epoch::fresh(), fixture.page(Some(14), Some(12), 9).await.entries),
        // With a gap.
        change(epoch, vec![at(13, &stranger), at(15, &stranger)]),
        // Another entry at a stored position.
        change(epoch, vec![stranger.clone()]),
        // An entry that is stored at another position.
        change(epoch, vec![at(13, &page.entries[0])]),
        // At impossible positions.
        change(epoch, vec![at(0, &stranger)]),
        change(epoch, vec![at(u64::MAX, &stranger)]),
    ];
    for case in cases {
        let waiting = post(&fixture, "waits");
        assert_out_of_sync(&client.store.save(vec![ReplicaChange::Outbox(waiting), case]).await);
        assert_eq!(client.outbox().await, [], "a part of the batch was saved");
        assert_eq!(client.stored().await, [10, 11, 12]);
    }
    assert_eq!(fixture.log().await.last().unwrap().author, alice.id);
    client.stores(&fixture, 13..=13).await.unwrap();
}

#[tokio::test]
async fn the_current_text_is_found_in_whichever_order_the_pages_come() {
    let (fixture, alice, bob) = room_of_three().await;
    let log = fixture.log().await;
    let (edited, deleted, twice) = (&log[5], &log[6], &log[7]);
    fixture.edits(&alice, edited, "edited once").await;
    fixture.edits(&alice, twice, "early version").await;
    fixture.edits(&alice, edited, "edited finally").await;
    fixture.edits(&alice, twice, "late version").await;
    fixture.reacts(&bob, edited, "👍", true).await;
    // This page is from before the deletion, and still has the text. The deletion arrives before or after it.
    let before = fixture.page(Some(9), Some(4), 200).await;
    let edit_of_deleted = fixture.edits(&alice, deleted, "still secret").await;
    let middle = fixture.page(None, Some(8), 200).await;
    fixture.deletes(&alice, deleted).await;
    let end = fixture
        .page(None, Some(middle.entries.last().unwrap().seq.0), 200)
        .await;

    let orders: [&[usize]; 4] = [&[0, 1, 2], &[1, 0, 2], &[1, 2, 0], &[2, 1, 0]];
    for order in orders {
        let client = Client::of(&fixture).await;
        let pages = [&before, &middle, &end];
        for part in order {
            client.store.save(vec![entries(pages[*part].clone())]).await.unwrap();
        }
        let finds = async |text: &str| found(&client.store, text).await;
        assert_eq!(finds("edited").await, ["edited finally"], "{order:?}");
        assert_eq!(finds("version").await, ["late version"], "{order:?}");
        assert_eq!(finds("secret").await.len(), 0, "{order:?}");
        assert_eq!(finds("message 7").await.len(), 0, "{order:?}");
        assert_eq!(finds("message 9").await, ["message 9"], "{order:?}");
        let stored = whole_log(&client.store, fixture.room).await;
        let expected: Vec<Entry> = fixture.log().await.split_off(4);
        assert_eq!(stored, expected, "{order:?}");
        let wiped = stored.iter().filter(|e| e.body == Body::Wiped).map(|e| e.id);
        assert_eq!(wiped.collect::<Vec<_>>(), [deleted.id, edit_of_deleted.id], "{order:?}");
    }
}

#[tokio::test]
async fn an_older_page_does_not_bring_an_early_edit_back() {
    let (fixture, alice, _) = room_of_three().await;
    let log = fixture.log().await;
    fixture.edits(&alice, &log[19], "early version").await;
    let last = fixture.edits(&alice, &log[19], "late version").await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, last.seq.0..=last.seq.0).await.unwrap();
    client.stores(&fixture, 18..=last.seq.0 - 1).await.unwrap();
    assert_eq!(found(&client.store, "version").await, ["late version"]);
    assert_eq!(found(&client.store, "early").await.len(), 0);
}

#[tokio::test]
async fn a_message_that_was_deleted_meanwhile_is_wiped() {
    let (fixture, alice, _) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 5..=20).await.unwrap();
    let log = fixture.log().await;
    fixture.deletes(&alice, &log[9]).await;
    client.stores(&fixture, 9..=12).await.unwrap();
    assert_eq!(found(&client.store, "message 10").await.len(), 0);
    let page = client
        .store
        .page(fixture.room, Some(Seq(11)), None, 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(page.entries[0].body, Body::Wiped);
}

#[tokio::test]
async fn what_amends_a_page_from_beyond_is_stored_when_the_range_gets_there() {
    let (fixture, alice, _) = room_of_three().await;
    let log = fixture.log().await;
    fixture.edits(&alice, &log[10], "changed").await;
    let client = Client::of(&fixture).await;
    let page = fixture.page(Some(14), Some(8), 200).await;
    assert_eq!(page.later.len(), 1);
    client.store.save(vec![entries(page)]).await.unwrap();
    assert_eq!(client.range().await, (9, 13));
    assert_eq!(client.stored().await, (9..=13).collect::<Vec<_>>());
    client.stores(&fixture, 14..=21).await.unwrap();
    assert_eq!(found(&client.store, "changed").await, ["changed"]);
}

#[tokio::test]
async fn the_outbox_keeps_its_order_and_errors() {
    let (fixture, ..) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let [one, mut two, three] = ["one", "two", "three"].map(|text| post(&fixture, text));
    let reason = WireError::new(ErrorCode::TooLarge, "A message has at most so many bytes.");
    let changes = vec![
        ReplicaChange::Outbox(one.clone()),
        ReplicaChange::Outbox(two.clone()),
        ReplicaChange::Outbox(three.clone()),
        ReplicaChange::OutboxState {
            id: two.id,
            failed: Some(reason.clone()),
        },
    ];
    client.store.save(changes).await.unwrap();
    let client = client.reopened().await;
    two.failed = Some(reason);
    assert_eq!(client.outbox().await, [one.clone(), two.clone(), three.clone()]);
    let changes = vec![
        ReplicaChange::OutboxState {
            id: two.id,
            failed: None,
        },
        ReplicaChange::Discarded { id: one.id },
        // Does not bring a removed post back.
        ReplicaChange::OutboxState {
            id: one.id,
            failed: None,
        },
        // Replaces the post where it is.
        ReplicaChange::Outbox(two.clone()),
    ];
    client.store.save(changes).await.unwrap();
    assert_eq!(client.outbox().await, [two, three]);
}

#[tokio::test]
async fn a_post_leaves_the_outbox_when_its_entry_is_stored() {
    let (fixture, alice, _) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 5..=20).await.unwrap();
    let [one, two] = ["one", "two"].map(|text| post(&fixture, text));
    let put = [&one, &two].map(|row| ReplicaChange::Outbox(row.clone())).to_vec();
    client.store.save(put).await.unwrap();
    let mut post = alice.says(fixture.room, "one");
    post.id = one.id;
    let entry = fixture.commit(post).await;
    client.stores(&fixture, 21..=21).await.unwrap();
    assert_eq!(client.outbox().await, std::slice::from_ref(&two));
    // A late repetition of the command does not bring it back.
    client.store.save(vec![ReplicaChange::Outbox(one)]).await.unwrap();
    assert_eq!(client.outbox().await, [two]);
    assert_eq!(client.stored().await.last(), Some(&entry.seq.0));
}

#[tokio::test]
async fn a_reset_drops_the_entries_and_starts_another_history() {
    let (fixture, ..) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 5..=20).await.unwrap();
    let waiting = post(&fixture, "waits");
    let epoch = Epoch::fresh();
    let changes = vec![
        ReplicaChange::Outbox(waiting.clone()),
        ReplicaChange::Reset {
            room: fixture.room,
            epoch,
        },
    ];
    client.store.save(changes).await.unwrap();
    assert_eq!(client.range().await, (0, 0));
    assert_eq!(client.stored().await, [0; 0]);
    assert_eq!(found(&client.store, "message").await.len(), 0);
    assert_eq!(
        client.outbox().await,
        [waiting],
        "a waiting post is sent to the new history"
    );
    // The new history has the same entries, and the range starts at another one.
    let page = fixture.page(None, None, 4).await;
    let change = ReplicaChange::Entries {
        room: fixture.room,
        epoch,
        entries: page.entries,
    };
    client.store.save(vec![change]).await.unwrap();
    let client = client.reopened().await;
    assert_eq!(client.range().await, (17, 20));
    assert_eq!(client.store.persisted_state().await.unwrap().rooms[0].epoch, epoch);
    assert_eq!(found(&client.store, "message").await.len(), 4);
}

#[tokio::test]
async fn rooms_and_members_are_as_the_server_described_them() {
    let (fixture, _, bob) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let summary = fixture.sees(&bob).await;
    let members = fixture.store.members(fixture.room).await.unwrap();
    let changes = vec![
        ReplicaChange::Room(summary.clone()),
        ReplicaChange::Members {
            room: fixture.room,
            members: members.clone(),
        },
    ];
    client.store.save(changes).await.unwrap();
    let client = client.reopened().await;
    let restored = client.store.persisted_state().await.unwrap();
    assert_eq!(restored.rooms.len(), 1);
    assert_eq!(restored.rooms[0].room, summary);
    assert_eq!(restored.rooms[0].epoch, summary.head.epoch);
    assert_eq!(
        (restored.rooms[0].first, restored.rooms[0].last),
        (Seq::ZERO, Seq::ZERO)
    );
    assert_eq!(client.store.members(fixture.room).await.unwrap(), members);
    assert_eq!(client.store.rooms(&bob.id).await.unwrap(), [summary]);
}

#[tokio::test]
async fn later_entries_change_the_room_and_earlier_ones_do_not() {
    let (fixture, alice, bob) = room_of_three().await;
    fixture
        .commit(alice.posts(fixture.room, Body::RoomRenamed { name: name("Old name") }))
        .await;
    fixture
        .commit(alice.posts(fixture.room, Body::RoomRenamed { name: name("Studio") }))
        .await;
    let client = Client::of(&fixture).await;
    let summary = fixture.sees(&bob).await;
    let members = fixture.store.members(fixture.room).await.unwrap();
    let room = fixture.room;
    let changes = vec![
        ReplicaChange::Room(summary.clone()),
        ReplicaChange::Members { room, members },
    ];
    client.store.save(changes).await.unwrap();
    client.stores(&fixture, 22..=22).await.unwrap();
    client.stores(&fixture, 15..=21).await.unwrap();
    client.stores(&fixture, 1..=14).await.unwrap();
    assert_eq!(client.store.persisted_state().await.unwrap().rooms[0].room, summary);

    fixture
        .commit(alice.posts(room, Body::Topic { text: "new".into() }))
        .await;
    let dave = Person::called("dave");
    fixture.commit(dave.joins(room)).await;
    fixture.commit(alice.posts(room, Body::Left)).await;
    let last = fixture
        .commit(bob.posts(room, Body::MemberRenamed { name: name("Bob") }))
        .await;
    client.stores(&fixture, 23..=last.seq.0).await.unwrap();
    let seen = client.store.room(room, &bob.id).await.unwrap().unwrap();
    assert_eq!((seen.topic.as_str(), seen.members, seen.head.seq), ("new", 3, last.seq));
    let sorted = |mut members: Vec<Member>| {
        members.sort_by(|a, b| a.id.cmp(&b.id));
        members
    };
    let here = sorted(client.store.members(room).await.unwrap());
    assert_eq!(here, sorted(fixture.store.members(room).await.unwrap()));
}

#[tokio::test]
async fn the_unread_count_follows_later_entries_and_the_read_marker() {
    let (fixture, alice, bob) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let room = fixture.room;
    // Bob has read up to 10, as the server knows. The client has the entries from 15 on.
    fixture.store.set_read(room, &bob.id, Seq(10)).await.unwrap();
    client
        .store
        .save(vec![ReplicaChange::Room(fixture.sees(&bob).await)])
        .await
        .unwrap();
    client.stores(&fixture, 15..=20).await.unwrap();
    let unread = async || client.store.room(room, &bob.id).await.unwrap().unwrap().unread;
    assert_eq!(unread().await, 10);
    // Later messages add to the server's count, but for one's own.
    fixture.says(&alice, "21").await;
    fixture.says(&bob, "22").await;
    client.stores(&fixture, 21..=22).await.unwrap();
    assert_eq!(unread().await, 11);
    client.stores(&fixture, 10..=14).await.unwrap();
    assert_eq!(unread().await, 11);
    for (read, expected) in [(20, 1), (22, 0), (15, 6), (10, 11)] {
        client
            .store
            .save(vec![ReplicaChange::Read { room, seq: Seq(read) }])
            .await
            .unwrap();
        assert_eq!(unread().await, expected, "read {read}");
        fixture.store.set_read(room, &bob.id, Seq(read)).await.unwrap();
        assert_eq!(fixture.sees(&bob).await.unread, expected, "read {read}");
    }
    let restored = client.store.persisted_state().await.unwrap();
    assert_eq!(restored.rooms[0].room.read, Seq(10));
}

#[tokio::test]
async fn a_moved_read_marker_replaces_the_servers_count() {
    let (fixture, _, bob) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let room = fixture.room;
    fixture.store.set_read(room, &bob.id, Seq(10)).await.unwrap();
    let room_change = ReplicaChange::Room(fixture.sees(&bob).await);
    client.store.save(vec![room_change]).await.unwrap();
    // Not up to the head, so that the stored entries alone don't give the count.
    client.stores(&fixture, 15..=18).await.unwrap();
    for (read, expected) in [(10, 10), (17, 1), (20, 0)] {
        let change = ReplicaChange::Read { room, seq: Seq(read) };
        client.store.save(vec![change]).await.unwrap();
        let seen = client.store.room(room, &bob.id).await.unwrap().unwrap();
        assert_eq!((seen.read, seen.unread), (Seq(read), expected));
    }
}

#[tokio::test]
async fn entries_of_a_room_without_a_description_are_stored() {
    let (fixture, ..) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 10..=20).await.unwrap();
    let restored = client.store.persisted_state().await.unwrap();
    let RoomSummary { id, name, head, .. } = restored.rooms[0].room.clone();
    assert_eq!((id, name.to_string()), (fixture.room, fixture.room.to_string()));
    let expected = Head {
        epoch: fixture.page(None, None, 1).await.head.epoch,
        seq: Seq(20),
    };
    assert_eq!(head, expected);
    let members = ReplicaChange::Members {
        room: RoomId::fresh(),
        members: Vec::new(),
    };
    assert_out_of_sync(&client.store.save(vec![members]).await);
    assert_eq!(text_of(&whole_log(&client.store, fixture.room).await[0]), "message 10");
}
