//! The server that runs inside the app.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ichat_protocol::ClosingReason;
use ichat_server::{Config, ServeError};
use ichat_store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Time that a server has to commit what is queued, to notify its clients and to close its store.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(7);

/// The stop signal of a server, with the reason that its guests receive. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    requested: CancellationToken,
    reason: Arc<OnceLock<ClosingReason>>,
}

impl Stop {
    /// Stops the server. The first reason counts.
    pub(crate) fn stop(&self, reason: ClosingReason) {
        self.reason.get_or_init(|| reason);
        self.requested.cancel();
    }

    /// Waits for the signal.
    pub(crate) async fn stopped(&self) -> ClosingReason {
        self.requested.cancelled().await;
        self.reason.get().copied().unwrap_or_default()
    }
}

/// Serves until `stop` is given, then closes the store.
pub(crate) async fn serve(
    listener: TcpListener,
    store: Store,
    config: Config,
    people: watch::Sender<u32>,
    stop: Stop,
) -> Result<(), ServeError> {
    let served = ichat_server::run_until(listener, store.clone(), config, people, stop.stopped()).await;
    store.close().await;
    served
}

/// Waits until a stopped server has ended, and aborts it if it takes too long.
pub(crate) async fn drain(mut serving: JoinHandle<Result<(), ServeError>>) {
    match tokio::time::timeout(DRAIN_TIMEOUT, &mut serving).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::error!(%error, "the hosted server failed during its shutdown"),
        Ok(Err(error)) => tracing::error!(%error, "the hosted server panicked"),
        Err(_) => {
            tracing::error!("the hosted server did not end in time and is aborted");
            serving.abort();
        }
    }
}
