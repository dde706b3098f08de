//! The command line.

use std::path::PathBuf;

use clap::Parser;
use ichat_discovery::Scope;

/// I-Chat: a chat that carries its own server.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "ichat", version)]
pub struct Flags {
    /// Keeps everything in this folder instead of the usual one. Apps with different folders can run at the same time.
    #[arg(long, value_name = "DIR", env = "ICHAT_DATA")]
    pub data: Option<PathBuf>,
    /// Hosts and searches on this computer only: nothing reaches the network.
    #[arg(long, env = "ICHAT_THIS_COMPUTER_ONLY")]
    pub this_computer_only: bool,
    /// Selects what is logged to the terminal, in the syntax of tracing's `EnvFilter`.
    #[arg(
        long,
        value_name = "FILTER",
        env = "ICHAT_LOG",
        default_value = "warn,ichat_app=info"
    )]
    pub log: String,
}

impl Flags {
    pub(crate) fn scope(&self) -> Scope {
        if self.this_computer_only {
            Scope::ThisComputer
        } else {
            Scope::LocalNetwork
        }
    }
}
