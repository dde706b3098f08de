//! The number of entries in one event.

use ichat_protocol::Entry;

/// Bytes of messages in one `page` or `entries` event. An event has fewer entries where they are long, so that the queue of
/// a client that does not read stays bounded.
pub(crate) const MAX_BATCH_BYTES: usize = 128 * 1024;

/// Returns how many of these entries fit into one event: at least one.
pub(crate) fn fitting<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> usize {
    let mut bytes = 0;
    let fitting = entries.into_iter().take_while(|entry| {
        bytes += entry.body.message_bytes();
        bytes <= MAX_BATCH_BYTES
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    //! - fewer entries fit where the texts are long, or have many mentions

    use ichat_protocol::limits::{MAX_MENTIONS, MAX_TEXT_BYTES};
    use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Mention, Seq};
    use uuid::Uuid;

    use super::*;

    fn entry(text: String, mentions: Vec<Mention>) -> Entry {
        Entry {
            seq: Seq(1),
            id: EntryId::fresh(),
            author: MemberId::guest(Uuid::nil()),
            device: DeviceId(Uuid::nil()),
            at: 0,
            body: Body::Message {
                text,
                reply_to: None,
                mentions,
            },
        }
    }

    #[test]
    fn fewer_entries_fit_where_they_are_long() {
        let short = entry("hi".to_owned(), Vec::new());
        assert_eq!(fitting(&vec![short; 200]), 200);
        let long = entry("x".repeat(MAX_TEXT_BYTES), Vec::new());
        assert_eq!(fitting(&vec![long; 200]), MAX_BATCH_BYTES / MAX_TEXT_BYTES);
        let name = "\u{10000}".repeat(64);
        let mention = Mention {
            member: MemberId::guest(Uuid::nil()),
            name: name.clone(),
        };
        let mentions = entry(format!("@{name}"), vec![mention; MAX_MENTIONS]);
        mentions.body.check().unwrap();
        let fit = fitting(&vec![mentions; 200]);
        assert!(fit < 10, "{fit} entries with {MAX_MENTIONS} mentions each");
    }
}
