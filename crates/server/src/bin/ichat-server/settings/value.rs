//! The values of settings: how each is parsed from text, and shown.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use ichat_protocol::{DEFAULT_PORT, Name};
use ichat_server::{BasePath, InvalidBasePath};
use ipnet::{IpNet, Ipv4Net};
use url::Host;

/// Parses texts to a value, and shows it as in the file.
pub(crate) trait Value: Sized {
    /// Parses the texts. The error says what the setting takes, and completes the sentence "It …".
    fn parse(texts: &[String]) -> Result<Self, String>;
    fn to_toml(&self) -> toml::Value;
}

/// The address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

/// The address at which metrics are served, if they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetricsListen(pub(crate) Option<SocketAddr>);

/// The path of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folder(pub(crate) PathBuf);

/// Something that is on or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Switch(pub(crate) bool);

/// DNS names in the form in which a `Host` header has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostNames(pub(crate) Vec<String>);

/// Addresses and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks(pub(crate) Vec<IpNet>);

/// A number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connections(pub(crate) usize);

/// A limit on something that is counted; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u32);

/// An amount of memory, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mebibytes(pub(crate) usize);

/// A short time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) u64);

/// The lowest level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// The port of metrics where none is given. It is the one of OpenTelemetry's Prometheus exporters.
const DEFAULT_METRICS_PORT: u16 = 9464;
/// The text of an address that isn't listened on.
const OFF: &str = "off";
/// Larger numbers are meant to be no limit, which is 0.
const MAX_LIMIT: u32 = 1_000_000;
/// More connections than any machine has files for.
const MAX_CONNECTIONS: usize = 1_000_000;
/// Less would close connections that only load a page of history.
const MIN_MEBIBYTES: usize = 16;
/// 16 TiB.
const MAX_MEBIBYTES: usize = 16 * 1024 * 1024;
const MAX_SECONDS: u64 = 3_600;

impl Value for Listen {
    fn parse(texts: &[String]) -> Result<Self, String> {
        let expected =
            "takes an IP address and a port, such as 192.168.1.7:4242, or [::]:4242 for every address of the machine";
        own_address(one(texts)?, DEFAULT_PORT, expected).map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        self.0.to_string().into()
    }
}

impl Value for MetricsListen {
    fn parse(texts: &[String]) -> Result<Self, String> {
        let text = one(texts)?;
        if text.eq_ignore_ascii_case(OFF) {
            return Ok(Self(None));
        }
        let expected = "takes an IP address and a port, such as 127.0.0.1:9464, or off";
        own_address(text, DEFAULT_METRICS_PORT, expected).map(|address| Self(Some(address)))
    }

    fn to_toml(&self) -> toml::Value {
        self.0.map_or(OFF.to_owned(), |address| address.to_string()).into()
    }
}

/// Parses an address of this machine. Other texts are refused with what is expected.
fn own_address(text: &str, default_port: u16, expected: &str) -> Result<SocketAddr, String> {
    let without_port = || Some(SocketAddr::new(bare_ip(text)?, default_port));
    let address = text.parse().ok().or_else(without_port).ok_or(expected)?;
    match address {
        SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => Err(format!(
            "takes a link-local address only with the number of its interface (see `ip link`), such as \
             [fe80::1%2]:{default_port}"
        )),
        SocketAddr::V4(_) | SocketAddr::V6(_) if is_of_many(address.ip()) => {
            Err("takes an address of this machine, and not one of a group of machines".to_owned())
        }
        SocketAddr::V4(_) | SocketAddr::V6(_) => Ok(address),
    }
}

/// Returns an address without a port, also with brackets.
fn bare_ip(text: &str) -> Option<IpAddr> {
    let in_brackets = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match in_brackets {
        Some(ip) => ip.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

fn is_of_many(ip: IpAddr) -> bool {
    ip.is_multicast() || matches!(ip, IpAddr::V4(ip) if ip.is_broadcast())
}

impl Value for Folder {
    fn parse(texts: &[String]) -> Result<Self, String> {
        let text = one(texts)?;
        if text == "~" || text.starts_with("~/") {
            return Err("takes a whole path: ~ means the home folder only to a shell".to_owned());
        }
        if text.contains('\0') {
            return Err("takes the path of a folder".to_owned());
        }
        Ok(Self(text.into()))
    }

    fn to_toml(&self) -> toml::Value {
        self.0.to_string_lossy().into_owned().into()
    }
}

impl Value for Name {
    fn parse(texts: &[String]) -> Result<Self, String> {
        Name::parse(one(texts)?).map_err(|error| format!("takes a name that people can read: {error}"))
    }

    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for Switch {
    fn parse(texts: &[String]) -> Result<Self, String> {
        match one(texts)?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "on" => Ok(Self(true)),
            "false" | "0" | "no" | "n" | "off" => Ok(Self(false)),
            _ => Err("takes true or false (also yes or no, on or off, 1 or 0)".to_owned()),
        }
    }

    fn to_toml(&self) -> toml::Value {
        self.0.into()
    }
}

impl Value for HostNames {
    fn parse(texts: &[String]) -> Result<Self, String> {
        items(texts).map(host_name).collect::<Result<_, _>>().map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// Returns the name in a `host`, `host:port` or URL, as browsers send it.
fn host_name(text: &str) -> Result<String, String> {
    let invalid = || format!("takes DNS names such as chat.example.org, and {text:?} is none");
    let lower = text.to_ascii_lowercase();
    let without_scheme = ["http://", "https://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme));
    let authority = without_scheme.unwrap_or(&lower);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('*') {
        return Err(format!("takes each name by itself, and {text:?} is a pattern"));
    }
    // Also the wide colon of Chinese and Japanese keyboards.
    let host = match authority.rsplit_once([':', '：']) {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    match Host::parse(host).map_err(|_| invalid())? {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            if name.is_empty() || name.split('.').any(str::is_empty) {
                return Err(invalid());
            }
            Ok(name.to_owned())
        }
        Host::Ipv4(ip) => Ok(ip.to_string()),
        Host::Ipv6(ip) => Ok(ip.to_string()),
    }
}

impl Value for BasePath {
    fn parse(texts: &[String]) -> Result<Self, String> {
        let parsed = one(texts)?.parse();
        parsed.map_err(|error: InvalidBasePath| format!("takes a path such as /chat/: {error}"))
    }

    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for Networks {
    fn parse(texts: &[String]) -> Result<Self, String> {
        items(texts).map(network).collect::<Result<_, _>>().map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        let names: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        names.into()
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let Ok(network) = network else {
        return Err(format!(
            "takes addresses and networks of proxies, such as 127.0.0.1 or 172.16.0.0/12, and {text:?} is none"
        ));
    };
    let network = canonical(network);
    if network.prefix_len() == 0 {
        return Err(format!("takes networks of proxies, and {text:?} is everyone's"));
    }
    Ok(network.trunc())
}

/// Returns the IPv4 network that is meant by one such as `::ffff:10.0.0.0/104`, and any other one as it is: the addresses of
/// connections are compared in their IPv4 form.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(v6) => v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    let mapped = mapped.and_then(|(address, prefix_len)| Ipv4Net::new(address, prefix_len).ok());
    mapped.map_or(network, IpNet::V4)
}

impl Value for Connections {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(texts, &(1..=MAX_CONNECTIONS), "a number of connections").map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Value for Limit {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(texts, &(0..=MAX_LIMIT), "a number, 0 is no limit").map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Value for Mebibytes {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(
            texts,
            &(MIN_MEBIBYTES..=MAX_MEBIBYTES),
            "a number of MiB without a unit",
        )
        .map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Mebibytes {
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        Self(bytes / 1024 / 1024)
    }

    pub(crate) fn bytes(self) -> usize {
        self.0.saturating_mul(1024 * 1024)
    }
}

impl Value for Seconds {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(texts, &(0..=MAX_SECONDS), "a number of seconds without a unit").map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Seconds {
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Value for Level {
    fn parse(texts: &[String]) -> Result<Self, String> {
        one_of(texts)
    }

    fn to_toml(&self) -> toml::Value {
        name_of(self)
    }
}

impl Value for Format {
    fn parse(texts: &[String]) -> Result<Self, String> {
        one_of(texts)
    }

    fn to_toml(&self) -> toml::Value {
        name_of(self)
    }
}

/// Returns the only text, without white space around it.
fn one(texts: &[String]) -> Result<&str, String> {
    match texts {
        [text] if !text.trim().is_empty() => Ok(text.trim()),
        [_] => Err("must not be empty: leave it out for the default".to_owned()),
        _ => Err("takes one value".to_owned()),
    }
}

/// Returns the items of a list, which are separated by commas, semicolons or white space.
fn items(texts: &[String]) -> impl Iterator<Item = &str> {
    let is_separator = |c: char| c.is_whitespace() || [',', ';'].contains(&c);
    texts
        .iter()
        .flat_map(move |text| text.split(is_separator))
        .filter(|item| !item.is_empty())
}

fn number<N>(texts: &[String], range: &RangeInclusive<N>, what: &str) -> Result<N, String>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let parsed = one(texts)?.parse().ok();
    let in_range = parsed.filter(|number| range.contains(number));
    in_range.ok_or_else(|| format!("takes {what}, from {} to {}", range.start(), range.end()))
}

fn integer(number: impl TryInto<i64>) -> toml::Value {
    number.try_into().unwrap_or(i64::MAX).into()
}

fn one_of<T: ValueEnum>(texts: &[String]) -> Result<T, String> {
    T::from_str(one(texts)?, true).map_err(|_| {
        let names: Vec<_> = T::value_variants()
            .iter()
            .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("takes one of: {}", names.join(", "))
    })
}

fn name_of<T: ValueEnum>(value: &T) -> toml::Value {
    let name = value.to_possible_value().map(|value| value.get_name().to_owned());
    name.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    //! - addresses with and without a port, and those on which nobody can listen
    //! - switches as people and tools write them
    //! - host names with a scheme, a port, a path, capitals or umlauts, in lists with commas and spaces
    //! - addresses and networks of proxies
    //! - numbers have bounds, and no unit

    use super::*;

    fn parse<T: Value>(text: &str) -> Result<T, String> {
        T::parse(&[text.to_owned()])
    }

    #[test]
    fn an_address_needs_no_port() {
        for (text, address) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            (" 0.0.0.0 ", "0.0.0.0:4242"),
            ("::", "[::]:4242"),
            ("[::1]", "[::1]:4242"),
            ("[fe80::1%2]:7", "[fe80::1%2]:7"),
        ] {
            assert_eq!(parse::<Listen>(text).unwrap().0.to_string(), address, "{text}");
        }
        for (text, expected) in [
            ("localhost:4242", "an IP address and a port"),
            ("4242", "an IP address and a port"),
            ("1.2.3.4:99999", "an IP address and a port"),
            ("010.0.0.10:4242", "an IP address and a port"),
            ("[fe80::1]:4242", "the number of its interface"),
            ("224.0.0.1:4242", "an address of this machine"),
            ("255.255.255.255:4242", "an address of this machine"),
            ("[ff02::1]:4242", "an address of this machine"),
            ("", "must not be empty"),
        ] {
            let reason = parse::<Listen>(text).unwrap_err();
            assert!(reason.contains(expected), "{text}: {reason}");
        }
    }

    #[test]
    fn switches_are_as_people_write_them() {
        for text in ["1", "yes", "on", "true", "TRUE", " Yes\n"] {
            assert_eq!(parse(text), Ok(Switch(true)), "{text}");
        }
        for text in ["0", "no", "off", "false", "False"] {
            assert_eq!(parse(text), Ok(Switch(false)), "{text}");
        }
        for text in ["2", "ja", ""] {
            assert!(parse::<Switch>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn host_names_are_as_people_write_them() {
        let names = |text| parse::<HostNames>(text).map(|names| names.0);
        for (text, expected) in [
            ("chat.example.org", vec!["chat.example.org"]),
            ("Chat.Example.ORG:443", vec!["chat.example.org"]),
            ("https://chat.example.org:8443/#/room", vec!["chat.example.org"]),
            ("chat.example.org.", vec!["chat.example.org"]),
            ("plaudern.müller.example", vec!["plaudern.xn--mller-kva.example"]),
            ("192.168.1.7:4242", vec!["192.168.1.7"]),
            ("[2001:db8::7]:4242", vec!["2001:db8::7"]),
            (
                "a.example, b.example c.example;d.example,",
                vec!["a.example", "b.example", "c.example", "d.example"],
            ),
            (" , ", vec![]),
        ] {
            assert_eq!(names(text).unwrap(), expected, "{text}");
        }
        for text in [
            "*.example.org",
            "a..b",
            "user@chat.example.org",
            "ftp://chat",
            "[::1",
            ".",
        ] {
            let reason = names(text).unwrap_err();
            assert!(reason.contains(text), "{text}: {reason}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let networks =
            parse::<Networks>("127.0.0.1, 172.16.5.4/12 2001:db8::/32 ::ffff:10.0.0.1 ::ffff:192.0.2.7/120").unwrap();
        assert_eq!(
            networks.to_toml().to_string(),
            "[\"127.0.0.1/32\", \"172.16.0.0/12\", \"2001:db8::/32\", \"10.0.0.1/32\", \"192.0.2.0/24\"]"
        );
        for text in ["localhost", "10.0.0.0/40", "0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
            let reason = parse::<Networks>(text).unwrap_err();
            assert!(reason.contains(text), "{text}: {reason}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(parse("7"), Ok(Connections(7)));
        assert_eq!(parse("64"), Ok(Mebibytes(64)));
        assert_eq!(parse("0"), Ok(Seconds(0)));
        assert_eq!(parse("0"), Ok(Limit(0)));
        assert!(parse::<Limit>("-1").is_err());
        for text in ["0", "-1", "1e4", "2000000", "ten"] {
            let reason = parse::<Connections>(text).unwrap_err();
            assert_eq!(reason, "takes a number of connections, from 1 to 1000000", "{text}");
        }
        for text in ["0", "15", "512M"] {
            let reason = parse::<Mebibytes>(text).unwrap_err();
            assert!(reason.contains("from 16 "), "{text}: {reason}");
        }
        assert!(parse::<Seconds>("10s").is_err());
    }
}
