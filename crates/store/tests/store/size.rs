//! The data folder is at most three times as large as the text, with the index of ids and the search index.

use crate::fixture::{Fixture, Person};

const WORDS: [&str; 24] = [
    "the", "printer", "is", "broken", "again", "lunch", "has", "to", "wait", "until", "tomorrow", "that", "invoice",
    "was", "paid", "on", "monday", "please", "send", "me", "report", "before", "meeting", "thanks",
];

/// Returns a message of about 75 bytes, with a number that few others have.
fn text(number: usize) -> String {
    let word = |n: usize| WORDS[(number * 31 + n * n * 7 + number / 24 * n) % WORDS.len()];
    let words: Vec<&str> = (0..13).map(word).collect();
    format!("{} {}", words.join(" "), number * 7)
}

#[tokio::test]
async fn the_folder_is_at_most_three_times_the_text() {
    let people: Vec<Person> = (0..10).map(|n| Person::called(&format!("person {n}"))).collect();
    let fixture = Fixture::with(&people.iter().collect::<Vec<_>>()).await;
    let mut bytes = 0;
    for batch in 0..40 {
        let mut entries = Vec::new();
        for n in 0..500 {
            let text = text(batch * 500 + n);
            bytes += text.len() as u64;
            entries.push(people[n % people.len()].says(fixture.room, &text));
        }
        fixture.store.commit(entries).await.unwrap();
    }
    assert_eq!(fixture.finds("69993").await, [text(9_999)], "the index is complete");
    fixture.store.close().await;
    let files = std::fs::read_dir(fixture.dir.path()).unwrap();
    let folder: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(folder <= 3 * bytes, "{bytes} bytes of text take {folder}");
}
