//! Who answers at an address: `GET /api/hello`, raced over all addresses of a server.

use std::fmt::Write as _;
use std::time::Duration;

use ichat_protocol::{Challenge, ErrorCode, PROTOCOLS, ServerId, WireError, common_protocol};
use reqwest::{StatusCode, redirect};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Address;

/// The next address is tried when the one before has not answered within this (RFC 8305, "Connection Attempt Delay").
const STAGGER: Duration = Duration::from_millis(250);
/// How long all of it may take.
const RACE: Duration = Duration::from_secs(8);
/// How long one address may take.
const ONE: Duration = Duration::from_secs(6);
/// More than any hello has.
const HELLO_BYTES: usize = 64 * 1024;
/// Addresses of one server that are tried.
const ADDRESSES: usize = 32;

/// Why nobody could be joined; each is a sentence that a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// No connection, or no answer in time.
    #[error("Nobody answers at {address}. Is I-Chat running there, and are both on the same network? ({cause})")]
    NobodyThere {
        /// Where.
        address: Address,
        /// What the system said.
        cause: String,
    },
    /// Something answers that is not I-Chat.
    #[error("Something else than I-Chat answers at {address}. Check the address and the port.")]
    NotIChat {
        /// Where.
        address: Address,
    },
    /// The server answers, and says no.
    #[error("The server at {address} says: {sentence}")]
    Refuses {
        /// Where.
        address: Address,
        /// Its words.
        sentence: String,
    },
    /// The two have no protocol version in common.
    #[error("{}", protocols(theirs, ours))]
    Protocol {
        /// What the server speaks.
        theirs: Vec<u32>,
        /// What this client speaks.
        ours: Vec<u32>,
    },
    /// Another I-Chat server than the one looked for.
    #[error(
        "Another I-Chat server ({name}) answers at {address} now. Look for the one you want in the list of near servers, or ask its host for the address."
    )]
    AnotherServer {
        /// Where.
        address: Address,
        /// The name of the one that answers.
        name: String,
    },
    /// No address is known.
    #[error("No address of this server is known. Ask its host for the address, and join by it.")]
    NoAddress,
}

impl HelloError {
    /// In the words of the protocol.
    pub fn to_wire(&self) -> WireError {
        let code = match self {
            HelloError::Protocol { .. } => ErrorCode::Protocol,
            _ => ErrorCode::Other,
        };
        WireError::new(code, self.to_string())
    }

    /// Of several addresses' errors the one that says most is told.
    fn weight(&self) -> u8 {
        match self {
            HelloError::Protocol { .. } => 5,
            HelloError::AnotherServer { .. } => 4,
            HelloError::Refuses { .. } => 3,
            HelloError::NotIChat { .. } => 2,
            HelloError::NobodyThere { .. } => 1,
            HelloError::NoAddress => 0,
        }
    }
}

fn protocols(theirs: &[u32], ours: &[u32]) -> String {
    let list = |versions: &[u32]| {
        let texts: Vec<_> = versions.iter().take(8).map(u32::to_string).collect();
        if texts.is_empty() {
            "none".into()
        } else {
            texts.join(", ")
        }
    };
    let mut text = format!(
        "This server speaks protocol version {}, this I-Chat {}. ",
        list(theirs),
        list(ours)
    );
    let advice = if theirs.iter().max() > ours.iter().max() {
        "Update I-Chat here."
    } else {
        "I-Chat on the server needs an update."
    };
    text.write_str(advice).map(|()| text).unwrap_or_default()
}

/// Asks servers who they are. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Asker {
    http: reqwest::Client,
}

impl Asker {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            // The socket goes without a proxy too, and a server on the LAN is not behind one.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(ONE)
            .timeout(ONE)
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { http })
    }

    /// Asks all addresses, each a little after the one before; the first that is right wins.
    pub(crate) async fn race(
        &self,
        addresses: &[Address],
        wanted: Option<ServerId>,
    ) -> Result<(Address, Challenge), HelloError> {
        let deadline = Instant::now() + RACE;
        let mut waiting = addresses.iter().take(ADDRESSES).cloned();
        let mut running = JoinSet::new();
        let mut worst = HelloError::NoAddress;
        let mut next_at = Instant::now();
        let mut more = true;
        while more || !running.is_empty() {
            tokio::select! {
                () = sleep_until(next_at), if more => match waiting.next() {
                    Some(address) => {
                        let asker = self.clone();
                        running.spawn(async move { asker.ask(address, wanted).await });
                        next_at = Instant::now() + STAGGER;
                    }
                    None => more = false,
                },
                Some(answer) = running.join_next() => match answer {
                    Ok(Ok(found)) => return Ok(found),
                    Ok(Err(error)) => {
                        if error.weight() > worst.weight() {
                            worst = error;
                        }
                        next_at = Instant::now();
                    }
                    Err(error) => tracing::warn!(%error, "asking a server ended early"),
                },
                () = sleep_until(deadline) => break,
            }
        }
        if let (HelloError::NoAddress, Some(address)) = (&worst, addresses.first()) {
            worst = HelloError::NobodyThere {
                address: address.clone(),
                cause: "no answer in time".into(),
            };
        }
        Err(worst)
    }

    async fn ask(&self, address: Address, wanted: Option<ServerId>) -> Result<(Address, Challenge), HelloError> {
        let nobody = |error: &reqwest::Error| HelloError::NobodyThere {
            address: address.clone(),
            cause: cause(error),
        };
        let not_ichat = || HelloError::NotIChat {
            address: address.clone(),
        };
        let request = self.http.get(address.join("/api/hello"));
        let mut answer = request.send().await.map_err(|error| {
            // It took the connection, but does not speak HTTP.
            let answered = !error.is_connect() && !error.is_timeout();
            if answered { not_ichat() } else { nobody(&error) }
        })?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| not_ichat())? {
            if body.len() + chunk.len() > HELLO_BYTES {
                return Err(not_ichat());
            }
            body.extend_from_slice(&chunk);
        }
        if status == StatusCode::FORBIDDEN || status == StatusCode::SERVICE_UNAVAILABLE {
            let sentence = std::str::from_utf8(&body).unwrap_or_default().trim();
            let readable = sentence.len() < 400 && !sentence.contains('<') && !sentence.chars().any(char::is_control);
            if readable && !sentence.is_empty() {
                let sentence = sentence.to_owned();
                return Err(HelloError::Refuses { address, sentence });
            }
        }
        let challenge: Challenge = serde_json::from_slice(&body)
            .ok()
            .filter(|_| status.is_success())
            .ok_or_else(not_ichat)?;
        if wanted.is_some_and(|wanted| wanted != challenge.server.id) {
            let name = challenge.server.name.to_string();
            return Err(HelloError::AnotherServer { address, name });
        }
        if common_protocol(&challenge.protocols).is_none() {
            return Err(HelloError::Protocol {
                theirs: challenge.protocols,
                ours: PROTOCOLS.to_vec(),
            });
        }
        Ok((address, challenge))
    }
}

/// The innermost cause: the outer ones repeat the address.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
