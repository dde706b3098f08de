//! The events that the shell sends to the user interface. `ui/src/backend/backend-events.ts` is generated from this file:
//! a browser's back end sends some of them, too.

use ichat_client::session::Update;
use ichat_protocol::{DeviceId, Name, RoomId, ServerId, WireError};
use serde::Serialize;
use ts_rs::TS;

/// An event for the user interface.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum BackendEvent {
    /// The user's profile on this device.
    Profile {
        name: Name,
        /// The id of this installation.
        device: DeviceId,
        /// `true` if the name is only a suggestion, made up at this start: ask the user.
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
        #[ts(type = "number")]
        searching_ms: u64,
        /// The addresses that were searched: `wlan0 (192.168.1.7)`.
        checked: Vec<String>,
        /// The reason why the search does not run, if it doesn't.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        error: Option<String>,
    },
    /// The server that this device hosts, if any.
    Hosting {
        hosting: Option<Hosting>,
        /// The reason why hosting ended by itself, or did not resume after a restart.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        error: Option<WireError>,
    },
    /// The app is about to quit while this device hosts: ask whether to go on hosting.
    AskQuit {
        /// `true` if an icon in the tray brings a hidden window back.
        tray: bool,
    },
    /// Hosting is about to stop while others are connected: ask whether to stop.
    AskStop,
    /// This page replaces one that has crashed.
    Recovered,
    /// A system notification was clicked: show this room.
    Show { server: ServerId, room: RoomId },
    /// Nothing works until the user fixes this and restarts the app: the data folder is in use, damaged or read-only.
    Fatal { error: WireError },
}

/// A server that this device has a session with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct KnownServer {
    pub id: ServerId,
    pub name: Name,
    /// Its addresses, best first.
    pub addresses: Vec<String>,
    /// `true` if this device hosts it.
    pub own: bool,
}

/// A server on the local network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Hosting {
    pub server: ServerId,
    pub name: Name,
    /// The addresses that others type or scan, best first: `http://192.168.1.7:4242`.
    pub addresses: Vec<String>,
    /// The reason why the server is not announced on the network, if it isn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unannounced: Option<String>,
}
