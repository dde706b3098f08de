//! The command line. Its doc comments are the text of `--help`.

use std::path::PathBuf;
use std::time::Duration;

use ichat_client::Address;
use ichat_protocol::Name;

/// Uses I-Chat from the command line: lists rooms, joins them, posts to them, follows them.
#[derive(clap::Parser)]
#[command(version)]
pub(crate) struct Args {
    /// The folder for the profile and the history; one process at a time can use it [default: a folder beside the app's].
    #[arg(long, env = "ICHAT_CLI_DATA", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// Your name, stored for the next time [default: a random one].
    #[arg(long, env = "ICHAT_NAME", global = true, value_parser = Name::parse)]
    pub(crate) name: Option<Name>,
    /// Prints one JSON object per line, in the protocol's format.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Gives up if a server that was found has not done the work after this many seconds; 0 waits forever.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    #[command(subcommand)]
    pub(crate) subcommand: Subcommand,
}

#[derive(clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Lists the rooms of a server.
    Rooms {
        /// The server, like 192.168.1.7 or chat.example.org:4242.
        address: Address,
    },
    /// Joins a room.
    Join {
        /// The server, like 192.168.1.7 or chat.example.org:4242.
        address: Address,
        /// The room's name or id.
        room: String,
    },
    /// Posts a message and waits until the server has stored it.
    #[command(allow_missing_positional = true)]
    Say {
        /// The server, like 192.168.1.7 or chat.example.org:4242.
        address: Address,
        /// The room's name or id [default: the lobby].
        room: Option<String>,
        /// The message.
        text: String,
    },
    /// Prints the latest messages of a room, and new ones until it is stopped.
    Tail {
        /// The server, like 192.168.1.7 or chat.example.org:4242.
        address: Address,
        /// The room's name or id [default: the lobby].
        room: Option<String>,
        /// The number of latest entries to begin with.
        #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "since")]
        history: u32,
        /// Begins after the entry with this number.
        #[arg(long, value_name = "SEQ")]
        since: Option<u64>,
    },
}

impl Subcommand {
    pub(crate) fn address(&self) -> &Address {
        match self {
            Subcommand::Rooms { address }
            | Subcommand::Join { address, .. }
            | Subcommand::Say { address, .. }
            | Subcommand::Tail { address, .. } => address,
        }
    }
}

impl Args {
    /// Returns the longest time to wait for the server.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        (self.timeout > 0).then(|| Duration::from_secs(self.timeout))
    }
}
