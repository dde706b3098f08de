//! The health of the server, for supervisors and load balancers.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use ::http::StatusCode;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::net::limiter::ConnectionLimiter;
use crate::net::memory_budget::MemoryBudget;
use crate::session::state::SharedState;

/// Time between two attempts to write: anyone may ask.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
/// Time that a write may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// The parts of the server that readiness depends on. Clones share them.
#[derive(Clone)]
pub(crate) struct Readiness {
    state: SharedState,
    limiter: ConnectionLimiter,
    memory: MemoryBudget,
    last_probe: LastProbe,
}

/// The last attempt to write. Clones share it.
#[derive(Clone, Default)]
struct LastProbe(Arc<Mutex<Option<Probe>>>);

/// An attempt to write.
struct Probe {
    at: Instant,
    /// The problem, as a sentence.
    result: Result<(), String>,
}

impl Readiness {
    pub(crate) fn new(state: SharedState, limiter: ConnectionLimiter, memory: MemoryBudget) -> Self {
        Self {
            state,
            limiter,
            memory,
            last_probe: LastProbe::default(),
        }
    }

    /// Returns what keeps the server from serving one more client, if anything does.
    async fn check(&self) -> Result<(), String> {
        if self.state.closing.is_cancelled() {
            return Err("The server is shutting down.\n".to_owned());
        }
        if self.limiter.is_full() {
            return Err("The server has as many connections as it can take.\n".to_owned());
        }
        if self.memory.is_used_up() {
            return Err("Too much waits for clients: the memory for it is used up.\n".to_owned());
        }
        let may_write = self.state.write_limits.reserve.check(false);
        may_write.map_err(|error| format!("{}\n", error.message))?;
        self.is_writable().await
    }

    /// Writes to the store, unless somebody has asked a moment ago.
    async fn is_writable(&self) -> Result<(), String> {
        let store = self.state.store.clone();
        let write = async move { store.check_writable().await };
        self.last_probe.result_or(write).await
    }
}

impl LastProbe {
    /// Returns the result of the last attempt or, if it was too long ago, of a new one. An attempt goes on if the caller doesn't
    /// wait for it, and no other one begins meanwhile.
    async fn result_or<E: Display>(
        &self,
        write: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Result<(), String> {
        let mut last_probe = Arc::clone(&self.0).lock_owned().await;
        if let Some(probe) = &*last_probe
            && probe.at.elapsed() < PROBE_INTERVAL
        {
            return probe.result.clone();
        }
        let probe = tokio::spawn(async move {
            let result = match timeout(PROBE_TIMEOUT, write).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(format!("The store can't be written: {error}\n")),
                Err(_) => Err("The store can't be written: it takes too long.\n".to_owned()),
            };
            *last_probe = Some(Probe {
                at: Instant::now(),
                result: result.clone(),
            });
            result
        });
        probe
            .await
            .unwrap_or_else(|error| Err(format!("The store can't be written: {error}\n")))
    }
}

/// Reports that the server runs, and that its store can be read.
pub(super) async fn is_alive(State(state): State<SharedState>) -> Response {
    match state.store.head(state.lobby()).await {
        Ok(Some(_)) => "ok\n".into_response(),
        Ok(None) => unavailable("The store has no lobby.\n".to_owned()),
        Err(error) => unavailable(format!("The store can't be read: {error}\n")),
    }
}

/// Reports whether the server can take one more client, and write what it posts.
pub(super) async fn is_ready(State(readiness): State<Readiness>) -> Response {
    match readiness.check().await {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => unavailable(reason),
    }
}

fn unavailable(reason: String) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, reason).into_response()
}

#[cfg(test)]
mod tests {
    //! - an attempt to write whose request is cancelled goes on, and no other one begins until it is old

    use std::convert::Infallible;
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_request_makes_nobody_write_again() {
        let last_probe = LastProbe::default();
        assert_eq!(
            last_probe.result_or(pending::<Result<_, Infallible>>()).now_or_never(),
            None
        );
        for _ in 0..3 {
            let result = last_probe.result_or(async { Err("a second write") }).await;
            assert_eq!(
                result,
                Err("The store can't be written: it takes too long.\n".to_owned())
            );
        }
        advance(PROBE_INTERVAL).await;
        assert_eq!(last_probe.result_or(ready(Ok::<_, Infallible>(()))).await, Ok(()));
        let later = last_probe.result_or(async { Err("a third write") });
        assert_eq!(later.await, Ok(()));
    }
}
