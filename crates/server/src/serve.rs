//! A server from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use ichat_store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Config;
use crate::accept::{Accept, Places};
use crate::audience::Audience;
use crate::connection;
use crate::heads::{self, Published};
use crate::house::{House, Shared};
use crate::http;
use crate::nonce::Nonces;
use crate::people::{self, People};
use crate::publish::{self, Publisher, Work};
use crate::shelf::Shelf;
use crate::writer::{self, Job, Writer};

/// How long what waits may take to reach the disk and the clients, once the server goes down.
const DRAIN_WITHIN: Duration = Duration::from_secs(3);
/// How long the connections may take to end after that.
const PART_WITHIN: Duration = Duration::from_secs(1);

/// Why a server did not start, or did not stop as it should.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The rooms or their members could not be read. Nothing was served.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The disk did not take what waited within the time that there was. Nothing that a client was told is lost.
    #[error("The disk was too slow: some posts that nobody had been told of were not written.")]
    Stuck,
}

/// Serves on `listener` until `shutdown`, which takes five seconds at most: new posts are refused, waiting ones are committed
/// and told, and everybody hears that the server goes down. `people` always holds how many people are here.
/// The caller closes the store afterwards.
pub async fn run(
    listener: TcpListener,
    store: Store,
    config: Config,
    people: watch::Sender<u32>,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let (writer, jobs) = Writer::new();
    let (publisher, works) = Publisher::new();
    let places = Places::new(&config);
    let house: Shared = Arc::new(House {
        nonces: Nonces::new(),
        people: People::load(&store, people).await?,
        published: Published::load(&store).await?,
        shelf: Shelf::new(),
        audience: Audience::default(),
        writer,
        publisher,
        closing: CancellationToken::new(),
        config,
        store,
    });
    let (sockets, io) = http::socket_io(http::pages(&house));
    connection::listen(&house, &io);

    let cut = CancellationToken::new();
    let tasks = TaskTracker::new();
    let accept = Accept {
        pages: http::routes(&house, sockets),
        places,
        closing: house.closing.clone(),
        cut: cut.clone(),
        tasks: tasks.clone(),
    };
    let background = Background::start(&house, jobs, works, &tasks);
    tasks.spawn(accept.run(listener));
    tracing::info!(server = %house.store.server_id(), "serving");

    shutdown.cancelled().await;
    tracing::info!("going down");
    house.closing.cancel();
    let drained = background.drain().await;
    connection::say_goodbye(&house).await;
    // What can't be closed in time is cut.
    drop(tokio::time::timeout(PART_WITHIN, io.close()).await);
    tasks.close();
    if tokio::time::timeout(PART_WITHIN, tasks.wait()).await.is_err() {
        tracing::debug!("cutting what is still open");
    }
    cut.cancel();
    drained
}

/// The tasks through which every commit goes.
struct Background {
    writer: JoinHandle<()>,
    publisher: JoinHandle<()>,
    written_all: CancellationToken,
}

impl Background {
    fn start(house: &Shared, jobs: mpsc::Receiver<Job>, works: mpsc::Receiver<Work>, tasks: &TaskTracker) -> Self {
        let written_all = CancellationToken::new();
        tasks.spawn(heads::run(Arc::clone(house)));
        tasks.spawn(people::run(Arc::clone(house)));
        Self {
            writer: tokio::spawn(writer::run(
                house.store.clone(),
                jobs,
                house.publisher.clone(),
                house.closing.clone(),
            )),
            publisher: tokio::spawn(publish::run(Arc::clone(house), works, written_all.clone())),
            written_all,
        }
    }

    /// Waits until everything that waited is committed and told.
    async fn drain(self) -> Result<(), ServeError> {
        let Self {
            writer,
            publisher,
            written_all,
        } = self;
        let drain = async move {
            let written = writer.await;
            written_all.cancel();
            written.and(publisher.await)
        };
        match tokio::time::timeout(DRAIN_WITHIN, drain).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the writer or the publisher failed");
                Err(ServeError::Stuck)
            }
            Err(_) => Err(ServeError::Stuck),
        }
    }
}
