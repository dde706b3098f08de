//! Ranges of a log.
//!
//! - ranges by `before`, `after`, both and none
//! - a page has at most 200 entries, all of one room
//! - a page comes with what amends it from beyond

use ichat_protocol::{Body, RoomId};

use crate::fixture::{Fixture, Person, seqs, texts};

/// Creates a room with 10 entries: `created`, `joined`, and the messages 3 to 10.
async fn ten_entries() -> Fixture {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    for n in 3..=10 {
        fixture.says(&alice, &n.to_string()).await;
    }
    fixture
}

/// `before`, `after`, `limit`, and the expected positions.
type Case<'a> = (Option<u64>, Option<u64>, u32, &'a [u64]);

#[tokio::test]
async fn a_range_has_the_entries_that_were_asked_for() {
    let fixture = ten_entries().await;
    let all: Vec<u64> = (1..=10).collect();
    let cases: &[Case] = &[
        (None, None, 3, &[8, 9, 10]),
        (None, None, 200, &all),
        (Some(8), None, 3, &[5, 6, 7]),
        (Some(3), None, 5, &[1, 2]),
        (Some(1), None, 5, &[]),
        (Some(0), None, 5, &[]),
        (Some(99), None, 2, &[9, 10]),
        (Some(u64::MAX), None, 2, &[9, 10]),
        (None, Some(0), 3, &[1, 2, 3]),
        (None, Some(7), 2, &[8, 9]),
        (None, Some(10), 2, &[]),
        (None, Some(99), 2, &[]),
        (None, Some(u64::MAX), 2, &[]),
        (Some(6), Some(2), 2, &[3, 4]),
        (Some(6), Some(2), 200, &[3, 4, 5]),
        (Some(3), Some(2), 200, &[]),
        (Some(2), Some(6), 200, &[]),
        // At least one entry, at most a page.
        (None, None, 0, &[10]),
        (None, Some(0), u32::MAX, &all),
    ];
    for (before, after, limit, expected) in cases {
        let page = fixture.page(*before, *after, *limit).await;
        assert_eq!(
            seqs(&page.entries),
            *expected,
            "before {before:?} after {after:?} limit {limit}"
        );
        assert_eq!(page.head.seq.0, 10);
        assert_eq!(page.room, fixture.room);
        assert_eq!(Some(page.head), fixture.store.head(fixture.room).await.unwrap());
    }
}

#[tokio::test]
async fn a_page_has_at_most_200_entries() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let batch = (0..300).map(|_| alice.says(fixture.room, "x")).collect();
    fixture.store.commit(batch).await.unwrap();
    assert_eq!(fixture.page(None, None, 5_000).await.entries.len(), 200);
    assert_eq!(fixture.page(None, Some(0), 201).await.entries.len(), 200);
}

#[tokio::test]
async fn a_page_has_entries_of_one_room_only() {
    let alice = Person::called("alice");
    let fixture = ten_entries().await;
    let next = RoomId::fresh();
    fixture.open_room(&alice, next, "Next").await;
    assert_eq!(seqs(&fixture.page(None, Some(8), 200).await.entries), [9, 10]);
    let page = fixture.store.page(next, None, None, 200).await.unwrap().unwrap();
    assert_eq!(seqs(&page.entries), [1]);
    assert_eq!(fixture.store.page(RoomId::fresh(), None, None, 9).await.unwrap(), None);
    assert_eq!(fixture.store.head(RoomId::fresh()).await.unwrap(), None);
    let (here, there) = (fixture.store.head(fixture.room), fixture.store.head(next));
    let (here, there) = (here.await.unwrap().unwrap(), there.await.unwrap().unwrap());
    assert_eq!((here.seq.0, there.seq.0), (10, 1));
    assert_ne!(here.epoch, there.epoch);
}

#[tokio::test]
async fn a_page_comes_with_what_amends_it_from_beyond() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    let first = fixture.says(&alice, "first").await;
    let second = fixture.says(&alice, "second").await;
    // In the page: a reaction that is removed beyond it.
    fixture.reacts(&bob, &first, "🎉", true).await;
    let end = fixture.reacts(&bob, &second, "👀", true).await;

    fixture.edits(&alice, &first, "1").await;
    let edit = fixture.edits(&alice, &first, "1st").await;
    let removed = fixture.reacts(&bob, &first, "🎉", false).await;
    let added = fixture.reacts(&alice, &first, "👍", true).await;
    fixture.reacts(&bob, &second, "👍", true).await;
    fixture.reacts(&bob, &second, "👍", false).await;
    let third = fixture.says(&alice, "third").await;
    fixture.edits(&alice, &third, "3rd").await;

    let page = fixture.page(Some(end.seq.0 + 1), None, 200).await;
    assert_eq!(texts(&page.entries[3..5]), ["first", "second"]);
    assert_eq!(page.later, [edit, removed, added]);
    // There is nothing beyond the newest page, and no page has amendments of messages that it has not.
    assert_eq!(fixture.page(None, None, 200).await.later, []);
    assert_eq!(fixture.page(Some(3), None, 200).await.later, []);
    // A page that ends between two edits comes with the later one.
    let page = fixture.page(None, Some(first.seq.0 - 1), 5).await;
    assert!(matches!(page.entries[4].body, Body::Edit { .. }));
    assert_eq!(texts(&page.later[..1]), ["1st"]);
    // Nothing amends a deleted message.
    fixture.deletes(&alice, &first).await;
    let page = fixture.page(Some(end.seq.0 + 1), None, 200).await;
    assert_eq!(page.entries[3].body, Body::Wiped);
    assert_eq!(page.later, []);
}
