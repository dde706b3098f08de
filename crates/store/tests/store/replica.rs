//! A client's data folder: a range of each room's log, and posts that are not sent yet.
//!
//! - ranges that adjoin or overlap become one; others are refused with their whole batch
//! - the current text is found in whichever order the pages come
//! - a message that was deleted meanwhile is wiped
//! - the outbox keeps its order and what is known of each post, and loses a post when its entry arrives
//! - a reset drops the room's entries
//! - an entry with an impossible time can be read

use ichat_protocol::{Body, Entry, EntryId, Epoch, ErrorCode, Seq, WireError};
use ichat_store::ReplicaChange;

use crate::client::{Client, assert_out_of_sync, entries, post, room_of_three};
use crate::fixture::{found, whole_log};

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
    let change = |epoch: Epoch, entries: Vec<Entry>| ReplicaChange::AddEntries {
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
        assert_out_of_sync(&client.store.save(vec![ReplicaChange::AddPost(waiting), case]).await);
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
async fn the_outbox_keeps_its_order_and_what_is_known_of_each_post() {
    let (fixture, ..) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let [one, mut two, three] = ["one", "two", "three"].map(|text| post(&fixture, text));
    let reason = WireError::new(ErrorCode::TooLarge, "A message has at most so many bytes.");
    let changes = [&one, &two, &three].map(|post| ReplicaChange::AddPost(post.clone()));
    client.store.save(changes.into()).await.unwrap();
    two.error = Some(reason);
    client
        .store
        .save(vec![ReplicaChange::AddPost(two.clone())])
        .await
        .unwrap();
    let client = client.reopened().await;
    assert_eq!(client.outbox().await, [one.clone(), two.clone(), three.clone()]);
    (two.error, two.sent) = (None, true);
    let changes = vec![
        ReplicaChange::RemovePost { id: one.id },
        // Replaces the post where it is.
        ReplicaChange::AddPost(two.clone()),
    ];
    client.store.save(changes).await.unwrap();
    let client = client.reopened().await;
    assert_eq!(client.outbox().await, [two, three]);
}

#[tokio::test]
async fn a_post_leaves_the_outbox_when_its_entry_is_stored() {
    let (fixture, alice, _) = room_of_three().await;
    let client = Client::of(&fixture).await;
    client.stores(&fixture, 5..=20).await.unwrap();
    let [one, two] = ["one", "two"].map(|text| post(&fixture, text));
    let put = [&one, &two].map(|row| ReplicaChange::AddPost(row.clone())).to_vec();
    client.store.save(put).await.unwrap();
    let mut post = alice.says(fixture.room, "one");
    post.id = one.id;
    let entry = fixture.commit(post).await;
    client.stores(&fixture, 21..=21).await.unwrap();
    assert_eq!(client.outbox().await, std::slice::from_ref(&two));
    // A late repetition of the command does not bring it back.
    client.store.save(vec![ReplicaChange::AddPost(one)]).await.unwrap();
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
        ReplicaChange::AddPost(waiting.clone()),
        ReplicaChange::ResetRoom {
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
    let change = ReplicaChange::AddEntries {
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
async fn an_entry_with_an_impossible_time_can_be_read() {
    let (fixture, ..) = room_of_three().await;
    let client = Client::of(&fixture).await;
    let mut page = fixture.page(None, Some(19), 200).await;
    page.entries[0].at = u64::MAX;
    client.store.save(vec![entries(page)]).await.unwrap();
    assert_eq!(client.stored().await, [20]);
}
