//! What clients say: each event is one short function in a file of its name.

mod away;
mod create;
mod history;
mod join;
mod leave;
mod members;
mod post;
mod read;
mod rename;
mod rooms;
mod sync;
mod typing;

use std::sync::Arc;

use ichat_protocol::limits::PAGE_ENTRIES;
use ichat_protocol::{Body, ClientEvent, EntryId, ErrorCode, Page, RoomId, Seq, ServerEvent, WireError};
use ichat_store::Draft;
use serde_json::Value;

use crate::asker::{self, Asker};
use crate::classic;
use crate::house::{self, House, Shared};
use crate::inbox::Incoming;
use crate::seat::Seat;

/// The arguments of an event; `None` when they are not JSON.
pub(crate) type ReadArguments = Option<Vec<Value>>;

/// Bytes of text in one page. Fewer entries are given where they are long, so that what waits for a client that does
/// not read stays bounded.
const PAGE_BYTES: usize = 128 * 1024;

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
        ClientEvent::Typing(typing) => typing::typing(house, asker, typing).await,
        ClientEvent::Away(away) => away::away(house, &asker, away),
        ClientEvent::Read(read) => read::read(house, asker, read).await,
        ClientEvent::Rename(rename) => rename::rename(house, asker, rename).await,
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
pub(crate) fn draft(seat: &Seat, room: RoomId, id: EntryId, body: Body) -> Draft {
    Draft {
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
pub(crate) fn with_guest_joined(house: &House, seat: &Seat, draft: Draft) -> Vec<Draft> {
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

/// A page of a room, within [`PAGE_BYTES`].
pub(crate) async fn page(
    house: &House,
    room: RoomId,
    before: Option<Seq>,
    after: Option<Seq>,
    limit: u32,
) -> Result<Page, WireError> {
    let page = house
        .store
        .page(room, before, after, limit.clamp(1, PAGE_ENTRIES))
        .await;
    let mut page = page
        .map_err(|error| asker::storage(&error))?
        .ok_or_else(asker::unknown_room)?;
    let is_upwards = after.is_some();
    let mut bytes = 0;
    let mut fits = |entry: &ichat_protocol::Entry| {
        bytes += text_bytes(&entry.body);
        bytes <= PAGE_BYTES
    };
    let count = if is_upwards {
        page.entries.iter().take_while(|entry| fits(entry)).count()
    } else {
        page.entries.iter().rev().take_while(|entry| fits(entry)).count()
    };
    if count < page.entries.len() {
        let limit = u32::try_from(count).unwrap_or(PAGE_ENTRIES).max(1);
        let shorter = house.store.page(room, before, after, limit).await;
        page = shorter
            .map_err(|error| asker::storage(&error))?
            .ok_or_else(asker::unknown_room)?;
    }
    Ok(page)
}

fn text_bytes(body: &Body) -> usize {
    match body {
        Body::Message { text, .. } | Body::Edit { text, .. } => text.len(),
        _ => 0,
    }
}

/// Subscribes and tells the newest page: what a client needs that holds nothing of the room.
pub(crate) async fn open(house: &House, asker: &mut Asker, room: RoomId) -> Result<(), WireError> {
    let seat = Arc::clone(&asker.seat);
    seat.subscribe(room);
    let page = page(house, room, None, None, PAGE_ENTRIES).await?;
    seat.tell_patiently(&ServerEvent::Page(page)).await;
    Ok(())
}
