//! The list of settings. From it come the flags with their help, the variables, and the keys of the file.

use clap::{Arg, ArgAction, ValueHint};
use strum::VariantArray as _;

/// The variable with the path of the file.
pub(crate) const FILE_VARIABLE: &str = "ICHAT_CONFIG";
/// The flag with the path of the file.
pub(crate) const FILE_FLAG: &str = "config";

/// A setting. The name of a variant in kebab case is the flag and the key in the file, and in upper case the variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Setting {
    Listen,
    MetricsListen,
    Data,
    Name,
    NoAnnounce,
    NoGuests,
    AllowedHost,
    BasePath,
    MaxConnections,
    MaxConnectionsPerAddress,
    TrustedProxy,
    MaxMemory,
    MaxRatePerPerson,
    MaxRatePerAddress,
    MaxRoomsPerDay,
    MaxRoomsPerPerson,
    MaxEntriesPerDay,
    MaxMibPerDay,
    MaxGuestEntriesPerDay,
    MaxGuestMibPerDay,
    DiskReserve,
    GuestDiskReserve,
    StartTimeout,
    Log,
    LogFormat,
}

/// The number of values that a setting takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    One,
    /// None as a flag, where it means `true`.
    Switch,
    Many,
}

impl Setting {
    /// Returns the name of the flag and of the key.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the name of the variable.
    pub(crate) fn variable(self) -> String {
        format!("ICHAT_{}", self.name().replace('-', "_").to_uppercase())
    }

    /// Returns the setting with this key.
    pub(crate) fn of_key(key: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|setting| setting.name() == key)
    }

    fn kind(self) -> Kind {
        match self {
            Self::NoAnnounce | Self::NoGuests => Kind::Switch,
            Self::AllowedHost | Self::TrustedProxy => Kind::Many,
            Self::Listen
            | Self::MetricsListen
            | Self::Data
            | Self::Name
            | Self::BasePath
            | Self::MaxConnections
            | Self::MaxConnectionsPerAddress
            | Self::MaxMemory
            | Self::MaxRatePerPerson
            | Self::MaxRatePerAddress
            | Self::MaxRoomsPerDay
            | Self::MaxRoomsPerPerson
            | Self::MaxEntriesPerDay
            | Self::MaxMibPerDay
            | Self::MaxGuestEntriesPerDay
            | Self::MaxGuestMibPerDay
            | Self::DiskReserve
            | Self::GuestDiskReserve
            | Self::StartTimeout
            | Self::Log
            | Self::LogFormat => Kind::One,
        }
    }

    fn value_name(self) -> &'static str {
        match self {
            Self::Listen | Self::MetricsListen => "ADDR:PORT",
            Self::Data => "DIR",
            Self::Name | Self::AllowedHost => "NAME",
            Self::BasePath => "PATH",
            Self::TrustedProxy => "ADDR[/LEN]",
            Self::NoAnnounce | Self::NoGuests => "BOOL",
            Self::MaxConnections
            | Self::MaxConnectionsPerAddress
            | Self::MaxRatePerPerson
            | Self::MaxRatePerAddress
            | Self::MaxRoomsPerDay
            | Self::MaxRoomsPerPerson
            | Self::MaxEntriesPerDay
            | Self::MaxGuestEntriesPerDay => "NUMBER",
            Self::MaxMemory
            | Self::MaxMibPerDay
            | Self::MaxGuestMibPerDay
            | Self::DiskReserve
            | Self::GuestDiskReserve => "MIB",
            Self::StartTimeout => "SECONDS",
            Self::Log => "LEVEL",
            Self::LogFormat => "FORMAT",
        }
    }

    /// Returns what a shell completes.
    fn value_hint(self) -> ValueHint {
        if self == Self::Data {
            ValueHint::DirPath
        } else {
            ValueHint::Other
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Listen => {
                "The IP address and port to listen on; port 0 takes any free one [default: [::]:4242, which is every \
                 address of this machine]"
            }
            Self::MetricsListen => {
                "The IP address and port at which Prometheus reads /metrics, such as 127.0.0.1:9464; whoever reaches it can \
                 read how much the server is used [default: off]"
            }
            Self::Data => {
                "The data folder; created if it doesn't exist [default: the user's folder for application data]"
            }
            Self::Name => "The name that people see [default: the name of this machine]",
            Self::NoAnnounce => "Don't announce the server on the local network",
            Self::NoGuests => "Require a key from everyone",
            Self::AllowedHost => {
                "A DNS name by which the server may be addressed, besides IP addresses, localhost, *.localhost and \
                 *.local; may be repeated, or several with commas"
            }
            Self::BasePath => {
                "The path below which the server is reached, such as /chat/, where a proxy has other sites at the same host \
                 name [default: /]"
            }
            Self::MaxConnections => {
                "Open connections at once, from everywhere; on a full server, clients that poll may open half as many \
                 more [default: 10000]"
            }
            Self::MaxConnectionsPerAddress => {
                "Open connections at once from one address, or one IPv6 network (/64); loopback addresses count as one \
                 [default: 512]"
            }
            Self::TrustedProxy => {
                "The address or network of a reverse proxy that names its clients (Forwarded, X-Forwarded-For), so that \
                 limits per address are theirs; may be repeated, or several with commas"
            }
            Self::MaxMemory => {
                "MiB to queue for all clients together; beyond it the connections with the most are closed [default: a \
                 quarter of the memory of the machine, or of its control group]"
            }
            Self::MaxRatePerPerson => {
                "Units of work that one person may cause in a second, with all of their devices: a short post costs 1, what \
                 takes more work more. Ten times as much may be spent at once. Beyond it clients have to wait; 0 is no limit \
                 [default: 100]"
            }
            Self::MaxRatePerAddress => {
                "The same for all clients at one address, or in one IPv6 network (/64); loopback addresses are exempt \
                 [default: 1000]"
            }
            Self::MaxRoomsPerDay => {
                "Rooms that one person may create within 24 hours; the guests at one address count as one person; 0 is no \
                 limit [default: 50]"
            }
            Self::MaxRoomsPerPerson => {
                "Rooms that one person with a key may create in all; 0 is no limit [default: 1000]"
            }
            Self::MaxEntriesPerDay => {
                "Entries (messages, edits, reactions and the like) that one person with a key may write within 24 hours; 0 is \
                 no limit [default: 20000]"
            }
            Self::MaxMibPerDay => {
                "MiB that one person with a key may write within 24 hours; 0 is no limit [default: 64]"
            }
            Self::MaxGuestEntriesPerDay => {
                "Entries that the guests at one address may write within 24 hours, all together; 0 is no limit [default: \
                 10000]"
            }
            Self::MaxGuestMibPerDay => {
                "MiB that the guests at one address may write within 24 hours, all together; 0 is no limit [default: 16]"
            }
            Self::DiskReserve => {
                "MiB of free disk space below which nobody can post, and members read, delete and leave; 0 is none [default: 64]"
            }
            Self::GuestDiskReserve => {
                "MiB of free disk space below which guests can only read, so that people with a key can go on; 0 is none \
                 [default: 512]"
            }
            Self::StartTimeout => {
                "How long to wait at the start for an address that the machine doesn't have yet, and for a port or a \
                 data folder that another program still uses; 0 doesn't wait [default: 10]"
            }
            Self::Log => {
                "The lowest level to log, on standard error: off, error, warn, info, debug or trace; messages are never \
                 logged [default: info]"
            }
            Self::LogFormat => "The format of the log: text, or json with one object per line [default: text]",
        }
    }

    fn arg(self) -> Arg {
        let arg = Arg::new(self.name())
            .long(self.name())
            .value_name(self.value_name())
            .help(format!("{} [env: {}]", self.help(), self.variable()))
            .value_hint(self.value_hint())
            // The maintenance commands use the folder, too.
            .global(self == Self::Data);
        match self.kind() {
            Kind::One => arg,
            Kind::Many => arg.action(ArgAction::Append),
            Kind::Switch => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        }
    }
}

/// Returns the flags: one for the file, and one for each setting. Their values are texts, as in variables.
pub(crate) fn flags() -> impl Iterator<Item = Arg> {
    let file = Arg::new(FILE_FLAG)
        .long(FILE_FLAG)
        .value_name("FILE")
        .value_hint(ValueHint::FilePath)
        .help(format!("A TOML file with any of these settings [env: {FILE_VARIABLE}]"))
        .global(true);
    std::iter::once(file).chain(Setting::VARIANTS.iter().map(|setting| setting.arg()))
}

#[cfg(test)]
mod tests {
    //! - the documentation has a row for each setting

    use super::*;

    #[test]
    fn the_documentation_has_a_row_for_each_setting() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
        let docs = std::fs::read_to_string(file).unwrap();
        for setting in Setting::VARIANTS {
            let (flag, variable) = (
                format!("| `--{}", setting.name()),
                format!("| `{}` |", setting.variable()),
            );
            let row = docs.lines().find(|line| {
                line.strip_prefix(&flag)
                    .is_some_and(|rest| rest.starts_with([' ', '`']))
                    && line.contains(&variable)
            });
            assert!(row.is_some(), "no row begins with {flag} and has {variable}");
        }
    }
}
