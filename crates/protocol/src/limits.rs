//! Limits and intervals of the protocol. The server refuses what is larger; clients check before they send.

use std::time::Duration;

/// Defines the constants and lists them, for the table in `docs/protocol.md` and for `ui/src/backend/protocol.ts`.
macro_rules! limits {
    ($($(#[$doc:meta])+ $name:ident: $type:ty = $value:expr;)+) => {
        $($(#[$doc])+ pub const $name: $type = $value;)+

        /// Returns the name and value of every limit, durations in milliseconds.
        pub fn all() -> Vec<(&'static str, u64)> {
            vec![$((stringify!($name), IntoInteger::into_integer($name))),+]
        }
    };
}

limits! {
    /// Size of a message's text, in bytes of UTF-8.
    MAX_TEXT_BYTES: usize = 16 * 1024;
    /// Length of a person's or a room's name, in code points.
    MAX_NAME_CHARS: usize = 64;
    /// Nonspacing marks in a row in a name or a topic. Living languages need no more; longer stacks deface the screen.
    MAX_NONSPACING_MARKS: usize = 4;
    /// Members whom one message mentions.
    MAX_MENTIONS: usize = 50;
    /// Reactions that a message has at a time, each of one person with one emoji.
    MAX_REACTIONS: u32 = 500;
    /// Those of all guests together: anyone is as many guests as they like, and must leave people with a key something.
    MAX_GUEST_REACTIONS: u32 = 250;
    /// Those of one person.
    MAX_OWN_REACTIONS: u32 = 20;
    /// Length of a room's topic, in code points.
    MAX_TOPIC_CHARS: usize = 256;
    /// Entries in one page of history.
    MAX_PAGE_ENTRIES: u32 = 200;
    /// Rooms, members or people in one event: less than 192 KiB, with the longest names and topics.
    MAX_LIST_ITEMS: u32 = 100;
    /// Rooms in one `sync`, and in one `heads`.
    MAX_SYNC_ROOMS: usize = 1_000;
    /// Size of one packet from a client, in bytes, on either transport.
    MAX_PACKET_BYTES: usize = 128 * 1024;
    /// Events of one connection without a response; the server refuses the next one as `busy`.
    MAX_PENDING_EVENTS: usize = 1_024;
    /// Size of the packets of those events, in bytes. The longest posts in flight fit in.
    MAX_PENDING_BYTES: usize = 1_280 * 1_024;
    /// Posts that a client sends before it waits for answers.
    MAX_POSTS_IN_FLIGHT: usize = 64;
    /// People in the presence list. In a larger crowd the first to connect are listed; when one leaves, another takes the
    /// place.
    MAX_PRESENCE_PEOPLE: usize = 250;
    /// Time between two `heads` events.
    HEADS_INTERVAL: Duration = Duration::from_secs(5);
    /// Time that a person counts as typing after the last `typing` event.
    TYPING_TIMEOUT: Duration = Duration::from_secs(6);
    /// Time that a nonce of `/api/hello` can be used.
    NONCE_LIFETIME: Duration = Duration::from_mins(2);
    /// Time for which a guest's secret can be used after the last connection with it.
    GUEST_SECRET_LIFETIME: Duration = Duration::from_hours(7 * 24);
    /// The largest sequence number: a room with more entries would take a busy server thirty years. A store keeps 40
    /// bits, and only a broken or hostile server sends a larger one.
    MAX_SEQ: u64 = (1 << 40) - 1;
}

/// A limit's value as one integer.
trait IntoInteger {
    fn into_integer(self) -> u64;
}

impl IntoInteger for u64 {
    fn into_integer(self) -> u64 {
        self
    }
}

impl IntoInteger for u32 {
    fn into_integer(self) -> u64 {
        self.into()
    }
}

impl IntoInteger for usize {
    fn into_integer(self) -> u64 {
        u64::try_from(self).unwrap_or(u64::MAX)
    }
}

impl IntoInteger for Duration {
    fn into_integer(self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }
}
