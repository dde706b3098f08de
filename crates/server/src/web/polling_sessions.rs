//! The open sessions of clients that poll.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ::http::Uri;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::fanout::engine_io_request::EngineIoRequest;
use crate::fanout::polling::session::{PollingSession, WeakPollingSession};
use crate::net::limiter::ConnectionLimiter;
use crate::net::memory_budget::MemoryBudget;

/// The sessions of clients that poll, by their ids. Each counts as a connection. Clones share them.
#[derive(Clone)]
pub(crate) struct PollingSessions {
    limiter: ConnectionLimiter,
    memory: MemoryBudget,
    by_id: Arc<Mutex<HashMap<String, WeakPollingSession>>>,
}

impl PollingSessions {
    pub(crate) fn new(limiter: ConnectionLimiter, memory: MemoryBudget) -> Self {
        Self {
            limiter,
            memory,
            by_id: Arc::default(),
        }
    }

    /// Returns a new session, or `None` when the server or the address has as many connections as allowed.
    pub(super) fn try_open(&self, peer: IpAddr) -> Option<PollingSession> {
        let permit = self.limiter.try_open_session(peer)?;
        Some(PollingSession::new(permit, self.memory.open(CancellationToken::new())))
    }

    /// Counts a request that is refused: see [`ConnectionLimiter::count_refusal`].
    pub(super) fn count_refusal(&self) {
        self.limiter.count_refusal();
    }

    pub(super) fn add(&self, sid: String, session: &PollingSession) {
        let mut by_id = self.by_id.lock();
        if by_id.len() == by_id.capacity() {
            by_id.retain(|_, session| session.upgrade().is_some());
        }
        by_id.insert(sid, session.downgrade());
    }

    pub(super) fn get(&self, sid: &str) -> Option<PollingSession> {
        self.by_id.lock().get(sid)?.upgrade()
    }

    /// Returns `true` if a request is one of a session that is open.
    pub(super) fn has_session_of(&self, uri: &Uri) -> bool {
        let sid = EngineIoRequest::of(uri).and_then(|address| address.sid);
        sid.is_some_and(|sid| self.get(sid).is_some())
    }
}
