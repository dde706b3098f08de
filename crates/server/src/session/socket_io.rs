//! socketioxide: its configuration, and the glue between its handlers and ours.
//!
//! Its behaviour, as of 0.18.9, and the consequences here:
//!
//! - Each handler call is a task of its own, so events are handled in random order. *Extractors*, though, run in the
//!   connection's reading task, in order of arrival. So the one handler here does nothing, and its extractor
//!   [`Enqueue`] puts the event into the connection's queue.
//! - `Data<T>` extracts the first argument only, and a wrong number of arguments silently skips the handler. So the
//!   extractor takes the text of the packet.
//! - A full buffer drops packets: `emit` and the sender of an acknowledgement return an error. A broadcast reports one for
//!   all clients. So `ClientConnection` sends to each client alone, and a WebSocket gets its events and
//!   acknowledgements past socketioxide.
//! - It waits without limit for a client that does not read. So the streams under it have a `StallTimer`.
//! - No disconnect handler runs when a socket closes before the connect handler has: see [`PendingSlot`].
//! - `max_payload` limits polling only. WebSocket messages may have 64 MiB by default.
//! - The declared number of binary attachments has no limit by default.
//! - Its debug logs contain messages. The program keeps them off.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ichat_protocol::WireError;
use ichat_protocol::limits::MAX_PACKET_BYTES;
use parking_lot::Mutex;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, Event, MaybeExtension, SocketRef};
use socketioxide::handler::{ConnectHandler as _, FromConnectParts, FromMessageParts, Value};
use socketioxide::socket::{DisconnectReason, Socket};
use socketioxide::{ParserConfig, SocketIo};

use crate::errors;
use crate::fanout::engine_io_request::SOCKET_IO_PATH;
use crate::fanout::queue_bound::QUEUE_FRAMES;
use crate::fanout::transport::Transport;
use crate::fanout::websocket::upgrade::Sockets;
use crate::session::connection;
use crate::session::event_queue::EventQueue;
use crate::session::handshake::{self, PendingConnection};
use crate::session::state::SharedState;

/// Bytes that Engine.IO and WebSocket add to a packet, with some to spare.
const FRAMING_BYTES: usize = 1024;
/// Time from the opening of the transport until the client is accepted. It includes the work of both sides, and that of the
/// machine for everyone else: after an outage thousands come at once. Socket.IO's own server waits as long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);
/// Size of each connection's read buffer. A longer packet takes several reads.
const READ_BUFFER_BYTES: usize = 512;
/// Time after which a connection that passed the check is looked at again.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Creates socketioxide's service, with this product's limits on both transports. It passes other requests on to
/// `routes`.
pub(crate) fn service(routes: Router) -> (Sockets, SocketIo) {
    SocketIo::builder()
        .req_path(SOCKET_IO_PATH)
        .max_payload(MAX_PACKET_BYTES as u64)
        .ws_max_message_size(MAX_PACKET_BYTES + FRAMING_BYTES)
        .ws_max_frame_size(MAX_PACKET_BYTES + FRAMING_BYTES)
        .ws_read_buffer_size(READ_BUFFER_BYTES)
        .max_buffer_size(QUEUE_FRAMES)
        .connect_timeout(CONNECT_TIMEOUT)
        // No event has binary data: a packet that declares attachments ends the connection.
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(0)
                .max_incoming_binary_buf_size(0),
        )
        .build_with_inner_svc(routes)
}

/// Serves the namespace: [`check`] runs before a client is accepted, and [`connection::run`] after.
pub(crate) fn serve(state: &SharedState, io: &SocketIo) {
    let check_state = Arc::clone(state);
    let run_state = Arc::clone(state);
    let on_check = async move |socket: SocketRef, auth: AuthPayload| check(&check_state, socket, auth).await;
    let on_connect = async move |MaybeExtension(slot): MaybeExtension<PendingSlot>| {
        if let Some(pending) = slot.and_then(|slot| slot.take()) {
            connection::run(&run_state, pending).await;
        }
    };
    io.ns("/", on_connect.with(on_check));
}

async fn check(state: &SharedState, socket: SocketRef, AuthPayload(auth): AuthPayload) -> Result<(), WireError> {
    let (queue, pending) = handshake::check(state, socket.clone(), auth.as_deref())
        .await
        .inspect_err(|error| state.config.metrics.sign_in_refused(error.code))?;
    // Before the first event can arrive.
    socket.extensions.insert(queue);
    socket.on_fallback(async |Enqueue: Enqueue| {});
    socket.on_disconnect(async |socket: SocketRef, reason: DisconnectReason| {
        // Removed, because the queue has the client, which has the socket.
        if let Some(queue) = socket.extensions.remove::<EventQueue>() {
            let fault = fault_of(reason, queue.transport());
            queue.close(fault);
        }
    });
    let slot = PendingSlot(Arc::new(Mutex::new(Some(pending))));
    socket.extensions.insert(slot.clone());
    tokio::spawn(slot.drop_if_abandoned());
    Ok(())
}

/// Returns the fault of the client that ended its connection, if one did.
fn fault_of(reason: DisconnectReason, transport: &Transport) -> Option<WireError> {
    match reason {
        DisconnectReason::PacketParsingError => Some(errors::unreadable_packet()),
        // That is every error of the WebSocket, also that the connection is lost.
        DisconnectReason::TransportError => transport.is_intact().then(errors::unreadable_frame),
        DisconnectReason::TransportClose
        | DisconnectReason::MultipleHttpPollingError
        | DisconnectReason::HeartbeatTimeout
        | DisconnectReason::ClientNSDisconnect
        | DisconnectReason::ServerNSDisconnect
        | DisconnectReason::ClosingServer => None,
    }
}

/// The slot in the socket's extensions through which a connection passes from the check to the connect handler.
#[derive(Clone)]
struct PendingSlot(Arc<Mutex<Option<PendingConnection>>>);

impl PendingSlot {
    fn take(&self) -> Option<PendingConnection> {
        self.0.lock().take()
    }

    /// Frees a connection whose socket closed before the connect handler ran. The connection owns the socket, whose
    /// extensions own the connection; no handler runs that could break the cycle.
    ///
    /// A busy machine may take its time to run the handler of a socket that is open.
    async fn drop_if_abandoned(self) {
        tokio::time::sleep(HANDSHAKE_TIMEOUT).await;
        let abandoned = self.0.lock().take_if(|pending| !pending.client.socket.connected());
        if let Some(abandoned) = abandoned {
            abandoned.client.socket.extensions.clear();
        }
    }
}

/// The text of the `auth` payload.
struct AuthPayload(Option<String>);

impl FromConnectParts<LocalAdapter> for AuthPayload {
    type Error = Infallible;

    fn from_connect_parts(_: &Arc<Socket>, auth: &Option<Value>) -> Result<Self, Self::Error> {
        Ok(Self(match auth {
            Some(Value::Str(text, _)) => Some(text.to_string()),
            // Binary data is not JSON, and neither is an empty text.
            Some(Value::Bytes(_)) => Some(String::new()),
            None => None,
        }))
    }
}

/// An extractor that puts the event into the connection's queue.
struct Enqueue;

impl FromMessageParts<LocalAdapter> for Enqueue {
    type Error = Infallible;

    fn from_message_parts(socket: &Arc<Socket>, value: &mut Value, ack_id: &Option<i64>) -> Result<Self, Infallible> {
        if let Some(queue) = socket.extensions.get::<EventQueue>() {
            let ack = ack_id.and_then(|id| {
                let sender = AckSender::from_message_parts(socket, value, ack_id).ok()?;
                Some(queue.transport().ack(id, sender))
            });
            // socketioxide has parsed the name before, to find this handler.
            let name = Event::from_message_parts(socket, value, ack_id).map_or(String::new(), |Event(name)| name);
            let packet = match value {
                Value::Str(text, _) => Some(&**text),
                Value::Bytes(_) => None,
            };
            queue.push(&name, packet, ack);
        }
        Ok(Self)
    }
}
