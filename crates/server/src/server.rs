//! A server from start to shutdown.

use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::ClosingReason;
use ichat_store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Config;
use crate::commit::daily_quota::DailyQuota;
use crate::commit::publisher::{PublishLoop, PublishTask, Publisher};
use crate::commit::writer::{self, WriteRequest, Writer};
use crate::fanout::heads::{self, PublishedHeads};
use crate::fanout::hub::Hub;
use crate::fanout::online_members::OnlineMembers;
use crate::fanout::presence::{self, PresenceTracker};
use crate::net::acceptor::Acceptor;
use crate::net::limiter::ConnectionLimiter;
use crate::net::memory_budget::MemoryBudget;
use crate::net::trusted_proxies::TrustedProxies;
use crate::session::budgets::Budgets;
use crate::session::clock::now;
use crate::session::disk_reserve::DiskReserve;
use crate::session::guest_secret::GuestSecrets;
use crate::session::member_names::MemberNames;
use crate::session::name_locks::NameLocks;
use crate::session::nonce::Nonces;
use crate::session::page_cache::PageCache;
use crate::session::state::{ServerState, SharedState};
use crate::session::typing_limiter::TypingLimiter;
use crate::session::write_limits::WriteLimits;
use crate::session::{connection, socket_io};
use crate::web::health::Readiness;
use crate::web::metrics_endpoint;
use crate::web::polling_sessions::PollingSessions;
use crate::web::routes;

/// Time for waiting posts to reach the disk and the clients after shutdown has begun.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// Time for connections to close after that: once for Socket.IO, and once for the rest.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A server that did not start, or did not stop as it should.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The rooms or their members could not be read. Nothing was served.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no random numbers for the keys of nonces and guests' secrets. Nothing was served.
    #[error("The system gives no random numbers: {0}.")]
    Random(#[from] getrandom::Error),
    /// The disk did not take the waiting posts in time. No post that was acknowledged is lost.
    #[error("The shutdown took too long: some posts were not written. None of them had been acknowledged.")]
    Stuck,
    /// The writer or the publisher panicked.
    #[error("The server failed while it wrote: {0}.")]
    Failed(#[from] JoinError),
}

/// Serves on `listener` until `shutdown` is cancelled, or until nothing can be written any more.
///
/// Shutdown takes five seconds at most: new posts are rejected, waiting ones are committed and published, and all
/// clients receive `closing`. `online_count` always has the number of people online. The caller closes the store
/// afterwards.
pub async fn run(
    listener: TcpListener,
    store: Store,
    config: Config,
    online_count: watch::Sender<u32>,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let shutdown = async {
        shutdown.cancelled().await;
        ClosingReason::Shutdown
    };
    run_until(listener, store, config, online_count, shutdown).await
}

/// Does the same as [`run`] until `shutdown` completes, with the reason that clients receive.
pub async fn run_until(
    listener: TcpListener,
    store: Store,
    config: Config,
    online_count: watch::Sender<u32>,
    shutdown: impl Future<Output = ClosingReason>,
) -> Result<(), ServeError> {
    let (writer, write_queue) = Writer::new();
    let (publisher, publish_queue) = Publisher::new();
    let limiter = ConnectionLimiter::new(&config);
    let memory = MemoryBudget::new(config.max_memory);
    let online = OnlineMembers::new(online_count);
    let state: SharedState = Arc::new(ServerState {
        nonces: Nonces::new()?,
        guest_secrets: guest_secrets(&store).await?,
        budgets: Budgets::new(&config),
        write_limits: Arc::new(WriteLimits {
            quota: Arc::new(DailyQuota::load(&store, &config, now()).await?),
            reserve: DiskReserve::new(&config),
        }),
        member_names: MemberNames::load(&store).await?,
        name_locks: NameLocks::default(),
        typing_limiter: TypingLimiter::default(),
        presence: PresenceTracker::new(online.clone()),
        online,
        hub: Hub::new(config.metrics.clone()),
        heads: PublishedHeads::load(&store).await?,
        pages: Arc::new(PageCache::new(store.clone())),
        writer,
        publisher,
        closing: CancellationToken::new(),
        config,
        store,
    });
    state.write_limits.reserve.measure(&state.store).await;
    let _readings = metrics_endpoint::read_from(&state, &limiter, &memory);
    let readiness = Readiness::new(state.clone(), limiter.clone(), memory.clone());
    let (sockets, io) = socket_io::service(routes::inner_routes(&state, readiness));
    socket_io::serve(&state, &io);

    let abort = CancellationToken::new();
    let tasks = TaskTracker::new();
    let acceptor = Acceptor {
        router: {
            let sessions = PollingSessions::new(limiter.clone(), memory.clone());
            routes::routes(&state, sockets, sessions, limiter.clone())
        },
        limiter,
        proxies: TrustedProxies::new(&state.config.trusted_proxies),
        memory: memory.clone(),
        metrics: state.config.metrics.clone(),
        closing: state.closing.clone(),
        abort: abort.clone(),
        tasks: tasks.clone(),
    };
    let pipeline = CommitPipeline::start(&state, write_queue, publish_queue);
    spawn_timers(&state, &tasks);
    tasks.spawn(memory.enforce(state.config.metrics.clone(), state.closing.clone()));
    tasks.spawn(acceptor.run(listener));
    tracing::info!(server = %state.store.server_id(), max_memory = state.config.max_memory, "serving");

    let reason = tokio::select! {
        reason = shutdown => {
            tracing::info!("shutting down");
            reason
        }
        () = pipeline.ended() => {
            tracing::error!("shutting down: nothing can be written or published any more");
            ClosingReason::Shutdown
        }
    };
    state.closing.cancel();
    let drained = pipeline.drain().await;
    connection::broadcast_closing(&state.hub, reason).await;
    // A socket that does not close in time is aborted below.
    drop(tokio::time::timeout(CLOSE_TIMEOUT, io.close()).await);
    tasks.close();
    if tokio::time::timeout(CLOSE_TIMEOUT, tasks.wait()).await.is_err() {
        tracing::debug!("aborting the connections that are still open");
    }
    abort.cancel();
    drained
}

/// Reads the key of the guests' secrets, and draws one for a new data folder.
async fn guest_secrets(store: &Store) -> Result<GuestSecrets, ServeError> {
    let mut fresh = [0; 64];
    getrandom::fill(&mut fresh)?;
    Ok(GuestSecrets::new(store.guest_key(fresh).await?))
}

/// Starts the tasks that run periodically until shutdown.
fn spawn_timers(state: &SharedState, tasks: &TaskTracker) {
    let closing = &state.closing;
    tasks.spawn(heads::run(state.hub.clone(), state.heads.clone(), closing.clone()));
    tasks.spawn(presence::run(
        state.presence.clone(),
        state.hub.clone(),
        closing.clone(),
    ));
    let (pages, pages_closing) = (Arc::clone(&state.pages), closing.clone());
    tasks.spawn(async move { pages.evict_when_idle(pages_closing).await });
    let (limits, store, closing) = (Arc::clone(&state.write_limits), state.store.clone(), closing.clone());
    tasks.spawn(async move { limits.reserve.run(&store, closing).await });
}

/// The two tasks through which every commit goes.
struct CommitPipeline {
    writer: JoinHandle<()>,
    publisher: JoinHandle<()>,
    writer_ended: CancellationToken,
    /// Cancelled when one of the tasks ends, also by a panic.
    ended: CancellationToken,
}

impl CommitPipeline {
    fn start(
        state: &SharedState,
        write_queue: mpsc::Receiver<WriteRequest>,
        publish_queue: mpsc::Receiver<PublishTask>,
    ) -> Self {
        let writer_ended = CancellationToken::new();
        let publish_loop = PublishLoop {
            store: state.store.clone(),
            hub: state.hub.clone(),
            online: state.online.clone(),
            heads: state.heads.clone(),
            metrics: state.config.metrics.clone(),
        };
        let writer = writer::run(
            state.store.clone(),
            write_queue,
            state.publisher.clone(),
            state.config.metrics.clone(),
            state.closing.clone(),
        );
        let publisher = publish_loop.run(publish_queue, writer_ended.clone());
        Self::spawn(writer, publisher, writer_ended)
    }

    fn spawn(
        writer: impl Future<Output = ()> + Send + 'static,
        publisher: impl Future<Output = ()> + Send + 'static,
        writer_ended: CancellationToken,
    ) -> Self {
        let ended = CancellationToken::new();
        let [writer_guard, publisher_guard] = [(); 2].map(|()| ended.clone().drop_guard());
        Self {
            writer: tokio::spawn(async move {
                writer.await;
                drop(writer_guard);
            }),
            publisher: tokio::spawn(async move {
                publisher.await;
                drop(publisher_guard);
            }),
            writer_ended,
            ended,
        }
    }

    /// Waits until one of the tasks has ended. Before shutdown that happens only by a panic.
    async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Waits until every post that was submitted is committed and published.
    async fn drain(self) -> Result<(), ServeError> {
        let drain = async move {
            let written = self.writer.await;
            self.writer_ended.cancel();
            written.and(self.publisher.await)
        };
        match tokio::time::timeout(DRAIN_TIMEOUT, drain).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(ServeError::Stuck),
        }
    }
}

#[cfg(test)]
mod tests {
    //! - a panic of the writer or of the publisher ends the server with an error

    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    fn panics() -> impl Future<Output = ()> {
        poll_fn(|_| -> Poll<()> { panic!("on purpose") })
    }

    #[tokio::test]
    async fn a_panic_of_the_writer_or_of_the_publisher_ends_the_server_with_an_error() {
        let stop = CancellationToken::new();
        let runs = || stop.clone().cancelled_owned();
        for pipeline in [
            CommitPipeline::spawn(panics(), runs(), stop.clone()),
            CommitPipeline::spawn(runs(), panics(), stop.clone()),
        ] {
            pipeline.ended().await;
            stop.cancel();
            assert!(matches!(pipeline.drain().await, Err(ServeError::Failed(_))));
        }
    }
}
