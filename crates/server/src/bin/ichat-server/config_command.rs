//! The commands about the settings.

use clap::Subcommand;

use crate::output;
use crate::settings::Settings;

/// A command about the settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the settings in effect as a TOML file, each with its origin: a flag, a variable, a file, or the default
    ///
    /// Takes the flags of the server. Starts nothing. The exit code is 2 if a setting is wrong, with a sentence for each.
    Check,
}

impl ConfigCommand {
    pub(crate) fn run(self, settings: &Settings) {
        match self {
            Self::Check => output::print(settings.report()),
        }
    }
}
