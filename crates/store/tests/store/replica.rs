//! A client's folder: ranges of the rooms that it has seen, and what it has not sent yet.

use ichat_protocol::{Body, Entry, EntryId, Epoch, ErrorCode, Head, Member, Page, RoomId, RoomSummary, Seq, WireError};
use ichat_store::{OutboxRow, ReplicaChange, Store, StoreError};
use tempfile::TempDir;

use crate::fixture::{Fixture, Person, found, message, name, seqs, text_of, whole_log};

/// A client of an fixture, that takes pages from it.
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

    /// Takes a range of the fixture's log, as a page of it.
    async fn takes(&self, fixture: &Fixture, range: std::ops::RangeInclusive<u64>) -> Result<(), StoreError> {
        let page = fixture.page(Some(range.end() + 1), Some(range.start() - 1), 200).await;
        assert_eq!(seqs(&page.entries), range.collect::<Vec<_>>());
        self.store.save(vec![entries(page)]).await
    }

    async fn holds(&self) -> Vec<u64> {
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

fn waiting(fixture: &Fixture, text: &str) -> OutboxRow {
    OutboxRow {
        id: EntryId::fresh(),
        room: fixture.room,
        body: message(text),
        written: 77,
        failed: None,
    }
}

/// An fixture of three, with `created`, three `joined` and the messages 5 to 20.
async fn fixture() -> (Fixture, Person, Person) {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob, &Person::called("carol")]).await;
    for n in 5..=20 {
        fixture.says(&alice, &format!("message {n}")).await;
    }
    (fixture, alice, bob)
}

#[track_caller]
fn assert_misfit(saved: &Result<(), StoreError>) {
    assert!(matches!(saved, Err(StoreError::OutOfSync(_))), "{saved:?}");
}

#[tokio::test]
async fn ranges_that_adjoin_or_overlap_grow_together() {
    let (fixture, ..) = fixture().await;
    let client = Client::of(&fixture).await;
    client.takes(&fixture, 10..=12).await.unwrap();
    client.takes(&fixture, 13..=14).await.unwrap();
    client.takes(&fixture, 8..=9).await.unwrap();
    client.takes(&fixture, 11..=13).await.unwrap();
    client.takes(&fixture, 14..=16).await.unwrap();
    client.takes(&fixture, 6..=10).await.unwrap();
    client.takes(&fixture, 5..=17).await.unwrap();
    let client = client.reopened().await;
    assert_eq!(client.holds().await, (5..=17).collect::<Vec<_>>());
    assert_eq!(client.range().await, (5, 17));
    let held = client.store.page(fixture.room, None, None, 200).await.unwrap().unwrap();
    assert_eq!(held.entries, fixture.page(Some(18), Some(4), 200).await.entries);
    // Below what is held, a replica has nothing.
    let below = client
        .store
        .page(fixture.room, Some(Seq(5)), None, 200)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(below.entries, []);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_whole_batch() {
    let (fixture, alice, _) = fixture().await;
    let client = Client::of(&fixture).await;
    client.takes(&fixture, 10..=12).await.unwrap();
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

    assert_misfit(&client.takes(&fixture, 14..=16).await);
    assert_misfit(&client.takes(&fixture, 5..=8).await);
    let cases = [
        // Another history.
        change(Epoch::fresh(), fixture.page(Some(14), Some(12), 9).await.entries),
        // A gap within.
        change(epoch, vec![at(13, &stranger), at(15, &stranger)]),
        // Another entry at a place that is held.
        change(epoch, vec![stranger.clone()]),
        // An entry that is held at another place.
        change(epoch, vec![at(13, &page.entries[0])]),
        // No places that there are.
        change(epoch, vec![at(0, &stranger)]),
        change(epoch, vec![at(u64::MAX, &stranger)]),
    ];
    for case in cases {
        let post = waiting(&fixture, "waits");
        assert_misfit(&client.store.save(vec![ReplicaChange::Outbox(post), case]).await);
        assert_eq!(client.outbox().await, [], "the batch was refused as a whole");
        assert_eq!(client.holds().await, [10, 11, 12]);
    }
    assert_eq!(fixture.log().await.last().unwrap().author, alice.id);
    client.takes(&fixture, 13..=13).await.unwrap();
}

#[tokio::test]
async fn the_current_text_is_found_in_whichever_order_the_pages_come() {
    let (fixture, alice, bob) = fixture().await;
    let log = fixture.log().await;
    let (edited, doomed, twice) = (&log[5], &log[6], &log[7]);
    fixture.edits(&alice, edited, "edited once").await;
    fixture.edits(&alice, twice, "early version").await;
    fixture.edits(&alice, edited, "edited finally").await;
    fixture.edits(&alice, twice, "late version").await;
    fixture.reacts(&bob, edited, "👍", true).await;
    // A client that asked before the deletion has the text; the deletion comes to it later, or came before.
    let before = fixture.page(Some(9), Some(4), 200).await;
    let edit_of_doomed = fixture.edits(&alice, doomed, "still secret").await;
    let middle = fixture.page(None, Some(8), 200).await;
    fixture.deletes(&alice, doomed).await;
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
        let held = whole_log(&client.store, fixture.room).await;
        let told: Vec<Entry> = fixture.log().await.split_off(4);
        assert_eq!(held, told, "{order:?}");
        let wiped = held.iter().filter(|e| e.body == Body::Wiped).map(|e| e.id);
        assert_eq!(wiped.collect::<Vec<_>>(), [doomed.id, edit_of_doomed.id], "{order:?}");
    }
}

#[tokio::test]
async fn an_older_page_with_an_early_edit_does_not_bring_it_back() {
    let (fixture, alice, _) = fixture().await;
    let log = fixture.log().await;
    fixture.edits(&alice, &log[19], "early version").await;
    let last = fixture.edits(&alice, &log[19], "late version").await;
    let client = Client::of(&fixture).await;
    client.takes(&fixture, last.seq.0..=last.seq.0).await.unwrap();
    client.takes(&fixture, 18..=last.seq.0 - 1).await.unwrap();
    assert_eq!(found(&client.store, "version").await, ["late version"]);
    assert_eq!(found(&client.store, "early").await.len(), 0);
}

#[tokio::test]
async fn an_entry_that_was_wiped_since_is_wiped_here() {
    let (fixture, alice, _) = fixture().await;
    let client = Client::of(&fixture).await;
    client.takes(&fixture, 5..=20).await.unwrap();
    let log = fixture.log().await;
    fixture.deletes(&alice, &log[9]).await;
    client.takes(&fixture, 9..=12).await.unwrap();
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
async fn later_entries_of_a_page_leave_no_gap() {
    let (fixture, alice, _) = fixture().await;
    let log = fixture.log().await;
    fixture.edits(&alice, &log[10], "changed").await;
    let client = Client::of(&fixture).await;
    let page = fixture.page(Some(14), Some(8), 200).await;
    assert_eq!(page.later.len(), 1);
    client.store.save(vec![entries(page)]).await.unwrap();
    assert_eq!(client.range().await, (9, 13));
    assert_eq!(client.holds().await, (9..=13).collect::<Vec<_>>());
    client.takes(&fixture, 14..=21).await.unwrap();
    assert_eq!(found(&client.store, "changed").await, ["changed"]);
}

#[tokio::test]
async fn the_outbox_keeps_order_and_states_and_survives() {
    let (fixture, ..) = fixture().await;
    let client = Client::of(&fixture).await;
    let [one, mut two, three] = ["one", "two", "three"].map(|text| waiting(&fixture, text));
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
        // Of a post that is no longer there nothing comes back.
        ReplicaChange::OutboxState {
            id: one.id,
            failed: None,
        },
        // Once more is no second post, and keeps its place.
        ReplicaChange::Outbox(two.clone()),
    ];
    client.store.save(changes).await.unwrap();
    assert_eq!(client.outbox().await, [two, three]);
}

#[tokio::test]
async fn a_post_leaves_the_outbox_with_the_entry_that_acknowledges_it() {
    let (fixture, alice, _) = fixture().await;
    let client = Client::of(&fixture).await;
    client.takes(&fixture, 5..=20).await.unwrap();
    let [one, two] = ["one", "two"].map(|text| waiting(&fixture, text));
    let put = [&one, &two].map(|row| ReplicaChange::Outbox(row.clone())).to_vec();
    client.store.save(put).await.unwrap();
    let mut post = alice.says(fixture.room, "one");
    post.id = one.id;
    let entry = fixture.commit(post).await;
    client.takes(&fixture, 21..=21).await.unwrap();
    assert_eq!(client.outbox().await, std::slice::from_ref(&two));
    // A late repetition of the command does not put it back.
    client.store.save(vec![ReplicaChange::Outbox(one)]).await.unwrap();
    assert_eq!(client.outbox().await, [two]);
    assert_eq!(client.holds().await.last(), Some(&entry.seq.0));
}

#[tokio::test]
async fn reset_drops_what_is_held_and_begins_another_history() {
    let (fixture, ..) = fixture().await;
    let client = Client::of(&fixture).await;
    client.takes(&fixture, 5..=20).await.unwrap();
    let post = waiting(&fixture, "waits");
    let epoch = Epoch::fresh();
    let changes = vec![
        ReplicaChange::Outbox(post.clone()),
        ReplicaChange::Reset {
            room: fixture.room,
            epoch,
        },
    ];
    client.store.save(changes).await.unwrap();
    assert_eq!(client.range().await, (0, 0));
    assert_eq!(client.holds().await, [0; 0]);
    assert_eq!(found(&client.store, "message").await.len(), 0);
    assert_eq!(
        client.outbox().await,
        [post],
        "what is not sent yet is sent to the new history"
    );
    // The same entries come again in the new history, from another place on.
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
async fn rooms_and_members_are_as_the_server_told_them() {
    let (fixture, _, bob) = fixture().await;
    let client = Client::of(&fixture).await;
    let told = fixture.sees(&bob).await;
    let members = fixture.store.members(fixture.room).await.unwrap();
    let changes = vec![
        ReplicaChange::Room(told.clone()),
        ReplicaChange::Members {
            room: fixture.room,
            members: members.clone(),
        },
    ];
    client.store.save(changes).await.unwrap();
    let client = client.reopened().await;
    let restored = client.store.persisted_state().await.unwrap();
    assert_eq!(restored.rooms.len(), 1);
    assert_eq!(restored.rooms[0].room, told);
    assert_eq!(restored.rooms[0].epoch, told.head.epoch);
    assert_eq!(
        (restored.rooms[0].first, restored.rooms[0].last),
        (Seq::ZERO, Seq::ZERO)
    );
    assert_eq!(client.store.members(fixture.room).await.unwrap(), members);
    assert_eq!(client.store.rooms(&bob.id).await.unwrap(), [told]);
}

#[tokio::test]
async fn news_change_the_room_and_history_does_not() {
    let (fixture, alice, bob) = fixture().await;
    fixture
        .commit(alice.posts(fixture.room, Body::RoomRenamed { name: name("Old name") }))
        .await;
    fixture
        .commit(alice.posts(fixture.room, Body::RoomRenamed { name: name("Studio") }))
        .await;
    let client = Client::of(&fixture).await;
    let told = fixture.sees(&bob).await;
    let members = fixture.store.members(fixture.room).await.unwrap();
    let room = fixture.room;
    let changes = vec![
        ReplicaChange::Room(told.clone()),
        ReplicaChange::Members { room, members },
    ];
    client.store.save(changes).await.unwrap();
    client.takes(&fixture, 22..=22).await.unwrap();
    client.takes(&fixture, 15..=21).await.unwrap();
    client.takes(&fixture, 1..=14).await.unwrap();
    assert_eq!(client.store.persisted_state().await.unwrap().rooms[0].room, told);

    fixture
        .commit(alice.posts(room, Body::Topic { text: "new".into() }))
        .await;
    let dave = Person::called("dave");
    fixture.commit(dave.joins(room)).await;
    fixture.commit(alice.posts(room, Body::Left)).await;
    let last = fixture
        .commit(bob.posts(room, Body::MemberRenamed { name: name("Bob") }))
        .await;
    client.takes(&fixture, 23..=last.seq.0).await.unwrap();
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
async fn unread_follows_what_was_saved() {
    let (fixture, alice, bob) = fixture().await;
    let client = Client::of(&fixture).await;
    let room = fixture.room;
    // Bob has read up to 10 and is told so; the client holds from 15 on.
    fixture.store.set_read(room, &bob.id, Seq(10)).await.unwrap();
    client
        .store
        .save(vec![ReplicaChange::Room(fixture.sees(&bob).await)])
        .await
        .unwrap();
    client.takes(&fixture, 15..=20).await.unwrap();
    let unread = async || client.store.room(room, &bob.id).await.unwrap().unwrap().unread;
    assert_eq!(unread().await, 10);
    // What comes adds to what the server counted; one's own doesn't.
    fixture.says(&alice, "21").await;
    fixture.says(&bob, "22").await;
    client.takes(&fixture, 21..=22).await.unwrap();
    assert_eq!(unread().await, 11);
    client.takes(&fixture, 10..=14).await.unwrap();
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
async fn a_marker_that_moves_ends_what_the_server_counted() {
    let (fixture, _, bob) = fixture().await;
    let client = Client::of(&fixture).await;
    let room = fixture.room;
    fixture.store.set_read(room, &bob.id, Seq(10)).await.unwrap();
    let told = ReplicaChange::Room(fixture.sees(&bob).await);
    client.store.save(vec![told]).await.unwrap();
    // Not up to the head, so that the log that is held can't say it all.
    client.takes(&fixture, 15..=18).await.unwrap();
    for (read, expected) in [(10, 10), (17, 1), (20, 0)] {
        let change = ReplicaChange::Read { room, seq: Seq(read) };
        client.store.save(vec![change]).await.unwrap();
        let seen = client.store.room(room, &bob.id).await.unwrap().unwrap();
        assert_eq!((seen.read, seen.unread), (Seq(read), expected));
    }
}

#[tokio::test]
async fn entries_of_a_room_that_was_never_told_are_kept() {
    let (fixture, ..) = fixture().await;
    let client = Client::of(&fixture).await;
    client.takes(&fixture, 10..=20).await.unwrap();
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
    assert_misfit(&client.store.save(vec![members]).await);
    assert_eq!(text_of(&whole_log(&client.store, fixture.room).await[0]), "message 10");
}
