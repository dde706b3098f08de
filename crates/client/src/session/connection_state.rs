//! The state of the connection: when to connect, when to give up on a silent server, what to show.

use ichat_protocol::{Closing, ClosingReason, ErrorCode, WireError};

use super::{ConnectionStatus, Effect, effects::Effects, retry_after::retry_after};

/// The lower and upper bound of a random delay, in milliseconds.
type DelayMs = (u64, u64);

/// The delay after the end of a stable connection. Each failed attempt doubles it.
const INITIAL_BACKOFF: DelayMs = (250, 500);
const MAX_BACKOFF: DelayMs = (15_000, 30_000);
/// The delay after a refusal that only a change at the server can lift.
const REFUSED_BACKOFF: DelayMs = (60_000, 120_000);
const NO_DELAY: DelayMs = (0, 0);
/// A connection that lasted this long was a success and resets the back-off.
const STABLE_AFTER_MS: u64 = 10_000;
/// The time that a server has for its `hello` after it accepted the client.
const HELLO_TIMEOUT_MS: u64 = 10_000;
/// Bounds for the heads interval that a server declares, so that a hostile one can't make the client spin or wait forever.
const MIN_HEADS_INTERVAL_MS: u64 = 200;
const MAX_HEADS_INTERVAL_MS: u64 = 60_000;
/// The time that the server has to answer a probe.
const PROBE_TIMEOUT_MS: u64 = 3_000;

/// The life cycle of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before [`super::Input::Start`].
    Idle,
    /// [`Effect::Connect`] was returned: an attempt is waiting or running.
    Connecting,
    /// The transport is open, and `hello` must arrive before the deadline.
    AwaitingHello { deadline: u64 },
    /// `hello` arrived at this time.
    Online { since: u64 },
    /// [`Effect::Close`] was returned. `stable` is `true` if the connection had lasted.
    Closing { stable: bool },
}

/// The next attempt, or the one under way.
#[derive(Default)]
struct Attempt {
    /// `true` if the server has refused the last one. The time counts that it asks to wait for, or that follows a refusal.
    is_after_refusal: bool,
    /// `true` if the user has asked for it.
    is_of_user: bool,
}

/// The connection as the session knows it.
pub(super) struct ConnectionState {
    phase: Phase,
    /// Failed attempts since the server was there last. A connection that didn't last counts as one.
    attempts: u32,
    /// The number of times that the delay before an attempt has doubled: since the last stable connection, or the last
    /// nudge.
    doublings: u32,
    last_received: u64,
    /// The time by which the server must answer a probe, if one is under way.
    probe_deadline: Option<u64>,
    heads_interval: u64,
    /// The last message of the server about its absence.
    message: Option<String>,
    /// `true` if that message said that the host has stopped.
    stopped: bool,
    refused: Option<WireError>,
    attempt: Attempt,
    /// `true` after a refusal of the signature was retried. A fresh nonce cures a stale one, so one retry is enough.
    auth_retried: bool,
    was_online: bool,
}

impl ConnectionState {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Idle,
            attempts: 0,
            doublings: 0,
            last_received: 0,
            probe_deadline: None,
            heads_interval: MAX_HEADS_INTERVAL_MS,
            message: None,
            stopped: false,
            refused: None,
            attempt: Attempt::default(),
            auth_retried: false,
            was_online: false,
        }
    }

    pub(super) fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online { .. })
    }

    pub(super) fn awaits_hello(&self) -> bool {
        matches!(self.phase, Phase::AwaitingHello { .. })
    }

    pub(super) fn start(&mut self, effects: &mut Effects) {
        if self.phase == Phase::Idle {
            self.connect(NO_DELAY, effects);
        }
    }

    pub(super) fn opened(&mut self, now: u64) {
        if self.phase == Phase::Connecting {
            self.phase = Phase::AwaitingHello {
                deadline: now + HELLO_TIMEOUT_MS,
            };
            self.received(now);
        }
    }

    /// Records that the server sent something, which proves that the connection works.
    pub(super) fn received(&mut self, now: u64) {
        self.last_received = now;
        self.probe_deadline = None;
    }

    /// Goes online after `hello`.
    pub(super) fn go_online(&mut self, now: u64, heads_interval_ms: u32) {
        self.phase = Phase::Online { since: now };
        self.attempts = 0;
        self.heads_interval = u64::from(heads_interval_ms).clamp(MIN_HEADS_INTERVAL_MS, MAX_HEADS_INTERVAL_MS);
        self.message = None;
        self.stopped = false;
        self.refused = None;
        self.attempt = Attempt::default();
        self.auth_retried = false;
        self.was_online = true;
    }

    /// Closes the connection because the server announced its shutdown.
    pub(super) fn server_closing(&mut self, now: u64, closing: Closing, effects: &mut Effects) {
        self.message = Some(closing.message);
        self.stopped = match closing.reason {
            ClosingReason::Stopped => true,
            ClosingReason::Shutdown => false,
        };
        self.close(now, effects);
    }

    /// Schedules the next attempt after the connection ended or failed to open.
    pub(super) fn closed(&mut self, now: u64, error: Option<WireError>, effects: &mut Effects) {
        let was_stable = match self.phase {
            Phase::Idle => return,
            Phase::Closing { stable } => stable,
            Phase::Connecting | Phase::AwaitingHello { .. } | Phase::Online { .. } => self.is_stable(now),
        };
        self.probe_deadline = None;
        self.refused = None;
        if self.attempt.is_after_refusal {
            // A refusal is no news of why the server can't be reached afterwards.
            self.message = None;
        }
        self.attempt = Attempt {
            is_after_refusal: error.as_ref().is_some_and(|error| error.code != ErrorCode::Other),
            is_of_user: false,
        };
        if let Some(wait) = error.as_ref().and_then(retry_after) {
            // A busy server is no failure: it is there. The others who wait for it come at other times.
            self.attempts = 0;
            self.message = error.map(|error| error.message);
            return self.connect((wait, wait + wait / 2), effects);
        }
        (self.attempts, self.doublings) = if was_stable {
            (0, 0)
        } else {
            (self.attempts.saturating_add(1), self.doublings.saturating_add(1))
        };
        let delay = match error {
            None => self.backoff(),
            Some(error) if error.code == ErrorCode::Auth && !self.auth_retried => {
                self.auth_retried = true;
                NO_DELAY
            }
            Some(error) if error.code.is_transient() => {
                self.message = Some(error.message);
                MAX_BACKOFF
            }
            Some(error) if error.code == ErrorCode::Other => {
                self.message = Some(error.message);
                self.backoff()
            }
            Some(error) => {
                self.refused = Some(error);
                REFUSED_BACKOFF
            }
        };
        self.connect(delay, effects);
    }

    /// Connects now, because the user asks for it, also if the server has asked to wait; if online, starts a probe. Returns
    /// whether the caller should send the probe.
    pub(super) fn reconnect(&mut self, now: u64, can_probe: bool, effects: &mut Effects) -> bool {
        self.attempt.is_of_user = self.phase == Phase::Connecting || self.awaits_hello();
        self.nudge(now, can_probe, effects)
    }

    /// Connects now if an attempt is waiting, unless the server has asked to wait; if online, starts a probe. Returns
    /// whether the caller should send the probe.
    ///
    /// `can_probe` is `true` if the caller has a request that the server answers at once. Otherwise the next `heads` is
    /// the answer.
    pub(super) fn nudge(&mut self, now: u64, can_probe: bool, effects: &mut Effects) -> bool {
        match self.phase {
            Phase::Connecting if self.attempt.is_of_user || !self.attempt.is_after_refusal => {
                self.doublings = 0;
                self.connect(NO_DELAY, effects);
            }
            Phase::Online { .. } if self.probe_deadline.is_none() => {
                let wait = if can_probe { 0 } else { self.heads_interval };
                self.probe_deadline = Some(now + wait + PROBE_TIMEOUT_MS);
                self.tick(now, effects);
                return can_probe && self.is_online();
            }
            Phase::Idle
            | Phase::Connecting
            | Phase::Online { .. }
            | Phase::AwaitingHello { .. }
            | Phase::Closing { .. } => {}
        }
        false
    }

    /// Closes the connection if the server has been silent for too long.
    pub(super) fn tick(&mut self, now: u64, effects: &mut Effects) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.close(now, effects);
        }
    }

    /// Returns the time at which a silent server counts as gone.
    pub(super) fn deadline(&self) -> Option<u64> {
        match self.phase {
            Phase::AwaitingHello { deadline } => Some(deadline),
            Phase::Online { .. } => {
                let silence = self.last_received + self.heads_interval * 5 / 2;
                Some(self.probe_deadline.map_or(silence, |probe| probe.min(silence)))
            }
            Phase::Idle | Phase::Connecting | Phase::Closing { .. } => None,
        }
    }

    /// Returns the status to show, once the session has started.
    pub(super) fn status(&self, waiting: u32) -> Option<ConnectionStatus> {
        match self.phase {
            Phase::Idle => return None,
            Phase::Online { .. } => return Some(ConnectionStatus::Online),
            Phase::Connecting | Phase::AwaitingHello { .. } | Phase::Closing { .. } => {}
        }
        let trying = self.attempt.is_of_user;
        Some(if let Some(error) = &self.refused {
            ConnectionStatus::Refused {
                error: error.clone(),
                trying,
            }
        } else if !self.was_online && self.attempts == 0 && self.message.is_none() {
            ConnectionStatus::Connecting
        } else {
            ConnectionStatus::Reconnecting {
                attempts: self.attempts,
                waiting,
                message: self.message.clone(),
                stopped: self.stopped,
                trying,
            }
        })
    }

    fn is_stable(&self, now: u64) -> bool {
        matches!(self.phase, Phase::Online { since } if now.saturating_sub(since) >= STABLE_AFTER_MS)
    }

    fn close(&mut self, now: u64, effects: &mut Effects) {
        self.phase = Phase::Closing {
            stable: self.is_stable(now),
        };
        effects.push(Effect::Close);
    }

    fn connect(&mut self, (after_ms, before_ms): DelayMs, effects: &mut Effects) {
        self.phase = Phase::Connecting;
        effects.push(Effect::Connect { after_ms, before_ms });
    }

    fn backoff(&self) -> DelayMs {
        let factor = 1 << self.doublings.min(6);
        let (low, high) = INITIAL_BACKOFF;
        ((low * factor).min(MAX_BACKOFF.0), (high * factor).min(MAX_BACKOFF.1))
    }
}
