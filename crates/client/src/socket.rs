//! The Socket.IO transport: the only file that uses `rust_socketio` 0.6, with workarounds for its defects.
//!
//! - Its reconnect loop can spin. Each connection gets a new client with `reconnect(false)`.
//! - Callbacks run under a lock of the client. They only push into a channel, whose receiver never needs that lock.
//! - The death of a server appears as an error without a close, and some ends do not appear at all. Here an error ends the
//!   connection; for the rest the session has its watchdog.
//! - It can panic. [`run`] is spawned as a task whose end is always noticed. A panic in a task of the library looks
//!   like an end that does not appear.
//! - Its acknowledgements are broken. None is requested.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::{Auth, ClientEvent, ErrorCode, ServerEvent, WireError};
use reqwest::Url;
use rust_socketio::asynchronous::{Client, ClientBuilder};
use rust_socketio::{Event, Payload, TransportType};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that accepts no data for this long is dead.
const EMIT_TIMEOUT: Duration = Duration::from_secs(10);
const DISCONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// The number of events that wait to be handled. While the queue is full, the socket is not read, so that the server
/// slows down.
const RAW_EVENT_CAPACITY: usize = 512;
/// The bytes of JSON that these events, and those on their way to the session, have together. Parsed they take several times as
/// much. A single event may have more.
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;
/// The text that the library puts before the server's reason for a refused connection.
const REFUSAL_PREFIX: &str = "Received an ConnectError frame: ";

#[derive(Debug)]
pub(crate) enum SocketEvent {
    /// The server accepted the client.
    Opened,
    Received(ServerEvent, BytePermit),
}

/// The bytes of an event that waits, as a part of [`MAX_WAITING_BYTES`], until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct BytePermit {
    _permits: Option<OwnedSemaphorePermit>,
}

/// An event as a callback of the library gets it.
enum RawEvent {
    Connected,
    Received(Event, Payload, BytePermit),
    Error(String),
    Closed,
}

/// Runs one connection until it ends or `stop` is cancelled. Returns the server's reason for the end, if it gave one.
pub(crate) async fn run(
    url: &Url,
    auth: &Auth,
    events: &mpsc::Sender<SocketEvent>,
    mut outgoing: mpsc::UnboundedReceiver<ClientEvent>,
    stop: &CancellationToken,
) -> Option<WireError> {
    let (raw_events, mut raw) = mpsc::channel(RAW_EVENT_CAPACITY);
    let connecting = timeout(CONNECT_TIMEOUT, builder(url, auth, &raw_events).connect());
    let client = tokio::select! {
        () = stop.cancelled() => return None,
        client = connecting => match client {
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
        () = send_all(&client, &mut outgoing) => None,
        end = receive_all(&mut raw, events) => end,
    };
    drop(raw);
    // A dead connection does not take the farewell in time, and does not need it.
    drop(timeout(DISCONNECT_TIMEOUT, client.disconnect()).await);
    end
}

fn builder(url: &Url, auth: &Auth, raw_events: &mpsc::Sender<RawEvent>) -> ClientBuilder {
    let [connected, closed, failed, received] = std::array::from_fn(|_| raw_events.clone());
    let bytes = Arc::new(Semaphore::new(MAX_WAITING_BYTES));
    ClientBuilder::new(url.as_str())
        .transport_type(TransportType::Websocket)
        .reconnect(false)
        .auth(serde_json::to_value(auth).unwrap_or_default())
        .on(Event::Connect, move |_, _| push(connected.clone(), RawEvent::Connected))
        .on(Event::Close, move |_, _| push(closed.clone(), RawEvent::Closed))
        .on(Event::Error, move |payload, _| {
            push(failed.clone(), RawEvent::Error(text(payload)))
        })
        .on_any(move |event, payload, _| {
            let (received, bytes) = (received.clone(), Arc::clone(&bytes));
            Box::pin(async move {
                let permit = BytePermit::acquire(bytes, &event, &payload).await;
                push(received, RawEvent::Received(event, payload, permit)).await;
            })
        })
}

fn push(queue: mpsc::Sender<RawEvent>, event: RawEvent) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        // Fails only at the end of the connection.
        drop(queue.send(event).await);
    })
}

/// Sends the queued events. Returns when the connection accepts no more.
async fn send_all(client: &Client, outgoing: &mut mpsc::UnboundedReceiver<ClientEvent>) {
    while let Some(event) = outgoing.recv().await {
        let emit = client.emit(event.name(), Payload::Text(vec![event.data()]));
        match timeout(EMIT_TIMEOUT, emit).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return tracing::debug!(%error, "the connection failed while sending"),
            Err(_) => return tracing::debug!("the connection accepts no data"),
        }
    }
    // The queue's other end was dropped, which also cancels `stop`.
    std::future::pending::<()>().await;
}

/// Passes on the received events. Returns when the connection has ended.
async fn receive_all(raw: &mut mpsc::Receiver<RawEvent>, events: &mpsc::Sender<SocketEvent>) -> Option<WireError> {
    while let Some(event) = raw.recv().await {
        let event = match event {
            RawEvent::Connected => SocketEvent::Opened,
            RawEvent::Received(event, payload, permit) => match parse(&event, payload) {
                Ok(event) => SocketEvent::Received(event, permit),
                Err(error) => {
                    tracing::warn!(event = event.as_str(), %error, "received a malformed event");
                    continue;
                }
            },
            RawEvent::Error(text) => {
                tracing::debug!(text, "the connection failed");
                return refusal(&text);
            }
            RawEvent::Closed => return None,
        };
        if events.send(event).await.is_err() {
            return None;
        }
    }
    None
}

impl BytePermit {
    /// Waits until the events that wait have few enough bytes. Meanwhile nothing is read from the socket.
    async fn acquire(bytes: Arc<Semaphore>, event: &Event, payload: &Payload) -> Self {
        // The name is the server's text, too, and a hostile one sends binary events, which the protocol doesn't have.
        let size = event.as_str().len()
            + match payload {
                Payload::Text(values) => values.iter().map(json_bytes).sum(),
                Payload::Binary(attachment) => attachment.len(),
                #[expect(deprecated, reason = "the library creates none")]
                Payload::String(text) => text.len(),
            };
        let permits = u32::try_from(size.min(MAX_WAITING_BYTES)).unwrap_or(u32::MAX);
        Self {
            // The semaphore is never closed.
            _permits: bytes.acquire_many_owned(permits).await.ok(),
        }
    }
}

/// Returns about the bytes of a value as JSON.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(values) => values.iter().map(json_bytes).sum::<usize>() + 2,
        Value::Object(fields) => {
            fields
                .iter()
                .map(|(name, value)| name.len() + 4 + json_bytes(value))
                .sum::<usize>()
                + 2
        }
    }
}

fn parse(event: &Event, payload: Payload) -> Result<ServerEvent, serde_json::Error> {
    let mut arguments = match payload {
        Payload::Text(values) => values.into_iter(),
        // The protocol has no binary events, and the third variant is deprecated.
        _ => return Ok(ServerEvent::Unknown),
    };
    match event {
        // The library turns an event without an argument into a `Message` with the event's name as its argument.
        Event::Message => match arguments.next() {
            Some(Value::String(name)) => ServerEvent::parse(&name, Value::Object(serde_json::Map::new())),
            _ => Ok(ServerEvent::Unknown),
        },
        _ => ServerEvent::parse(event.as_str(), arguments.next().unwrap_or_default()),
    }
}

/// Extracts the server's reason for a refused connection: `{"message": "code: sentence"}`.
fn refusal(text: &str) -> Option<WireError> {
    let payload = text.strip_prefix(REFUSAL_PREFIX)?;
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
    //! - a refused connection has the server's reason
    //! - an event without an argument is recognised
    //! - events wait while those before them have too many bytes: in their texts, their names, or attachments

    use std::task::Poll;

    use super::*;

    #[test]
    fn a_refused_connection_has_the_servers_reason() {
        let error = refusal("Received an ConnectError frame: {\"message\":\"auth: The nonce is too old.\"}").unwrap();
        assert_eq!(error, WireError::new(ErrorCode::Auth, "The nonce is too old."));
        assert_eq!(refusal("EngineIO Error"), None);
    }

    #[test]
    fn an_event_without_an_argument_is_recognised() {
        let alone = Payload::Text(vec!["fanfare".into()]);
        assert_eq!(parse(&Event::Message, alone).unwrap(), ServerEvent::Unknown);
        let closing = Payload::Text(vec![serde_json::json!({ "message": "Bye." })]);
        let event = parse(&Event::Custom("closing".into()), closing).unwrap();
        assert_eq!(event.name(), "closing");
    }

    #[tokio::test]
    async fn events_wait_while_those_before_them_have_too_many_bytes() {
        let half = || "x".repeat(MAX_WAITING_BYTES / 2);
        let named = |name: &str| Event::Custom(name.to_owned());
        let nothing = || Payload::Text(Vec::new());
        for (event, payload) in [
            (named("entries"), Payload::Text(vec![half().into()])),
            (named(&half()), nothing()),
            (named("entries"), Payload::Binary(half().into())),
        ] {
            let bytes = Arc::new(Semaphore::new(MAX_WAITING_BYTES));
            let first = BytePermit::acquire(Arc::clone(&bytes), &event, &payload).await;
            // More than the other half, and more than all of it.
            let text = half() + &"x".repeat(MAX_WAITING_BYTES);
            let both = [&text[..=MAX_WAITING_BYTES / 2], &text].map(|text| Payload::Text(vec![text.into()]));
            let entries = named("entries");
            let mut waiting = both
                .each_ref()
                .map(|next| Box::pin(BytePermit::acquire(Arc::clone(&bytes), &entries, next)));
            for next in &mut waiting {
                let waits = std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_pending())).await;
                assert!(waits);
            }
            drop(first);
            for next in waiting {
                next.await;
            }
        }
    }
}
