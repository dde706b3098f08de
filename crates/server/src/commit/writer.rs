//! The one writer: all requests that wait, in all rooms, become one transaction.

use std::sync::Arc;

use ichat_protocol::{DeviceId, EntryId, WireError};
use ichat_store::{NewEntry, Outcome, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::commit::completion::Completion;
use crate::commit::ordering::PostOrdering;
use crate::commit::publisher::{CommittedBatch, CommittedRequest, Publisher};
use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::fanout::request::ResponseFormat;
use crate::metrics::{Metrics, QueueReadings};

/// Requests of all clients that wait for the writer. Beyond it connections wait, and then reject events as `busy`.
const QUEUE_CAPACITY: usize = 4_096;
/// Entries in one transaction, but for those of its last request: enough to share one fsync, few enough that none waits long for
/// the others.
const WRITE_BATCH: usize = 256;

/// Entries to be written one after the other, and what follows.
pub(crate) struct WriteRequest {
    entries: Vec<NewEntry>,
    completion: Completion,
    submitted: Instant,
}

/// The handle of the writer task.
pub(crate) struct Writer {
    requests: mpsc::Sender<WriteRequest>,
}

impl Writer {
    /// Creates the handle, and the queue for [`run`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<WriteRequest>) {
        let (requests, queue) = mpsc::channel(QUEUE_CAPACITY);
        (Self { requests }, queue)
    }

    /// Submits a request, and waits while the queue is full. During shutdown the request is rejected.
    pub(crate) async fn submit(&self, request: WriteRequest) {
        if let Err(rejected) = self.requests.send(request).await {
            rejected.0.completion.reject(&errors::closing());
        }
    }

    /// Writes an entry, and waits until it is committed and published. Fails if it was rejected.
    pub(crate) async fn commit(&self, entry: NewEntry) -> Result<(), WireError> {
        let outcomes = self.commit_each(vec![entry]).await?;
        outcomes
            .into_iter()
            .try_for_each(|outcome| errors::written(outcome).map(drop))
    }

    /// Writes entries, and waits until they are committed and published. Returns their outcomes.
    pub(crate) async fn commit_each(&self, entries: Vec<NewEntry>) -> Result<Vec<Outcome>, WireError> {
        self.report(entries, None).await
    }

    /// Writes entries, and subscribes their author to their rooms before they are published, unless one of them is in
    /// the log already. Returns their outcomes.
    pub(crate) async fn commit_subscribed(
        &self,
        entries: Vec<NewEntry>,
        author: Arc<ClientConnection>,
    ) -> Result<Vec<Outcome>, WireError> {
        self.report(entries, Some(author)).await
    }

    pub(crate) fn readings(&self) -> QueueReadings {
        QueueReadings {
            length: self.requests.max_capacity() - self.requests.capacity(),
            capacity: self.requests.max_capacity(),
        }
    }

    async fn report(
        &self,
        entries: Vec<NewEntry>,
        subscribe: Option<Arc<ClientConnection>>,
    ) -> Result<Vec<Outcome>, WireError> {
        let (report, outcomes) = oneshot::channel();
        let completion = Completion::Report { report, subscribe };
        self.submit(WriteRequest::new(entries, completion)).await;
        outcomes.await.unwrap_or_else(|_| Err(errors::closing()))
    }
}

impl WriteRequest {
    pub(crate) fn new(entries: Vec<NewEntry>, completion: Completion) -> Self {
        Self {
            entries,
            completion,
            submitted: Instant::now(),
        }
    }

    /// Returns the device and the id of a post whose order counts. Tutorial clients don't send a failed message again
    /// under its id, so one failure must not block their next messages.
    fn ordered_post(&self) -> Option<(DeviceId, EntryId)> {
        match &self.completion {
            Completion::Post { request, .. } => match request.format {
                ResponseFormat::Protocol => self.entries.last().map(|entry| (entry.device, entry.id)),
                ResponseFormat::Tutorial => None,
            },
            Completion::Report { .. } => None,
        }
    }
}

/// Commits until `closing` is cancelled and the queue is empty.
pub(crate) async fn run(
    store: Store,
    mut queue: mpsc::Receiver<WriteRequest>,
    publisher: Publisher,
    metrics: Metrics,
    closing: CancellationToken,
) {
    let mut requests = Vec::with_capacity(WRITE_BATCH);
    let mut ordering = PostOrdering::default();
    loop {
        let first = tokio::select! {
            biased;
            first = queue.recv() => match first {
                Some(first) => first,
                None => break,
            },
            // Nothing new is taken from here on; the branch above drains what waits.
            () = closing.cancelled(), if !queue.is_closed() => { queue.close(); continue }
        };
        take_batch(first, &mut queue, &mut requests);
        let batch = WriteBatch::new(requests.drain(..), &mut ordering);
        if let Some(committed) = batch.commit(&store, &mut ordering, &metrics).await {
            publisher.publish(committed).await;
        }
    }
}

/// Takes the requests that wait, up to [`WRITE_BATCH`] entries. Some write one entry, and some many.
fn take_batch(first: WriteRequest, queue: &mut mpsc::Receiver<WriteRequest>, batch: &mut Vec<WriteRequest>) {
    let mut entries = first.entries.len();
    batch.push(first);
    while entries < WRITE_BATCH
        && let Ok(request) = queue.try_recv()
    {
        entries += request.entries.len();
        batch.push(request);
    }
}

/// A request without its entries.
struct BatchedRequest {
    entry_count: usize,
    completion: Completion,
    submitted: Instant,
}

/// The requests of one transaction.
#[derive(Default)]
struct WriteBatch {
    entries: Vec<NewEntry>,
    requests: Vec<BatchedRequest>,
    posts: Vec<(DeviceId, EntryId)>,
}

impl WriteBatch {
    /// Collects requests, and rejects posts that would overtake a failed one.
    fn new(requests: impl Iterator<Item = WriteRequest>, ordering: &mut PostOrdering) -> Self {
        let mut batch = Self::default();
        for request in requests {
            let post = request.ordered_post();
            if let Some((device, id)) = post
                && !ordering.admits(device, id, Instant::now())
            {
                request.completion.reject(&errors::storage_failed());
                continue;
            }
            batch.posts.extend(post);
            batch.requests.push(BatchedRequest {
                entry_count: request.entries.len(),
                completion: request.completion,
                submitted: request.submitted,
            });
            batch.entries.extend(request.entries);
        }
        batch
    }

    /// Commits the batch. When the store fails, every request is rejected.
    async fn commit(self, store: &Store, ordering: &mut PostOrdering, metrics: &Metrics) -> Option<CommittedBatch> {
        if self.requests.is_empty() {
            return None;
        }
        let rooms: Vec<_> = self.entries.iter().map(|entry| entry.room).collect();
        let began = Instant::now();
        match store.commit(self.entries).await {
            Ok(outcomes) => {
                let committed_at = Instant::now();
                metrics.committed(rooms.len(), committed_at - began);
                let mut outcomes = rooms.into_iter().zip(outcomes);
                let requests = self.requests.into_iter().map(|request| CommittedRequest {
                    outcomes: outcomes.by_ref().take(request.entry_count).collect(),
                    completion: request.completion,
                    submitted: request.submitted,
                });
                Some(CommittedBatch {
                    requests: requests.collect(),
                    committed_at,
                })
            }
            Err(error) => {
                metrics.commit_failed();
                let error = errors::storage(error);
                for (device, id) in self.posts {
                    ordering.record_failure(device, id, Instant::now());
                }
                for request in self.requests {
                    request.completion.reject(&error);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! - a batch is bounded by its entries, whatever the number of its requests

    use ichat_protocol::{Body, MemberId, RoomId};
    use uuid::Uuid;

    use super::*;

    fn request(entries: usize) -> WriteRequest {
        let entry = NewEntry {
            room: RoomId::fresh(),
            id: EntryId::fresh(),
            author: MemberId::guest(Uuid::nil()),
            device: DeviceId::fresh(),
            at: 0,
            body: Body::Left,
        };
        let (report, _) = oneshot::channel();
        let completion = Completion::Report {
            report,
            subscribe: None,
        };
        WriteRequest::new(vec![entry; entries], completion)
    }

    #[test]
    fn a_batch_is_bounded_by_its_entries() {
        let (sender, mut queue) = mpsc::channel(QUEUE_CAPACITY);
        for _ in 0..10 {
            sender.try_send(request(100)).unwrap();
        }
        for _ in 0..1_000 {
            sender.try_send(request(1)).unwrap();
        }
        let mut sizes = Vec::new();
        while let Ok(first) = queue.try_recv() {
            let mut batch = Vec::new();
            take_batch(first, &mut queue, &mut batch);
            sizes.push(batch.iter().map(|request| request.entries.len()).sum::<usize>());
        }
        assert_eq!(sizes.iter().sum::<usize>(), 2_000);
        assert!(sizes.iter().all(|size| *size < WRITE_BATCH + 100), "{sizes:?}");
        assert!(sizes.len() < 10, "{sizes:?}");
    }
}
