//! How far each room is published, and telling it to those who follow the room.
//!
//! The *last* entry of a room may be lost on its way without leaving a gap. So every five seconds each connection is told
//! how far its rooms go, quiet rooms included: the event is also the sign of life that clients wait for. What is told is
//! what was published, not what was committed: an entry that is on its way is not missing yet.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ichat_protocol::limits::HEADS_INTERVAL;
use ichat_protocol::{Epoch, Head, Heads, MemberId, RoomId, RoomSummary};
use ichat_store::Store;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::audience::Circle;
use crate::frame::Frame;
use crate::house::{House, Shared};

/// Connections told in a row before others get their turn.
const AT_ONCE: usize = 64;

/// The published head of every room.
pub(crate) struct Published {
    heads: Mutex<HashMap<RoomId, Head>>,
}

impl Published {
    /// Everything that is in the store counts as published: nobody is connected yet.
    pub(crate) async fn load(store: &Store) -> Result<Self, ichat_store::StoreError> {
        let nobody = MemberId::guest(Uuid::nil());
        let rooms: Vec<RoomSummary> = store.rooms(&nobody).await?;
        Ok(Self {
            heads: Mutex::new(rooms.into_iter().map(|room| (room.id, room.head)).collect()),
        })
    }

    pub(crate) fn head(&self, room: RoomId) -> Option<Head> {
        self.heads().get(&room).copied()
    }

    pub(crate) fn advance(&self, room: RoomId, head: Head) {
        self.heads().insert(room, head);
    }

    /// The history of a room; asked of the store once, when a room is new.
    pub(crate) async fn epoch(&self, store: &Store, room: RoomId) -> Option<Epoch> {
        if let Some(head) = self.head(room) {
            return Some(head.epoch);
        }
        match store.head(room).await {
            Ok(head) => head.map(|head| head.epoch),
            Err(error) => {
                tracing::error!(%error, %room, "the room's history can't be read, so its entries are not told");
                None
            }
        }
    }

    fn heads(&self) -> std::sync::MutexGuard<'_, HashMap<RoomId, Head>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells heads until the server goes down.
pub(crate) async fn run(house: Shared) {
    #[cfg(feature = "broken")]
    if ichat_store::broken::Broken::NoHeads.is_wanted() {
        return;
    }
    let mut ticks = tokio::time::interval(HEADS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while house.closing.run_until_cancelled(ticks.tick()).await.is_some() {
        house.shelf.tidy();
        // Most follow the same rooms, so they are told the same.
        let mut last: Option<(Vec<RoomId>, Told)> = None;
        for some in house.audience.of(Circle::Everybody).chunks(AT_ONCE) {
            for listener in some {
                let rooms = listener.seat.subscriptions();
                if rooms.is_empty() {
                    continue;
                }
                let told = match last.take() {
                    Some((same, told)) if same == rooms => told,
                    _ => Told::new(&house, &rooms),
                };
                listener.pass(&told.frame, "heads", &[&told.heads]);
                last = Some((rooms, told));
            }
            tokio::task::yield_now().await;
        }
    }
}

struct Told {
    heads: Heads,
    frame: Frame,
}

impl Told {
    fn new(house: &House, rooms: &[RoomId]) -> Self {
        let heads = rooms
            .iter()
            .filter_map(|room| Some((*room, house.published.head(*room)?)));
        let heads = Heads { heads: heads.collect() };
        let frame = Frame::event("heads", &heads);
        Self { heads, frame }
    }
}
