//! How large a thing may be. The server refuses what is larger; clients ask before they send.

use std::time::Duration;

/// A message's text, in bytes of UTF-8.
pub const TEXT_BYTES: usize = 16 * 1024;
/// A person's or a room's name, in characters.
pub const NAME_CHARS: usize = 64;
/// Combining marks in a row: more are only made to deface.
pub const COMBINING_MARKS: usize = 4;
/// A room's topic, in characters.
pub const TOPIC_CHARS: usize = 256;
/// A reaction, in bytes: the longest emoji of Unicode 16 has 35.
pub const EMOJI_BYTES: usize = 64;
/// Entries in one page of history.
pub const PAGE_ENTRIES: u32 = 200;
/// Rooms in one `sync`.
pub const SYNC_ROOMS: usize = 1_000;
/// One packet from a client, in bytes, on either transport.
pub const PACKET_BYTES: usize = 128 * 1024;
/// Posts of one connection that wait for their commit; the next one is refused as `busy`.
pub const WAITING_POSTS: usize = 1_024;
/// How many posts a client leaves unanswered before it waits.
pub const POSTS_IN_FLIGHT: usize = 64;
/// People whose presence everybody is told. Of a larger crowd those who came first are shown, and when one of them goes, somebody
/// else is.
pub const PRESENCE_PEOPLE: usize = 250;
/// How often a server tells the heads of a client's rooms.
pub const HEADS_EVERY: Duration = Duration::from_secs(5);
/// How long a person counts as typing after the last sign of it.
pub const TYPING_FOR: Duration = Duration::from_secs(6);
/// How long a nonce of `/api/hello` may be used.
pub const NONCE_LIFE: Duration = Duration::from_mins(2);
/// The largest sequence number that JavaScript keeps exact; a larger one is a broken or hostile server.
pub const SEQ_MAX: u64 = (1 << 53) - 1;
