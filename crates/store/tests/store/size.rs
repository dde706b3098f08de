//! Texts in shorthand.

use ichat_protocol::{Body, Entry, EntryId};
use ichat_store::{OutboxRow, ReplicaChange, Store};

use crate::office::{Office, Person, text_of, texts};

/// Talk that repeats itself as people do.
fn talk(number: usize) -> String {
    let subjects = ["the printer", "lunch", "that invoice", "the meeting"];
    let ends = [
        "is broken again",
        "has to wait until tomorrow",
        "is fine, thanks",
        "is on monday",
    ];
    format!("{} {} ({number})", subjects[number % 4], ends[number / 4 % 4])
}

async fn talks(office: &Office, who: &Person, from: usize, to: usize) {
    for batch in (from..to).collect::<Vec<_>>().chunks(500) {
        let drafts = batch.iter().map(|number| who.says(office.room, &talk(*number)));
        office.store.commit(drafts.collect()).await.unwrap();
    }
}

fn file_of(office: &Office) -> Vec<u8> {
    std::fs::read(office.dir.path().join("ichat.db")).unwrap()
}

fn holds(file: &[u8], text: &str) -> bool {
    file.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_busy_rooms_texts_take_less_and_come_back_as_they_were() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    talks(&office, &alice, 0, 6_000).await;
    // Nothing of this is in the book.
    let odd = [
        "ΩЖ漢字😀",
        "\u{0}\u{1}\u{0}",
        "",
        "x",
        "ÿþ \u{FFFD} zzzzqqqq",
        &"ab\u{0}".repeat(900),
    ];
    for text in odd {
        office.says(&alice, text).await;
    }
    let office = office.reopened().await;
    let log = office.log().await;
    let expected = (0..6_000).map(talk).chain(odd.map(str::to_owned));
    let said: Vec<&Entry> = log.iter().filter(|e| matches!(e.body, Body::Message { .. })).collect();
    assert!(said.iter().map(|entry| text_of(entry)).eq(expected));
    let file = file_of(&office);
    assert!(holds(&file, &talk(7)), "the first ones are as they are");
    assert!(!holds(&file, &talk(5_999)), "the later ones are in shorthand");
    assert_eq!(
        office.finds("5999 broken").await.len(),
        usize::from(talk(5_999).contains("broken"))
    );
    assert_eq!(office.finds("\"printer is broken\" 5984").await, [talk(5_984)]);
    office.store.close().await;
}

#[tokio::test]
async fn what_is_deleted_leaves_the_shorthand_and_the_index_too() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    talks(&office, &alice, 0, 2_500).await;
    let said = office.says(&alice, "the printer is called Xyzzyplugh").await;
    office.edits(&alice, &said, "the printer is called Frobnitzer").await;
    let office = office.reopened().await;
    // The index folds its words; the texts are in shorthand, where a rare word is spelled with a mark ahead of each letter.
    assert!(holds(&file_of(&office), "robnitzer"), "the word was never indexed");
    assert!(
        !holds(&file_of(&office), "xyzzyplugh"),
        "the word of before the edit is still indexed"
    );
    assert_eq!(office.finds("Frobnitzer").await.len(), 1);
    office.deletes(&alice, &said).await;
    let office = office.reopened().await;
    assert!(!holds(&file_of(&office), "robnitzer"));
    assert_eq!(office.finds("Frobnitzer").await.len(), 0);
    assert_eq!(office.finds("printer").await.len(), 50);
    office.store.close().await;
}

#[tokio::test]
async fn a_replica_learns_as_a_server_does_and_forgets_a_room_with_its_words() {
    let alice = Person::called("alice");
    let office = Office::with(&[&alice]).await;
    talks(&office, &alice, 0, 5_000).await;
    let log = office.log().await;
    let epoch = office.store.head(office.room).await.unwrap().unwrap().epoch;
    let dir = tempfile::tempdir().unwrap();
    let replica = Store::open(dir.path()).await.unwrap();
    for entries in log.chunks(200) {
        let held = ReplicaChange::Entries {
            room: office.room,
            epoch,
            entries: entries.to_vec(),
        };
        replica.save(vec![held]).await.unwrap();
    }
    let found = crate::office::found(&replica, "printer 4996").await;
    assert_eq!(found, [talk(4_996)]);
    let room = office.room;
    let fresh = ichat_protocol::Epoch::fresh();
    let reset = ReplicaChange::Reset { room, epoch: fresh };
    replica.save(vec![reset]).await.unwrap();
    assert_eq!(crate::office::found(&replica, "printer").await.len(), 0);
    // The same entries again, of the history that counts now.
    let again = ReplicaChange::Entries {
        room,
        epoch: fresh,
        entries: log[..1_000].to_vec(),
    };
    replica.save(vec![again]).await.unwrap();
    assert_eq!(
        texts(&crate::office::whole_log(&replica, room).await),
        texts(&log[..1_000])
    );
    assert_eq!(
        crate::office::found(&replica, "printer 900").await.len(),
        usize::from(talk(900).contains("printer"))
    );
    // A post that stands in the log is not put out again.
    let row = OutboxRow {
        id: log[500].id,
        room,
        body: log[500].body.clone(),
        written: 0,
        failed: None,
    };
    let other = OutboxRow {
        id: EntryId::fresh(),
        ..row.clone()
    };
    replica
        .save(vec![ReplicaChange::Outbox(row), ReplicaChange::Outbox(other.clone())])
        .await
        .unwrap();
    assert_eq!(replica.persisted_state().await.unwrap().outbox, [other]);
    replica.close().await;
    office.store.close().await;
}
