//! The connection: back-off, refusals, watchdog.

use ichat_protocol::{ErrorCode, WireError};

use super::{ConnectionStatus, Effect, out::Out};

/// The first window of the back-off; each failure doubles it.
const BACK_OFF: (u64, u64) = (250, 500);
/// The window that it stops at.
const BACK_OFF_CAP: (u64, u64) = (15_000, 30_000);
/// The window after a refusal that only a change at the server can lift.
const REFUSED: (u64, u64) = (60_000, 120_000);
/// A connection that held for so long was a success, and the back-off starts anew after it.
const LASTED_MS: u64 = 10_000;
/// A server that has accepted us says hello within this.
const HELLO_WITHIN_MS: u64 = 10_000;
/// What a server may call its heads interval: a hostile one must not make us spin or wait for ever.
const HEADS_EVERY_MS: (u64, u64) = (200, 60_000);
/// After a nudge an answer, or the next heads, may take so long before the line counts as dead.
const GRACE_MS: u64 = 3_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// Before the first input.
    Idle,
    /// `Connect` was given.
    Connecting,
    /// The transport is open; `hello` is due at this time.
    Opened { hello_by: u64 },
    /// In step since then.
    Online { since: u64 },
    /// `Close` was given, after a connection that lasted or not.
    Closing { lasted: bool },
}

pub(super) struct Line {
    link: Link,
    /// Attempts that failed since the last connection that lasted.
    failures: u32,
    /// When the server was last heard.
    heard: u64,
    /// After a nudge: when it must have been heard again.
    proof_by: Option<u64>,
    heads_every: u64,
    /// What the server said when it went.
    message: Option<String>,
    refused: Option<WireError>,
    /// A stale nonce is cured by asking for another one, once.
    auth_retried: bool,
    was_online: bool,
}

impl Line {
    pub(super) fn new() -> Self {
        Self {
            link: Link::Idle,
            failures: 0,
            heard: 0,
            proof_by: None,
            heads_every: HEADS_EVERY_MS.1,
            message: None,
            refused: None,
            auth_retried: false,
            was_online: false,
        }
    }

    pub(super) fn is_online(&self) -> bool {
        matches!(self.link, Link::Online { .. })
    }

    /// Whether `hello` is what must come now.
    pub(super) fn awaits_hello(&self) -> bool {
        matches!(self.link, Link::Opened { .. })
    }

    pub(super) fn start(&mut self, out: &mut Out) {
        if self.link == Link::Idle {
            self.connect((0, 0), out);
        }
    }

    pub(super) fn opened(&mut self, now: u64) {
        if self.link == Link::Connecting {
            self.link = Link::Opened {
                hello_by: now + HELLO_WITHIN_MS,
            };
            self.heard(now);
        }
    }

    pub(super) fn heard(&mut self, now: u64) {
        self.heard = now;
        self.proof_by = None;
    }

    pub(super) fn hello(&mut self, now: u64, heads_every_ms: u32) {
        self.link = Link::Online { since: now };
        self.heads_every = u64::from(heads_every_ms).clamp(HEADS_EVERY_MS.0, HEADS_EVERY_MS.1);
        self.message = None;
        self.refused = None;
        self.auth_retried = false;
        self.was_online = true;
    }

    /// The server goes down by itself; it need not be waited for.
    pub(super) fn closing(&mut self, now: u64, message: String, out: &mut Out) {
        self.message = Some(message);
        self.close(now, out);
    }

    pub(super) fn closed(&mut self, now: u64, error: Option<WireError>, out: &mut Out) {
        let lasted = match self.link {
            Link::Idle => return,
            Link::Closing { lasted } => lasted,
            _ => self.lasted(now),
        };
        self.failures = if lasted { 0 } else { self.failures.saturating_add(1) };
        self.proof_by = None;
        self.refused = None;
        let window = match error {
            None => self.back_off(),
            Some(error) if error.code == ErrorCode::Auth && !self.auth_retried => {
                self.auth_retried = true;
                (0, 0)
            }
            Some(error) if error.code.is_transient() => {
                self.message = Some(error.message);
                BACK_OFF_CAP
            }
            Some(error) if error.code == ErrorCode::Other => {
                self.message = Some(error.message);
                self.back_off()
            }
            Some(error) => {
                self.refused = Some(error);
                REFUSED
            }
        };
        self.connect(window, out);
    }

    /// Don't wait; and if the line seems to stand, doubt it. Whether it is to be put to the proof now: by what is answered
    /// at once where there is such a thing (`can_ask`), by the next heads where not.
    pub(super) fn nudge(&mut self, now: u64, can_ask: bool, out: &mut Out) -> bool {
        match self.link {
            Link::Connecting => {
                self.failures = 0;
                self.connect((0, 0), out);
            }
            Link::Online { .. } if self.proof_by.is_none() => {
                let wait = if can_ask { 0 } else { self.heads_every };
                self.proof_by = Some(now + wait + GRACE_MS);
                self.tick(now, out);
                return can_ask && self.is_online();
            }
            Link::Idle | Link::Online { .. } | Link::Opened { .. } | Link::Closing { .. } => {}
        }
        false
    }

    pub(super) fn tick(&mut self, now: u64, out: &mut Out) {
        if self.due().is_some_and(|due| due <= now) {
            self.close(now, out);
        }
    }

    /// When the line counts as dead.
    pub(super) fn due(&self) -> Option<u64> {
        match self.link {
            Link::Opened { hello_by } => Some(hello_by),
            Link::Online { .. } => {
                let silent = self.heard + self.heads_every * 5 / 2;
                Some(self.proof_by.map_or(silent, |proof| proof.min(silent)))
            }
            Link::Idle | Link::Connecting | Link::Closing { .. } => None,
        }
    }

    /// Where it stands, in the interface's words.
    pub(super) fn status(&self, waiting: u32) -> Option<ConnectionStatus> {
        Some(match (&self.link, &self.refused) {
            (Link::Idle, _) => return None,
            (Link::Online { .. }, _) => ConnectionStatus::Online,
            (_, Some(error)) => ConnectionStatus::Refused { error: error.clone() },
            _ if !self.was_online && self.failures == 0 => ConnectionStatus::Connecting,
            _ => ConnectionStatus::Reconnecting {
                attempts: self.failures,
                waiting,
                message: self.message.clone(),
            },
        })
    }

    fn lasted(&self, now: u64) -> bool {
        matches!(self.link, Link::Online { since } if now.saturating_sub(since) >= LASTED_MS)
    }

    fn close(&mut self, now: u64, out: &mut Out) {
        self.link = Link::Closing {
            lasted: self.lasted(now),
        };
        out.0.push(Effect::Close);
    }

    fn connect(&mut self, (after_ms, before_ms): (u64, u64), out: &mut Out) {
        self.link = Link::Connecting;
        out.0.push(Effect::Connect { after_ms, before_ms });
    }

    fn back_off(&self) -> (u64, u64) {
        let factor = 1 << self.failures.min(6);
        (
            (BACK_OFF.0 * factor).min(BACK_OFF_CAP.0),
            (BACK_OFF.1 * factor).min(BACK_OFF_CAP.1),
        )
    }
}
