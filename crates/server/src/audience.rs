//! Who hears what: everybody who is here, those who follow a room, and those who know only the classic contract.
//!
//! Nobody waits here for a slow client, and a broadcast holds no lock: it goes to those who were listening when it began.
//! Whoever comes while it is under way finds its entries in the log.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ichat_protocol::{RoomId, ServerEvent};
use serde::Serialize;

use crate::frame::Frame;
use crate::lane::{Full, Lane};
use crate::seat::Seat;

/// Connections told in a row before other tasks get their turn.
const AT_ONCE: usize = 1_024;

/// Those who hear the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Circle {
    /// All who have had their `hello`.
    Everybody,
    /// The subscribers of a room.
    Room(RoomId),
    /// Those who get `chat message`.
    Classic,
}

/// All circles.
#[derive(Default)]
pub(crate) struct Audience {
    circles: Mutex<HashMap<Circle, Members>>,
}

#[derive(Default)]
struct Members {
    /// By their numbers, so in the order in which they came. What the system keeps of connections that were made one after the
    /// other lies side by side: in this order a broadcast costs a fifteenth less than in any other.
    seats: BTreeMap<u64, Arc<Seat>>,
    /// The same as a list, until somebody comes or goes.
    listed: Option<Listed>,
}

/// A list to go through. What a broadcast touches of each stands side by side.
type Listed = Arc<[Listener]>;

/// One who listens.
pub(crate) struct Listener {
    lane: Option<Arc<Lane>>,
    pub(crate) seat: Arc<Seat>,
}

impl Listener {
    fn new(seat: &Arc<Seat>) -> Self {
        Self {
            lane: seat.lane.clone(),
            seat: Arc::clone(seat),
        }
    }

    /// Passes on what many are told; the arguments are those that the frame was made of.
    pub(crate) fn pass<T: Serialize>(&self, frame: &Frame, event: &str, arguments: &[T]) {
        self.pass_by(Lane::send, frame, event, arguments);
    }

    /// The same to one for whom it is the receipt.
    fn acknowledge<T: Serialize>(&self, frame: &Frame, event: &str, arguments: &[T]) {
        self.pass_by(Lane::send_to_one, frame, event, arguments);
    }

    fn pass_by<T: Serialize>(
        &self,
        send: fn(&Lane, &Frame) -> Result<(), Full>,
        frame: &Frame,
        event: &str,
        arguments: &[T],
    ) {
        let passed = match &self.lane {
            Some(lane) => send(lane, frame),
            None => self.seat.emit_all(event, arguments),
        };
        if let Err(Full) = passed {
            tracing::debug!(sid = %self.seat.socket.id, event, "not delivered");
        }
    }
}

impl Audience {
    /// From now on the connection hears what this circle hears. One that has ended does not come in.
    pub(crate) fn join(&self, circle: Circle, seat: &Arc<Seat>) {
        let mut circles = self.circles();
        if !seat.gone.is_cancelled() {
            let members = circles.entry(circle).or_default();
            members.listed = None;
            members.seats.insert(seat.number, Arc::clone(seat));
        }
    }

    pub(crate) fn leave(&self, circle: Circle, seat: &Seat) {
        let mut circles = self.circles();
        if let Some(members) = circles.get_mut(&circle) {
            members.listed = None;
            members.seats.remove(&seat.number);
            if members.seats.is_empty() {
                circles.remove(&circle);
            }
        }
    }

    /// Subscribes to a room.
    pub(crate) fn follow(&self, room: RoomId, seat: &Arc<Seat>) {
        seat.note(room);
        self.join(Circle::Room(room), seat);
    }

    pub(crate) fn unfollow(&self, room: RoomId, seat: &Seat) {
        self.leave(Circle::Room(room), seat);
        seat.strike(room);
    }

    /// The connection has ended.
    pub(crate) fn forget(&self, seat: &Seat) {
        for room in seat.subscriptions() {
            self.leave(Circle::Room(room), seat);
        }
        self.leave(Circle::Classic, seat);
        self.leave(Circle::Everybody, seat);
    }

    /// Who is listening now.
    pub(crate) fn of(&self, circle: Circle) -> Listed {
        let mut circles = self.circles();
        let Some(members) = circles.get_mut(&circle) else {
            return Arc::new([]);
        };
        let seats = &members.seats;
        Arc::clone(
            members
                .listed
                .get_or_insert_with(|| seats.values().map(Listener::new).collect()),
        )
    }

    /// Tells a circle.
    pub(crate) async fn tell(&self, circle: Circle, event: &ServerEvent) {
        self.tell_all(circle, event.name(), &[event.data()], &[]).await;
    }

    /// Tells a circle events of one name, each with its argument or arguments (a tuple) in their wire form. Those of its
    /// members who stand in `first` hear it ahead of the others.
    pub(crate) async fn tell_all<T: Serialize + Sync>(
        &self,
        circle: Circle,
        event: &str,
        arguments: &[T],
        first: &[Arc<Seat>],
    ) {
        let listeners = self.of(circle);
        if listeners.is_empty() || arguments.is_empty() {
            return;
        }
        let frame = Frame::events(event, arguments);
        let is_first = |listener: &&Listener| first.iter().any(|seat| Arc::ptr_eq(seat, &listener.seat));
        if !first.is_empty() {
            for listener in listeners.iter().filter(is_first) {
                listener.acknowledge(&frame, event, arguments);
            }
        }
        for some in listeners.chunks(AT_ONCE) {
            for listener in some.iter().filter(|listener| !is_first(listener)) {
                listener.pass(&frame, event, arguments);
            }
            tokio::task::yield_now().await;
        }
    }

    fn circles(&self) -> MutexGuard<'_, HashMap<Circle, Members>> {
        self.circles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
