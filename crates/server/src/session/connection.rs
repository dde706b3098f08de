//! The task of one connection, from `hello` to its end.

use std::sync::Arc;

use ichat_protocol::{Closing, ClosingReason, Hello, LimitsInfo, RoomSummary, ServerEvent};
use ichat_store::ListPart;

use crate::fanout::client::ClientConnection;
use crate::fanout::hub::{Channel, Hub};
use crate::session::authenticate::{Identity, IdentityKind};
use crate::session::clock::now;
use crate::session::event_queue::IncomingEvent;
use crate::session::events;
use crate::session::handshake::PendingConnection;
use crate::session::membership::name_in_log;
use crate::session::state::SharedState;
use crate::session::tutorial;

/// Runs a connection: one event after the other, until it has ended and all changes that its client requested are made.
pub(crate) async fn run(state: &SharedState, pending: PendingConnection) {
    let PendingConnection {
        client,
        identity,
        rooms,
        mut events,
    } = pending;
    // Boxed, because the two futures take kilobytes while they run, and a connection is idle most of the time.
    Box::pin(open(state, &client, identity, rooms)).await;
    loop {
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(event) => Box::pin(handle(state, &client, *event)).await,
                None => break,
            },
            () = client.closed.cancelled(), if !events.is_closed() => events.close(),
        }
    }
    state.hub.remove(&client);
    if state.online.remove(&client.member, client.id) {
        state.typing_limiter.remove(&client.member);
    }
}

/// Handles an event. What its client only wanted to know ends with the connection.
async fn handle(state: &SharedState, client: &ClientConnection, event: IncomingEvent) {
    let outlives_connection = event.outlives_connection();
    let handling = events::handle(state, event);
    if outlives_connection {
        handling.await;
    } else {
        client.closed.run_until_cancelled(handling).await;
    }
}

/// Sends `hello`, and subscribes the client to the events that every client of its kind receives.
async fn open(state: &SharedState, client: &Arc<ClientConnection>, identity: Identity, rooms: ListPart<RoomSummary>) {
    client.metrics.connection_opened(client.transport.kind());
    // Another device may have renamed the member since the handshake.
    let name_lock = state.name_locks.lock(&client.member).await;
    let known = if identity.is_in_log {
        name_in_log(state, &client.member).await.ok().flatten()
    } else {
        None
    };
    let name = known.unwrap_or(identity.name);
    client.try_send(&ServerEvent::Hello(Box::new(Hello {
        server: state.info(),
        protocol: identity.protocol,
        me: identity.member,
        name: name.clone(),
        device: identity.device,
        guest_secret: identity.guest_secret,
        lobby: state.lobby(),
        rooms: rooms.items,
        more: rooms.more,
        limits: LimitsInfo::current(),
        now: now(),
    })));
    state.online.add(&client.member, client.id, Arc::clone(client), &name);
    drop(name_lock);
    // First the channel, then the list: what changes in between is reported twice rather than never.
    state.hub.add(Channel::Everyone, client);
    let send = |presence| client.try_send(&ServerEvent::Presence(presence));
    state.presence.send_snapshot(&client.member, send);
    match identity.kind {
        IdentityKind::Key => {}
        IdentityKind::Guest => state.hub.subscribe(state.lobby(), client),
        IdentityKind::Tutorial { offset: None } => tutorial::subscribe(state, client),
        IdentityKind::Tutorial { offset: Some(offset) } => tutorial::catch_up(state, client, offset).await,
    }
}

/// Sends `closing` to all clients.
pub(crate) async fn broadcast_closing(hub: &Hub, reason: ClosingReason) {
    let message = match reason {
        ClosingReason::Stopped => "The host has stopped hosting.",
        ClosingReason::Shutdown => "The server is shutting down.",
    };
    let event = ServerEvent::Closing(Closing {
        message: message.to_owned(),
        reason,
    });
    hub.broadcast(Channel::Everyone, &event).await;
}
