//! The address of a server, as people type it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ichat_protocol::DEFAULT_PORT;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use url::{Host, Position};

/// More than the path of any server.
const MAX_PATH_BYTES: usize = 255;

/// The address of a server: host, port, path, and whether the connection uses TLS. Two addresses with one host and different
/// paths are those of two servers.
///
/// It is parsed from `host`, `host:port`, `host/path`, an IPv6 address with or without brackets, or a URL as a browser shows it
/// (`http://host:port/path/#/room`).
///
/// It is shown with the slash at the end of its path, if it has one: `192.168.1.7:4242`, `192.168.1.7:4242/chat/`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// Its path ends with a slash.
    url: Url,
}

/// A text that is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not an address{reason}. Type it like 192.168.1.7, 192.168.1.7:4242 or chat.example.org.")]
pub struct InvalidAddress {
    text: String,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Form,
    /// A number in a form in which programs read another one than people.
    Number,
    /// An IPv6 address with the interface of this machine.
    Zone,
}

impl InvalidAddress {
    fn new(typed: &str, reason: Reason) -> Self {
        let text = typed.chars().filter(|c| !c.is_control()).take(60).collect();
        Self { text, reason }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "",
            Self::Number => " that people and programs read alike: its four numbers are decimal, without leading zeros",
            Self::Zone => " that I-Chat can use: it has a zone (%). Take another address of that computer",
        })
    }
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

    /// Returns the address of a server below a path of the host. A path that is longer than any server's is ignored.
    #[must_use]
    pub fn below(mut self, path: &str) -> Self {
        // Resolves `..`, and encodes what is no part of a URL.
        self.url.set_path(path);
        let segments: Vec<_> = self
            .url
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        let path: String = segments
            .iter()
            .flat_map(|segment| ["/", segment])
            .chain(["/"])
            .collect();
        self.url.set_path(if path.len() > MAX_PATH_BYTES { "/" } else { &path });
        self
    }

    /// Returns the address without the last part of its path. `None` if it has no path.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (parent, _) = self.url.path().trim_end_matches('/').rsplit_once('/')?;
        Some(self.clone().below(parent))
    }

    /// Returns the URL of something on the server, whose path is relative to the server's.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path()));
        url
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let typed: String = text.trim().chars().map(half_width).collect();
        let invalid = || InvalidAddress::new(&typed, Reason::Form);
        let (scheme, rest) = match typed.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".into(), typed.as_str()),
        };
        if scheme != "http" && scheme != "https" {
            return Err(invalid());
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() || authority.contains('@') || authority.contains(char::is_whitespace) {
            return Err(invalid());
        }
        if authority.contains('%') {
            return Err(InvalidAddress::new(&typed, Reason::Zone));
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
        // To the parser, as to browsers, 010.0.0.10 is 8.0.0.10, and 0x7f.1 is 127.0.0.1.
        let typed_host = authority.split(':').next().unwrap_or_default();
        if let Some(Host::Ipv4(ip)) = url.host()
            && ip.to_string() != typed_host
        {
            return Err(InvalidAddress::new(&typed, Reason::Number));
        }
        if !has_port && scheme == "http" {
            url.set_port(Some(DEFAULT_PORT)).map_err(|()| invalid())?;
        }
        Ok(Self { url }.below(path))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        let path = if self.url.path() == "/" { "" } else { self.url.path() };
        if self.url.scheme() != "http" {
            return write!(f, "{}{path}", &self.url[..Position::BeforePath]);
        }
        write!(
            f,
            "{host}:{}{path}",
            self.url.port_or_known_default().unwrap_or(DEFAULT_PORT)
        )
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

/// Returns the ASCII form of a character as Chinese and Japanese keyboards make it, such as the wide colon.
fn half_width(c: char) -> char {
    const OFFSET: u32 = '\u{FF01}' as u32 - '!' as u32;
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - OFFSET).unwrap_or(c),
        '\u{3002}' => '.',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    //! - many ways to type an address are accepted
    //! - two paths of one host are two addresses; what is on a server is below its path
    //! - an invalid address is refused with an example
    //! - an IPv4 address is the one that is read, or is refused; so is one with a zone

    use super::*;

    #[test]
    fn many_ways_to_type_an_address_are_accepted() {
        for (typed, shown) in [
            ("192.168.1.7", "192.168.1.7:4242"),
            (" 192.168.1.7:80 ", "192.168.1.7:80"),
            ("Chat.Example.org", "chat.example.org:4242"),
            ("http://192.168.1.7:4243/#/room/x", "192.168.1.7:4243"),
            ("http://192.168.1.7:4243/room/x?y#z", "192.168.1.7:4243/room/x/"),
            ("HTTP://host.local", "host.local:4242"),
            ("https://chat.example.org", "https://chat.example.org"),
            ("https://chat.example.org:8443/", "https://chat.example.org:8443"),
            ("fe80::1", "[fe80::1]:4242"),
            ("[2001:db8::7]:99", "[2001:db8::7]:99"),
            ("[2001:db8::7]", "[2001:db8::7]:4242"),
            ("bücher.local:1", "xn--bcher-kva.local:1"),
            ("192.168.1.7：4243", "192.168.1.7:4243"),
            ("１９２．１６８。１．７", "192.168.1.7:4242"),
            ("example.com/chat", "example.com:4242/chat/"),
            ("Example.com/Chat/", "example.com:4242/Chat/"),
            ("192.168.1.7:80/chat/#/room/x", "192.168.1.7:80/chat/"),
            ("https://example.com/chat/", "https://example.com/chat/"),
            (
                "https://example.com:8443//a/./b/../chat?x",
                "https://example.com:8443/a/chat/",
            ),
            ("[2001:db8::7]/chat", "[2001:db8::7]:4242/chat/"),
            ("example.com/my chat", "example.com:4242/my%20chat/"),
            ("example.com／chat", "example.com:4242/chat/"),
            ("ｈｔｔｐｓ：／／chat.example.org", "https://chat.example.org"),
        ] {
            let address: Address = typed.parse().unwrap();
            assert_eq!(address.to_string(), shown, "{typed}");
            assert_eq!(address.to_string().parse::<Address>().unwrap(), address, "{typed}");
        }
    }

    #[test]
    fn two_paths_of_one_host_are_two_addresses() {
        let parse = |text: &str| text.parse::<Address>().unwrap();
        assert_eq!(
            parse("https://example.com/chat"),
            parse("https://EXAMPLE.com/chat/#/room/x")
        );
        assert_ne!(parse("https://example.com/chat/"), parse("https://example.com/other/"));
        assert_ne!(parse("https://example.com/chat/"), parse("https://example.com/"));
        let long = format!("example.com/{}", "x/".repeat(MAX_PATH_BYTES));
        assert_eq!(parse(&long), parse("example.com"), "no server has such a path");
    }

    #[test]
    fn what_is_on_a_server_is_below_its_path() {
        let urls = |text: &str| text.parse::<Address>().unwrap().join("api/hello").to_string();
        assert_eq!(urls("192.168.1.7"), "http://192.168.1.7:4242/api/hello");
        assert_eq!(
            urls("https://example.com/a/chat"),
            "https://example.com/a/chat/api/hello"
        );
        let above = |text: &str| {
            text.parse::<Address>()
                .unwrap()
                .parent()
                .map(|parent| parent.to_string())
        };
        assert_eq!(
            above("https://example.com/a/chat").as_deref(),
            Some("https://example.com/a/")
        );
        assert_eq!(above("https://example.com/a").as_deref(), Some("https://example.com"));
        assert_eq!(above("https://example.com"), None);
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

    #[test]
    fn an_ipv4_address_is_the_one_that_is_read() {
        for typed in [
            "010.0.0.10",
            "10.0.0.010:4242",
            "http://0x7f.0.0.1/",
            "127.1",
            "2130706433",
            "0300.0250.1.7",
            "①.②.③.④",
        ] {
            let error = typed.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("without leading zeros"), "{typed}: {error}");
        }
        for typed in ["fe80::1%eth0", "[fe80::1%2]:4242", "http://[fe80::1%25eth0]:4242/"] {
            let error = typed.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("has a zone"), "{typed}: {error}");
        }
    }
}
