//! Searching messages by their current text.
//!
//! - words, phrases and beginnings of words, the newest message first
//! - limits to a room, an author, a time and a number of hits
//! - short beginnings, whether many messages have them or few
//! - edits and deletions are followed; only messages are found
//! - messages that were not indexed before a crash are found
//! - messages that the index can't take, because the disk is full, are found
//! - whether the index is behind the log makes no difference
//! - any text can be searched for

use ichat_protocol::{Body, RoomId};
use ichat_store::{SearchQuery, Store};
use proptest::prelude::*;

use crate::fixture::{Fixture, Person, as_killed, found, sound, texts};

#[tokio::test]
async fn words_phrases_and_beginnings_are_found_the_newest_first() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let (car, bicycle) = ("The red car is mine", "a car that is not red");
    for text in [car, bicycle, "Grüße aus Zürich", "OR AND NOT NEAR"] {
        fixture.says(&alice, text).await;
    }
    let cases: &[(&str, &[&str])] = &[
        ("car", &[bicycle, car]),
        ("RED car", &[bicycle, car]),
        ("\"red car\"", &[car]),
        ("min", &[car]),
        ("min ", &[]),
        ("red min", &[car]),
        ("red-car", &[car]),
        ("\"not red\" ca", &[bicycle]),
        ("\"that is\" car", &[bicycle]),
        ("\"red is\"", &[]),
        ("not-r", &[bicycle]),
        ("zurich", &["Grüße aus Zürich"]),
        ("Grusse", &[]),
        ("grüsse", &[]),
        ("GRÜSSE", &[]),
        ("Gru", &["Grüße aus Zürich"]),
        ("not near", &["OR AND NOT NEAR"]),
        ("bus", &[]),
        ("", &[]),
        ("   ", &[]),
        ("😀 --", &[]),
    ];
    for (typed, expected) in cases {
        assert_eq!(fixture.finds(typed).await, *expected, "{typed:?}");
    }
    assert_eq!(fixture.reopened().await.finds("car").await.len(), 2);
}

#[tokio::test]
async fn a_search_can_be_limited_to_a_room_an_author_a_time_and_a_number() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    let elsewhere = RoomId::fresh();
    fixture.open_room(&alice, elsewhere, "Elsewhere").await;
    fixture.commit(alice.joins(elsewhere)).await;
    for (room, who, at, text) in [
        (fixture.room, &alice, 2_000, "tea one"),
        (elsewhere, &alice, 3_000, "tea two"),
        (fixture.room, &bob, 4_000, "tea three"),
    ] {
        let mut post = who.says(room, text);
        post.at = at;
        fixture.commit(post).await;
    }
    let tea = SearchQuery {
        text: "tea".into(),
        limit: 50,
        ..SearchQuery::default()
    };
    let find = async |search: SearchQuery| -> Vec<String> {
        let hits = fixture.store.search(search).await.unwrap();
        assert!(
            hits.iter()
                .all(|hit| (hit.room == elsewhere) == (hit.entry.at == 3_000))
        );
        texts(&hits.into_iter().map(|hit| hit.entry).collect::<Vec<_>>())
    };
    assert_eq!(find(tea.clone()).await, ["tea three", "tea two", "tea one"]);
    let room = Some(fixture.room);
    assert_eq!(
        find(SearchQuery { room, ..tea.clone() }).await,
        ["tea three", "tea one"]
    );
    let author = Some(alice.id.clone());
    assert_eq!(
        find(SearchQuery {
            author: author.clone(),
            ..tea.clone()
        })
        .await,
        ["tea two", "tea one"]
    );
    assert_eq!(
        find(SearchQuery {
            room,
            author,
            ..tea.clone()
        })
        .await,
        ["tea one"]
    );
    assert_eq!(
        find(SearchQuery {
            limit: 1,
            ..tea.clone()
        })
        .await,
        ["tea three"]
    );
    let between = |from, until| SearchQuery {
        from,
        until,
        ..tea.clone()
    };
    assert_eq!(find(between(Some(3_000), None)).await, ["tea three", "tea two"]);
    assert_eq!(find(between(None, Some(3_000))).await, ["tea one"]);
    assert_eq!(find(between(Some(2_001), Some(4_000))).await, ["tea two"]);
    assert_eq!(find(between(Some(4_001), None)).await.len(), 0);
    assert_eq!(find(between(Some(4_000), Some(1))).await.len(), 0);
    let author = Some(Person::called("stranger").id);
    assert_eq!(find(SearchQuery { author, ..tea.clone() }).await.len(), 0);
    let room = Some(RoomId::fresh());
    assert_eq!(find(SearchQuery { room, ..tea }).await.len(), 0);
}

#[tokio::test]
async fn a_short_beginning_finds_many_messages_or_few() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    // Four in five begin a word with "ma", one in two hundred with "zi", and the oldest of all with "qu".
    let text = |n: usize| {
        let many = if n.is_multiple_of(5) { "other" } else { "many" };
        let few = if n.is_multiple_of(200) { "zigzag" } else { "plain" };
        let oldest = if n == 0 { "question" } else { "none" };
        format!("talk {many} {few} {oldest} {n}")
    };
    fixture
        .store
        .commit((0..1_200).map(|n| alice.says(fixture.room, &text(n))).collect())
        .await
        .unwrap();
    let newest = |wanted: fn(usize) -> bool| (0..1_200).rev().filter(move |n| wanted(*n)).map(text).take(50);
    assert!(fixture.finds("talk ma").await.into_iter().eq(newest(|n| n % 5 != 0)));
    assert!(fixture.finds("talk zi").await.into_iter().eq(newest(|n| n % 200 == 0)));
    assert!(fixture.finds("talk qu").await.into_iter().eq(newest(|n| n == 0)));
    assert!(fixture.finds("plain zi").await.is_empty());
}

#[tokio::test]
async fn edits_and_deletions_are_followed() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let said = fixture.says(&alice, "meet at noon").await;
    let other = fixture.says(&alice, "noon it is").await;
    fixture.edits(&alice, &said, "meet at one").await;
    assert_eq!(fixture.finds("noon").await, ["noon it is"]);
    assert_eq!(fixture.finds("meet").await, ["meet at one"]);
    fixture.edits(&alice, &said, "meet at two").await;
    assert_eq!(fixture.finds("one").await.len(), 0);
    assert_eq!(fixture.finds("two").await, ["meet at two"]);
    fixture.deletes(&alice, &said).await;
    fixture.deletes(&alice, &other).await;
    for gone in ["meet", "noon", "two"] {
        assert_eq!(fixture.finds(gone).await.len(), 0, "{gone}");
    }
}

#[tokio::test]
async fn only_messages_are_found() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    let text = "unusual".to_owned();
    fixture.commit(alice.posts(fixture.room, Body::Topic { text })).await;
    assert_eq!(fixture.finds("unusual").await.len(), 0);
    assert_eq!(fixture.finds("alice").await.len(), 0);
}

#[tokio::test]
async fn messages_that_were_not_indexed_before_a_crash_are_found() {
    let alice = Person::called("alice");
    let fixture = Fixture::with(&[&alice]).await;
    fixture.says(&alice, "an old plum").await;
    assert_eq!(fixture.finds("plum").await, ["an old plum"]);
    fixture.says(&alice, "a new plum").await;
    let crashed = as_killed(&fixture);
    sound(crashed.path());
    let store = Store::open(crashed.path()).await.unwrap();
    assert_eq!(found(&store, "plum").await, ["a new plum", "an old plum"]);
    store.close().await;
    sound(crashed.path());
}

#[tokio::test]
async fn messages_that_the_index_can_not_take_are_found() {
    let (alice, bob) = (Person::called("alice"), Person::called("bob"));
    let fixture = Fixture::with(&[&alice, &bob]).await;
    let edited = fixture.says(&alice, "an old plum").await;
    assert_eq!(fixture.finds("plum").await, ["an old plum"]);
    fixture.store.limit_pages(Some(200)).await.unwrap();
    // The log takes all pages before the index gets its own.
    let mut texts = vec!["an old plum".to_owned()];
    loop {
        let number = texts.len();
        let words: Vec<String> = (0..300).map(|word| format!("word{number}x{word}")).collect();
        let text = format!("ripe plum {}", words.join(" "));
        if fixture.store.commit(vec![bob.says(fixture.room, &text)]).await.is_err() {
            break;
        }
        texts.push(text);
    }
    texts.reverse();
    let found = fixture.finds("plum").await;
    assert_eq!(found, texts[..texts.len().min(50)]);
    let ripe = found.iter().filter(|text| text.starts_with("ripe"));
    assert!(fixture.finds("\"ripe plum\"").await.iter().eq(ripe));
    let by_alice = SearchQuery {
        text: "plum".into(),
        author: Some(alice.id.clone()),
        limit: 50,
        ..SearchQuery::default()
    };
    let hits = fixture.store.search(by_alice).await.unwrap();
    assert_eq!(hits.into_iter().map(|hit| hit.entry).collect::<Vec<_>>(), [edited]);
    fixture.store.limit_pages(None).await.unwrap();
    assert_eq!(fixture.finds("plum").await, found);
    fixture.store.close().await;
}

/// A step of a person who writes.
#[derive(Clone, Debug)]
enum Step {
    Say,
    /// Edits one of the messages.
    Edit(prop::sample::Index),
    /// Deletes one of the messages.
    Delete(prop::sample::Index),
    /// Makes the index complete.
    Search,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        3 => Just(Step::Say),
        2 => any::<prop::sample::Index>().prop_map(Step::Edit),
        1 => any::<prop::sample::Index>().prop_map(Step::Delete),
        2 => Just(Step::Search),
    ];
    prop::collection::vec(one, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Between some of these steps the index is behind the log. Each text has a word of its own: it finds the message
    /// with that text, and nothing after an edit or a deletion.
    #[test]
    fn an_index_behind_the_log_makes_no_difference(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let alice = Person::called("alice");
            let fixture = Fixture::with(&[&alice]).await;
            let mut messages = Vec::new();
            let mut texts = Vec::new();
            for (number, step) in steps.into_iter().enumerate() {
                let word = format!("word{number}x");
                match step {
                    Step::Say => {
                        messages.push((fixture.says(&alice, &word).await, Some(word.clone())));
                        texts.push(word);
                    }
                    Step::Edit(which) if !messages.is_empty() => {
                        let (message, text) = which.get_mut(&mut messages);
                        if text.is_some() {
                            fixture.edits(&alice, message, &word).await;
                            *text = Some(word.clone());
                            texts.push(word);
                        }
                    }
                    Step::Delete(which) if !messages.is_empty() => {
                        let (message, text) = which.get_mut(&mut messages);
                        if text.take().is_some() {
                            fixture.deletes(&alice, message).await;
                        }
                    }
                    Step::Search => drop(fixture.finds("word").await),
                    Step::Edit(_) | Step::Delete(_) => {}
                }
            }
            for text in &texts {
                let is_current = messages.iter().any(|(_, current)| current.as_ref() == Some(text));
                let expected: &[String] = if is_current { std::slice::from_ref(text) } else { &[] };
                assert_eq!(fixture.finds(text).await, expected, "{text}");
            }
            let folder = fixture.dir.path().to_owned();
            fixture.store.close().await;
            sound(&folder);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No text is an error, and any word of letters finds its message.
    #[test]
    fn any_text_can_be_searched_for(
        typed in prop::collection::vec("\\PC{0,30}|[\"*:^()+\\-a-z\u{0} ]{0,20}", 8),
        words in prop::collection::vec("[a-z]{1,12}", 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let alice = Person::called("alice");
            let fixture = Fixture::with(&[&alice]).await;
            let text = words.join(" ");
            fixture.says(&alice, &text).await;
            for typed in &typed {
                fixture.says(&alice, &format!("x{typed}")).await;
                fixture.finds(typed).await;
            }
            for word in &words {
                assert!(fixture.finds(word).await.contains(&text), "{word}");
            }
            fixture.store.close().await;
        });
    }
}
