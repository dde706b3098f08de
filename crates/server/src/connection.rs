//! The life of one connection: let in, welcomed, heard in order, gone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ichat_protocol::{Body, Closing, EntryId, Hello, Name, RoomSummary, ServerEvent, WireError};
use ichat_store::NewEntry;
use socketioxide::SocketIo;
use socketioxide::extract::{MaybeExtension, SocketRef};
use socketioxide::handler::{ConnectHandler as _, FromConnectParts, Value};
use socketioxide::socket::Socket;
use tokio::sync::mpsc;

use crate::asker;
use crate::audience::Circle;
use crate::classic;
use crate::connect::{self, Kind, Visitor};
use crate::events;
use crate::house::{self, House, Shared};
use crate::inbox::{self, Incoming};
use crate::seat::Seat;
use crate::writer::refusal;

/// Between the check at the door and the welcome lie microseconds.
const LOST_AFTER: Duration = Duration::from_secs(5);

/// Makes the namespace: everybody who connects goes through [`let_in`], and then lives in [`live`].
pub(crate) fn listen(house: &Shared, io: &SocketIo) {
    let door = Arc::clone(house);
    let inside = Arc::clone(house);
    let welcome = async move |arrival: MaybeExtension<Arrival>| {
        let arrival = arrival
            .0
            .and_then(|arrival| arrival.0.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(arrived) = arrival {
            live(&inside, arrived).await;
        }
    };
    let check = async move |socket: SocketRef, auth: AuthText| let_in(&door, socket, auth).await;
    io.ns("/", welcome.with(check));
}

/// What the check at the door hands to the connection's task.
#[derive(Clone)]
struct Arrival(Arc<Mutex<Option<Arrived>>>);

struct Arrived {
    seat: Arc<Seat>,
    visitor: Visitor,
    rooms: Vec<RoomSummary>,
    incoming: mpsc::Receiver<Box<Incoming>>,
}

/// The text of the `auth` payload.
struct AuthText(Option<String>);

impl FromConnectParts<socketioxide::adapter::LocalAdapter> for AuthText {
    type Error = std::convert::Infallible;

    fn from_connect_parts(_: &Arc<Socket>, auth: &Option<Value>) -> Result<Self, Self::Error> {
        Ok(Self(match auth {
            Some(Value::Str(text, _)) => Some(text.to_string()),
            // Binary where an object belongs.
            Some(Value::Bytes(_)) => Some(String::new()),
            None => None,
        }))
    }
}

/// Runs before the client hears that it is connected. An error is its connect error, in the text form `code: sentence`.
async fn let_in(house: &Shared, socket: SocketRef, AuthText(auth): AuthText) -> Result<(), WireError> {
    if house.closing.is_cancelled() {
        return Err(asker::closing());
    }
    let visitor = connect::admit(house, auth.as_deref())?;
    if visitor.kind == Kind::Keyed {
        make_member(house, &visitor).await?;
    }
    let rooms = house
        .summaries(&visitor.member)
        .await
        .map_err(|error| asker::storage(&error))?;
    let rooms = rooms.into_iter().filter(|room| room.joined).collect();
    let seat = Seat::new(socket, visitor.member.clone(), visitor.device);
    let incoming = inbox::open(&seat);
    let arrived = Arrived {
        seat: Arc::clone(&seat),
        visitor,
        rooms,
        incoming,
    };
    let arrival = Arrival(Arc::new(Mutex::new(Some(arrived))));
    seat.socket.extensions.insert(arrival.clone());
    tokio::spawn(forget_if_lost(arrival));
    Ok(())
}

/// The library calls nothing when a connection breaks between the check and the welcome. What was made for it would hold
/// itself for ever, since the seat holds the socket and the socket the seat.
async fn forget_if_lost(arrival: Arrival) {
    tokio::time::sleep(LOST_AFTER).await;
    let lost = arrival.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(lost) = lost {
        lost.seat.socket.extensions.clear();
    }
}

/// Everybody with a key is a member of the lobby from the first connection on, under the name that they bring.
async fn make_member(house: &Shared, visitor: &Visitor) -> Result<(), WireError> {
    let known = house.people.known_name(&visitor.member);
    if known.as_ref() == Some(&visitor.name) {
        return Ok(());
    }
    let drafts = if known.is_some() {
        renaming(house, visitor).await?
    } else {
        let body = Body::Joined {
            name: visitor.name.clone(),
        };
        vec![draft(house.lobby(), visitor, body)]
    };
    let outcomes = house.writer.commit(drafts, None).await?;
    if let Some(error) = outcomes.iter().find_map(refusal) {
        return Err(error);
    }
    house.people.set_known(&visitor.member, &visitor.name);
    Ok(())
}

async fn renaming(house: &House, visitor: &Visitor) -> Result<Vec<NewEntry>, WireError> {
    let rooms = house
        .store
        .rooms_of(&visitor.member)
        .await
        .map_err(|error| asker::storage(&error))?;
    let named = |name: &Name| Body::MemberRenamed { name: name.clone() };
    Ok(rooms
        .into_iter()
        .map(|room| draft(room, visitor, named(&visitor.name)))
        .collect())
}

fn draft(room: ichat_protocol::RoomId, visitor: &Visitor, body: Body) -> NewEntry {
    NewEntry {
        room,
        id: EntryId::fresh(),
        author: visitor.member.clone(),
        device: visitor.device,
        at: house::now(),
        body,
    }
}

/// The connection's own task: one event after the other, until it has ended and everything that it said is handled.
async fn live(house: &Shared, arrived: Arrived) {
    let Arrived {
        seat,
        visitor,
        rooms,
        mut incoming,
    } = arrived;
    // What these need while they run is kilobytes, and a connection waits most of the time.
    Box::pin(welcome(house, &seat, visitor, rooms)).await;
    loop {
        tokio::select! {
            biased;
            event = incoming.recv() => match event {
                Some(event) => Box::pin(events::handle(house, *event)).await,
                None => break,
            },
            () = seat.gone.cancelled(), if !incoming.is_closed() => incoming.close(),
        }
    }
    house.audience.forget(&seat);
    house.people.leave(&seat);
}

async fn welcome(house: &Shared, seat: &Arc<Seat>, visitor: Visitor, rooms: Vec<RoomSummary>) {
    seat.tell(&ServerEvent::Hello(Hello {
        server: house.info(),
        protocol: visitor.protocol,
        me: visitor.member.clone(),
        name: visitor.name.clone(),
        device: visitor.device,
        lobby: house.lobby(),
        rooms,
        limits: house::limits_info(),
        now: house::now(),
    }));
    house.people.enter(seat, &visitor.name);
    // First the circle, then the list: who comes in between is told twice rather than not at all.
    house.audience.join(Circle::Everybody, seat);
    seat.tell(&ServerEvent::Presence(house.people.seen_by(&seat.member)));
    match visitor.kind {
        Kind::Keyed => {}
        Kind::Guest => house.audience.follow(house.lobby(), seat),
        Kind::Classic { offset: None } => {
            house.audience.follow(house.lobby(), seat);
            house.audience.join(Circle::Classic, seat);
        }
        Kind::Classic { offset: Some(offset) } => classic::catch_up(house, seat, offset).await,
    }
}

/// Tells everybody that the server goes down.
pub(crate) async fn say_goodbye(house: &House) {
    let event = ServerEvent::Closing(Closing {
        message: "The server is going down.".to_owned(),
    });
    // Whose buffer is full sees the connection end.
    house.audience.tell(Circle::Everybody, &event).await;
}
