//! Finds the address at which a server answers: `GET /api/hello` at all its addresses ("happy eyeballs", RFC 8305).

use std::time::Duration;

use ichat_protocol::{Challenge, NOTHING_HERE, PROTOCOLS, ServerId, common_protocol};
use reqwest::{StatusCode, redirect};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Address;
use crate::error::ProbeError;

/// The time after which the next address is tried while the last one has not answered (RFC 8305, section 5).
const CONNECTION_ATTEMPT_DELAY: Duration = Duration::from_millis(250);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(8);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);
/// No `hello` is longer than this.
const MAX_HELLO_BYTES: usize = 64 * 1024;
/// The longest message of a refusal that is shown to the user, in bytes.
const MAX_REFUSAL_BYTES: usize = 400;
/// The number of paths above an address that are tried.
const MAX_LEVELS: usize = 8;
/// The number of addresses that one search tries.
const MAX_ADDRESSES: usize = 32;

/// A server that answered.
pub(crate) struct Found {
    pub(crate) address: Address,
    pub(crate) challenge: Challenge,
    /// The newest protocol version that both have.
    pub(crate) protocol: u32,
}

/// An HTTP client for `/api/hello`. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ServerProber {
    http: reqwest::Client,
}

impl ServerProber {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            // The socket uses no proxy either, and a server on the LAN is not behind one.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(ATTEMPT_TIMEOUT)
            .timeout(ATTEMPT_TIMEOUT)
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { http })
    }

    /// Tries the addresses in order, each a moment after the last, and returns the first one where a server answers. With
    /// `wanted`, it must be that server. If all fail, returns the most informative error.
    pub(crate) async fn find(&self, addresses: &[Address], wanted: Option<ServerId>) -> Result<Found, ProbeError> {
        let deadline = Instant::now() + TOTAL_TIMEOUT;
        let mut untried = addresses.iter().take(MAX_ADDRESSES).cloned().peekable();
        let mut attempts = JoinSet::new();
        let mut best_error = ProbeError::NoAddress;
        let mut next_attempt = Instant::now();
        while untried.peek().is_some() || !attempts.is_empty() {
            tokio::select! {
                () = sleep_until(next_attempt), if untried.peek().is_some() => {
                    if let Some(address) = untried.next() {
                        let prober = self.clone();
                        attempts.spawn(async move { prober.probe(address, wanted).await });
                    }
                    next_attempt = Instant::now() + CONNECTION_ATTEMPT_DELAY;
                }
                Some(outcome) = attempts.join_next() => match outcome {
                    Ok(Ok(found)) => return Ok(found),
                    Ok(Err(error)) => {
                        if error.informativeness() > best_error.informativeness() {
                            best_error = error;
                        }
                        next_attempt = Instant::now();
                    }
                    Err(error) => tracing::warn!(%error, "an attempt to reach a server panicked"),
                },
                () = sleep_until(deadline) => break,
            }
        }
        if let (ProbeError::NoAddress, Some(address)) = (&best_error, addresses.first()) {
            best_error = ProbeError::Unreachable {
                address: address.clone(),
                cause: "no answer in time".into(),
            };
        }
        Err(best_error)
    }

    /// Does the same as [`Self::find`] with addresses that people typed. If there is something else at all of them, tries the paths
    /// that they are below: a link leads to the server's page, or to something on it.
    pub(crate) async fn find_typed(&self, typed: &[Address]) -> Result<Found, ProbeError> {
        let result = self.find(typed, None).await;
        match &result {
            Err(ProbeError::NotIChat { .. } | ProbeError::Elsewhere { .. }) => {
                let found = timeout(TOTAL_TIMEOUT, self.find_above(typed)).await;
                found.ok().flatten().map_or(result, Ok)
            }
            Ok(_) | Err(_) => result,
        }
    }

    async fn find_above(&self, addresses: &[Address]) -> Option<Found> {
        let mut addresses = addresses.to_vec();
        for _ in 0..MAX_LEVELS {
            addresses = addresses.iter().filter_map(Address::parent).collect();
            if let Ok(found) = self.find(&addresses, None).await {
                return Some(found);
            }
        }
        None
    }

    async fn probe(&self, address: Address, wanted: Option<ServerId>) -> Result<Found, ProbeError> {
        let not_ichat = || ProbeError::NotIChat {
            address: address.clone(),
        };
        let request = self.http.get(address.join("api/hello"));
        let mut response = request.send().await.map_err(|error| {
            // Something that accepts connections but does not speak HTTP.
            let answered = !error.is_connect() && !error.is_timeout();
            if answered {
                return not_ichat();
            }
            ProbeError::Unreachable {
                address: address.clone(),
                cause: innermost_cause(&error),
            }
        })?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| not_ichat())? {
            if body.len() + chunk.len() > MAX_HELLO_BYTES {
                return Err(not_ichat());
            }
            body.extend_from_slice(&chunk);
        }
        let message = std::str::from_utf8(&body).unwrap_or_default().trim();
        if is_readable(message) {
            let message = message.to_owned();
            if status == StatusCode::FORBIDDEN || status == StatusCode::SERVICE_UNAVAILABLE {
                return Err(ProbeError::Refused { address, message });
            }
            if status == StatusCode::NOT_FOUND && message.starts_with(NOTHING_HERE) {
                return Err(ProbeError::Elsewhere { address, message });
            }
        }
        let challenge: Challenge = serde_json::from_slice(&body)
            .ok()
            .filter(|_| status.is_success())
            .ok_or_else(not_ichat)?;
        if wanted.is_some_and(|wanted| wanted != challenge.server.id) {
            let name = challenge.server.name.to_string();
            return Err(ProbeError::WrongServer { address, name });
        }
        match common_protocol(&challenge.protocols) {
            Some(protocol) => Ok(Found {
                address,
                challenge,
                protocol,
            }),
            None => Err(ProbeError::NoCommonProtocol {
                theirs: challenge.protocols,
                ours: PROTOCOLS.to_vec(),
            }),
        }
    }
}

/// Returns whether the body of a refusal is a message for people, and not for example a proxy's HTML page.
fn is_readable(message: &str) -> bool {
    let is_plain = !message.contains('<') && !message.chars().any(char::is_control);
    is_plain && !message.is_empty() && message.len() <= MAX_REFUSAL_BYTES
}

/// Returns the innermost cause, since the outer ones only repeat the address.
fn innermost_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
