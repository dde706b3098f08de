//! The published head of each room, and the periodic `heads` event.
//!
//! The *last* entry of a room may be lost on its way without leaving a gap. So every five seconds each connection
//! receives the heads of its rooms, quiet rooms included; clients also take the event as a sign of life. A head counts
//! what was published, not what was committed: an entry that is on its way is not missing yet.

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use ichat_protocol::limits::{HEADS_INTERVAL, MAX_SYNC_ROOMS};
use ichat_protocol::{Epoch, Head, Heads, RoomId};
use ichat_store::{Store, StoreError};
use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::fanout::hub::{Channel, Hub};
use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::websocket::frame::Frame;

/// Connections that are served before other tasks get their turn: fewer than in a broadcast, since the rooms of each
/// are looked up.
const HEADS_CHUNK: usize = 64;

/// The published head of every room. Clones share them.
#[derive(Clone)]
pub(crate) struct PublishedHeads {
    heads: Arc<Mutex<HashMap<RoomId, Head>>>,
}

impl PublishedHeads {
    /// Reads the heads from the store. Everything counts as published, since no client is connected yet.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let heads = store.heads().await?.into_iter().collect();
        Ok(Self {
            heads: Arc::new(Mutex::new(heads)),
        })
    }

    pub(crate) fn get(&self, room: RoomId) -> Option<Head> {
        self.heads.lock().get(&room).copied()
    }

    /// Returns the number of rooms with a published entry.
    pub(crate) fn len(&self) -> usize {
        self.heads.lock().len()
    }

    pub(crate) fn advance(&self, room: RoomId, head: Head) {
        self.heads.lock().insert(room, head);
    }

    /// Returns the epoch of a room. The store has it until the first entries of a new room are published.
    pub(crate) async fn epoch(&self, store: &Store, room: RoomId) -> Option<Epoch> {
        if let Some(head) = self.get(room) {
            return Some(head.epoch);
        }
        match store.head(room).await {
            Ok(head) => head.map(|head| head.epoch),
            Err(error) => {
                tracing::error!(%error, %room, "reading a room's epoch failed");
                None
            }
        }
    }
}

/// Sends `heads` periodically until the server shuts down.
pub(crate) async fn run(hub: Hub, published: PublishedHeads, closing: CancellationToken) {
    #[cfg(feature = "broken")]
    if crate::broken::Broken::NoHeads.is_wanted() {
        return;
    }
    let mut ticks = tokio::time::interval(HEADS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        // Most connections subscribe to the same rooms as the one before, so its event is reused.
        let mut last: Option<EncodedHeads> = None;
        let mut copies = 0;
        for chunk in hub.subscribers(Channel::Everyone).chunks(HEADS_CHUNK) {
            for subscriber in chunk {
                let rooms = subscriber.client.subscriptions();
                if rooms.is_empty() {
                    continue;
                }
                let encoded = match last.take() {
                    Some(encoded) if encoded.rooms == rooms => encoded,
                    _ => EncodedHeads::new(&published, rooms),
                };
                copies += encoded.events().map(|event| subscriber.try_send(&event)).sum::<usize>();
                last = Some(encoded);
            }
            tokio::task::yield_now().await;
        }
        hub.count_delivered(copies);
    }
}

/// The heads of some rooms, in their wire form.
struct EncodedHeads {
    rooms: Vec<RoomId>,
    events: Vec<(Heads, Frame)>,
}

impl EncodedHeads {
    const NAME: &str = "heads";

    fn new(published: &PublishedHeads, rooms: Vec<RoomId>) -> Self {
        let event = |rooms: &[RoomId]| {
            let heads = rooms.iter().filter_map(|room| Some((*room, published.get(*room)?)));
            let heads = Heads { heads: heads.collect() };
            let frame = Frame::events(Self::NAME, slice::from_ref(&heads));
            (heads, frame)
        };
        let events = rooms.chunks(MAX_SYNC_ROOMS).map(event).collect();
        Self { rooms, events }
    }

    fn events(&self) -> impl Iterator<Item = OutgoingEvent<'_, Heads>> {
        self.events.iter().map(|(heads, frame)| OutgoingEvent {
            name: Self::NAME,
            arguments: slice::from_ref(heads),
            frame: frame.clone(),
        })
    }
}
