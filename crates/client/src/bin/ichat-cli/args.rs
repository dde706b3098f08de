//! What may be asked on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use ichat_client::Address;
use ichat_protocol::Name;

/// I-Chat on the command line: list rooms, join one, say something, watch.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Args {
    /// Where the profile and the history are kept. One process at a time. Default: a folder of its own beside the app's.
    #[arg(long, env = "ICHAT_CLI_DATA", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// The name to go by; it is kept. At first a friendly one is made up.
    #[arg(long, env = "ICHAT_NAME", global = true, value_parser = Name::parse)]
    pub(crate) name: Option<Name>,
    /// Prints one JSON object a line, as the protocol has them.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Gives up after so many seconds without the server; 0 waits for ever.
    #[arg(long, global = true, default_value_t = 30)]
    pub(crate) timeout: u64,
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(Subcommand)]
pub(crate) enum What {
    /// Lists the rooms of a server.
    Rooms {
        /// Like 192.168.1.7 or chat.example.org:4242.
        address: Address,
    },
    /// Joins a room.
    Join {
        /// Like 192.168.1.7 or chat.example.org:4242.
        address: Address,
        /// The room's name or id.
        room: String,
    },
    /// Says something in a room, and waits until the server has it.
    Say {
        /// Like 192.168.1.7 or chat.example.org:4242.
        address: Address,
        /// The room's name or id; the lobby when only a text is given.
        #[arg(value_names = ["ROOM] [TEXT"], num_args = 1..=2, required = true)]
        room_and_text: Vec<String>,
    },
    /// Prints what is said in a room, until it is stopped.
    Tail {
        /// Like 192.168.1.7 or chat.example.org:4242.
        address: Address,
        /// The room's name or id; otherwise the lobby.
        room: Option<String>,
        /// Begins with this many of the latest entries.
        #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "since")]
        history: u32,
        /// Begins behind the entry with this number.
        #[arg(long, value_name = "SEQ")]
        since: Option<u64>,
    },
}

impl What {
    pub(crate) fn address(&self) -> &Address {
        match self {
            What::Rooms { address }
            | What::Join { address, .. }
            | What::Say { address, .. }
            | What::Tail { address, .. } => address,
        }
    }
}

impl Args {
    /// How long to wait for the server.
    pub(crate) fn patience(&self) -> Option<Duration> {
        (self.timeout > 0).then(|| Duration::from_secs(self.timeout))
    }
}
