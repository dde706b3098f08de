//! The contract of the tutorial: clients that follow the Socket.IO tutorial work unchanged.
//!
//! They emit `chat message` with a text, and perhaps an id of their own and a callback. They receive the text and the
//! sequence number of every message in the lobby, as `chat message`. A client that names the last message that it
//! received (`serverOffset` in `auth`) gets those that it missed.

use std::sync::Arc;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, Entry, EntryId, RoomId, Seq, WireError};
use serde_json::Value;
use uuid::Uuid;

use crate::fanout::chat_message::{CHAT_MESSAGE, chat_message};
use crate::fanout::client::ClientConnection;
use crate::fanout::hub::Channel;
use crate::fanout::request::Request;
use crate::session::entries::submit_post;
use crate::session::event_queue::Arguments;
use crate::session::state::{ServerState, SharedState};

/// Bytes of a client's own message id. The tutorial's are made of a socket's id and a counter.
const MAX_OWN_ID_BYTES: usize = 256;
/// Missed messages that are sent at once, between two broadcasts. Each has at most 96 KiB in JSON, so together with a
/// queue that is full they stay within the bound of direct messages.
const MAX_LAST_MESSAGES: u64 = 10;

/// Posts a `chat message` to the lobby.
pub(crate) async fn post(state: &ServerState, mut request: Request, arguments: Arguments) {
    let room = state.lobby();
    request.room = Some(room);
    let (id, body) = match parse(arguments, room) {
        Ok(parsed) => parsed,
        Err(error) => return request.reject(error),
    };
    submit_post(state, request, room, id, body).await;
}

fn parse(arguments: Arguments, lobby: RoomId) -> Result<(EntryId, Body), WireError> {
    let mut arguments = arguments?.into_iter();
    let Some(Value::String(text)) = arguments.next() else {
        return Err(WireError::bad_request(
            "A \"chat message\" is one text, and perhaps an id for it.",
        ));
    };
    let id = match arguments.next() {
        None | Some(Value::Null) => EntryId::fresh(),
        Some(Value::String(own)) if own.len() <= MAX_OWN_ID_BYTES => entry_id(lobby, &own, &text),
        Some(Value::Number(own)) => entry_id(lobby, &own.to_string(), &text),
        Some(_) => {
            return Err(WireError::bad_request(
                "The id of a \"chat message\" is a short text or a number.",
            ));
        }
    };
    if arguments.next().is_some() {
        return Err(WireError::bad_request(
            "A \"chat message\" has at most two arguments: the text, and an id for it.",
        ));
    }
    let body = Body::Message {
        text,
        reply_to: None,
        mentions: Vec::new(),
    };
    body.check()?;
    Ok((id, body))
}

/// Creates the entry's id from the client's own one.
///
/// A client that reconnects is another guest, and sends unacknowledged messages again with the same id. So the author
/// is not part of the entry's id. The text is, because careless clients all count from 0.
fn entry_id(lobby: RoomId, own: &str, text: &str) -> EntryId {
    EntryId(Uuid::new_v5(&lobby.0, format!("{own}\n{text}").as_bytes()))
}

/// Subscribes a client that wants no earlier messages.
pub(crate) fn subscribe(state: &ServerState, client: &Arc<ClientConnection>) {
    state.hub.subscribe(state.lobby(), client);
    state.hub.add(Channel::Tutorial, client);
}

/// Sends the messages after `offset`, and subscribes the client: it receives every message in order and once.
pub(crate) async fn catch_up(state: &SharedState, client: &Arc<ClientConnection>, offset: u64) {
    let mut after = Seq(offset);
    // All messages but the last few are sent from here, at the speed of the client.
    while let Some(published) = state.heads.get(state.lobby())
        && published.seq > Seq(after.0.saturating_add(MAX_LAST_MESSAGES))
        && !client.closed.is_cancelled()
    {
        let entries = missed_page(state, after, published.seq).await;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        for message in entries.iter().filter_map(chat_message) {
            client.send_json(CHAT_MESSAGE, &message).await;
        }
    }
    // The last ones are sent between two broadcasts: all that is published, and nothing of the next broadcast.
    let (owned_state, client) = (Arc::clone(state), Arc::clone(client));
    let finish = async move { finish_catch_up(&owned_state, &client, after).await };
    state.publisher.run_between_broadcasts(finish).await;
}

async fn finish_catch_up(state: &ServerState, client: &Arc<ClientConnection>, after: Seq) {
    if let Some(published) = state.heads.get(state.lobby()) {
        let entries = missed_page(state, after, published.seq).await;
        for message in entries.iter().filter_map(chat_message) {
            client.try_send_json(CHAT_MESSAGE, &message);
        }
    }
    subscribe(state, client);
}

/// Reads a page of the lobby after `after`, as far as it is published.
async fn missed_page(state: &ServerState, after: Seq, published: Seq) -> Vec<Entry> {
    let page = state
        .store
        .page(state.lobby(), Some(published.next()), Some(after), MAX_PAGE_ENTRIES);
    match page.await {
        Ok(page) => page.map(|page| page.entries).unwrap_or_default(),
        Err(error) => {
            tracing::error!(%error, "reading missed messages failed");
            Vec::new()
        }
    }
}
