//! Who may ask at all: requests that a foreign page made a browser send are refused before anything else sees them.
//!
//! A WebSocket ignores the same-origin policy, so `Origin` is compared here. That alone would not stop DNS rebinding (a
//! foreign name that suddenly points at this machine has itself as origin), so the `Host` must be one that nobody
//! else can own: an IP address, `localhost`, `*.local`, or a name that the configuration allows.

use std::net::IpAddr;

use ::http::header::{HOST, ORIGIN};
use ::http::uri::Authority;
use ::http::{HeaderMap, StatusCode, Uri};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::house::Shared;

/// Lets a request pass, or answers 403 with a sentence.
pub(crate) async fn guard(State(house): State<Shared>, request: Request, next: Next) -> Response {
    match check(request.headers(), request.uri(), &house.config.allowed_hosts) {
        Ok(()) => next.run(request).await,
        Err(refusal) => (StatusCode::FORBIDDEN, refusal.to_string()).into_response(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("The request names no host, or one that can't be read.\n")]
    NoHost,
    #[error(
        "This server is not known by that host name. Use its IP address, or let whoever runs it allow the name (ichat-server --allowed-host NAME).\n"
    )]
    StrangeHost,
    #[error("Pages from other places may not talk to this server.\n")]
    ForeignOrigin,
}

fn check(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(|text| text.parse::<Authority>().ok()),
        (None, _) => uri.authority().cloned(),
        _ => None,
    };
    let host = host.ok_or(Refusal::NoHost)?;
    if !is_ours(host.host(), allowed) {
        return Err(Refusal::StrangeHost);
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().map_err(|_| Refusal::ForeignOrigin)?;
    if is_same(origin, &host) {
        return Ok(());
    }
    Err(Refusal::ForeignOrigin)
}

/// Whether nobody else can make this name point here.
fn is_ours(host: &str, allowed: &[String]) -> bool {
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

/// Whether a page of this origin was served from that host. A proxy in front may speak TLS, so either scheme will do.
fn is_same(origin: &str, host: &Authority) -> bool {
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
    use super::*;

    fn verdict(host: &str, origin: Option<&str>) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        check(&headers, &Uri::from_static("/"), &["chat.example.org".to_owned()])
    }

    #[test]
    fn hosts_that_nobody_else_can_own_pass() {
        for host in [
            "127.0.0.1:4242",
            "192.168.1.7",
            "[::1]:4242",
            "[fe80::1]",
            "localhost:4242",
            "Ada-PC.local:4242",
            "CHAT.example.org",
            "chat.example.org.:443",
        ] {
            assert_eq!(verdict(host, None), Ok(()), "{host}");
        }
        for host in [
            "evil.example:4242",
            "127.0.0.1.evil.example",
            "local",
            "chat.example.org.evil.example",
            "127.1.evil",
        ] {
            assert_eq!(verdict(host, None), Err(Refusal::StrangeHost), "{host}");
        }
        assert_eq!(
            check(&HeaderMap::new(), &Uri::from_static("/"), &[]),
            Err(Refusal::NoHost)
        );
    }

    #[test]
    fn only_pages_from_here_may_talk() {
        let host = "192.168.1.7:4242";
        assert_eq!(verdict(host, Some("http://192.168.1.7:4242")), Ok(()));
        assert_eq!(verdict("chat.example.org", Some("https://chat.example.org")), Ok(()));
        for origin in [
            "http://evil.example",
            "http://192.168.1.7:80",
            "http://192.168.1.7",
            "null",
            "file://",
            "app://localhost",
        ] {
            assert_eq!(verdict(host, Some(origin)), Err(Refusal::ForeignOrigin), "{origin}");
        }
        assert_eq!(
            verdict("evil.example", Some("http://evil.example")),
            Err(Refusal::StrangeHost),
            "rebound: the origin is the host, but the host is not ours"
        );
    }
}
