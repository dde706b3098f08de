//! The queue between a connection's reading task and the task that handles its events, in order of arrival.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ichat_protocol::limits::{MAX_PENDING_BYTES, MAX_PENDING_EVENTS};
use ichat_protocol::{ClientEventKind, EntryId, RoomId, WireError, cut_text};
use parking_lot::Mutex;
use serde_bytes::{ByteBuf, Bytes};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::errors;
use crate::fanout::chat_message::CHAT_MESSAGE;
use crate::fanout::client::ClientConnection;
use crate::fanout::request::{PendingPermit, Request, ResponseFormat};
use crate::fanout::transport::{Ack, Transport};
use crate::metrics::CutReason;
use crate::session::admission::{Admission, RefusalsIgnored};
use crate::session::costs;

/// Characters of an event's name that rejections and logs repeat. No event's name is longer.
const MAX_EVENT_NAME_CHARS: usize = 64;

/// Time after which a client may repeat a post that would overtake a refused one.
const REPEAT_INTERVAL: Duration = Duration::from_secs(1);

/// The arguments of an event, or the reason why they can't be used.
pub(crate) type Arguments = Result<Vec<Value>, WireError>;

/// An event as it arrived. It is parsed when its turn has come, since parsed JSON may take a hundred times its text.
pub(crate) struct IncomingEvent {
    request: Request,
    /// The text of the packet. `None` if it is binary.
    packet: Option<Box<str>>,
}

impl IncomingEvent {
    /// Returns `true` for an event that changes something: the client may have left as soon as it had sent it. Nobody is left to
    /// read the answer to any other.
    pub(crate) fn outlives_connection(&self) -> bool {
        let Ok(kind) = self.request.event.parse() else {
            // A `chat message`, or an unknown event.
            return true;
        };
        match kind {
            ClientEventKind::Post
            | ClientEventKind::Create
            | ClientEventKind::Join
            | ClientEventKind::Leave
            | ClientEventKind::Read
            | ClientEventKind::SetName => true,
            ClientEventKind::Rooms
            | ClientEventKind::Members
            | ClientEventKind::History
            | ClientEventKind::Sync
            | ClientEventKind::Typing
            | ClientEventKind::Away => false,
        }
    }

    /// Parses the arguments, and finds the subject of the event in them.
    pub(crate) fn parse(self) -> (Request, Arguments) {
        let Self { mut request, packet } = self;
        let packet = packet.as_deref();
        let arguments = packet.ok_or_else(errors::binary).and_then(parse_arguments);
        Subject {
            room: request.room,
            id: request.id,
        } = match (&arguments, packet) {
            (Ok(arguments), _) => Subject::of(&request.event, arguments),
            (Err(_), Some(packet)) => Subject::of_damaged(&request.event, packet),
            (Err(_), None) => Subject::default(),
        };
        (request, arguments)
    }
}

/// The sending end of the queue. Clones share it.
#[derive(Clone)]
pub(crate) struct EventQueue {
    client: Arc<ClientConnection>,
    /// One permit for each event that has no response yet.
    pending_events: Arc<Semaphore>,
    /// One permit for each byte of these events.
    pending_bytes: Arc<Semaphore>,
    events: mpsc::Sender<Box<IncomingEvent>>,
    admission: Arc<Mutex<Admission>>,
}

impl EventQueue {
    /// Creates the queue of a connection. Its events are boxed, since the channel allocates 32 slots at once and most
    /// connections have nothing in theirs.
    pub(crate) fn new(client: &Arc<ClientConnection>) -> (Self, mpsc::Receiver<Box<IncomingEvent>>) {
        let (events, receiver) = mpsc::channel(MAX_PENDING_EVENTS);
        let queue = Self {
            client: Arc::clone(client),
            pending_events: Arc::new(Semaphore::new(MAX_PENDING_EVENTS)),
            pending_bytes: Arc::new(Semaphore::new(MAX_PENDING_BYTES)),
            events,
            admission: Arc::default(),
        };
        (queue, receiver)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.client.transport
    }

    /// Adds an event. It is rejected as `busy` when too many of this connection, or too long ones, have no response yet, or when
    /// the budget of its person or address is used up. A client that takes no notice of that is disconnected.
    pub(crate) fn push(&self, name: &str, packet: Option<&str>, ack: Option<Ack>) {
        if self.client.closed.is_cancelled() {
            return;
        }
        self.client.metrics.event_received();
        let mut request = Request {
            client: Arc::clone(&self.client),
            event: cut_text(name, MAX_EVENT_NAME_CHARS),
            room: None,
            id: None,
            format: if name == CHAT_MESSAGE {
                ResponseFormat::Tutorial
            } else {
                ResponseFormat::Protocol
            },
            ack,
            permit: None,
        };
        match self.admit(name, packet) {
            Ok(permit) => request.permit = Some(permit),
            Err(error) => {
                Subject {
                    room: request.room,
                    id: request.id,
                } = subject_of(name, packet);
                return self.refuse(request, error);
            }
        }
        let packet = packet.map(Box::from);
        // The channel has a slot for each permit, so it is never full. It is closed after the connection has ended.
        drop(self.events.try_send(Box::new(IncomingEvent { request, packet })));
    }

    /// Returns a permit for an event, or the error with which it is rejected.
    fn admit(&self, name: &str, packet: Option<&str>) -> Result<PendingPermit, WireError> {
        let kind = name.parse().ok();
        let bytes = packet.map_or(0, str::len);
        let permit = self.try_acquire(bytes).ok_or_else(errors::too_many_pending)?;
        let is_post = kind == Some(ClientEventKind::Post);
        let mut admission = self.admission.lock();
        let follows_refusal = is_post && admission.order.has_refused();
        if follows_refusal && !admission.order.admits(subject_of(name, packet).id, Instant::now()) {
            return Err(errors::too_fast(REPEAT_INTERVAL));
        }
        let cost = costs::of_packet(kind, bytes);
        self.client.budget.try_take(cost).map_err(errors::too_fast)?;
        if follows_refusal {
            admission.order.taken();
        }
        Ok(permit)
    }

    /// Rejects an event. Ends the connection if the client takes no notice of such refusals.
    fn refuse(&self, request: Request, error: WireError) {
        let now = Instant::now();
        let is_repeated_post = error.code.is_transient() && request.event == ClientEventKind::Post.name();
        let counted = {
            let mut admission = self.admission.lock();
            if let Some(post) = request.id.filter(|_| is_repeated_post) {
                admission.order.refused(post, now);
            }
            let wait = Duration::from_millis(error.retry_after_ms.unwrap_or_default().into());
            admission.count_refusal(wait, now)
        };
        request.reject(error);
        if let Err(RefusalsIgnored) = counted {
            tracing::info!(sid = %self.client.socket.id, "a client was disconnected: it went on after it was refused as busy");
            self.client.metrics.connection_cut(CutReason::BusyIgnored);
            self.client.end(errors::busy_ignored(REPEAT_INTERVAL));
        }
    }

    fn try_acquire(&self, bytes: usize) -> Option<PendingPermit> {
        let event = Arc::clone(&self.pending_events).try_acquire_owned().ok()?;
        let permits = u32::try_from(bytes).ok()?;
        Some(PendingPermit {
            _event: event,
            bytes: Arc::clone(&self.pending_bytes).try_acquire_many_owned(permits).ok()?,
            _memory: self.client.transport.account().share(bytes),
        })
    }

    /// Marks the connection as closed. Its task then closes the queue, and handles the events that wait. The client
    /// receives the reason, if it is at fault.
    pub(crate) fn close(&self, reason: Option<WireError>) {
        self.client.close(reason);
    }
}

/// Parses the arguments after the name in `["name",…]`. socketioxide has parsed the name only.
fn parse_arguments(packet: &str) -> Arguments {
    let mut items: Vec<Value> = serde_json::from_str(packet).map_err(|error| errors::not_json(&error))?;
    Ok(items.split_off(items.len().min(1)))
}

/// The subject of an event, which a rejection names: the fields `room` and `id` of the first argument, if it has them. For
/// `history` the id is that of `around`.
#[derive(Default)]
struct Subject {
    room: Option<RoomId>,
    id: Option<EntryId>,
}

impl Subject {
    fn of(event: &str, arguments: &[Value]) -> Self {
        let field = |name: &str| arguments.first()?.get(name)?.as_str();
        Self {
            room: field("room").and_then(|text| text.parse().ok()),
            id: field(entry_field(event)).and_then(|text| text.parse().ok()),
        }
    }

    /// Finds the subject in a packet with a value that can't be parsed, such as a text with half of a surrogate pair.
    fn of_damaged(event: &str, packet: &str) -> Self {
        let arguments: Vec<&RawValue> = serde_json::from_str(packet).unwrap_or_default();
        // The keys need not be well-formed text either.
        let fields: HashMap<ByteBuf, &RawValue> = arguments
            .get(1)
            .and_then(|argument| serde_json::from_str(argument.get()).ok())
            .unwrap_or_default();
        let field = |name: &str| fields.get(Bytes::new(name.as_bytes())).map(|value| value.get());
        Self {
            room: field("room").and_then(|text| serde_json::from_str(text).ok()),
            id: field(entry_field(event)).and_then(|text| serde_json::from_str(text).ok()),
        }
    }
}

/// Returns the subject of a packet that is not parsed.
fn subject_of(name: &str, packet: Option<&str>) -> Subject {
    packet
        .map(|packet| Subject::of_damaged(name, packet))
        .unwrap_or_default()
}

/// Returns the field of an event, known here or not, whose entry a refusal names.
fn entry_field(event: &str) -> &'static str {
    event.parse().map_or("id", ClientEventKind::entry_field)
}

#[cfg(test)]
mod tests {
    //! Events that nothing takes from the queue:
    //!
    //! - their number and their bytes are bounded, and those beyond are rejected as busy, with their subject
    //! - an event that was handled makes space for another one

    use std::net::Ipv4Addr;

    use axum::Router;
    use ichat_protocol::limits::MAX_PACKET_BYTES;
    use ichat_protocol::{DeviceId, MemberId};
    use serde_json::json;
    use socketioxide::SocketIo;
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;
    use crate::fanout::polling::test_poller::TestPoller;
    use crate::metrics::Metrics;
    use crate::net::client_address::ClientAddress;
    use crate::net::rate_limiter::{Budget, ClientBudget};

    /// The time in which a rejection must arrive.
    const TEST_TIMEOUT: Duration = Duration::from_mins(1);

    /// A queue whose receiver takes nothing by itself, and the client that polls for its rejections.
    struct Fixture {
        queue: EventQueue,
        events: mpsc::Receiver<Box<IncomingEvent>>,
        poller: TestPoller,
    }

    impl Fixture {
        async fn new() -> Self {
            let (service, io) = SocketIo::builder().build_with_inner_svc(Router::new());
            let (poller, socket) = TestPoller::connect(Router::new().fallback_service(service), &io).await;
            let address = ClientAddress(Ipv4Addr::LOCALHOST.into());
            let budget = ClientBudget::new(Budget::unlimited(), Budget::unlimited());
            let (member, device) = (MemberId::guest(Uuid::nil()), DeviceId::fresh());
            let client = ClientConnection::new(socket, member, device, address, budget, Metrics::default()).unwrap();
            let (queue, events) = EventQueue::new(&client);
            Self { queue, events, poller }
        }

        /// Asserts that the last event was rejected as busy with its subject, and the client got nothing else.
        async fn is_busy(&self, room: Option<RoomId>) {
            let rejection = timeout(TEST_TIMEOUT, async {
                loop {
                    let packets = self.poller.fetch().await;
                    if packets.contains("refused") {
                        break packets;
                    }
                }
            });
            let packets = rejection.await.expect("no rejection arrives");
            let rejections: Vec<&str> = packets.split('\u{1e}').filter(|p| p.contains("refused")).collect();
            assert_eq!(rejections.len(), 1, "{packets}");
            let rejection: Value = serde_json::from_str(rejections[0].strip_prefix("42").unwrap()).unwrap();
            assert_eq!(rejection[0], "refused");
            assert_eq!(rejection[1]["error"]["code"], "busy", "{rejection}");
            assert_eq!(rejection[1]["event"], "post", "{rejection}");
            assert_eq!(
                rejection[1].get("room"),
                room.map(|room| json!(room)).as_ref(),
                "{rejection}"
            );
        }
    }

    #[tokio::test]
    async fn events_that_wait_are_bounded_in_number() {
        let mut fixture = Fixture::new().await;
        for _ in 0..=MAX_PENDING_EVENTS {
            fixture.queue.push("post", Some("[\"post\"]"), None);
        }
        assert_eq!(fixture.events.len(), MAX_PENDING_EVENTS);
        fixture.is_busy(None).await;
        drop(fixture.events.try_recv().unwrap());
        fixture.queue.push("post", Some("[\"post\"]"), None);
        assert_eq!(fixture.events.len(), MAX_PENDING_EVENTS);
    }

    #[tokio::test]
    async fn events_that_wait_are_bounded_in_bytes() {
        let mut fixture = Fixture::new().await;
        let room = RoomId::fresh();
        let start = format!("[\"post\",{{\"room\":\"{room}\",\"text\":\"");
        let packet = format!("{start}{}\"}}]", "x".repeat(MAX_PACKET_BYTES - start.len() - 3));
        assert_eq!(packet.len(), MAX_PACKET_BYTES);
        let fitting = MAX_PENDING_BYTES / MAX_PACKET_BYTES;
        for _ in 0..fitting {
            fixture.queue.push("post", Some(&packet), None);
        }
        assert_eq!(fixture.events.len(), fitting);
        // Whatever its size is, if there is no space for it.
        for (rejected, subject) in [(packet.as_str(), Some(room)), ("[\"post\",{}]", None)] {
            fixture.queue.push("post", Some(rejected), None);
            assert_eq!(fixture.events.len(), fitting);
            fixture.is_busy(subject).await;
        }
        // It counts until it has a response, not until it is taken from the queue.
        let taken = fixture.events.try_recv().unwrap();
        fixture.queue.push("post", Some(&packet), None);
        fixture.is_busy(Some(room)).await;
        let (request, arguments) = taken.parse();
        assert_eq!(request.room, Some(room));
        assert!(arguments.is_ok());
        drop(request);
        fixture.queue.push("post", Some(&packet), None);
        assert_eq!(fixture.events.len(), fitting);
    }
}
