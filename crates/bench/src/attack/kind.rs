//! The attacks.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::ValueEnum;
use ichat_testkit::Identity;
use tokio::task::JoinSet;

use super::attacker::{Attacker, repeat};
use super::progress::Progress;

/// An attack on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    /// None, to see the noise
    None,
    /// WebSocket pings of somebody who reads nothing
    Pings,
    /// A thousand events of nested JSON, and nothing is read
    NestedEvents,
    /// A part of the list of all rooms three hundred times, and nothing is read
    UnreadRooms,
    /// A part of the list of all rooms, from eight connections
    Rooms,
    /// New rooms
    CreateRooms,
    /// Connections to namespaces that don't exist
    UnknownNamespaces,
    /// Bodies of requests that come byte by byte
    SlowBodies,
    /// Thousands of idle connections
    IdleConnections,
    /// A reaction that is set and removed
    Reactions,
    /// Messages of 16 KiB as fast as they are taken
    LongMessages,
    /// A hundred devices of somebody in very many rooms change their name
    Names,
    /// Nine hundred requests in flight, and nothing is read
    RequestsInFlight,
    /// Posts that go on after `busy`
    AfterBusy,
    /// Sign-ins with one key
    SignIns,
    /// Polling sessions over one connection
    PollingSessions,
    /// The page's script, requested in a pipeline
    Scripts,
    /// Guests who say one word each
    Guests,
}

impl Attack {
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    pub(crate) fn description(self) -> String {
        self.to_possible_value()
            .and_then(|value| value.get_help().map(ToString::to_string))
            .unwrap_or_default()
    }

    pub(super) fn needs_rooms(self) -> bool {
        match self {
            Attack::UnreadRooms | Attack::Rooms | Attack::Names => true,
            Attack::None
            | Attack::Pings
            | Attack::NestedEvents
            | Attack::CreateRooms
            | Attack::UnknownNamespaces
            | Attack::SlowBodies
            | Attack::IdleConnections
            | Attack::Reactions
            | Attack::LongMessages
            | Attack::RequestsInFlight
            | Attack::AfterBusy
            | Attack::SignIns
            | Attack::PollingSessions
            | Attack::Scripts
            | Attack::Guests => false,
        }
    }

    /// Starts the attack, which goes on until the result is dropped. `owner` is the member of all rooms.
    pub(super) fn start(self, server: SocketAddr, owner: &Arc<Identity>, progress: &Arc<Progress>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let mut spawn = |count: u8, run: fn(Attacker) -> super::attacker::Run| {
            for number in 0..count {
                let attacker = Attacker::new(server, number, Arc::clone(owner), Arc::clone(progress));
                tasks.spawn(repeat(attacker, run));
            }
        };
        match self {
            Attack::None => {}
            Attack::Pings => spawn(4, |attacker| Box::pin(attacker.pings())),
            Attack::NestedEvents => spawn(4, |attacker| Box::pin(attacker.nested_events())),
            Attack::UnreadRooms => spawn(4, |attacker| Box::pin(attacker.unread_rooms())),
            Attack::Rooms => spawn(8, |attacker| Box::pin(attacker.rooms())),
            Attack::CreateRooms => spawn(4, |attacker| Box::pin(attacker.create_rooms())),
            Attack::UnknownNamespaces => spawn(4, |attacker| Box::pin(attacker.unknown_namespaces())),
            Attack::SlowBodies => spawn(200, |attacker| Box::pin(attacker.slow_body())),
            Attack::IdleConnections => spawn(20, |attacker| Box::pin(attacker.idle_connections())),
            Attack::Reactions => spawn(2, |attacker| Box::pin(attacker.reactions())),
            Attack::LongMessages => spawn(4, |attacker| Box::pin(attacker.long_messages())),
            Attack::Names => spawn(100, |attacker| Box::pin(attacker.names())),
            Attack::RequestsInFlight => spawn(4, |attacker| Box::pin(attacker.requests_in_flight())),
            Attack::AfterBusy => spawn(4, |attacker| Box::pin(attacker.after_busy())),
            Attack::SignIns => spawn(14, |attacker| Box::pin(attacker.sign_ins())),
            Attack::PollingSessions => spawn(2, |attacker| Box::pin(attacker.polling_sessions())),
            Attack::Scripts => spawn(2, |attacker| Box::pin(attacker.scripts())),
            Attack::Guests => spawn(14, |attacker| Box::pin(attacker.guest())),
        }
        tasks
    }
}
