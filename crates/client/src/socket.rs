//! The one place that knows `rust_socketio` 0.6 and what it does wrong.
//!
//! - Its reconnect loop can spin: a fresh client for each connection, and `reconnect(false)`.
//! - Callbacks run under a lock of the client: they only push into a channel, which nobody who needs that lock empties.
//! - A killed server shows as an error without a close, and some ends not at all: both of the former are the end here, and for the
//!   latter the session has its watchdog.
//! - It may panic: [`talk`] is run as a task of its own whose end is always noticed. A panic in the library's own task is an
//!   end that does not show.
//! - Acknowledgements are broken: none is asked for.

use std::time::Duration;

use futures_util::FutureExt as _;
use ichat_protocol::{Auth, ClientEvent, ErrorCode, ServerEvent, WireError};
use reqwest::Url;
use rust_socketio::asynchronous::{Client, ClientBuilder};
use rust_socketio::{Event, Payload, TransportType};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long opening the transport may take.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// A line that takes nothing for so long is dead.
const EMIT_WITHIN: Duration = Duration::from_secs(10);
/// How long a polite end may take.
const PART_WITHIN: Duration = Duration::from_millis(500);
/// Events that wait to be looked at; beyond it the socket is not read, and the server feels that.
const WAITING: usize = 512;
/// What the library writes ahead of a refused connection's payload.
const REFUSED: &str = "Received an ConnectError frame: ";

/// What comes over a connection.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The server accepted us.
    Opened,
    /// The server said something.
    Said(ServerEvent),
}

/// What the library's callbacks saw.
enum Seen {
    Connected,
    Event(Event, Payload),
    Error(String),
    Closed,
}

/// One connection from its opening to its end: tells what it hears, says what it is given. Ends by itself, or when stopped;
/// with the server's reason if it gave one.
pub(crate) async fn talk(
    url: &Url,
    auth: &Auth,
    told: &mpsc::Sender<Heard>,
    mut say: mpsc::UnboundedReceiver<ClientEvent>,
    stop: &CancellationToken,
) -> Option<WireError> {
    let (seen, mut happened) = mpsc::channel(WAITING);
    let opening = timeout(OPEN_WITHIN, builder(url, auth, &seen).connect());
    let client = tokio::select! {
        () = stop.cancelled() => return None,
        client = opening => match client {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the transport did not open");
                return None;
            }
            Err(_) => return None,
        },
    };
    let end = tokio::select! {
        () = stop.cancelled() => None,
        () = speak(&client, &mut say) => None,
        end = listen(&mut happened, told) => end,
    };
    drop(happened);
    // Whoever doesn't take it in time is not there any more.
    drop(timeout(PART_WITHIN, client.disconnect()).await);
    end
}

fn builder(url: &Url, auth: &Auth, seen: &mpsc::Sender<Seen>) -> ClientBuilder {
    let tell = |seen: mpsc::Sender<Seen>, what: Seen| {
        async move {
            // Nobody listens any more: then the connection is at its end.
            drop(seen.send(what).await);
        }
        .boxed()
    };
    let (connect, close, error, any) = (seen.clone(), seen.clone(), seen.clone(), seen.clone());
    ClientBuilder::new(url.as_str())
        .transport_type(TransportType::Websocket)
        .reconnect(false)
        .auth(serde_json::to_value(auth).unwrap_or_default())
        .on(Event::Connect, move |_, _| tell(connect.clone(), Seen::Connected))
        .on(Event::Close, move |_, _| tell(close.clone(), Seen::Closed))
        .on(Event::Error, move |payload, _| {
            tell(error.clone(), Seen::Error(text(payload)))
        })
        .on_any(move |event, payload, _| tell(any.clone(), Seen::Event(event, payload)))
}

/// Says what is to be said, until the line takes nothing more.
async fn speak(client: &Client, say: &mut mpsc::UnboundedReceiver<ClientEvent>) {
    while let Some(event) = say.recv().await {
        let emit = client.emit(event.name(), Payload::Text(vec![event.data()]));
        match timeout(EMIT_WITHIN, emit).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return tracing::debug!(%error, "the line is gone"),
            Err(_) => return tracing::debug!("the line takes nothing"),
        }
    }
    // Whoever gave us something to say is gone, and stops us in a moment.
    std::future::pending::<()>().await;
}

async fn listen(happened: &mut mpsc::Receiver<Seen>, told: &mpsc::Sender<Heard>) -> Option<WireError> {
    while let Some(seen) = happened.recv().await {
        let heard = match seen {
            Seen::Connected => Heard::Opened,
            Seen::Event(event, payload) => match event_of(&event, payload) {
                Ok(event) => Heard::Said(event),
                Err(error) => {
                    tracing::warn!(event = event.as_str(), %error, "the server said something that can't be read");
                    continue;
                }
            },
            Seen::Error(text) => {
                tracing::debug!(text, "the connection broke");
                return refusal(&text);
            }
            Seen::Closed => return None,
        };
        if told.send(heard).await.is_err() {
            return None;
        }
    }
    None
}

fn event_of(event: &Event, payload: Payload) -> Result<ServerEvent, serde_json::Error> {
    let mut values = match payload {
        Payload::Text(values) => values.into_iter(),
        // No event of the protocol has binary data.
        _ => return Ok(ServerEvent::Unknown),
    };
    match event {
        // An event without an argument arrives as `Message` with its name as the argument.
        Event::Message => match values.next() {
            Some(Value::String(name)) => ServerEvent::parse(&name, Value::Object(serde_json::Map::new())),
            _ => Ok(ServerEvent::Unknown),
        },
        _ => ServerEvent::parse(event.as_str(), values.next().unwrap_or_default()),
    }
}

/// The server's reason for refusing a connection: `{"message": "code: sentence"}`.
fn refusal(text: &str) -> Option<WireError> {
    let payload = text.strip_prefix(REFUSED)?;
    let value: Value = serde_json::from_str(payload).unwrap_or_else(|_| payload.into());
    let message = value.get("message").unwrap_or(&value).as_str()?;
    let error = WireError::from_text(message);
    if error.code == ErrorCode::Other && error.message.trim().is_empty() {
        return None;
    }
    Some(error)
}

fn text(payload: Payload) -> String {
    match payload {
        Payload::Text(values) => match values.into_iter().next() {
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
            None => String::new(),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_connection_gives_the_servers_reason() {
        let error = refusal("Received an ConnectError frame: {\"message\":\"auth: The nonce is too old.\"}").unwrap();
        assert_eq!(error, WireError::new(ErrorCode::Auth, "The nonce is too old."));
        assert_eq!(refusal("EngineIO Error"), None);
    }

    #[test]
    fn an_event_without_an_argument_is_read_by_its_name() {
        let alone = Payload::Text(vec!["fanfare".into()]);
        assert_eq!(event_of(&Event::Message, alone).unwrap(), ServerEvent::Unknown);
        let closing = Payload::Text(vec![serde_json::json!({ "message": "Bye." })]);
        let event = event_of(&Event::Custom("closing".into()), closing).unwrap();
        assert_eq!(event.name(), "closing");
    }
}
