//! What the checker tells a client's process, and what that says back: JSON, one object a line, on its standard input and
//! output. `ui/tests/faults/person.mjs` speaks the same for socket.io-client.

use std::path::PathBuf;

use ichat_protocol::{Body, DeviceId, Entry, EntryId, Epoch, MemberId, RoomId, Seq};
use serde::{Deserialize, Serialize};

/// What a client is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Joins the server at this address.
    Join { address: String },
    /// Posts to a room.
    Post { room: RoomId, id: EntryId, body: Body },
    /// Emits a post so many times at once, each wanting an answer of its own (socket.io-client only).
    PostAtOnce {
        room: RoomId,
        id: EntryId,
        body: Body,
        times: u32,
    },
    /// The network came back: don't wait.
    Nudge,
    /// The machine wakes up, so long after it fell asleep.
    Wake { after_ms: u64 },
    /// Pages back to the beginning of every room, and writes what it shows into this file.
    View { file: PathBuf },
    /// Ends politely.
    End,
}

/// What a client says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub(crate) enum Word {
    /// Where it stands; as often as that changes, the latest only.
    Now(Status),
    /// What became of [`Order::PostAtOnce`]: one answer each, as the server gave it.
    Answers {
        id: EntryId,
        answers: Vec<serde_json::Value>,
    },
    /// The view is written.
    Viewed,
    /// Something that it was told to do could not be done.
    Failed { what: String },
}

/// Where a client stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// In step with the server, as far as it knows.
    pub(crate) online: bool,
    /// Connections that came to be, since the process began.
    pub(crate) connections: u32,
    /// Why it is not online, if somebody said why.
    pub(crate) trouble: Option<String>,
    pub(crate) lobby: Option<RoomId>,
    /// The last place of the lobby that it shows.
    pub(crate) last: Seq,
    /// How many entries of the lobby it shows.
    pub(crate) shows: usize,
    /// Posts that it was handed, since the process began.
    pub(crate) handed: usize,
    /// Posts that wait.
    pub(crate) waiting: usize,
    /// Posts that were refused and wait for a decision.
    pub(crate) refused: usize,
    /// Own posts that it showed as sent.
    pub(crate) acknowledged: usize,
    /// How often it dropped what it showed of a room.
    pub(crate) resets: u32,
}

/// What a client shows at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) me: MemberId,
    pub(crate) device: DeviceId,
    pub(crate) rooms: Vec<RoomView>,
    /// Posts that still wait, and those that were refused.
    pub(crate) waiting: Vec<EntryId>,
    pub(crate) refused: Vec<EntryId>,
    /// What it was told that contradicts itself.
    pub(crate) contradictions: Vec<String>,
}

/// What a client shows of a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RoomView {
    pub(crate) room: RoomId,
    pub(crate) epoch: Epoch,
    /// In order of `seq`.
    pub(crate) entries: Vec<Entry>,
}
