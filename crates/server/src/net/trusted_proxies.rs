//! The proxies whose word about a client's address counts.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};

use http::{HeaderMap, HeaderName, header::FORWARDED};
use ipnet::IpNet;

use crate::net::client_address::UNKNOWN_CLIENT;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks of the trusted proxies. Clones share them.
#[derive(Clone)]
pub(crate) struct TrustedProxies {
    networks: Arc<[IpNet]>,
    /// Done when a proxy on this machine was found that is not trusted.
    ignored: Arc<Once>,
}

impl TrustedProxies {
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self {
            networks: networks.into(),
            ignored: Arc::new(Once::new()),
        }
    }

    /// Returns `true` if the address is one of a trusted proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Returns the address of the client that sent a request: of those that a trusted proxy names, the rightmost that is no
    /// trusted proxy's. What is to the left of it, anyone can have made up. The headers of other peers are ignored.
    ///
    /// Which of the two headers a proxy writes itself, and which it passes on, is not known. If there are both, and they don't
    /// name the same client, the request counts as the proxy's own.
    ///
    /// Limits exempt loopback addresses. So the result is [`UNKNOWN_CLIENT`] instead of one for all that a trusted proxy sends.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.contains(peer) {
            if peer.is_loopback() && is_forwarded(headers) {
                self.ignored.call_once(|| {
                    tracing::warn!(%peer, "a reverse proxy is not trusted, and counts as one client: see --trusted-proxy");
                });
            }
            return peer;
        }
        let client = self.named_client(headers).unwrap_or(peer);
        if client.is_loopback() { UNKNOWN_CLIENT } else { client }
    }

    /// Returns the client that the headers name, if they agree.
    fn named_client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let rightmost = |name, address_in| {
            let is_present = headers.contains_key(&name);
            is_present.then(|| self.rightmost(headers, &name, address_in))
        };
        let forwarded = rightmost(FORWARDED, in_forwarded as fn(&str) -> Option<IpAddr>);
        let x_forwarded_for = rightmost(X_FORWARDED_FOR, in_x_forwarded_for);
        match (forwarded, x_forwarded_for) {
            (Some(client), None) | (None, Some(client)) => client,
            (Some(client), Some(other)) if client == other => client,
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// Returns the rightmost address of a header that is no trusted proxy's. An element that can't be read hides those to the
    /// left of it; if only addresses of proxies are to the right of it, the leftmost of these is returned.
    fn rightmost(
        &self,
        headers: &HeaderMap,
        name: &HeaderName,
        address_in: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let lines = headers.get_all(name).iter().rev();
        // Only `Forwarded` has quoted texts.
        let split = if *name == FORWARDED { unquoted_parts } else { parts };
        let elements = lines.flat_map(|line| split(line.as_bytes(), b',').into_iter().rev());
        let mut nearest = None;
        for element in elements {
            let text = str::from_utf8(element).ok();
            let Some(address) = text.and_then(|text| address_in(text.trim())) else {
                break;
            };
            nearest = Some(address);
            if !self.contains(address) {
                break;
            }
        }
        nearest
    }
}

/// Returns `true` if a request names the address of a client, as proxies do.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR)
}

/// Splits a text at a separator.
fn parts(text: &[u8], separator: u8) -> Vec<&[u8]> {
    text.split(|byte| *byte == separator).collect()
}

/// Splits a text at a separator outside of quoted strings (RFC 9110, section 5.6.4). A quote without an end goes to the end of
/// the text, so that nothing in it is taken for an element of its own.
fn unquoted_parts(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(|byte| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'\\' if is_quoted && !was_escaped => is_escaped = true,
            b'"' if !was_escaped => is_quoted = !is_quoted,
            _ => return *byte == separator && !is_quoted,
        }
        false
    })
    .collect()
}

/// Returns the address in an element such as `for="[2001:db8::7]:4711";proto=https` (RFC 7239).
fn in_forwarded(element: &str) -> Option<IpAddr> {
    let pairs = unquoted_parts(element.as_bytes(), b';');
    let pairs = pairs.into_iter().filter_map(|pair| str::from_utf8(pair).ok());
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    in_x_forwarded_for(node.trim_matches('"'))
}

/// Returns an address that may have a port.
fn in_x_forwarded_for(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    Some(address?.to_canonical())
}

#[cfg(test)]
mod tests {
    //! - the rightmost address that is no trusted proxy's counts, in both headers
    //! - nobody else's header counts
    //! - two headers that disagree, and what can't be read, count as the proxy
    //! - a byte that is no text hides only what is to the left of it
    //! - no request of a proxy on this machine counts as one of this machine's programs

    use http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn client(peer: &str, headers: &[(HeaderName, &str)]) -> String {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()]);
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn header(name: HeaderName, value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_bytes(value).unwrap())])
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxys_counts() {
        for (name, value, expected) in [
            (X_FORWARDED_FOR, "192.0.2.1", "192.0.2.1"),
            (X_FORWARDED_FOR, "192.0.2.9, 192.0.2.1,10.1.1.1", "192.0.2.1"),
            (X_FORWARDED_FOR, "made up, 192.0.2.1:4711", "192.0.2.1"),
            (X_FORWARDED_FOR, "2001:db8::7", "2001:db8::7"),
            (X_FORWARDED_FOR, "::ffff:192.0.2.1", "192.0.2.1"),
            (X_FORWARDED_FOR, "10.1.1.1, 10.1.1.2", "10.1.1.1"),
            (FORWARDED, "for=192.0.2.1", "192.0.2.1"),
            (
                FORWARDED,
                "for=192.0.2.9, proto=http; For=\"[2001:db8::7]:4711\" ;by=x",
                "2001:db8::7",
            ),
            (FORWARDED, "for=192.0.2.1, for=\"[2001:db8:1::2]\"", "192.0.2.1"),
            (FORWARDED, "for=192.0.2.1;host=\"x, for=192.0.2.9\"", "192.0.2.1"),
            (FORWARDED, "host=\"x;for=192.0.2.9\";for=192.0.2.1", "192.0.2.1"),
            (FORWARDED, "for=192.0.2.1;host=\"x\\\", for=192.0.2.9\"", "192.0.2.1"),
        ] {
            assert_eq!(client(PROXY, &[(name, value)]), expected, "{value}");
        }
        let lines = [(X_FORWARDED_FOR, "192.0.2.9"), (X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(client(PROXY, &lines), "192.0.2.1");
        assert_eq!(client("2001:db8:1::1", &lines), "192.0.2.1");
    }

    #[test]
    fn nobody_elses_header_counts() {
        for name in [X_FORWARDED_FOR, FORWARDED] {
            assert_eq!(client("192.0.2.5", &[(name, "192.0.2.1")]), "192.0.2.5");
        }
    }

    #[test]
    fn what_can_not_be_read_counts_as_the_proxy() {
        assert_eq!(client(PROXY, &[]), PROXY);
        for value in ["unknown", "for=_hidden", "", "192.0.2.1, unknown", "for=192.0.2.1"] {
            assert_eq!(client(PROXY, &[(X_FORWARDED_FOR, value)]), PROXY, "{value}");
        }
        let open = "for=\"192.0.2.9, for=192.0.2.1";
        assert_eq!(client(PROXY, &[(FORWARDED, open)]), PROXY, "a quote without an end");
        let both = |forwarded| [(X_FORWARDED_FOR, "192.0.2.1"), (FORWARDED, forwarded)];
        assert_eq!(client(PROXY, &both("for=192.0.2.9")), PROXY);
        assert_eq!(client(PROXY, &both("for=_hidden")), PROXY, "either may be the proxy's");
        assert_eq!(client(PROXY, &both("for=192.0.2.1")), "192.0.2.1");
    }

    #[test]
    fn a_byte_that_is_no_text_hides_only_what_is_to_the_left() {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        for (name, value) in [
            (X_FORWARDED_FOR, b"192.0.2.9, \xff, 192.0.2.1".as_slice()),
            (X_FORWARDED_FOR, b"\xff,192.0.2.1, 10.1.1.1"),
            (FORWARDED, b"for=\xff, for=192.0.2.1"),
        ] {
            let client = proxies.client(PROXY.parse().unwrap(), &header(name, value));
            assert_eq!(client.to_string(), "192.0.2.1", "{value:?}");
        }
    }

    #[test]
    fn no_request_of_a_proxy_on_this_machine_counts_as_its_own() {
        let proxies = TrustedProxies::new(&["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()]);
        let disagreeing = HeaderMap::from_iter([
            (FORWARDED, HeaderValue::from_static("for=192.0.2.9")),
            (X_FORWARDED_FOR, HeaderValue::from_static("192.0.2.1")),
        ]);
        for headers in [
            HeaderMap::new(),
            disagreeing,
            header(X_FORWARDED_FOR, b"192.0.2.1, \xff"),
            header(X_FORWARDED_FOR, b"127.0.0.1"),
            header(X_FORWARDED_FOR, b"::ffff:127.0.0.2"),
            header(FORWARDED, b"for=unknown"),
        ] {
            for proxy in ["127.0.0.1", "::1"] {
                let client = proxies.client(proxy.parse().unwrap(), &headers);
                assert!(!client.is_loopback(), "{headers:?}");
            }
        }
    }
}
