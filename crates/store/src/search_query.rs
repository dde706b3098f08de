//! The argument and the result of [`crate::Store::search`].

use ichat_protocol::{Entry, MemberId, RoomId};

/// A search for messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Words and "quoted phrases". The last word also matches its continuations. A text without a word finds nothing.
    pub text: String,
    /// Limits the search to one room.
    pub room: Option<RoomId>,
    /// Limits the search to one author.
    pub author: Option<MemberId>,
    /// Limits the search to messages committed at this time or later, in milliseconds since the Unix epoch.
    pub from: Option<u64>,
    /// Limits the search to messages committed before this time.
    pub until: Option<u64>,
    /// The highest number of hits, at most 200.
    pub limit: u32,
}

/// A message that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHit {
    pub room: RoomId,
    /// The message as its author posted it.
    pub entry: Entry,
    /// The message's current text.
    pub text: String,
}
