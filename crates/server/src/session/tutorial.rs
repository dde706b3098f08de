//! The contract of the tutorial: clients that follow the Socket.IO tutorial work unchanged.
//!
//! They emit `chat message` with a text, and perhaps an id of their own and a callback. They receive the text and the
//! sequence number of every message in the lobby, as `chat message`. A client that names the last message that it
//! received (`serverOffset` in `auth`) gets those that it missed.

use std::sync::Arc;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, Entry, EntryId, RoomId, Seq, WireError};
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::fanout::chat_message::{CHAT_MESSAGE, chat_message};
use crate::fanout::client::ClientConnection;
use crate::fanout::hub::Channel;
use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::queue_bound::QueueFull;
use crate::fanout::request::Request;
use crate::session::entries::submit_post;
use crate::session::event_queue::Arguments;
use crate::session::state::{ServerState, SharedState};

/// Bytes of a client's own message id. The tutorial's are made of a socket's id and a counter.
const MAX_OWN_ID_BYTES: usize = 256;

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
    while !client.closed.is_cancelled() {
        after = send_missed(state, client, after).await;
        // What was published meanwhile is sent between two broadcasts: all of it, and nothing of the next broadcast.
        let (owned_state, owned_client) = (Arc::clone(state), Arc::clone(client));
        let (report, reached) = oneshot::channel();
        let finish = async move {
            // The connection's task has ended if the receiver is gone.
            drop(report.send(finish_catch_up(&owned_state, &owned_client, after).await));
        };
        state.publisher.run_between_broadcasts(finish).await;
        match reached.await {
            Ok(Err(TooFarBehind { reached })) => after = reached,
            // Without a report the server is shutting down.
            Ok(Ok(())) | Err(_) => return,
        }
    }
}

/// Sends the missed messages at the speed of the client. Returns the last entry that it has now.
async fn send_missed(state: &ServerState, client: &ClientConnection, mut after: Seq) -> Seq {
    while let Some(published) = state.heads.get(state.lobby())
        && published.seq > after
        && !client.closed.is_cancelled()
    {
        let Some(entries) = missed_page(state, after, published.seq).await else {
            break;
        };
        for message in entries.iter().filter_map(chat_message) {
            client.send_json(CHAT_MESSAGE, &message).await;
        }
        let Some(last) = entries.last() else { break };
        after = last.seq;
    }
    after
}

/// The result for a client that can't be subscribed yet: while it waited for its turn more was published than a page has,
/// or than its queue takes.
struct TooFarBehind {
    /// The last entry that the client has.
    reached: Seq,
}

/// Sends one page of missed messages without waiting, since all broadcasts wait, and subscribes the client if that was all.
async fn finish_catch_up(state: &ServerState, client: &Arc<ClientConnection>, after: Seq) -> Result<(), TooFarBehind> {
    let mut reached = after;
    // If the log can't be read the client gets what is posted from now on, as does one that names no offset.
    if let Some(published) = state.heads.get(state.lobby())
        && published.seq > reached
        && let Some(entries) = missed_page(state, reached, published.seq).await
    {
        for entry in entries {
            if let Some(message) = chat_message(&entry) {
                let message = [message];
                let event = OutgoingEvent::new(CHAT_MESSAGE, &message);
                let sent = client.transport.try_send(&event);
                sent.map_err(|QueueFull| TooFarBehind { reached })?;
            }
            reached = entry.seq;
        }
        if reached < published.seq {
            return Err(TooFarBehind { reached });
        }
    }
    subscribe(state, client);
    Ok(())
}

/// Reads a page of the lobby after `after`, as far as it is published. Returns `None` if it can't be read.
async fn missed_page(state: &ServerState, after: Seq, published: Seq) -> Option<Vec<Entry>> {
    let page = state
        .store
        .page(state.lobby(), Some(published.next()), Some(after), MAX_PAGE_ENTRIES);
    match page.await {
        Ok(page) => page.map(|page| page.entries),
        Err(error) => {
            tracing::error!(%error, "reading missed messages failed");
            None
        }
    }
}
