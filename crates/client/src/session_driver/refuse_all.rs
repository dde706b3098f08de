//! The stand-in for a session whose replica can't be opened.

use ichat_protocol::{ServerId, WireError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::CommandError;
use crate::message::SessionMessage;
use crate::session::{ConnectionStatus, Update};
use crate::state::ClientState;
use crate::updates::ClientUpdate;

/// Reports a refused connection and refuses every command, until `stop` is cancelled.
pub(super) async fn refuse_all(
    state: &ClientState,
    server: ServerId,
    error: &WireError,
    mut messages: mpsc::Receiver<SessionMessage>,
    stop: &CancellationToken,
) {
    let report = async || {
        let update = Update::Connection(ConnectionStatus::Refused {
            error: error.clone(),
            trying: false,
        });
        let sending = state.updates.send(ClientUpdate::Session { server, update });
        // Fails only without a receiver, which would be the only one to need it.
        drop(stop.run_until_cancelled(sending).await);
    };
    report().await;
    while let Some(Some(message)) = stop.run_until_cancelled(messages.recv()).await {
        match message {
            SessionMessage::Command(_, reply) => drop(reply.send(Err(CommandError::Storage(error.message.clone())))),
            SessionMessage::Refresh => report().await,
            SessionMessage::Nudge
            | SessionMessage::Reconnect
            | SessionMessage::Hurry
            | SessionMessage::Connection(..) => {}
        }
    }
}
