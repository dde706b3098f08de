//! The one publisher: what a commit brought goes out in the order of the commits, one broadcast per room.

use std::collections::BTreeMap;
use std::sync::Arc;

use ichat_protocol::{Body, Entries, Entry, Head, RoomId, Seq, ServerEvent};
use ichat_store::Outcome;
use serde_json::json;
use tokio::sync::mpsc;

use crate::audience::Circle;
use crate::classic::{self, Replay};
use crate::house::Shared;
use crate::seat::Seat;
use crate::shelf;
use crate::writer::{Then, refusal};

/// Commits that may wait for publication; the writer waits when it is full.
const WAITING: usize = 64;

/// Authors who are told ahead of the others.
const FIRST: usize = 64;

/// Where commits are handed in.
#[derive(Clone)]
pub(crate) struct Publisher {
    works: mpsc::Sender<Work>,
}

/// What became of the drafts of one commit, job by job, and who hears of it.
pub(crate) struct Written(pub(crate) Vec<Settled>);

/// The outcomes of one job, and who hears of them.
type Settled = (Vec<(RoomId, Outcome)>, Then);

/// What the publisher does, one after the other.
pub(crate) enum Work {
    Written(Written),
    /// The end of a classic client's catch-up, which must stand between two broadcasts.
    Replay(Replay),
}

impl Publisher {
    /// The hand-in, and the other end for [`run`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<Work>) {
        let (works, waiting) = mpsc::channel(WAITING);
        (Self { works }, waiting)
    }

    pub(crate) async fn publish(&self, written: Written) {
        self.hand_in(Work::Written(written)).await;
    }

    pub(crate) async fn hand_in(&self, work: Work) {
        // The publisher ends after the writer, when the whole server has: nobody is left to tell.
        drop(self.works.send(work).await);
    }
}

/// Publishes until the writer has ended and everything that it wrote is out. Commits that were made while the last broadcast
/// went out share the next one.
pub(crate) async fn run(
    house: Shared,
    mut waiting: mpsc::Receiver<Work>,
    written_all: tokio_util::sync::CancellationToken,
) {
    let mut works = Vec::with_capacity(WAITING);
    loop {
        tokio::select! {
            biased;
            count = waiting.recv_many(&mut works, WAITING) => if count == 0 { break },
            () = written_all.cancelled(), if !waiting.is_closed() => { waiting.close(); continue }
        }
        let mut together = Vec::new();
        for work in works.drain(..) {
            match work {
                Work::Written(Written(jobs)) => together.extend(jobs),
                Work::Replay(replay) => {
                    publish(&house, std::mem::take(&mut together)).await;
                    classic::finish(&house, replay).await;
                }
            }
        }
        publish(&house, together).await;
    }
}

async fn publish(house: &Shared, jobs: Vec<Settled>) {
    let mut rooms: BTreeMap<RoomId, Vec<Entry>> = BTreeMap::new();
    let mut authors = Vec::new();
    for (outcomes, then) in &jobs {
        match then {
            Then::Tell {
                subscribe: Some(seat), ..
            } if outcomes.iter().all(|(_, outcome)| refusal(outcome).is_none()) => {
                for (room, _) in outcomes {
                    house.audience.follow(*room, seat);
                }
            }
            Then::Post(asker) | Then::Chat(asker) if authors.len() < FIRST => authors.push(Arc::clone(&asker.seat)),
            _ => {}
        }
        for (room, outcome) in outcomes {
            if let Outcome::Committed(entry) = outcome {
                rooms.entry(*room).or_default().push(entry.clone());
            }
        }
    }
    for (room, entries) in rooms {
        let left = entries.iter().filter(|entry| entry.body == Body::Left);
        let left: Vec<_> = left.map(|entry| entry.author.clone()).collect();
        broadcast(house, room, entries, &authors).await;
        // Between two broadcasts, so that none that is under way reaches somebody who has been told that they are out.
        for seat in left.iter().flat_map(|member| house.people.seats_of(member)) {
            house.audience.unfollow(room, &seat);
        }
    }
    for (outcomes, then) in jobs {
        settle(house, outcomes, then).await;
    }
}

/// Tells a room its new entries: one `entries`, or a few where they are long. The authors have their receipts first; what they
/// say next is committed while the others are told, so under load it shares the next broadcast.
async fn broadcast(house: &Shared, room: RoomId, mut entries: Vec<Entry>, authors: &[Arc<Seat>]) {
    let Some(epoch) = house.published.epoch(&house.store, room).await else {
        return;
    };
    while !entries.is_empty() {
        let mut bytes = 0;
        let count = entries.iter().take_while(|entry| {
            bytes += shelf::text_bytes(&entry.body);
            bytes <= shelf::PAGE_BYTES
        });
        let rest = entries.split_off(count.count().max(1));
        let seq = entries.last().map(|entry| entry.seq).unwrap_or_default();
        let event = Entries { room, epoch, entries };
        house
            .audience
            .tell_all(Circle::Room(room), "entries", &[&event], authors)
            .await;
        if room == house.lobby() {
            let said = event.entries.iter().filter_map(|entry| match &entry.body {
                Body::Message { text, .. } => Some((text, entry.seq)),
                _ => None,
            });
            let said: Vec<_> = said.collect();
            house
                .audience
                .tell_all(Circle::Classic, classic::EVENT, &said, authors)
                .await;
        }
        house.published.advance(room, Head { epoch, seq });
        entries = rest;
    }
}

/// Tells whoever asked. An entry that was committed has its receipt in the broadcast, unless an acknowledgement was asked for.
async fn settle(house: &Shared, outcomes: Vec<(RoomId, Outcome)>, then: Then) {
    match then {
        Then::Tell { answer, .. } => {
            let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
            // Nobody waits for it when the connection's task has ended.
            drop(answer.send(Ok(outcomes)));
        }
        Then::Post(mut asker) => {
            let Some((room, outcome)) = outcomes.into_iter().next_back() else {
                return;
            };
            if let Some(error) = refusal(&outcome) {
                return asker.refuse(error);
            }
            let (entry, is_told) = match outcome {
                Outcome::Committed(entry) => (entry, asker.seat.is_subscribed(room)),
                Outcome::Duplicate(entry) => (entry, false),
                _ => return,
            };
            if asker.ack.is_some() || !is_told {
                let Some(epoch) = house.published.epoch(&house.store, room).await else {
                    return;
                };
                let entries = vec![entry];
                asker.answer(&ServerEvent::Entries(Entries { room, epoch, entries }));
            }
        }
        Then::Chat(asker) => match outcomes.into_iter().next_back() {
            Some((_, Outcome::Committed(entry) | Outcome::Duplicate(entry))) => {
                asker.acknowledge(&json!({ "offset": entry.seq }));
            }
            // The id is made of the client's own id and the text, so this is the same message, said by an earlier
            // connection of the same client.
            Some((_, Outcome::Conflict)) => asker.acknowledge(&json!({ "offset": Seq::ZERO })),
            Some((_, other)) => {
                if let Some(error) = refusal(&other) {
                    asker.refuse(error);
                }
            }
            None => {}
        },
    }
}
