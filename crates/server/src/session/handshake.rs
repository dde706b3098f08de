//! The check of a client before it is accepted.

use std::sync::Arc;

use ichat_protocol::{RoomSummary, WireError};
use ichat_store::ListPart;
use socketioxide::extract::SocketRef;
use tokio::sync::mpsc;

use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::net::client_address::ClientAddress;
use crate::net::rate_limiter::ClientBudget;
use crate::session::authenticate::{Identity, IdentityKind, authenticate};
use crate::session::costs;
use crate::session::event_queue::{EventQueue, IncomingEvent};
use crate::session::membership::{ensure_member, rename_at_sign_in};
use crate::session::state::ServerState;

/// A connection that passed the check and that socketioxide has not accepted yet.
pub(crate) struct PendingConnection {
    pub(crate) client: Arc<ClientConnection>,
    pub(crate) identity: Identity,
    /// The first rooms of the member.
    pub(crate) rooms: ListPart<RoomSummary>,
    pub(crate) events: mpsc::Receiver<Box<IncomingEvent>>,
}

/// Authenticates a client, and makes one with a key a member of the lobby. The client receives an error as its connect
/// error, in the text form `code: sentence`.
pub(crate) async fn check(
    state: &ServerState,
    socket: SocketRef,
    auth: Option<&str>,
) -> Result<(EventQueue, PendingConnection), WireError> {
    if state.closing.is_cancelled() {
        return Err(errors::closing());
    }
    let address = socket.req_parts().extensions.get().copied();
    let address: ClientAddress = address.ok_or_else(errors::disconnected)?;
    let address_budget = state.budgets.of_address(address);
    address_budget
        .try_take(costs::SIGN_IN)
        .map_err(errors::too_many_sign_ins)?;
    let mut identity = authenticate(state, auth).await?;
    let budget = ClientBudget::new(identity.budget.clone(), address_budget);
    let client = ClientConnection::new(
        socket,
        identity.member.clone(),
        identity.device,
        address,
        budget,
        state.config.metrics.clone(),
    )
    .ok_or_else(errors::disconnected)?;
    match identity.kind {
        IdentityKind::Key => identity.name = ensure_member(state, &client, identity.name).await?,
        IdentityKind::Guest | IdentityKind::Tutorial { .. } => {
            if identity.is_in_log {
                identity.name = rename_at_sign_in(state, &client, identity.name).await?;
            }
        }
    }
    let rooms = state.joined_rooms(&client.member, None).await?;
    let (queue, events) = EventQueue::new(&client);
    let pending = PendingConnection {
        client,
        identity,
        rooms,
        events,
    };
    Ok((queue, pending))
}
