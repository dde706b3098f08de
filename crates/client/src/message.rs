//! The messages that a session driver receives: from the client, and from its connection.

use ichat_protocol::{Name, WireError};
use tokio::sync::oneshot;

use crate::Address;
use crate::error::CommandError;
use crate::session::Command;
use crate::socket::SocketEvent;

/// The number of messages that wait for a driver. While the queue is full, senders wait.
pub(crate) const QUEUE_CAPACITY: usize = 1_024;

pub(crate) enum SessionMessage {
    /// A command of the user. The reply follows when everything that must not be lost is on disk.
    Command(Command, oneshot::Sender<Result<(), CommandError>>),
    /// See [`crate::session::Input::Refresh`].
    Refresh,
    /// See [`crate::session::Input::Nudge`].
    Nudge,
    /// See [`crate::session::Input::Reconnect`].
    Reconnect,
    /// See [`crate::Client::hurry`].
    Hurry,
    /// An event of the connection with this id.
    Connection(u64, ConnectionEvent),
}

#[derive(Debug)]
pub(crate) enum ConnectionEvent {
    /// The server answers at this address, under this name.
    ServerFound(Address, Name),
    Socket(SocketEvent),
    /// The end of the connection or the attempt: always the last event.
    Closed {
        error: Option<WireError>,
    },
}
