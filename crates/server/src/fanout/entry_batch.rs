//! The number of entries in one event.

use ichat_protocol::Entry;

/// Bytes of text in one `page` or `entries` event. An event has fewer entries where they are long, so that the queue of
/// a client that does not read stays bounded.
pub(crate) const MAX_BATCH_BYTES: usize = 128 * 1024;

/// Returns how many of these entries fit into one event: at least one.
pub(crate) fn fitting<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> usize {
    let mut bytes = 0;
    let fitting = entries.into_iter().take_while(|entry| {
        bytes += entry.body.message_text().map_or(0, str::len);
        bytes <= MAX_BATCH_BYTES
    });
    fitting.count().max(1)
}
