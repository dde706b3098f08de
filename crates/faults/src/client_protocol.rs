//! Commands to a client's process, and its reports: JSON objects, one a line, on its standard input and output.
//! `ui/tests/faults/client.mjs` implements the same for socket.io-client.

use std::path::PathBuf;

use ichat_protocol::{Body, DeviceId, Entry, EntryId, Epoch, MemberId, RoomId, Seq};
use serde::{Deserialize, Serialize};

/// A command to a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Joins the server at this address.
    Join { address: String },
    /// Posts an entry.
    Post { room: RoomId, id: EntryId, body: Body },
    /// Emits one post several times in parallel, and waits for an acknowledgement of each (socket.io-client only).
    PostInParallel {
        room: RoomId,
        id: EntryId,
        body: Body,
        times: u32,
    },
    /// Reconnects now instead of waiting for the next attempt.
    Nudge,
    /// Lets the client's clock jump ahead, as after the machine has slept for so long.
    Wake { after_ms: u64 },
    /// Pages back to the beginning of every room, and writes a [`View`] into this file.
    WriteView { file: PathBuf },
    /// Ends the client in order: everything is on disk then.
    ShutDown,
}

/// A report of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub(crate) enum Report {
    /// The client's status has changed. Only the newest one is reported.
    Status(Status),
    /// All acknowledgements of a [`Command::PostInParallel`], as the server sent them.
    Acks { id: EntryId, acks: Vec<serde_json::Value> },
    /// The view is in its file.
    ViewWritten,
    /// A command could not be carried out.
    Failed { reason: String },
}

/// The status of a client. Its counters begin with the process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// `true` if the client is connected and synchronized, as far as it knows.
    pub(crate) online: bool,
    /// The number of successful connections.
    pub(crate) connections: u32,
    /// Why the client is offline, if it knows.
    pub(crate) offline_reason: Option<String>,
    pub(crate) lobby: Option<RoomId>,
    /// The newest sequence number that the client shows of the lobby.
    pub(crate) last: Seq,
    /// The number of entries that the client shows of the lobby.
    pub(crate) shown: usize,
    /// Posts that the client was given.
    pub(crate) given: usize,
    /// Posts in the outbox.
    pub(crate) waiting: usize,
    /// Posts that were refused and wait for the user's decision.
    pub(crate) refused: usize,
    /// Own posts that the client shows as sent.
    pub(crate) acknowledged: usize,
    /// The number of times that the client dropped its view of a room.
    pub(crate) resets: u32,
}

/// A client's view at the end of a round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) me: MemberId,
    pub(crate) device: DeviceId,
    pub(crate) rooms: Vec<RoomView>,
    /// Posts in the outbox.
    pub(crate) waiting: Vec<EntryId>,
    /// Posts that were refused and wait for the user's decision.
    pub(crate) refused: Vec<EntryId>,
    /// Contradictions in what the server sent, in words.
    pub(crate) contradictions: Vec<String>,
}

/// A client's view of a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RoomView {
    pub(crate) room: RoomId,
    pub(crate) epoch: Epoch,
    /// In order of `seq`.
    pub(crate) entries: Vec<Entry>,
}
