//! A server from start to shutdown.

use std::sync::Arc;
use std::time::Duration;

use ichat_store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Config;
use crate::commit::publisher::{PublishLoop, PublishTask, Publisher};
use crate::commit::writer::{self, WriteRequest, Writer};
use crate::fanout::heads::{self, PublishedHeads};
use crate::fanout::hub::Hub;
use crate::fanout::online_members::OnlineMembers;
use crate::fanout::presence::{self, PresenceTracker};
use crate::net::acceptor::Acceptor;
use crate::net::limiter::ConnectionLimiter;
use crate::session::member_names::MemberNames;
use crate::session::nonce::Nonces;
use crate::session::page_cache::PageCache;
use crate::session::state::{ServerState, SharedState};
use crate::session::typing_limiter::TypingLimiter;
use crate::session::{connection, socket_io};
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
    /// The system has no random numbers for the key of the nonces. Nothing was served.
    #[error("The system gives no random numbers: {0}.")]
    Random(#[from] getrandom::Error),
    /// The disk did not take the waiting posts in time. No post that was acknowledged is lost.
    #[error("The shutdown took too long: some posts were not written. None of them had been acknowledged.")]
    Stuck,
    /// The writer or the publisher panicked.
    #[error("The server failed while it wrote: {0}.")]
    Failed(#[from] JoinError),
}

/// Serves on `listener` until `shutdown` is cancelled.
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
    let (writer, write_queue) = Writer::new();
    let (publisher, publish_queue) = Publisher::new();
    let limiter = ConnectionLimiter::new(&config);
    let state: SharedState = Arc::new(ServerState {
        nonces: Nonces::new()?,
        member_names: MemberNames::load(&store).await?,
        typing_limiter: TypingLimiter::default(),
        online: OnlineMembers::new(online_count),
        presence: PresenceTracker::default(),
        hub: Hub::default(),
        heads: PublishedHeads::load(&store).await?,
        pages: Arc::new(PageCache::new(store.clone())),
        writer,
        publisher,
        closing: CancellationToken::new(),
        config,
        store,
    });
    let (sockets, io) = socket_io::service(routes::inner_routes(&state));
    socket_io::serve(&state, &io);

    let abort = CancellationToken::new();
    let tasks = TaskTracker::new();
    let acceptor = Acceptor {
        router: routes::routes(&state, sockets),
        limiter,
        closing: state.closing.clone(),
        abort: abort.clone(),
        tasks: tasks.clone(),
    };
    let pipeline = CommitPipeline::start(&state, write_queue, publish_queue);
    spawn_timers(&state, &tasks);
    tasks.spawn(acceptor.run(listener));
    tracing::info!(server = %state.store.server_id(), "serving");

    shutdown.cancelled().await;
    tracing::info!("shutting down");
    state.closing.cancel();
    let drained = pipeline.drain().await;
    connection::broadcast_closing(&state.hub).await;
    // A socket that does not close in time is aborted below.
    drop(tokio::time::timeout(CLOSE_TIMEOUT, io.close()).await);
    tasks.close();
    if tokio::time::timeout(CLOSE_TIMEOUT, tasks.wait()).await.is_err() {
        tracing::debug!("aborting the connections that are still open");
    }
    abort.cancel();
    drained
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
    let (pages, closing) = (Arc::clone(&state.pages), closing.clone());
    tasks.spawn(async move { pages.evict_when_idle(closing).await });
}

/// The two tasks through which every commit goes.
struct CommitPipeline {
    writer: JoinHandle<()>,
    publisher: JoinHandle<()>,
    writer_ended: CancellationToken,
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
        };
        Self {
            writer: tokio::spawn(writer::run(
                state.store.clone(),
                write_queue,
                state.publisher.clone(),
                state.closing.clone(),
            )),
            publisher: tokio::spawn(publish_loop.run(publish_queue, writer_ended.clone())),
            writer_ended,
        }
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
