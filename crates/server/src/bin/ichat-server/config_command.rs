//! The commands about the settings.

use std::io;

use clap::Subcommand;

use crate::output;
use crate::settings::{Settings, unknown_variables};

/// A command about the settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the settings in effect as a TOML file, each with its origin: a flag, a variable, a file, or the default
    ///
    /// Takes the flags of the server. Starts nothing. The exit code is 2 if a setting is wrong, with a sentence for each.
    Check,
}

impl ConfigCommand {
    /// Runs the command. Fails if the settings can't be printed, unless their reader has gone.
    pub(crate) fn run(self, settings: &Settings) -> io::Result<()> {
        match self {
            Self::Check => {
                if let Some(warning) = unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
                    output::print_error(format_args!("ichat-server: {warning}\n"));
                }
                output::try_print(settings.report())
            }
        }
    }
}
