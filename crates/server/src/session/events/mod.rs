//! The events of clients: one short function each, in a file of the same name.

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

use ichat_protocol::{ClientEvent, WireError};

use crate::errors;
use crate::fanout::request::{Request, ResponseFormat};
use crate::session::event_queue::{Arguments, IncomingEvent};
use crate::session::state::{ServerState, SharedState};
use crate::session::tutorial;

/// Handles one event of a connection. The next one waits until this has returned.
pub(crate) async fn handle(state: &SharedState, event: IncomingEvent) {
    let (request, arguments) = event.parse();
    if state.closing.is_cancelled() {
        return request.reject(errors::closing());
    }
    match request.format {
        ResponseFormat::Protocol => handle_protocol_event(state, request, arguments).await,
        ResponseFormat::Tutorial => tutorial::post(state, request, arguments).await,
    }
}

async fn handle_protocol_event(state: &ServerState, request: Request, arguments: Arguments) {
    let event = match parse(&request.event, arguments) {
        Ok(event) => event,
        Err(error) => return request.reject(error),
    };
    match event {
        ClientEvent::Post(post) => post::post(state, request, post).await,
        ClientEvent::Create(create) => create::create(state, request, create).await,
        ClientEvent::Rooms(rooms) => rooms::rooms(state, request, rooms).await,
        ClientEvent::Join(join) => join::join(state, request, join.room).await,
        ClientEvent::Leave(leave) => leave::leave(state, request, leave.room).await,
        ClientEvent::Members(members) => members::members(state, request, members).await,
        ClientEvent::History(history) => history::history(state, request, history).await,
        ClientEvent::Sync(sync) => sync::sync(state, request, sync).await,
        ClientEvent::Typing(typing) => typing::typing(state, request, typing).await,
        ClientEvent::Away(away) => away::away(state, &request, away),
        ClientEvent::Read(read) => read::read(state, request, read).await,
        ClientEvent::SetName(set_name) => set_name::set_name(state, request, set_name).await,
    }
}

fn parse(name: &str, arguments: Arguments) -> Result<ClientEvent, WireError> {
    let mut arguments = arguments?.into_iter();
    let event = ClientEvent::parse(name, arguments.next().unwrap_or_default())?;
    if arguments.next().is_some() {
        return Err(WireError::bad_request("This event has one argument, an object."));
    }
    Ok(event)
}
