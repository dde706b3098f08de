//! The response to a request once its entries are committed.

use std::sync::Arc;

use ichat_protocol::{Entries, ErrorCode, RoomId, Seq, ServerEvent, WireError};
use ichat_store::{Outcome, Store};
use serde_json::json;
use tokio::sync::oneshot;

use crate::commit::quota_share::QuotaShare;
use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::fanout::heads::PublishedHeads;
use crate::fanout::request::{Request, ResponseFormat};

/// The step that follows once the entries of one request are published.
pub(crate) enum Completion {
    /// Responds to a post. Its entry is the last one; a guest's `joined` may precede it.
    Post {
        request: Request,
        /// The part of the daily quota that the post takes if it is written. `None` if it is exempt.
        quota: Option<Box<QuotaShare>>,
    },
    /// Reports to a task of the server. If no entry was rejected, the client is subscribed to their rooms before they
    /// are published.
    Report {
        report: oneshot::Sender<Result<Vec<Outcome>, WireError>>,
        subscribe: Option<Arc<ClientConnection>>,
    },
}

impl Completion {
    /// Reports that nothing was written.
    pub(crate) fn reject(self, error: &WireError) {
        match self {
            Self::Post { request, .. } => request.reject(error.clone()),
            // The connection's task has ended if the receiver is gone.
            Self::Report { report, .. } => drop(report.send(Err(error.clone()))),
        }
    }

    /// Reports the outcomes, in the order of the entries.
    pub(crate) async fn complete(self, outcomes: Vec<(RoomId, Outcome)>, heads: &PublishedHeads, store: &Store) {
        match self {
            Self::Report { report, .. } => {
                let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
                // The connection's task has ended if the receiver is gone.
                drop(report.send(Ok(outcomes)));
            }
            Self::Post { request, quota } => {
                let writes = |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Committed(_));
                if let Some(quota) = quota
                    && outcomes.iter().any(writes)
                {
                    quota.keep();
                }
                let Some((room, outcome)) = outcomes.into_iter().next_back() else {
                    return;
                };
                match request.format {
                    ResponseFormat::Protocol => complete_post(request, room, outcome, heads, store).await,
                    ResponseFormat::Tutorial => complete_chat_message(request, outcome),
                }
            }
        }
    }
}

/// Responds with the entry where the broadcast is not the receipt: when an acknowledgement was asked for, when the
/// client is not subscribed, and when the entry was in the log already.
async fn complete_post(mut request: Request, room: RoomId, outcome: Outcome, heads: &PublishedHeads, store: &Store) {
    let (entry, is_new) = match errors::written(outcome) {
        Ok(written) => written,
        Err(error) => return request.reject(error),
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
fn complete_chat_message(mut request: Request, outcome: Outcome) {
    match errors::written(outcome) {
        Ok((entry, _)) => request.acknowledge(&json!({ "offset": entry.seq })),
        // The id is made of the client's own id and the text, so this is the same message, sent by an earlier
        // connection of the same client.
        Err(error) if error.code == ErrorCode::Conflict => request.acknowledge(&json!({ "offset": Seq::ZERO })),
        Err(error) => request.reject(error),
    }
}
