//! What clients say: each event is one short function in a file of its name.

mod away;
mod create;
mod history;
mod join;
mod leave;
mod members;
mod post;
mod read;
mod rooms;
mod set_name;
mod sync;
mod typing;

use std::sync::Arc;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, ClientEvent, EntryId, ErrorCode, Head, RoomId, WireError};
use ichat_store::NewEntry;
use serde_json::Value;

use crate::asker::{self, Asker};
use crate::classic;
use crate::house::{self, House, Shared};
use crate::inbox::Incoming;
use crate::seat::Seat;
use crate::shelf::{Range, Shelved};

/// The arguments of an event; `None` when they are not JSON.
pub(crate) type ReadArguments = Option<Vec<Value>>;

/// Handles one event of a connection. The next one waits until this has returned.
pub(crate) async fn handle(house: &Shared, Incoming { asker, arguments }: Incoming) {
    if asker.event == classic::EVENT {
        if house.closing.is_cancelled() {
            return asker.refuse(asker::closing());
        }
        return classic::say(house, asker, arguments).await;
    }
    let event = match parse(&asker.event, arguments) {
        Ok(event) => event,
        Err(error) => return asker.refuse(error),
    };
    if house.closing.is_cancelled() {
        return asker.refuse(asker::closing());
    }
    match event {
        ClientEvent::Post(post) => post::post(house, asker, post).await,
        ClientEvent::Create(create) => create::create(house, asker, create).await,
        ClientEvent::Rooms(_) => rooms::rooms(house, asker).await,
        ClientEvent::Join(join) => join::join(house, asker, join.room).await,
        ClientEvent::Leave(leave) => leave::leave(house, asker, leave.room).await,
        ClientEvent::Members(members) => members::members(house, asker, members.room).await,
        ClientEvent::History(history) => history::history(house, asker, history).await,
        ClientEvent::Sync(sync) => sync::sync(house, asker, sync).await,
        ClientEvent::Typing(typing) => typing::typing(house, asker, typing),
        ClientEvent::Away(away) => away::away(house, &asker, away),
        ClientEvent::Read(read) => read::read(house, asker, read).await,
        ClientEvent::SetName(event) => set_name::set_name(house, asker, event).await,
    }
}

fn parse(name: &str, arguments: ReadArguments) -> Result<ClientEvent, WireError> {
    let wrong = |what: &str| WireError::new(ErrorCode::BadRequest, what);
    let arguments = arguments.ok_or_else(|| wrong("The arguments are not JSON."))?;
    // An unknown event is unknown with any arguments.
    let [argument] =
        <[Value; 1]>::try_from(arguments).or_else(|arguments| match ClientEvent::parse(name, Value::Null) {
            Err(error) if error.code == ErrorCode::UnknownEvent => Err(error),
            Ok(_) if arguments.is_empty() => Ok([Value::Null]),
            _ => Err(wrong("This event has exactly one argument, an object.")),
        })?;
    ClientEvent::parse(name, argument)
}

/// An entry by whoever sits here, at this moment.
pub(crate) fn draft(seat: &Seat, room: RoomId, id: EntryId, body: Body) -> NewEntry {
    NewEntry {
        room,
        id,
        author: seat.member.clone(),
        device: seat.device,
        at: house::now(),
        body,
    }
}

/// A guest becomes a member of the lobby with the first thing that they say there. It is handed in every time: it costs the
/// transaction one look-up, and no connection has to know what another one has committed.
pub(crate) fn with_guest_joined(house: &House, seat: &Seat, draft: NewEntry) -> Vec<NewEntry> {
    match house.people.name(&seat.member) {
        Some(name) if seat.member.is_guest() && draft.room == house.lobby() => {
            vec![
                self::draft(seat, draft.room, EntryId::fresh(), Body::Joined { name }),
                draft,
            ]
        }
        _ => vec![draft],
    }
}

/// Refuses unless whoever asks may see the room.
pub(crate) async fn check_member(house: &House, room: RoomId, asker: &Asker) -> Result<(), WireError> {
    if house
        .may_see(room, &asker.seat.member)
        .await
        .map_err(|error| asker::storage(&error))?
    {
        return Ok(());
    }
    match house.store.head(room).await.map_err(|error| asker::storage(&error))? {
        Some(_) => Err(asker::not_joined()),
        None => Err(asker::unknown_room()),
    }
}

/// How far the room's log goes.
pub(crate) async fn head(house: &House, room: RoomId) -> Result<Head, WireError> {
    let head = house.store.head(room).await;
    head.map_err(|error| asker::storage(&error))?
        .ok_or_else(asker::unknown_room)
}

/// Tells a page that stands on the shelf.
pub(crate) async fn tell_page(seat: &Seat, page: &Shelved) {
    seat.pass_patiently(&page.frame, "page", &[&page.json]).await;
}

/// Subscribes and tells the newest page: what a client needs that holds nothing of the room.
pub(crate) async fn open(house: &House, asker: &mut Asker, room: RoomId) -> Result<(), WireError> {
    let seat = Arc::clone(&asker.seat);
    house.audience.follow(room, &seat);
    let newest = Range {
        room,
        head: head(house, room).await?,
        before: None,
        after: None,
        limit: MAX_PAGE_ENTRIES,
    };
    let page = house.shelf.page(&house.store, newest).await?;
    tell_page(&seat, &page).await;
    Ok(())
}
