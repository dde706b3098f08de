//! The addresses by which other machines reach a server on this one, as text and as a QR code.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// Returns the URL in a line such as `listening on http://0.0.0.0:4242`.
pub(crate) fn parse_listening_line(line: &str) -> Option<&str> {
    let start = line.find("listening on http://")? + "listening on ".len();
    let url = &line[start..];
    let end = url
        .find(|c: char| c.is_whitespace() || c == '"' || c == ',')
        .unwrap_or(url.len());
    Some(url[..end].trim_end_matches(['/', '.']))
}

/// Returns the URLs that other machines can open for a server that listens on `listening`, the best one first.
pub(crate) fn reachable_urls(listening: &str) -> Vec<String> {
    let Some((host, port)) = listening.strip_prefix("http://").and_then(|rest| rest.rsplit_once(':')) else {
        return vec![listening.to_owned()];
    };
    // The server prints `localhost` when it listens on every address.
    if ["localhost", "0.0.0.0", "[::]"].contains(&host) {
        local_addresses()
            .into_iter()
            .map(|address| format!("http://{address}:{port}"))
            .collect()
    } else {
        vec![listening.to_owned()]
    }
}

/// Returns this machine's IPv4 addresses. The address of the default route is first, because its interface is the one
/// that the network's other machines are on. Loopback is returned only if there is no other address.
fn local_addresses() -> Vec<Ipv4Addr> {
    let mut addresses: Vec<_> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|interface| match interface.ip() {
            IpAddr::V4(address) if !address.is_loopback() && !address.is_link_local() => Some(address),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        })
        .collect();
    let default = default_route_address();
    addresses.sort_by_key(|address| Some(*address) != default);
    if addresses.is_empty() {
        addresses.push(Ipv4Addr::LOCALHOST);
    }
    addresses
}

/// Returns the address that packets to the internet would be sent from. Connecting a UDP socket only looks up the route
/// and sends nothing; 192.0.2.0/24 is reserved for documentation (RFC 5737).
fn default_route_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

/// Formats the join card for a terminal: the best URL as text and as a QR code, then the others.
pub(crate) fn join_card(urls: &[String]) -> String {
    let Some((best, others)) = urls.split_first() else {
        return String::new();
    };
    let mut card = format!("\nOpen {best} in a browser, or scan:\n\n");
    // `new` fails only for texts that are longer than any URL here.
    if let Ok(code) = QrCode::new(best) {
        // Most terminals are dark, so the code's light modules are the ones to draw.
        card += &code
            .render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .build();
        card += "\n\n";
    }
    if !others.is_empty() {
        card += "Other addresses of this machine: ";
        card += &others.join(", ");
        card.push('\n');
    }
    card + "Press Ctrl+C to stop the server.\n"
}

#[cfg(test)]
mod tests {
    //! - lines with a URL and lines without
    //! - a server on all addresses, and on one
    //! - a server below a path
    //! - the join card

    use super::*;

    #[test]
    fn the_url_is_parsed_from_the_line() {
        assert_eq!(
            parse_listening_line("listening on http://0.0.0.0:4242"),
            Some("http://0.0.0.0:4242")
        );
        assert_eq!(
            parse_listening_line("INFO listening on http://[::]:80/ name=\"Desk\""),
            Some("http://[::]:80")
        );
        assert_eq!(
            parse_listening_line("{\"message\":\"listening on http://127.0.0.1:1\"}"),
            Some("http://127.0.0.1:1")
        );
        assert_eq!(parse_listening_line("not listening yet"), None);
    }

    #[test]
    fn a_server_on_all_addresses_is_reached_by_the_machines_own() {
        for listening in ["http://localhost:4242", "http://0.0.0.0:4242", "http://[::]:4242"] {
            let urls = reachable_urls(listening);
            assert!(!urls.is_empty());
            for url in urls {
                let host = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix(":4242"));
                let address: Option<Ipv4Addr> = host.and_then(|host| host.parse().ok());
                assert!(
                    address.is_some_and(|address| !address.is_unspecified()),
                    "{listening}: {url}"
                );
            }
        }
    }

    #[test]
    fn a_server_on_one_address_is_reached_by_that_address() {
        assert_eq!(reachable_urls("http://127.0.0.1:4242"), ["http://127.0.0.1:4242"]);
    }

    #[test]
    fn a_server_below_a_path_is_reached_there() {
        let listening = parse_listening_line("listening on http://localhost:4242/chat/").unwrap();
        let urls = reachable_urls(listening);
        assert!(urls.iter().all(|url| url.ends_with(":4242/chat")), "{urls:?}");
    }

    #[test]
    fn the_join_card_has_all_urls_and_a_qr_code() {
        let card = join_card(&["http://192.168.1.7:4242".into(), "http://10.0.0.2:4242".into()]);
        assert!(card.contains("Open http://192.168.1.7:4242 "));
        assert!(card.contains("Other addresses of this machine: http://10.0.0.2:4242"));
        assert!(card.lines().filter(|line| line.contains('█')).count() > 10, "{card}");
    }
}
