//! The address of a server, as people type it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ichat_protocol::DEFAULT_PORT;
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// The address of a server: host, port, and whether the connection uses TLS.
///
/// It is parsed from `host`, `host:port`, an IPv6 address with or without brackets, or a URL as a browser shows it
/// (`http://host:port/room`, whose path is ignored).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    url: Url,
}

/// A text that is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not an address. Type it like 192.168.1.7, 192.168.1.7:4242 or chat.example.org.")]
pub struct InvalidAddress {
    text: String,
}

impl Address {
    /// Creates an address from its parts, as discovery finds it.
    pub fn new(ip: IpAddr, port: u16) -> Result<Self, InvalidAddress> {
        let host = match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        format!("{host}:{port}").parse()
    }

    /// Returns the address as a URL without a path.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the URL of a path on the server.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let typed = text.trim();
        let invalid = || InvalidAddress {
            text: typed.chars().filter(|c| !c.is_control()).take(60).collect(),
        };
        let (scheme, rest) = match typed.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".into(), typed),
        };
        if scheme != "http" && scheme != "https" {
            return Err(invalid());
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() || authority.contains('@') || authority.contains(char::is_whitespace) {
            return Err(invalid());
        }
        // An IPv6 address without brackets has no port.
        let authority = match authority.parse::<Ipv6Addr>() {
            Ok(ip) => format!("[{ip}]"),
            Err(_) => authority.to_owned(),
        };
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let mut url = Url::parse(&format!("{scheme}://{authority}/")).map_err(|_| invalid())?;
        if url.host_str().is_none_or(str::is_empty) || url.port() == Some(0) {
            return Err(invalid());
        }
        if !has_port && scheme == "http" {
            url.set_port(Some(DEFAULT_PORT)).map_err(|()| invalid())?;
        }
        Ok(Self { url })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        if self.url.scheme() != "http" {
            return f.write_str(self.url.as_str().trim_end_matches('/'));
        }
        write!(f, "{host}:{}", self.url.port_or_known_default().unwrap_or(DEFAULT_PORT))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidAddress;
    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    //! - many ways to type an address are accepted
    //! - an invalid address is refused with an example

    use super::*;

    #[test]
    fn many_ways_to_type_an_address_are_accepted() {
        for (typed, shown) in [
            ("192.168.1.7", "192.168.1.7:4242"),
            (" 192.168.1.7:80 ", "192.168.1.7:80"),
            ("Chat.Example.org", "chat.example.org:4242"),
            ("http://192.168.1.7:4243/room/x?y#z", "192.168.1.7:4243"),
            ("HTTP://host.local", "host.local:4242"),
            ("https://chat.example.org", "https://chat.example.org"),
            ("https://chat.example.org:8443/", "https://chat.example.org:8443"),
            ("fe80::1", "[fe80::1]:4242"),
            ("[2001:db8::7]:99", "[2001:db8::7]:99"),
            ("[2001:db8::7]", "[2001:db8::7]:4242"),
            ("bücher.local:1", "xn--bcher-kva.local:1"),
        ] {
            let address: Address = typed.parse().unwrap();
            assert_eq!(address.to_string(), shown, "{typed}");
            assert_eq!(address.to_string().parse::<Address>().unwrap(), address, "{typed}");
        }
    }

    #[test]
    fn an_invalid_address_is_refused_with_an_example() {
        for typed in [
            "",
            "  ",
            "ftp://x",
            "host:port",
            "host:99999",
            "host:0",
            "a b",
            "user@host",
            "http://",
            "[::1",
            "::g",
            ":80",
        ] {
            let error = typed.parse::<Address>().unwrap_err();
            assert!(error.to_string().contains("192.168.1.7:4242"), "{typed}");
        }
    }
}
