//! The settings: from flags, variables and a file, in this order of precedence.
//!
//! ```text
//!   setting   the list of settings: names, variables, help
//!   layers    where a setting was given: flag, variable, file
//!   value     how each is parsed and shown
//!   network   the same of addresses, hosts and networks
//!   unknown_variables   variables that look like settings
//! ```

mod layers;
mod network;
mod setting;
mod unknown_variables;
mod value;

use std::ffi::OsString;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use ichat_protocol::{DEFAULT_PORT, Name};
use ichat_server::Config;

use self::layers::{Layers, Source, SourceError};
use self::network::{HostNames, Listen, MetricsListen, Networks};
use self::setting::Setting;
use self::value::{Connections, Folder, Limit, Mebibytes, Seconds, Switch, Value};

pub(crate) use self::setting::flags;
pub(crate) use self::unknown_variables::unknown_variables;
pub(crate) use self::value::{Format, Level};

/// The time to wait at the start for an address, a port or a folder.
const DEFAULT_START_TIMEOUT: Seconds = Seconds(10);

const BYTES_PER_MIB: u64 = 1024 * 1024;

/// The settings, with defaults filled in.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    /// `None` if metrics are not served.
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) data: PathBuf,
    pub(crate) announce: bool,
    pub(crate) start_timeout: Duration,
    pub(crate) log: Level,
    pub(crate) log_format: Format,
    pub(crate) server: Config,
    effective: Vec<Effective>,
}

/// A setting in effect.
#[derive(Debug)]
struct Effective {
    setting: Setting,
    value: toml::Value,
    source: Source,
}

/// Settings that can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(transparent)]
    Source(#[from] SourceError),
    /// One sentence for each wrong value, on a line of its own.
    #[error("{}", .0.join("\nichat-server: "))]
    Values(Vec<String>),
}

impl Settings {
    /// Fills in what the flags leave open: from the variables, from the file that they name, then from the defaults. Of the
    /// flags, later matches override earlier ones.
    pub(crate) fn resolve(
        flags: &[&ArgMatches],
        variables: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, SettingsError> {
        let mut resolver = Resolver::read(flags, variables)?;
        let default = Config::default();
        let settings = Self {
            listen: resolver.value(Setting::Listen, default_listen()).0,
            metrics_listen: resolver.value(Setting::MetricsListen, MetricsListen::default()).0,
            data: resolver.data(),
            announce: !resolver.value(Setting::NoAnnounce, Switch(false)).0,
            start_timeout: resolver.value(Setting::StartTimeout, DEFAULT_START_TIMEOUT).duration(),
            log: resolver.value(Setting::Log, Level::default()),
            log_format: resolver.value(Setting::LogFormat, Format::default()),
            server: Config {
                name: resolver.value(Setting::Name, machine_name().unwrap_or(default.name)),
                guests: !resolver.value(Setting::NoGuests, Switch(!default.guests)).0,
                allowed_hosts: resolver.value(Setting::AllowedHost, HostNames(default.allowed_hosts)).0,
                base_path: resolver.value(Setting::BasePath, default.base_path),
                max_connections: resolver
                    .value(Setting::MaxConnections, Connections(default.max_connections))
                    .0,
                max_connections_per_address: {
                    let default = Connections(default.max_connections_per_address);
                    resolver.value(Setting::MaxConnectionsPerAddress, default).0
                },
                trusted_proxies: resolver
                    .value(Setting::TrustedProxy, Networks(default.trusted_proxies))
                    .0,
                max_memory: {
                    let default = Mebibytes::of_bytes(default.max_memory);
                    resolver.value(Setting::MaxMemory, default).bytes()
                },
                max_rate_per_person: resolver.limit(Setting::MaxRatePerPerson, default.max_rate_per_person),
                max_rate_per_address: resolver.limit(Setting::MaxRatePerAddress, default.max_rate_per_address),
                max_rooms_per_day: resolver.limit(Setting::MaxRoomsPerDay, default.max_rooms_per_day),
                max_rooms_per_person: resolver.limit(Setting::MaxRoomsPerPerson, default.max_rooms_per_person),
                max_entries_per_day: resolver.limit(Setting::MaxEntriesPerDay, default.max_entries_per_day),
                max_bytes_per_day: resolver.bytes(Setting::MaxMibPerDay, default.max_bytes_per_day),
                max_guest_entries_per_day: {
                    let default = default.max_guest_entries_per_day;
                    resolver.limit(Setting::MaxGuestEntriesPerDay, default)
                },
                max_guest_bytes_per_day: resolver.bytes(Setting::MaxGuestMibPerDay, default.max_guest_bytes_per_day),
                disk_reserve: resolver.bytes(Setting::DiskReserve, default.disk_reserve),
                guest_disk_reserve: resolver.bytes(Setting::GuestDiskReserve, default.guest_disk_reserve),
                metrics: default.metrics,
            },
            effective: Vec::new(),
        };
        if settings.metrics_listen == Some(settings.listen) && settings.listen.port() != 0 {
            resolver.problems.push(
                "--listen and --metrics-listen are the same address. Metrics are not for everyone: they take a port of \
                 their own."
                    .to_owned(),
            );
        }
        let effective = resolver.finish()?;
        Ok(Self { effective, ..settings })
    }

    /// Returns the data folder alone, as [`Self::resolve`] does, whatever the other settings are.
    pub(crate) fn resolve_data(
        flags: &[&ArgMatches],
        variables: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<PathBuf, SettingsError> {
        let mut resolver = Resolver::read(flags, variables)?;
        let data = resolver.data();
        resolver.finish()?;
        Ok(data)
    }

    /// Returns the settings in effect as a TOML file, each with its origin.
    pub(crate) fn report(&self) -> String {
        let line = |effective: &Effective| format!("{} = {}", effective.setting.name(), effective.value);
        let lines: Vec<_> = self.effective.iter().map(line).collect();
        let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
        let with_source = |(line, effective): (&String, &Effective)| format!("{line:width$}  # {}", effective.source);
        lines
            .iter()
            .zip(&self.effective)
            .map(with_source)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Takes one setting after the other from the layers, and keeps what is wrong with them.
struct Resolver<'a> {
    layers: Layers<'a>,
    effective: Vec<Effective>,
    problems: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn read(
        flags: &'a [&'a ArgMatches],
        variables: &'a dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            layers: Layers::read(flags, variables)?,
            effective: Vec::new(),
            problems: Vec::new(),
        })
    }

    /// Returns the settings that were taken. Fails if one of them is wrong.
    fn finish(self) -> Result<Vec<Effective>, SettingsError> {
        if self.problems.is_empty() {
            Ok(self.effective)
        } else {
            Err(SettingsError::Values(self.problems))
        }
    }

    /// Returns a setting's value, or the default if it isn't given, or is wrong.
    fn value<T: Value>(&mut self, setting: Setting, default: T) -> T {
        let (value, source) = self.given(setting).unwrap_or((default, Source::Default));
        self.effective.push(Effective {
            setting,
            value: value.to_toml(),
            source,
        });
        value
    }

    fn limit(&mut self, setting: Setting, default: u32) -> u32 {
        self.value(setting, Limit(default)).0
    }

    /// Returns a setting in MiB as bytes.
    fn bytes(&mut self, setting: Setting, default: u64) -> u64 {
        let default = u32::try_from(default / BYTES_PER_MIB).unwrap_or(u32::MAX);
        u64::from(self.limit(setting, default)) * BYTES_PER_MIB
    }

    fn given<T: Value>(&mut self, setting: Setting) -> Option<(T, Source)> {
        let given = match self.layers.get(setting) {
            Ok(given) => given?,
            Err(error) => {
                self.problems.push(error.to_string());
                return None;
            }
        };
        match T::parse(&given.texts) {
            Ok(value) => Some((value, given.source)),
            Err(reason) => {
                let text = given.texts.join(", ");
                self.problems
                    .push(format!("{} is {text:?}. It {reason}.", given.source));
                None
            }
        }
    }

    fn data(&mut self) -> PathBuf {
        let default = default_data();
        let is_needed = default.is_none() && self.problems.is_empty();
        let folder = self.value(Setting::Data, Folder(default.unwrap_or_default())).0;
        if is_needed && folder.as_os_str().is_empty() && self.problems.is_empty() {
            let problem = "This user has no folder for application data. Say which folder to use, with --data DIR.";
            self.problems.push(problem.to_owned());
        }
        folder
    }
}

fn default_listen() -> Listen {
    Listen(SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT)))
}

fn default_data() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ichat-server")?;
    Some(folders.data_dir().to_owned())
}

fn machine_name() -> Option<Name> {
    let name = gethostname::gethostname().into_string().ok()?;
    Name::parse(name.split('.').next()?).ok()
}

#[cfg(test)]
mod tests {
    //! - a flag overrides a variable, a variable the file, and the file the default; a report says which
    //! - an empty variable is unset
    //! - lists in variables
    //! - an invalid or missing file is rejected, and so is each wrong value, with its origin
    //! - a report is a file that gives the same settings
    //! - the help states the defaults

    use super::*;

    fn matches(arguments: &[&str]) -> ArgMatches {
        clap::Command::new("ichat-server")
            .no_binary_name(true)
            .args(flags())
            .try_get_matches_from(arguments)
            .unwrap()
    }

    fn resolve(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::resolve(&[&matches(arguments)], &|name| {
            let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
            Some((*value).into())
        })
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_flag_overrides_a_variable_and_a_variable_the_file() {
        let file = file(
            "name = \"From the file\"\nno-guests = true\nmax-connections = 7\nmax-memory = 64\nmax-rate-per-person = 0\nlog = \"debug\"\n",
        );
        let path = file.path().to_str().unwrap();
        let arguments = ["--config", path, "--data", "/d", "--name", "From the flag"];
        let settings = resolve(
            &arguments,
            &[("ICHAT_NAME", "From the variable"), ("ICHAT_LOG", "warn")],
        )
        .unwrap();
        assert_eq!(settings.server.name.as_str(), "From the flag");
        assert!(!settings.server.guests);
        assert_eq!(settings.server.max_connections, 7);
        assert_eq!(settings.server.max_connections_per_address, 512);
        assert_eq!(settings.server.max_memory, 64 * 1024 * 1024);
        assert_eq!(settings.server.max_rate_per_person, 0);
        assert_eq!(settings.server.max_rate_per_address, 1_000);
        assert_eq!(settings.log, Level::Warn);
        assert!(settings.announce);
        let report = settings.report();
        for (setting, source) in [
            ("name = \"From the flag\"", "# --name"),
            ("log = \"warn\"", "# ICHAT_LOG"),
            ("no-guests = true", &format!("# no-guests in {path}")),
            ("listen = \"[::]:4242\"", "# default"),
        ] {
            let line = report.lines().find(|line| line.starts_with(setting));
            assert!(line.is_some_and(|line| line.ends_with(source)), "{setting}: {report}");
        }
        let variables = [("ICHAT_CONFIG", path)];
        let settings = resolve(&["--data", "/d", "--no-guests=false"], &variables).unwrap();
        assert!(settings.server.guests);
        assert_eq!(settings.server.name.as_str(), "From the file");
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let variables = [
            "ICHAT_NAME",
            "ICHAT_NO_GUESTS",
            "ICHAT_LISTEN",
            "ICHAT_MAX_MEMORY",
            "ICHAT_CONFIG",
        ];
        let settings = resolve(&["--data", "/d"], &variables.map(|name| (name, ""))).unwrap();
        assert!(settings.server.guests);
        assert_eq!(settings.listen, default_listen().0);
        assert!(!settings.report().contains("ICHAT_"), "{}", settings.report());
    }

    #[test]
    fn a_variable_can_be_a_list() {
        let variables = [
            ("ICHAT_ALLOWED_HOST", "https://Chat.example.org:443, büro.example"),
            ("ICHAT_NO_ANNOUNCE", "1"),
            ("ICHAT_DATA", "/d"),
        ];
        let settings = resolve(&[], &variables).unwrap();
        assert_eq!(
            settings.server.allowed_hosts,
            ["chat.example.org", "xn--bro-hoa.example"]
        );
        assert!(!settings.announce);
        let flags = ["--allowed-host", "a.example", "--allowed-host", "b.example"];
        assert_eq!(
            resolve(&flags, &variables).unwrap().server.allowed_hosts,
            ["a.example", "b.example"]
        );
    }

    #[test]
    fn an_invalid_file_is_rejected() {
        for (text, expected) in [
            ("max-memory = 0", "max-memory in "),
            (
                "nmae = \"x\"",
                "\"nmae\", which is not a setting. The settings are: listen,",
            ),
            ("listen = 4242", "an IP address and a port"),
            ("listen = 42.42", "takes a text"),
            ("name = \"\"", "must not be empty"),
            ("name = [\"a\", \"b\"]", "takes one value"),
            ("name = \"Office\\u200B\"", "name in "),
            ("name = \"\\uE000\"", "name in "),
            ("[", "is wrong"),
        ] {
            let file = file(text);
            let error = resolve(&["--config", file.path().to_str().unwrap()], &[])
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let error = resolve(&["--config", "/nowhere.toml"], &[]).unwrap_err().to_string();
        assert!(error.contains("/nowhere.toml can't be read"), "{error}");
    }

    #[test]
    fn each_wrong_value_is_named_with_its_origin() {
        let variables = [
            ("ICHAT_NO_GUESTS", "perhaps"),
            ("ICHAT_DATA", "~/chat"),
            ("ICHAT_ALLOWED_HOST", "*.org"),
        ];
        let error = resolve(&["--max-connections", "0", "--log", "loud"], &variables)
            .unwrap_err()
            .to_string();
        for (line, expected) in error.lines().zip([
            "ICHAT_DATA is \"~/chat\". It takes a whole path",
            "--log is \"loud\". It takes one of: off, error,",
            "ICHAT_NO_GUESTS is \"perhaps\". It takes true or false",
            "ICHAT_ALLOWED_HOST is \"*.org\". It takes each name by itself",
            "--max-connections is \"0\". It takes a number of connections, from 1 to 1000000.",
        ]) {
            assert!(line.contains(expected), "{expected}: {line}");
        }
        assert_eq!(error.lines().count(), 5, "{error}");
    }

    #[test]
    fn a_report_is_a_file_that_gives_the_same_settings() {
        let given = [
            "--data",
            "/d \"e\"",
            "--allowed-host",
            "a.example",
            "--no-announce",
            "--name",
            "Ada's # \"PC\"",
        ];
        let settings = resolve(&given, &[]).unwrap();
        let file = file(&settings.report());
        let again = resolve(&["--config", file.path().to_str().unwrap()], &[]).unwrap();
        let values = |settings: &Settings| -> Vec<_> {
            settings
                .effective
                .iter()
                .map(|effective| effective.value.clone())
                .collect()
        };
        assert_eq!(values(&again), values(&settings));
        assert_eq!(again.server.name.as_str(), "Ada's # \"PC\"");
    }

    #[test]
    fn the_help_states_the_defaults() {
        let help = clap::Command::new("ichat-server")
            .args(flags())
            .render_help()
            .to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let default = Config::default();
        let numbers = [default.max_connections, default.max_connections_per_address];
        let seconds = usize::try_from(DEFAULT_START_TIMEOUT.0).unwrap();
        for number in numbers.into_iter().chain([seconds]) {
            assert!(help.contains(&format!("[default: {number}]")), "{help}");
        }
        for limit in [
            default.max_rate_per_person,
            default.max_rate_per_address,
            default.max_rooms_per_day,
            default.max_rooms_per_person,
        ] {
            assert!(help.contains(&format!("[default: {limit}]")), "{help}");
        }
        assert!(help.contains(&format!("[::]:{DEFAULT_PORT},")), "{help}");
        assert!(help.contains("[default: a quarter of the memory"), "{help}");
    }
}
