//! The proxies whose word about a client's address counts.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};

use http::{HeaderMap, HeaderName, header::FORWARDED};
use ipnet::IpNet;

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
    /// trusted proxy's. What is to the left of it, anyone can have made up. Everybody else's headers are ignored.
    ///
    /// If a proxy passes on a `Forwarded` of its client beside its own `X-Forwarded-For`, or the other way round, the two
    /// disagree, and the request is the proxy's own.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.contains(peer) {
            if peer.is_loopback() && is_forwarded(headers) {
                self.ignored.call_once(|| {
                    tracing::warn!(%peer, "a reverse proxy is not trusted, and counts as one client: see --trusted-proxy");
                });
            }
            return peer;
        }
        let forwarded = self.rightmost(headers, &FORWARDED, in_forwarded);
        let x_forwarded_for = self.rightmost(headers, &X_FORWARDED_FOR, in_x_forwarded_for);
        match (forwarded, x_forwarded_for) {
            (Some(client), None) | (None, Some(client)) => client,
            (Some(client), Some(other)) if client == other => client,
            (Some(_), Some(_)) | (None, None) => peer,
        }
    }

    fn rightmost(
        &self,
        headers: &HeaderMap,
        name: &HeaderName,
        address_in: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let lines = headers.get_all(name).iter().rev();
        let elements = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        let mut nearest = None;
        for element in elements {
            // Who was before that is not known.
            let Some(address) = address_in(element.trim()) else {
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

/// Returns the address in an element such as `for="[2001:db8::7]:4711";proto=https` (RFC 7239).
fn in_forwarded(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
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
        let both = |forwarded| [(X_FORWARDED_FOR, "192.0.2.1"), (FORWARDED, forwarded)];
        assert_eq!(client(PROXY, &both("for=192.0.2.9")), PROXY);
        assert_eq!(client(PROXY, &both("for=192.0.2.1")), "192.0.2.1");
    }
}
