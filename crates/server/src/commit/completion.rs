//! How those who asked for a commit learn its outcome.

use std::sync::Arc;

use ichat_protocol::{Entries, Entry, RoomId, Seq, ServerEvent, WireError};
use ichat_store::{Outcome, Store};
use serde_json::json;
use tokio::sync::oneshot;

use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::fanout::heads::PublishedHeads;
use crate::fanout::request::{ReplyStyle, Request};

/// What follows once entries that were written together are published.
pub(crate) enum Completion {
    /// Responds to a post. Its entry is the last one; a guest's `joined` may precede it.
    Post(Request),
    /// Reports to a task of the server. If no entry was rejected, the client is subscribed to their rooms before they are
    /// published.
    Report {
        report: oneshot::Sender<Result<Vec<Outcome>, WireError>>,
        subscribe: Option<Arc<ClientConnection>>,
    },
}

impl Completion {
    /// Reports that nothing was written.
    pub(crate) fn reject(self, error: &WireError) {
        match self {
            Self::Post(request) => request.reject(error.clone()),
            // The receiver is gone when the connection's task has ended.
            Self::Report { report, .. } => drop(report.send(Err(error.clone()))),
        }
    }

    /// Reports the outcomes, in the order of the entries.
    pub(crate) async fn complete(self, outcomes: Vec<(RoomId, Outcome)>, heads: &PublishedHeads, store: &Store) {
        match self {
            Self::Report { report, .. } => {
                let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
                // The receiver is gone when the connection's task has ended.
                drop(report.send(Ok(outcomes)));
            }
            Self::Post(request) => {
                let Some((room, outcome)) = outcomes.into_iter().next_back() else {
                    return;
                };
                match request.style {
                    ReplyStyle::Protocol => complete_post(request, room, outcome, heads, store).await,
                    ReplyStyle::Tutorial => complete_chat_message(request, &outcome),
                }
            }
        }
    }
}

/// Responds with the entry where the broadcast is not the receipt: when an acknowledgement was asked for, when the client is
/// not subscribed, and when the entry was in the log already.
async fn complete_post(mut request: Request, room: RoomId, outcome: Outcome, heads: &PublishedHeads, store: &Store) {
    if let Some(error) = errors::of_outcome(&outcome) {
        return request.reject(error);
    }
    let (entry, is_new) = match outcome {
        Outcome::Committed(entry) => (entry, true),
        Outcome::Duplicate(entry) => (entry, false),
        Outcome::Conflict | Outcome::UnknownRoom | Outcome::NotJoined | Outcome::UnknownEntry | Outcome::NotYours => {
            return;
        }
    };
    let has_receipt = is_new && request.client.is_subscribed(room);
    if has_receipt && request.ack.is_none() {
        return;
    }
    if let Some(epoch) = heads.epoch(store, room).await {
        let entries = vec![entry];
        request.respond(&ServerEvent::Entries(Entries { room, epoch, entries }));
    }
}

/// Acknowledges a `chat message`.
fn complete_chat_message(mut request: Request, outcome: &Outcome) {
    match outcome {
        Outcome::Committed(Entry { seq, .. }) | Outcome::Duplicate(Entry { seq, .. }) => {
            request.acknowledge(&json!({ "offset": seq }));
        }
        // The id is made of the client's own id and the text, so this is the same message, sent by an earlier connection
        // of the same client.
        Outcome::Conflict => request.acknowledge(&json!({ "offset": Seq::ZERO })),
        Outcome::UnknownRoom | Outcome::NotJoined | Outcome::UnknownEntry | Outcome::NotYours => {
            if let Some(error) = errors::of_outcome(outcome) {
                request.reject(error);
            }
        }
    }
}
