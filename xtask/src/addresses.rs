//! Where the others find a server that runs on this machine, and the same as a picture to scan.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// The address in a line like `listening on http://0.0.0.0:4242`.
pub(crate) fn in_line(line: &str) -> Option<&str> {
    let at = line.find("listening on http://")? + "listening on ".len();
    let address = &line[at..];
    let end = address
        .find(|c: char| c.is_whitespace() || c == '"' || c == ',')
        .unwrap_or(address.len());
    Some(address[..end].trim_end_matches(['/', '.']))
}

/// What others type for a server that listens there, best first.
pub(crate) fn for_others(listening: &str) -> Vec<String> {
    let Some((host, port)) = listening.strip_prefix("http://").and_then(|rest| rest.rsplit_once(':')) else {
        return vec![listening.to_owned()];
    };
    // The server says `localhost` when it listens on every address.
    if ["localhost", "0.0.0.0", "[::]"].contains(&host) {
        own()
            .into_iter()
            .map(|address| format!("http://{address}:{port}"))
            .collect()
    } else {
        vec![listening.to_owned()]
    }
}

/// This machine's IPv4 addresses: first the one that packets to elsewhere leave from, for it is the card that the
/// others are on; loopback only when there is nothing else.
fn own() -> Vec<Ipv4Addr> {
    let mut addresses: Vec<_> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|card| match card.ip() {
            IpAddr::V4(address) if !address.is_loopback() && !address.is_link_local() => Some(address),
            _ => None,
        })
        .collect();
    let first = towards_elsewhere();
    addresses.sort_by_key(|address| Some(*address) != first);
    if addresses.is_empty() {
        addresses.push(Ipv4Addr::LOCALHOST);
    }
    addresses
}

/// Asks the system for its route: connecting a datagram socket sends nothing. 192.0.2.0/24 is nobody's (RFC 5737).
fn towards_elsewhere() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

/// The join card for a terminal.
pub(crate) fn card(addresses: &[String]) -> String {
    let Some((best, others)) = addresses.split_first() else {
        return String::new();
    };
    let mut card = format!("\nOpen {best} in a browser, or scan:\n\n");
    // An address is far below what a QR code holds.
    if let Ok(code) = QrCode::new(best) {
        // Terminals are mostly dark: the light parts are what is drawn.
        card += &code
            .render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .build();
        card += "\n\n";
    }
    if !others.is_empty() {
        card += "This machine is also ";
        card += &others.join(", ");
        card.push('\n');
    }
    card + "Ctrl+C ends the server.\n"
}

#[cfg(test)]
mod tests {
    //! Lines that hold an address and lines that don't; a server on all addresses and on one; the card.

    use super::*;

    #[test]
    fn the_address_is_read_from_the_line() {
        assert_eq!(in_line("listening on http://0.0.0.0:4242"), Some("http://0.0.0.0:4242"));
        assert_eq!(
            in_line("INFO listening on http://[::]:80/ name=\"Desk\""),
            Some("http://[::]:80")
        );
        assert_eq!(
            in_line("{\"message\":\"listening on http://127.0.0.1:1\"}"),
            Some("http://127.0.0.1:1")
        );
        assert_eq!(in_line("not listening yet"), None);
    }

    #[test]
    fn a_server_on_all_addresses_is_told_by_those_that_others_reach() {
        for listening in ["http://localhost:4242", "http://0.0.0.0:4242", "http://[::]:4242"] {
            let addresses = for_others(listening);
            assert!(!addresses.is_empty());
            for address in addresses {
                let literal = address
                    .strip_prefix("http://")
                    .and_then(|rest| rest.strip_suffix(":4242"));
                let literal: Option<Ipv4Addr> = literal.and_then(|address| address.parse().ok());
                assert!(
                    literal.is_some_and(|address| !address.is_unspecified()),
                    "{listening}: {address}"
                );
            }
        }
    }

    #[test]
    fn a_server_on_one_address_is_told_by_that() {
        assert_eq!(for_others("http://127.0.0.1:4242"), ["http://127.0.0.1:4242"]);
    }

    #[test]
    fn the_card_holds_the_best_address_and_a_code() {
        let card = card(&["http://192.168.1.7:4242".into(), "http://10.0.0.2:4242".into()]);
        assert!(card.contains("Open http://192.168.1.7:4242 "));
        assert!(card.contains("also http://10.0.0.2:4242"));
        assert!(card.lines().filter(|line| line.contains('█')).count() > 10, "{card}");
    }
}
