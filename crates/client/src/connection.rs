//! One attempt to reach a server, and the connection that it leads to.

use ichat_protocol::{ClientEvent, ErrorCode, ServerId, WireError, sign};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Address;
use crate::error::ProbeError;
use crate::message::{ConnectionEvent, SessionMessage};
use crate::profile::Identity;
use crate::server_prober::{Found, ServerProber};
use crate::socket;

/// The number of socket events that wait to be passed on to the driver.
const SOCKET_EVENT_CAPACITY: usize = 64;

/// The server to connect to, and what that takes.
pub(crate) struct ConnectParams {
    pub(crate) prober: ServerProber,
    pub(crate) server: ServerId,
    pub(crate) addresses: Vec<Address>,
    pub(crate) identity: Identity,
}

/// A handle to a connection or an attempt. Dropping it closes the connection.
pub(crate) struct Connection {
    pub(crate) id: u64,
    outgoing: mpsc::UnboundedSender<ClientEvent>,
    stop: CancellationToken,
}

impl Connection {
    /// Starts an attempt in the background. Its [`ConnectionEvent`]s arrive at `driver` with this id.
    pub(crate) fn start(id: u64, params: ConnectParams, driver: mpsc::Sender<SessionMessage>) -> Self {
        let (outgoing, queue) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let events = driver.clone();
            // A task of its own, because the Socket.IO library may panic.
            let running = tokio::spawn(async move { run(id, params, queue, &events, &stopped).await });
            let error = running.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a connection panicked");
                None
            });
            // Fails only if the session has ended.
            drop(
                driver
                    .send(SessionMessage::Connection(id, ConnectionEvent::Closed { error }))
                    .await,
            );
        });
        Self { id, outgoing, stop }
    }

    /// Queues an event for the server. After the end of the connection it is dropped.
    pub(crate) fn send(&self, event: ClientEvent) {
        drop(self.outgoing.send(event));
    }

    /// Closes the connection. [`ConnectionEvent::Closed`] follows.
    pub(crate) fn close(&self) {
        self.stop.cancel();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

/// Finds the server, signs in and runs the socket to its end. Returns the server's reason for the end, if it gave one.
async fn run(
    id: u64,
    params: ConnectParams,
    outgoing: mpsc::UnboundedReceiver<ClientEvent>,
    driver: &mpsc::Sender<SessionMessage>,
    stop: &CancellationToken,
) -> Option<WireError> {
    let probe = params.prober.find(&params.addresses, Some(params.server));
    let found = tokio::select! {
        () = stop.cancelled() => return None,
        found = probe => found,
    };
    let Found {
        address,
        challenge,
        protocol,
    } = match found {
        Ok(found) => found,
        // The usual state of a server that is switched off: the status line says enough.
        Err(error @ ProbeError::Unreachable { .. }) => {
            tracing::debug!(%error, "the server is not reachable");
            return None;
        }
        Err(error) => return Some(error.to_wire()),
    };
    let Identity { profile, key, .. } = &params.identity;
    let auth = sign(key, &challenge, protocol, profile.name.clone(), profile.device);
    let url = address.join("socket.io/");
    let server_found = ConnectionEvent::ServerFound(address, challenge.server.name);
    drop(driver.send(SessionMessage::Connection(id, server_found)).await);

    let (events, mut received) = mpsc::channel(SOCKET_EVENT_CAPACITY);
    let forward = async {
        while let Some(event) = received.recv().await {
            let message = SessionMessage::Connection(id, ConnectionEvent::Socket(event));
            if driver.send(message).await.is_err() {
                break;
            }
        }
    };
    let socket = async {
        let end = socket::run(&url, &auth, &events, outgoing, stop).await;
        // Ends `forward` when it has passed on everything.
        drop(events);
        end
    };
    let (end, ()) = tokio::join!(socket, forward);
    end.map(|error| {
        if error.code == ErrorCode::Other {
            WireError::new(ErrorCode::Other, format!("The server says: {}", error.message))
        } else {
            error
        }
    })
}
