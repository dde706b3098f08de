//! The values of settings that name addresses, hosts and networks.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ichat_protocol::DEFAULT_PORT;
use ipnet::{IpNet, Ipv4Net};
use url::Host;

use crate::settings::value::{Value, items, one};

/// The address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

/// The address at which metrics are served, if they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetricsListen(pub(crate) Option<SocketAddr>);

/// DNS names in the form in which a `Host` header has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostNames(pub(crate) Vec<String>);

/// Addresses and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks(pub(crate) Vec<IpNet>);

/// The port of metrics where none is given. It is the one of OpenTelemetry's Prometheus exporters.
const DEFAULT_METRICS_PORT: u16 = 9464;
/// The text of an address that isn't listened on.
const OFF: &str = "off";

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

impl Value for Networks {
    fn parse(texts: &[String]) -> Result<Self, String> {
        let networks: Vec<_> = items(texts).map(network).collect::<Result<_, _>>()?;
        if IpNet::aggregate(&networks)
            .iter()
            .any(|network| network.prefix_len() == 0)
        {
            return Err("takes networks of proxies, and these together are everyone's".to_owned());
        }
        Ok(Self(networks))
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

#[cfg(test)]
mod tests {
    //! - addresses with and without a port, and those on which nobody can listen
    //! - host names with a scheme, a port, a path, capitals or umlauts, in lists with commas and spaces
    //! - addresses and networks of proxies

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
        for text in ["0.0.0.0/1, 128.0.0.0/1", "::/1 8000::/2 c000::/2"] {
            let reason = parse::<Networks>(text).unwrap_err();
            assert!(reason.contains("these together are everyone's"), "{text}: {reason}");
        }
    }
}
