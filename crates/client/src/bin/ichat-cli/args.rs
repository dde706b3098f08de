//! The command line. Its doc comments are the text of `--help`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory as _, ValueHint};
use ichat_client::Address;
use ichat_manual::ManualCommand;
use ichat_protocol::Name;

/// Uses I-Chat from the command line: lists rooms, joins them, posts to them, follows them.
#[derive(clap::Parser)]
#[command(name = "ichat-cli", version)]
pub(crate) struct Args {
    /// The folder for the profile and the history [default: a folder beside the app's].
    #[arg(long, env = "ICHAT_CLI_DATA", global = true, value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// Your name, stored for the next time [default: a random one].
    #[arg(long, env = "ICHAT_CLI_NAME", global = true, value_parser = Name::parse)]
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
    #[command(flatten)]
    Server(ServerCommand),
    #[command(flatten)]
    Manual(ManualCommand),
}

/// A command that uses a server.
#[derive(clap::Subcommand)]
pub(crate) enum ServerCommand {
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
    ///
    /// The last argument is the message, whatever it begins with. Options stand before it.
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

impl ServerCommand {
    pub(crate) fn address(&self) -> &Address {
        match self {
            Self::Rooms { address }
            | Self::Join { address, .. }
            | Self::Say { address, .. }
            | Self::Tail { address, .. } => address,
        }
    }
}

/// Puts `--` before the last argument of `say`, so that a message may look like an option.
pub(crate) fn with_marked_text(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments.collect();
    let of_say = subcommand_of(&arguments).filter(|index| arguments[*index] == "say");
    // Without an address before it, the last argument is no message: `say --help`.
    if let Some(say) = of_say
        && arguments.len() > say + 2
        && !arguments[say..arguments.len() - 1].contains(&"--".into())
    {
        arguments.insert(arguments.len() - 1, "--".into());
    }
    arguments
}

/// Returns the index of the subcommand: the first argument that is neither an option nor the value of one.
fn subcommand_of(arguments: &[OsString]) -> Option<usize> {
    let command = Args::command();
    let takes_value = |text: &str| {
        command.get_arguments().any(|option| {
            option.get_action().takes_values() && option.get_long().is_some_and(|name| text == format!("--{name}"))
        })
    };
    let mut index = 1;
    while let Some(argument) = arguments.get(index) {
        let text = argument.to_string_lossy();
        if !text.starts_with('-') {
            return Some(index);
        }
        index += if takes_value(&text) { 2 } else { 1 };
    }
    None
}

impl Args {
    /// Returns the longest time to wait for the server.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        (self.timeout > 0).then(|| Duration::from_secs(self.timeout))
    }
}

#[cfg(test)]
mod tests {
    //! - the last argument of `say` is its message, also if it looks like an option

    use clap::Parser as _;

    use super::*;

    fn parse(arguments: &str) -> Result<Args, clap::Error> {
        let arguments = std::iter::once("ichat-cli")
            .chain(arguments.split(' '))
            .map(OsString::from);
        Args::try_parse_from(with_marked_text(arguments))
    }

    #[test]
    fn the_last_argument_of_say_is_its_message() {
        for (arguments, room, text) in [
            ("say host hello", None, "hello"),
            ("say host --help", None, "--help"),
            ("say host -1", None, "-1"),
            ("say host Lunch --json", Some("Lunch"), "--json"),
            ("say host Lunch --", Some("Lunch"), "--"),
            ("say host -- -x", None, "-x"),
            ("--data folder --json say host -h", None, "-h"),
            ("--name say say host say", None, "say"),
            ("say --json --name Bot host Lunch -V", Some("Lunch"), "-V"),
        ] {
            let args = parse(arguments).unwrap_or_else(|error| panic!("{arguments}: {error}"));
            let Subcommand::Server(ServerCommand::Say {
                room: given,
                text: said,
                ..
            }) = args.subcommand
            else {
                panic!("{arguments}");
            };
            assert_eq!((given.as_deref(), said.as_str()), (room, text), "{arguments}");
        }
        for arguments in ["say --help", "say host", "rooms host --help", "tail host -x"] {
            assert!(parse(arguments).is_err(), "{arguments}");
        }
    }
}
