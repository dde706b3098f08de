//! Edits and reactions as their result.
//!
//! - a message that was edited, and reacted to and not, very often comes with the last edit and what is shown, also after a
//!   rebuild and in a replica that has its entries from the end
//! - a page is shorter where its messages have very many reactions, and the pages have everything
//! - what amends a message within the page, or one message alone, makes no page shorter
//! - a person can react to a message in 20 ways, and a message has 500 reactions; who takes one back can add another

use std::collections::BTreeMap;

use ichat_protocol::limits::{MAX_OWN_REACTIONS, MAX_REACTIONS};
use ichat_protocol::{Body, Entry, EntryId, MemberId, Page};
use ichat_store::{NewEntry, Outcome};

use crate::client::Client;
use crate::fixture::{Fixture, Person, seqs, sound};

const EMOJI: [&str; 24] = [
    "👍", "👎", "😀", "😁", "😂", "😃", "😄", "😅", "😆", "😇", "😈", "😉", "😊", "😋", "😌", "😍", "😎", "😏", "😐",
    "😑", "😒", "😓", "😔", "😕",
];

fn reaction(who: &Person, fixture: &Fixture, to: &Entry, emoji: &str, on: bool) -> NewEntry {
    let emoji = emoji.to_owned();
    who.posts(fixture.room, Body::React { to: to.id, emoji, on })
}

/// Returns the reactions that a page shows, by message, emoji and person.
fn shown(page: &Page) -> BTreeMap<(EntryId, String, MemberId), bool> {
    let entries = page.entries.iter().chain(&page.later);
    let reactions = entries.filter_map(|entry| match &entry.body {
        Body::React { to, emoji, on } => Some(((*to, emoji.clone(), entry.author.clone()), *on)),
        _ => None,
    });
    let mut last: BTreeMap<_, _> = reactions.collect();
    last.retain(|_, on| *on);
    last
}

#[tokio::test]
async fn what_was_changed_very_often_comes_as_its_result() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    let message = fixture.says(&alice, "first").await;
    let early = fixture.reacts(&bob, &message, "👎", true).await;
    for _ in 0..10 {
        let toggles = (0..200).map(|n| reaction(&bob, &fixture, &message, "👍", n % 2 == 0));
        fixture.store.commit(toggles.collect()).await.unwrap();
        fixture.edits(&alice, &message, "again").await;
    }
    let removed = fixture.reacts(&bob, &message, "👎", false).await;
    let kept = fixture.reacts(&alice, &message, "🎉", true).await;
    let edit = fixture.edits(&alice, &message, "last").await;
    let expected = [&removed, &kept, &edit].map(|entry| entry.seq.0);
    let page = fixture.page(Some(early.seq.0 + 1), None, 200).await;
    assert_eq!(seqs(&page.later), expected);
    assert_eq!(shown(&page).len(), 1);
    let message_alone = fixture.page(Some(early.seq.0), None, 1).await;
    assert_eq!(seqs(&message_alone.later), expected[1..], "a removal of nothing");

    // A replica, which has the newest entries first.
    let client = Client::of(&fixture).await;
    let last = edit.seq.0;
    for start in (1..=last).rev().step_by(150) {
        let first = start.saturating_sub(149).max(1);
        client.stores(&fixture, first..=start).await.unwrap();
    }
    let (before, room) = (Some(early.seq.next()), fixture.room);
    let replica = client.store.page(room, before, None, 200).await.unwrap().unwrap();
    assert_eq!(
        (replica.entries, replica.later),
        (page.entries.clone(), page.later.clone())
    );
    client.store.close().await;
    sound(client.dir.path());

    fixture.deletes(&alice, &message).await;
    let deleted = fixture.page(Some(early.seq.0 + 1), None, 200).await;
    assert_eq!(deleted.later, []);
    fixture.store.close().await;
    sound(fixture.dir.path());
}

#[tokio::test]
async fn a_page_is_shorter_where_messages_have_very_many_reactions() {
    let people: Vec<_> = (0..25).map(|n| Person::called(&format!("p{n}"))).collect();
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    let first = fixture.log().await.len() as u64;
    let mut messages = Vec::new();
    for n in 0..6 {
        messages.push(fixture.says(&people[0], &n.to_string()).await);
    }
    let end = messages.last().unwrap().seq.0;
    for message in &messages {
        let all = people
            .iter()
            .flat_map(|who| EMOJI[..20].iter().map(move |emoji| (who, *emoji)));
        let reactions = all.map(|(who, emoji)| reaction(who, &fixture, message, emoji, true));
        let outcomes = fixture.store.commit(reactions.collect()).await.unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Committed(_))));
    }
    let size = |page: &Page| serde_json::to_string(page).unwrap().len();
    let mut after = first;
    let mut pages = Vec::new();
    while after < end {
        let page = fixture.page(Some(end + 1), Some(after), 200).await;
        after = page.entries.last().unwrap().seq.0;
        pages.push(page);
    }
    let mut before = end + 1;
    while before > first + 1 {
        let page = fixture.page(Some(before), None, 200).await;
        before = page.entries.first().unwrap().seq.0;
        assert!(size(&page) < 512 * 1024, "{} bytes", size(&page));
    }
    assert!(pages.len() > 1 && pages.iter().all(|page| size(page) < 512 * 1024));
    assert_eq!(
        pages.iter().map(|page| shown(page).len()).sum::<usize>(),
        6 * MAX_REACTIONS as usize
    );
}

#[tokio::test]
async fn amendments_within_a_page_make_it_no_shorter() {
    let people: Vec<_> = (0..25).map(|n| Person::called(&format!("p{n}"))).collect();
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    let first = fixture.log().await.len() as u64;
    for n in 0..10 {
        fixture.says(&people[0], &n.to_string()).await;
    }
    let popular = fixture.says(&people[0], "popular").await;
    let all = people
        .iter()
        .flat_map(|who| EMOJI[..20].iter().map(move |emoji| (who, *emoji)));
    let reactions = all.map(|(who, emoji)| reaction(who, &fixture, &popular, emoji, true));
    fixture.store.commit(reactions.collect()).await.unwrap();
    let long = fixture.says(&people[0], "long").await;
    for _ in 0..20 {
        let edited = fixture.says(&people[0], "short").await;
        fixture.edits(&people[0], &edited, &"x".repeat(16_000)).await;
    }
    let end = popular.seq.0;
    let all_reactions = MAX_REACTIONS as usize;
    // The message that has them is the last, the first, or in the middle, and they are beyond the page.
    let page = fixture.page(Some(end + 1), None, 200).await;
    assert_eq!((page.entries.len() as u64, shown(&page).len()), (end, all_reactions));
    let page = fixture.page(None, Some(end - 1), 200).await;
    assert_eq!((page.entries.len(), shown(&page).len()), (200, all_reactions));
    let page = fixture.page(None, Some(first), 200).await;
    assert_eq!((page.entries.len(), shown(&page).len()), (200, all_reactions));
    // Nothing of what the page has itself is beyond it.
    let page = fixture.page(None, Some(long.seq.0), 200).await;
    assert_eq!((page.entries.len(), page.later.len()), (40, 0));
    let page = fixture.page(None, None, 41).await;
    assert_eq!((page.entries.len(), page.later.len()), (41, 0));
}

#[tokio::test]
async fn a_message_has_a_limited_number_of_reactions() {
    let people: Vec<_> = (0..26).map(|n| Person::called(&format!("p{n}"))).collect();
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    let message = fixture.says(&people[0], "hi").await;
    let tries =
        async |who: &Person, emoji: &str, on| fixture.try_commit(reaction(who, &fixture, &message, emoji, on)).await;
    for emoji in &EMOJI[..MAX_OWN_REACTIONS as usize] {
        fixture.reacts(&people[0], &message, emoji, true).await;
    }
    assert_eq!(tries(&people[0], EMOJI[20], true).await, Outcome::TooManyOwnReactions);
    fixture.reacts(&people[0], &message, EMOJI[3], true).await;
    fixture.reacts(&people[0], &message, EMOJI[3], false).await;
    fixture.reacts(&people[0], &message, EMOJI[20], true).await;
    for who in &people[1..25] {
        for emoji in &EMOJI[..20] {
            fixture.reacts(who, &message, emoji, true).await;
        }
    }
    assert_eq!(tries(&people[25], "👍", true).await, Outcome::TooManyReactions);
    fixture.reacts(&people[25], &message, "👍", false).await;
    fixture.reacts(&people[1], &message, EMOJI[0], false).await;
    fixture.reacts(&people[25], &message, "👍", true).await;
    // Another message has reactions of its own.
    let other = fixture.says(&people[0], "again").await;
    fixture.reacts(&people[0], &other, "👍", true).await;
}
