//! What the shell tells the interface, in the shapes of `ui/src/backend/index.ts`.

use ichat_client::session::Update;
use ichat_protocol::{Name, RoomId, ServerId, WireError};
use serde::Serialize;

/// Something that the interface should know.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum BackendEvent {
    /// Who the person is on this device.
    Profile {
        /// The name to go by.
        name: Name,
        /// This installation's id.
        device: String,
        /// Whether the name was just made up.
        first_run: bool,
    },
    /// The servers that this device has a session with. Replaces the list.
    Servers {
        /// In the order in which they were joined.
        servers: Vec<KnownServer>,
    },
    /// Something happened in the session with a server.
    Session {
        /// Which one.
        server: ServerId,
        /// What happened.
        update: Update,
    },
    /// The servers near. Replaces the list.
    Nearby {
        /// By name.
        servers: Vec<NearbyServer>,
        /// For how long they have been searched.
        searching_ms: u64,
        /// Where they were searched, in words: `wlan0 (192.168.1.7)`.
        checked: Vec<String>,
    },
    /// What this device hosts now, if anything.
    Hosting {
        /// Absent when nothing is hosted.
        hosting: Option<Hosting>,
        /// Why hosting ended by itself, or could not go on after a restart.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<WireError>,
    },
    /// The window is to be closed while this device hosts: ask whether to go on hosting.
    AskQuit,
    /// A system notification was clicked: show this room.
    Show {
        /// On which server.
        server: ServerId,
        /// The room.
        room: RoomId,
    },
    /// Nothing works until this is put right and the app is started again.
    Fatal {
        /// What, and what to do.
        error: WireError,
    },
}

/// A server that this device has a session with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownServer {
    /// Its id.
    pub id: ServerId,
    /// Its name.
    pub name: Name,
    /// Where it was reached, best first.
    pub addresses: Vec<String>,
    /// Whether this device hosts it.
    pub own: bool,
}

/// A server on the local network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearbyServer {
    /// Its id, as claimed.
    pub id: ServerId,
    /// Its name, as claimed.
    pub name: Name,
    /// How many people are there.
    pub people: u32,
    /// Where it can be reached, best first.
    pub addresses: Vec<String>,
    /// Whether this version can talk with it.
    pub compatible: bool,
    /// Whether this device hosts it.
    pub own: bool,
}

/// What this device hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hosting {
    /// The server's id.
    pub server: ServerId,
    /// Its name.
    pub name: Name,
    /// What others type or scan, best first: `http://192.168.1.7:4242`.
    pub addresses: Vec<String>,
    /// Why it is not announced; absent when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unannounced: Option<String>,
}
