//! The server inside the app: served until it is told to stop, and then given the time that it needs.

use std::time::Duration;

use ichat_server::{Config, ServeError};
use ichat_store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a server may take to commit what waits, to tell its clients, and to close its store.
const DRAIN_WITHIN: Duration = Duration::from_secs(7);

/// Serves until `stop`, and closes the store behind it.
pub(crate) async fn serve(
    listener: TcpListener,
    store: Store,
    config: Config,
    people: watch::Sender<u32>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let served = ichat_server::run(listener, store.clone(), config, people, stop).await;
    store.close().await;
    served
}

/// Waits until the server has ended; one that takes too long is cut off.
pub(crate) async fn drained(mut serving: JoinHandle<Result<(), ServeError>>) {
    match tokio::time::timeout(DRAIN_WITHIN, &mut serving).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::error!(%error, "the hosted server failed while it shut down"),
        Ok(Err(error)) => tracing::error!(%error, "the hosted server ended badly"),
        Err(_) => {
            tracing::error!("the hosted server did not end in time; it is cut off");
            serving.abort();
        }
    }
}
