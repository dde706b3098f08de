//! The one publisher: sends what was committed, in the order of the commits, one broadcast per room.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use ichat_protocol::{Entries, Entry, Head, RoomChange, RoomId};
use ichat_store::{Outcome, Store};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::commit::completion::Completion;
use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::fanout::entry_batch;
use crate::fanout::heads::PublishedHeads;
use crate::fanout::hub::{Channel, Hub};
use crate::fanout::presence::PresenceTracker;
use crate::fanout::tutorial::{CHAT_MESSAGE, chat_message};

/// Commits that wait for publication. When the queue is full the writer waits.
const QUEUE_CAPACITY: usize = 64;
/// Authors who receive a broadcast before the other subscribers.
const MAX_AUTHORS_FIRST: usize = 64;

/// The handle of the publisher task.
#[derive(Clone)]
pub(crate) struct Publisher {
    tasks: mpsc::Sender<PublishTask>,
}

/// The requests of one transaction: the outcomes of each one's entries, and what follows.
pub(crate) struct CommittedBatch(pub(crate) Vec<CommittedRequest>);

type CommittedRequest = (Vec<(RoomId, Outcome)>, Completion);

/// What the publisher does, one task after the other.
pub(crate) enum PublishTask {
    Publish(CommittedBatch),
    RunBetweenBroadcasts(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Publisher {
    /// Makes the handle, and the queue for [`PublishLoop::run`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<PublishTask>) {
        let (tasks, queue) = mpsc::channel(QUEUE_CAPACITY);
        (Self { tasks }, queue)
    }

    pub(crate) async fn publish(&self, batch: CommittedBatch) {
        self.push(PublishTask::Publish(batch)).await;
    }

    /// Runs a future between two broadcasts: all that is published when it runs has been sent, and nothing else has.
    pub(crate) async fn run_between_broadcasts(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.push(PublishTask::RunBetweenBroadcasts(Box::pin(future))).await;
    }

    async fn push(&self, task: PublishTask) {
        // The publisher ends after the writer, when no client is left that could be sent anything.
        drop(self.tasks.send(task).await);
    }
}

/// The publisher task, with what it uses.
pub(crate) struct PublishLoop {
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) presence: PresenceTracker,
    pub(crate) heads: PublishedHeads,
}

impl PublishLoop {
    /// Publishes until the writer has ended and the queue is empty. Commits that were made during a broadcast share the next
    /// one.
    pub(crate) async fn run(self, mut queue: mpsc::Receiver<PublishTask>, writer_ended: CancellationToken) {
        let mut tasks = Vec::with_capacity(QUEUE_CAPACITY);
        loop {
            tokio::select! {
                biased;
                count = queue.recv_many(&mut tasks, QUEUE_CAPACITY) => if count == 0 { break },
                () = writer_ended.cancelled(), if !queue.is_closed() => { queue.close(); continue }
            }
            let mut requests = Vec::new();
            for task in tasks.drain(..) {
                match task {
                    PublishTask::Publish(CommittedBatch(committed)) => requests.extend(committed),
                    PublishTask::RunBetweenBroadcasts(future) => {
                        self.publish(std::mem::take(&mut requests)).await;
                        future.await;
                    }
                }
            }
            self.publish(requests).await;
        }
    }

    async fn publish(&self, requests: Vec<CommittedRequest>) {
        let mut rooms: BTreeMap<RoomId, Vec<Entry>> = BTreeMap::new();
        let mut authors = Vec::new();
        for (outcomes, completion) in &requests {
            match completion {
                Completion::Post(request) => {
                    if authors.len() < MAX_AUTHORS_FIRST {
                        authors.push(Arc::clone(&request.client));
                    }
                }
                Completion::Report { subscribe, .. } => self.subscribe(subscribe.as_ref(), outcomes),
            }
            for (room, outcome) in outcomes {
                if let Outcome::Committed(entry) = outcome {
                    rooms.entry(*room).or_default().push(entry.clone());
                }
            }
        }
        for (room, entries) in rooms {
            let left: Vec<_> = entries
                .iter()
                .filter(|entry| entry.body.room_change() == Some(RoomChange::Leave))
                .map(|entry| entry.author.clone())
                .collect();
            self.broadcast(room, entries, &authors).await;
            // Between two broadcasts, so that members receive nothing of the room after the response to `leave`.
            for client in left.iter().flat_map(|member| self.presence.connections(member)) {
                self.hub.unsubscribe(room, &client);
            }
        }
        for (outcomes, completion) in requests {
            completion.complete(outcomes, &self.heads, &self.store).await;
        }
    }

    fn subscribe(&self, client: Option<&Arc<ClientConnection>>, outcomes: &[(RoomId, Outcome)]) {
        let is_written = |(_, outcome): &(RoomId, Outcome)| errors::of_outcome(outcome).is_none();
        if let Some(client) = client
            && outcomes.iter().all(is_written)
        {
            for (room, _) in outcomes {
                self.hub.subscribe(*room, client);
            }
        }
    }

    /// Sends a room its new entries: one `entries` event, or several where they are long. The authors get theirs first: what
    /// they post next is committed during this broadcast, so under load it shares the next one.
    async fn broadcast(&self, room: RoomId, mut entries: Vec<Entry>, authors: &[Arc<ClientConnection>]) {
        let Some(epoch) = self.heads.epoch(&self.store, room).await else {
            return;
        };
        while !entries.is_empty() {
            let rest = entries.split_off(entry_batch::fitting(&entries));
            let seq = entries.last().map(|entry| entry.seq).unwrap_or_default();
            let event = Entries { room, epoch, entries };
            self.hub
                .broadcast_with_receipts(Channel::Room(room), "entries", &[&event], authors)
                .await;
            if room == self.store.lobby() {
                let messages: Vec<_> = event.entries.iter().filter_map(chat_message).collect();
                self.hub
                    .broadcast_with_receipts(Channel::Tutorial, CHAT_MESSAGE, &messages, authors)
                    .await;
            }
            self.heads.advance(room, Head { epoch, seq });
            entries = rest;
        }
    }
}
