//! The hub: the subscribers of each room, and broadcasts to them.
//!
//! A broadcast holds no lock and never waits for a slow client: it goes to those who were subscribed when it began. A
//! client that subscribes during it finds the entries in the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::slice;
use std::sync::Arc;

use ichat_protocol::{MemberId, RoomId, ServerEvent};
use parking_lot::Mutex;
use serde::Serialize;

use crate::fanout::client::{ClientConnection, ConnectionId};
use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::queue_bound::QueueFull;
use crate::fanout::transport::Transport;
use crate::metrics::Metrics;

/// Subscribers that are served before other tasks get their turn.
const BROADCAST_CHUNK: usize = 1_024;

/// A set of connections that receive the same events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// All connections that have received their `hello`.
    Everyone,
    /// The subscribers of a room.
    Room(RoomId),
    /// The connections that receive `chat message`; see `session/tutorial.rs`.
    Tutorial,
}

/// The subscribers of every channel. Clones share them.
#[derive(Clone)]
pub(crate) struct Hub {
    channels: Arc<Mutex<HashMap<Channel, Subscribers>>>,
    metrics: Metrics,
}

#[derive(Default)]
struct Subscribers {
    /// By number, so in the order of connecting. The memory of connections that were made one after the other is
    /// adjacent: in this order a broadcast costs a fifteenth less than in any other.
    clients: BTreeMap<ConnectionId, Arc<ClientConnection>>,
    /// The same as a list, until the next change.
    snapshot: Option<Snapshot>,
}

/// The subscribers of a channel at one moment.
type Snapshot = Arc<[Subscriber]>;

/// A subscriber. What a broadcast needs of it is side by side in memory.
pub(crate) struct Subscriber {
    id: ConnectionId,
    transport: Transport,
    pub(crate) client: Arc<ClientConnection>,
}

impl Subscriber {
    fn new(client: &Arc<ClientConnection>) -> Self {
        Self {
            id: client.id,
            transport: client.transport.clone(),
            client: Arc::clone(client),
        }
    }

    /// Sends without waiting; the event is dropped when the queue is full. Returns how many packets were written or queued.
    pub(crate) fn try_send<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> usize {
        self.count(event, self.transport.try_send(event))
    }

    /// Sends like [`Self::try_send`], with the headroom of a direct message: to its author the event is a receipt.
    fn try_send_receipt<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> usize {
        self.count(event, self.transport.try_send_direct(event))
    }

    fn count<T>(&self, event: &OutgoingEvent<'_, T>, sent: Result<(), QueueFull>) -> usize {
        let packets = event.arguments.len();
        if let Err(QueueFull) = sent {
            self.client.log_dropped(event.name, packets);
            return 0;
        }
        packets
    }
}

impl Hub {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self {
            channels: Arc::default(),
            metrics,
        }
    }

    /// Adds a connection to a channel, unless it has ended.
    pub(crate) fn add(&self, channel: Channel, client: &Arc<ClientConnection>) {
        let mut channels = self.channels.lock();
        if !client.closed.is_cancelled() {
            let subscribers = channels.entry(channel).or_default();
            subscribers.snapshot = None;
            subscribers.clients.insert(client.id, Arc::clone(client));
        }
    }

    fn remove_from(&self, channel: Channel, client: &ClientConnection) {
        let mut channels = self.channels.lock();
        if let Some(subscribers) = channels.get_mut(&channel) {
            subscribers.snapshot = None;
            subscribers.clients.remove(&client.id);
            if subscribers.clients.is_empty() {
                channels.remove(&channel);
            }
        }
    }

    pub(crate) fn subscribe(&self, room: RoomId, client: &Arc<ClientConnection>) {
        client.add_subscription(room);
        self.add(Channel::Room(room), client);
    }

    pub(crate) fn unsubscribe(&self, room: RoomId, client: &ClientConnection) {
        self.remove_from(Channel::Room(room), client);
        client.remove_subscription(room);
    }

    /// Removes a connection that has ended from all channels.
    pub(crate) fn remove(&self, client: &ClientConnection) {
        for room in client.subscriptions() {
            self.remove_from(Channel::Room(room), client);
        }
        self.remove_from(Channel::Tutorial, client);
        self.remove_from(Channel::Everyone, client);
    }

    /// Returns the subscribers of a channel.
    pub(crate) fn subscribers(&self, channel: Channel) -> Snapshot {
        let mut channels = self.channels.lock();
        let Some(Subscribers { clients, snapshot }) = channels.get_mut(&channel) else {
            return Arc::new([]);
        };
        Arc::clone(snapshot.get_or_insert_with(|| clients.values().map(Subscriber::new).collect()))
    }

    /// Sends an event to a channel.
    pub(crate) async fn broadcast(&self, channel: Channel, event: &ServerEvent) {
        self.broadcast_with_receipts(channel, event.name(), &[event.data()], &BTreeSet::new())
            .await;
    }

    /// Sends an event to the subscribers of a channel other than this member's.
    pub(crate) async fn broadcast_to_others(&self, channel: Channel, event: &ServerEvent, member: &MemberId) {
        let data = event.data();
        let event = OutgoingEvent::new(event.name(), slice::from_ref(&data));
        let mut copies = 0;
        for chunk in self.subscribers(channel).chunks(BROADCAST_CHUNK) {
            let others = chunk.iter().filter(|subscriber| subscriber.client.member != *member);
            copies += others.map(|subscriber| subscriber.try_send(&event)).sum::<usize>();
            tokio::task::yield_now().await;
        }
        self.count_delivered(copies);
    }

    /// Sends events of one name to a channel. Each argument is in its wire form; a tuple becomes as many arguments.
    /// `authors` receive the events, which are their receipts, before the other subscribers.
    pub(crate) async fn broadcast_with_receipts<T: Serialize + Sync>(
        &self,
        channel: Channel,
        name: &str,
        arguments: &[T],
        authors: &BTreeSet<ConnectionId>,
    ) {
        let subscribers = self.subscribers(channel);
        if subscribers.is_empty() || arguments.is_empty() {
            return;
        }
        let event = OutgoingEvent::new(name, arguments);
        let is_author = |subscriber: &&Subscriber| authors.contains(&subscriber.id);
        // A broadcast without authors should pass through the subscribers once.
        let mut copies = 0;
        if !authors.is_empty() {
            let authors = subscribers.iter().filter(is_author);
            copies += authors.map(|author| author.try_send_receipt(&event)).sum::<usize>();
        }
        for chunk in subscribers.chunks(BROADCAST_CHUNK) {
            let others = chunk.iter().filter(|subscriber| !is_author(subscriber));
            copies += others.map(|subscriber| subscriber.try_send(&event)).sum::<usize>();
            tokio::task::yield_now().await;
        }
        self.count_delivered(copies);
    }

    /// Counts packets that were written or queued. Once for all of a broadcast: see `metrics`.
    pub(crate) fn count_delivered(&self, copies: usize) {
        self.metrics.delivered(copies);
    }
}
