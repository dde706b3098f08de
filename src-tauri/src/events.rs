//! The events that the shell sends to the user interface, in the shapes of `ui/src/backend/index.ts`.

use ichat_client::session::Update;
use ichat_protocol::{Name, RoomId, ServerId, WireError};
use serde::Serialize;

/// An event for the user interface.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum BackendEvent {
    /// The user's profile on this device.
    Profile {
        name: Name,
        /// The id of this installation.
        device: String,
        /// `true` if the name was made up at this start.
        first_run: bool,
    },
    /// The servers that this device has a session with, in the order in which they were joined. Replaces the list.
    Servers { servers: Vec<KnownServer> },
    /// An update from the session with a server.
    Session { server: ServerId, update: Update },
    /// The servers near, by name. Replaces the list.
    Nearby {
        servers: Vec<NearbyServer>,
        /// The duration of the search so far.
        searching_ms: u64,
        /// The addresses that were searched: `wlan0 (192.168.1.7)`.
        checked: Vec<String>,
    },
    /// The server that this device hosts, if any.
    Hosting {
        hosting: Option<Hosting>,
        /// The reason why hosting ended by itself, or did not resume after a restart.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<WireError>,
    },
    /// The window is about to close while this device hosts: ask whether to go on hosting.
    AskQuit,
    /// A system notification was clicked: show this room.
    Show { server: ServerId, room: RoomId },
    /// Nothing works until this error is fixed and the app is restarted.
    Fatal { error: WireError },
}

/// A server that this device has a session with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownServer {
    pub id: ServerId,
    pub name: Name,
    /// Its addresses, best first.
    pub addresses: Vec<String>,
    /// `true` if this device hosts it.
    pub own: bool,
}

/// A server on the local network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearbyServer {
    /// The id that the announcement claims.
    pub id: ServerId,
    /// The name that the announcement claims.
    pub name: Name,
    /// The number of people online.
    pub people: u32,
    /// Its addresses, best first.
    pub addresses: Vec<String>,
    /// `true` if this version supports its protocol.
    pub compatible: bool,
    /// `true` if this device hosts it.
    pub own: bool,
}

/// The server that this device hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hosting {
    pub server: ServerId,
    pub name: Name,
    /// The addresses that others type or scan, best first: `http://192.168.1.7:4242`.
    pub addresses: Vec<String>,
    /// The reason why the server is not announced, if it isn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unannounced: Option<String>,
}
