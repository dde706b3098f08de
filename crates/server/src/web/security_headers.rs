//! Headers that forbid browsers to run anything that did not come from this server.

use ::http::HeaderValue;
use ::http::header::{CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Adds the headers to every response.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let policy = content_security_policy(request.headers().get(HOST));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn content_security_policy(host: Option<&HeaderValue>) -> HeaderValue {
    // Safari before 15.4 does not include WebSockets in 'self'. No character of the host can end the directive.
    let is_plain = |host: &&str| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    let sockets = match host.and_then(|host| host.to_str().ok()).filter(is_plain) {
        Some(host) => format!(" ws://{host} wss://{host}"),
        None => String::new(),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; \
         font-src 'self'; manifest-src 'self'; connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

#[cfg(test)]
mod tests {
    //! - a host cannot add directives to the policy

    use super::*;

    #[test]
    fn a_host_cannot_add_directives_to_the_policy() {
        let policy = |host: &'static str| {
            let policy = content_security_policy(Some(&HeaderValue::from_static(host)));
            policy.to_str().unwrap().to_owned()
        };
        let expected = "connect-src 'self' ws://192.168.1.7:4242 wss://192.168.1.7:4242;";
        assert!(policy("192.168.1.7:4242").contains(expected));
        assert!(policy("x; script-src *").contains("connect-src 'self';"));
    }
}
