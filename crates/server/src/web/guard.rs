//! The check of hosts and origins: rejects requests that a foreign page made a browser send.
//!
//! A WebSocket ignores the same-origin policy, so `Origin` is compared here. That alone would not stop DNS rebinding: a
//! foreign name that suddenly points at this machine is its own origin. So the `Host` must be one that no foreign site
//! can own: an IP address, `localhost`, `*.localhost`, `*.local`, or a name that the configuration allows.

use std::net::IpAddr;
use std::sync::Arc;

use ::http::header::{HOST, ORIGIN};
use ::http::uri::Authority;
use ::http::{HeaderMap, StatusCode, Uri};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::base_path::HEALTH_PATHS;
use crate::metrics::{ConnectionRefusal, Metrics};

/// The hosts that the check accepts, and where it counts what it rejects. Clones share them.
#[derive(Clone)]
pub(super) struct Guard {
    allowed_hosts: Arc<[String]>,
    metrics: Metrics,
}

impl Guard {
    /// Creates a check that counts in `metrics` what it rejects.
    pub(super) fn new(allowed_hosts: &[String], metrics: Metrics) -> Self {
        Self {
            allowed_hosts: allowed_hosts.into(),
            metrics,
        }
    }
}

/// Passes a request on, or responds 403 with a sentence.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match check(request.headers(), request.uri(), &guard.allowed_hosts) {
        Ok(()) => next.run(request).await,
        Err(rejection) => {
            guard.metrics.connection_refused(rejection.reason());
            (StatusCode::FORBIDDEN, rejection.to_string()).into_response()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Rejection {
    #[error("The request names no host, or one that can't be read.\n")]
    NoHost,
    #[error(
        "This server is not known by that host name. Use its IP address, or ask its administrator to allow the name (ichat-server --allowed-host NAME).\n"
    )]
    UnknownHost,
    #[error("Pages of other origins may not use this server.\n")]
    ForeignOrigin,
}

impl Rejection {
    fn reason(self) -> ConnectionRefusal {
        match self {
            Self::NoHost => ConnectionRefusal::NoHost,
            Self::UnknownHost => ConnectionRefusal::UnknownHost,
            Self::ForeignOrigin => ConnectionRefusal::ForeignOrigin,
        }
    }
}

fn check(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> Result<(), Rejection> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(|text| text.parse::<Authority>().ok()),
        // HTTP/1.0, as simple health checks speak it. A browser always sends a host.
        (None, _)
            if HEALTH_PATHS.contains(&uri.path()) && !headers.contains_key(ORIGIN) && uri.authority().is_none() =>
        {
            return Ok(());
        }
        (None, _) => uri.authority().cloned(),
        // Two hosts: a proxy and this server might read different ones.
        (Some(_), Some(_)) => None,
    };
    let host = host.ok_or(Rejection::NoHost)?;
    if !is_own_host(host.host(), allowed) {
        return Err(Rejection::UnknownHost);
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().map_err(|_| Rejection::ForeignOrigin)?;
    if is_same_host(origin, &host) {
        return Ok(());
    }
    Err(Rejection::ForeignOrigin)
}

/// Returns `true` if no foreign site can make this name point to this machine.
fn is_own_host(host: &str, allowed: &[String]) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let bare = host
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(&host);
    bare.parse::<IpAddr>().is_ok()
        || host == "localhost"
        || matches!(host.rsplit_once('.'), Some((name, "localhost" | "local")) if !name.is_empty())
        || allowed.iter().any(|name| name.eq_ignore_ascii_case(&host))
}

/// Returns `true` if a page of this origin was served from that host. Either scheme will do, since a proxy may add TLS.
fn is_same_host(origin: &str, host: &Authority) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else {
        return false;
    };
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let Ok(origin) = rest.parse::<Authority>() else {
        return false;
    };
    origin.host().eq_ignore_ascii_case(host.host())
        && origin.port_u16().unwrap_or(default) == host.port_u16().unwrap_or(default)
}

#[cfg(test)]
mod tests {
    //! - hosts that no foreign site can own pass, and others do not
    //! - only pages of this server pass

    use super::*;

    fn check_request(host: &str, origin: Option<&str>) -> Result<(), Rejection> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        check(&headers, &Uri::from_static("/"), &["chat.example.org".to_owned()])
    }

    #[test]
    fn only_hosts_that_no_foreign_site_can_own_pass() {
        for host in [
            "127.0.0.1:4242",
            "192.168.1.7",
            "[::1]:4242",
            "app.localhost",
            "[fe80::1]",
            "localhost:4242",
            "Ada-PC.local:4242",
            "CHAT.example.org",
            "chat.example.org.:443",
        ] {
            assert_eq!(check_request(host, None), Ok(()), "{host}");
        }
        for host in [
            "evil.example:4242",
            "127.0.0.1.evil.example",
            "local",
            "chat.example.org.evil.example",
            "127.1.evil",
        ] {
            assert_eq!(check_request(host, None), Err(Rejection::UnknownHost), "{host}");
        }
        assert_eq!(
            check(&HeaderMap::new(), &Uri::from_static("/"), &[]),
            Err(Rejection::NoHost)
        );
    }

    #[test]
    fn only_pages_of_this_server_pass() {
        let host = "192.168.1.7:4242";
        assert_eq!(check_request(host, Some("http://192.168.1.7:4242")), Ok(()));
        assert_eq!(
            check_request("chat.example.org", Some("https://chat.example.org")),
            Ok(())
        );
        for origin in [
            "http://evil.example",
            "http://192.168.1.7:80",
            "http://192.168.1.7",
            "null",
            "file://",
            "app://localhost",
        ] {
            assert_eq!(
                check_request(host, Some(origin)),
                Err(Rejection::ForeignOrigin),
                "{origin}"
            );
        }
        assert_eq!(
            check_request("evil.example", Some("http://evil.example")),
            Err(Rejection::UnknownHost),
            "DNS rebinding: the origin is the host, but the host is not ours"
        );
    }
}
