//! The events of clients: each is one short function in a file of its name.

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

use ichat_protocol::{ClientEvent, ErrorCode, WireError};
use serde_json::Value;

use crate::errors;
use crate::fanout::request::ReplyStyle;
use crate::session::event_queue::{Arguments, IncomingEvent};
use crate::session::state::SharedState;
use crate::session::tutorial;

/// Handles one event of a connection. The next one waits until this has returned.
pub(crate) async fn handle(state: &SharedState, IncomingEvent { request, arguments }: IncomingEvent) {
    if request.style == ReplyStyle::Tutorial {
        if state.closing.is_cancelled() {
            return request.reject(errors::closing());
        }
        return tutorial::post(state, request, arguments).await;
    }
    let event = match parse(&request.event, arguments) {
        Ok(event) => event,
        Err(error) => return request.reject(error),
    };
    if state.closing.is_cancelled() {
        return request.reject(errors::closing());
    }
    match event {
        ClientEvent::Post(post) => post::post(state, request, post).await,
        ClientEvent::Create(create) => create::create(state, request, create).await,
        ClientEvent::Rooms(_) => rooms::rooms(state, request).await,
        ClientEvent::Join(join) => join::join(state, request, join.room).await,
        ClientEvent::Leave(leave) => leave::leave(state, request, leave.room).await,
        ClientEvent::Members(members) => members::members(state, request, members.room).await,
        ClientEvent::History(history) => history::history(state, request, history).await,
        ClientEvent::Sync(sync) => sync::sync(state, request, sync).await,
        ClientEvent::Typing(typing) => typing::typing(state, request, typing),
        ClientEvent::Away(away) => away::away(state, &request, away),
        ClientEvent::Read(read) => read::read(state, request, read).await,
        ClientEvent::SetName(set_name) => set_name::set_name(state, request, set_name).await,
    }
}

fn parse(name: &str, arguments: Arguments) -> Result<ClientEvent, WireError> {
    let arguments = arguments.ok_or_else(errors::not_json)?;
    // An unknown event is reported as unknown whatever its arguments are.
    let [argument] =
        <[Value; 1]>::try_from(arguments).or_else(|arguments| match ClientEvent::parse(name, Value::Null) {
            Err(error) if error.code == ErrorCode::UnknownEvent => Err(error),
            Ok(_) if arguments.is_empty() => Ok([Value::Null]),
            Ok(_) | Err(_) => Err(errors::bad_request("This event has exactly one argument, an object.")),
        })?;
    ClientEvent::parse(name, argument)
}
