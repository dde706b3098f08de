//! The settings: from flags, the environment and a file, in this order of precedence.

use std::net::{Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ichat_protocol::{DEFAULT_PORT, Name};
use ichat_server::Config;
use serde::Deserialize;

/// The options, as flags and as the keys of the TOML file.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Flags {
    /// A TOML file with any of these options
    #[arg(long, env = "ICHAT_CONFIG", value_name = "FILE", global = true)]
    #[serde(skip)]
    config: Option<PathBuf>,

    /// The address and port to listen on; port 0 takes any free one [default: [::]:4242, which is every address of this
    /// machine]
    #[arg(long, env = "ICHAT_LISTEN", value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,

    /// The data folder; created if it doesn't exist [default: the user's folder for application data]
    #[arg(long, env = "ICHAT_DATA", value_name = "DIR", global = true)]
    data: Option<PathBuf>,

    /// The name that people see [default: the name of this machine]
    #[arg(long, env = "ICHAT_NAME", value_name = "NAME")]
    name: Option<NameFlag>,

    /// Don't announce the server on the local network
    #[arg(long, env = "ICHAT_NO_ANNOUNCE", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    no_announce: Option<bool>,

    /// Require a key from everyone
    #[arg(long, env = "ICHAT_NO_GUESTS", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    no_guests: Option<bool>,

    /// A DNS name by which the server may be addressed, besides IP addresses, localhost, *.localhost and *.local; may
    /// be repeated
    #[arg(long, env = "ICHAT_ALLOWED_HOST", value_name = "NAME", value_delimiter = ',')]
    allowed_host: Option<Vec<String>>,

    /// Open connections at once, from everywhere; on a full server, clients that poll may open half as many more [default:
    /// 10000]
    #[arg(long, env = "ICHAT_MAX_CONNECTIONS", value_name = "NUMBER")]
    max_connections: Option<usize>,

    /// Open connections at once from one address, or one IPv6 network (/64); loopback addresses are exempt [default: 512]
    #[arg(long, env = "ICHAT_MAX_CONNECTIONS_PER_ADDRESS", value_name = "NUMBER")]
    max_connections_per_address: Option<usize>,

    /// MiB to queue for all clients together; beyond it the connections with the most are closed [default: a quarter of
    /// the memory of the machine, or of its control group]
    #[arg(long, env = "ICHAT_MAX_MEMORY", value_name = "MIB")]
    max_memory: Option<NonZeroU32>,

    /// The lowest level to log, on standard error; messages are never logged [default: info]
    #[arg(long, env = "ICHAT_LOG", value_name = "LEVEL")]
    log: Option<Level>,

    /// The format of the log [default: text]
    #[arg(long, env = "ICHAT_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<Format>,
}

/// The lowest level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// The settings, with defaults filled in.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) announce: bool,
    pub(crate) log: Level,
    pub(crate) log_format: Format,
    pub(crate) server: Config,
}

/// Settings that can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("The file {} can't be read: {cause}.", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("The file {} is wrong: {cause}", path.display())]
    Invalid { path: PathBuf, cause: Box<toml::de::Error> },
    #[error("This user has no folder for application data. Say which folder to use, with --data DIR.")]
    NoDataFolder,
}

impl Settings {
    /// Fills in what the flags leave open: from the file that they name, then from the defaults.
    pub(crate) fn resolve(flags: Flags) -> Result<Self, SettingsError> {
        let file = flags.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let flags = flags.or(file);
        let default = Config::default();
        Ok(Self {
            listen: flags
                .listen
                .unwrap_or_else(|| SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT))),
            data: flags.data.map_or_else(default_data, Ok)?,
            announce: !flags.no_announce.unwrap_or_default(),
            log: flags.log.unwrap_or_default(),
            log_format: flags.log_format.unwrap_or_default(),
            server: Config {
                name: flags
                    .name
                    .map(|name| name.0)
                    .or_else(machine_name)
                    .unwrap_or(default.name),
                guests: !flags.no_guests.unwrap_or_default(),
                allowed_hosts: flags.allowed_host.unwrap_or_default(),
                max_connections: flags.max_connections.unwrap_or(default.max_connections),
                max_connections_per_address: flags
                    .max_connections_per_address
                    .unwrap_or(default.max_connections_per_address),
                max_memory: flags.max_memory.map_or(default.max_memory, bytes_of_mib),
            },
        })
    }
}

impl Flags {
    fn or(self, file: Self) -> Self {
        Self {
            config: self.config,
            listen: self.listen.or(file.listen),
            data: self.data.or(file.data),
            name: self.name.or(file.name),
            no_announce: self.no_announce.or(file.no_announce),
            no_guests: self.no_guests.or(file.no_guests),
            allowed_host: self.allowed_host.or(file.allowed_host),
            max_connections: self.max_connections.or(file.max_connections),
            max_connections_per_address: self.max_connections_per_address.or(file.max_connections_per_address),
            max_memory: self.max_memory.or(file.max_memory),
            log: self.log.or(file.log),
            log_format: self.log_format.or(file.log_format),
        }
    }
}

/// A name that a person chose, on the command line or in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct NameFlag(Name);

impl TryFrom<String> for NameFlag {
    type Error = ichat_protocol::InvalidName;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for NameFlag {
    type Err = ichat_protocol::InvalidName;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Name::parse(text).map(Self)
    }
}

fn read(path: &Path) -> Result<Flags, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|cause| SettingsError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    toml::from_str(&text).map_err(|cause| SettingsError::Invalid {
        path: path.to_owned(),
        cause: Box::new(cause),
    })
}

fn bytes_of_mib(number: NonZeroU32) -> usize {
    usize::try_from(u64::from(number.get()) * 1024 * 1024).unwrap_or(usize::MAX)
}

fn default_data() -> Result<PathBuf, SettingsError> {
    let folders = directories::ProjectDirs::from("", "", "ichat-server").ok_or(SettingsError::NoDataFolder)?;
    Ok(folders.data_dir().to_owned())
}

fn machine_name() -> Option<Name> {
    let name = gethostname::gethostname().into_string().ok()?;
    Name::parse(name.split('.').next()?).ok()
}

#[cfg(test)]
mod tests {
    //! - a flag wins over the file, and the file over the default
    //! - an invalid or missing file is rejected
    //! - the help states the defaults

    use clap::{CommandFactory as _, Parser as _};

    use super::*;

    #[derive(clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        flags: Flags,
    }

    fn flags(arguments: &[&str]) -> Flags {
        Arguments::try_parse_from([&["ichat-server"], arguments].concat())
            .unwrap()
            .flags
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.toml");
        std::fs::write(
            &path,
            "name = \"From the file\"\nno-guests = true\nmax-connections = 7\nmax-memory = 64\nlog = \"debug\"\n",
        )
        .unwrap();
        let path = path.to_str().unwrap();
        let settings =
            Settings::resolve(flags(&["--config", path, "--data", "/d", "--name", "From the flag"])).unwrap();
        assert_eq!(settings.server.name.as_str(), "From the flag");
        assert!(!settings.server.guests);
        assert_eq!(settings.server.max_connections, 7);
        assert_eq!(settings.server.max_connections_per_address, 512);
        assert_eq!(settings.server.max_memory, 64 * 1024 * 1024);
        assert_eq!(settings.log, Level::Debug);
        assert!(settings.announce);
        assert!(
            Settings::resolve(flags(&["--config", path, "--data", "/d", "--no-guests=false"]))
                .unwrap()
                .server
                .guests
        );
    }

    #[test]
    fn the_help_states_the_defaults() {
        let help = Arguments::command().render_help().to_string();
        let default = Config::default();
        for number in [default.max_connections, default.max_connections_per_address] {
            assert!(help.contains(&format!("[default: {number}]")), "{help}");
        }
        assert!(help.contains(&format!("[::]:{DEFAULT_PORT},")), "{help}");
        assert!(help.contains("[default: a quarter of the memory"), "{help}");
    }

    #[test]
    fn an_invalid_file_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.toml");
        for invalid in [
            "max-memory = 0",
            "nmae = \"x\"",
            "listen = 4242",
            "name = \"\"",
            "name = \"Office\\u200B\"",
            "name = \"\\uE000\"",
            "[",
        ] {
            std::fs::write(&path, invalid).unwrap();
            let error = Settings::resolve(flags(&["--config", path.to_str().unwrap()])).unwrap_err();
            assert!(matches!(error, SettingsError::Invalid { .. }), "{invalid}: {error}");
        }
        let error = Settings::resolve(flags(&["--config", "/nowhere.toml"])).unwrap_err();
        assert!(matches!(error, SettingsError::Unreadable { .. }), "{error}");
    }
}
