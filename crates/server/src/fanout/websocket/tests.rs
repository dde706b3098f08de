//! The contract of the direct fan-out, over real sockets:
//!
//! - events follow the `CONNECT` packet, and none is sent before it or after a disconnect
//! - what waits for the `CONNECT` packet is bounded, in bytes as well, together with what waits for the client
//! - the queue is bounded: a full one drops broadcasts, and still takes direct messages up to their own bound
//! - what was queued arrives whole and in order once the client reads
//! - socketioxide waits while the queue is above its high-water mark
//! - a client that reads nothing is disconnected
//! - the socket closes with the stream, even if a broadcast still uses the queue
//! - where socketioxide ends the connection, the reason is sent before, and the socket is closed after it

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::fanout::queue_bound::{QUEUE_BYTES, QueueFull};
use crate::fanout::websocket::frame::Frame;
use crate::fanout::websocket::mux_stream::MuxStream;
use crate::fanout::websocket::outbound_queue::OutboundQueue;
use crate::metrics::Metrics;
use crate::net::connection_guard::ConnectionGuard;
use crate::net::limiter::{ConnectionLimiter, PermitSlot};
use crate::net::memory_budget::MemoryBudget;

/// A WebSocket text frame with Socket.IO's `CONNECT`.
const CONNECT: &[u8] = b"\x81\x0240";

/// Opens a connection: the client's end, and the server's queue and stream.
async fn open() -> (TcpStream, Arc<OutboundQueue>, MuxStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let limiter = ConnectionLimiter::new(&Config::default());
    let permit = limiter.try_connect(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    let account = MemoryBudget::new(usize::MAX).open(CancellationToken::new());
    let guard = ConnectionGuard::new(
        CancellationToken::new(),
        account,
        Metrics::default(),
        permit,
        PermitSlot::default(),
    );
    let (queue, stream) = MuxStream::new(stream, &[], guard);
    (client, queue, stream)
}

/// Opens a connection on which a client is connected to the namespace.
async fn connect() -> (TcpStream, Arc<OutboundQueue>, MuxStream) {
    let (mut client, queue, mut stream) = open().await;
    queue.buffer_until_connected();
    stream.write_all(CONNECT).await.unwrap();
    client.read_exact(&mut [0; CONNECT.len()]).await.unwrap();
    (client, queue, stream)
}

/// Returns an event of 60 kB.
fn event(number: usize) -> Frame {
    Frame::events("event", &[format!("{number:>60000}")])
}

/// Sends events, numbered from `first`, until the queue is full. Returns the number of the one that was not taken. With
/// the buffers of the system, 30 MB must be enough.
fn fill(first: usize, send: impl Fn(&Frame) -> Result<(), QueueFull>) -> usize {
    let rejected = (first..500).find(|number| send(&event(*number)).is_err());
    rejected.expect("the queue is bounded")
}

#[tokio::test]
async fn events_follow_the_connect_packet_and_end_with_a_disconnect() {
    let (mut client, queue, mut stream) = open().await;
    let [dropped, buffered, sent] = ["dropped", "buffered", "sent"].map(|text| Frame::events(text, &[0]));
    queue.try_send(&dropped).unwrap();
    queue.buffer_until_connected();
    queue.try_send(&buffered).unwrap();
    let open_packet = b"\x81\x030{}";
    stream.write_all(open_packet).await.unwrap();
    stream.write_all(CONNECT).await.unwrap();
    queue.try_send(&sent).unwrap();
    queue.disconnect(None);
    queue.try_send_direct(&dropped).unwrap();
    drop(stream);
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    let expected = [open_packet, CONNECT, buffered.bytes(), sent.bytes()].concat();
    assert_eq!(String::from_utf8_lossy(&received), String::from_utf8_lossy(&expected));
}

#[tokio::test]
async fn what_waits_for_the_connect_packet_is_bounded_in_bytes() {
    let (_client, queue, _stream) = connect().await;
    // The client reads nothing, leaves the namespace and connects to it again, so that its `CONNECT` packet has to wait.
    let sent = fill(0, |frame| queue.try_send(frame));
    queue.disconnect(None);
    queue.buffer_until_connected();
    assert_eq!(
        fill(sent, |frame| queue.try_send(frame)),
        sent,
        "the bound is that of both"
    );
    let buffered = fill(sent, |frame| queue.try_send_direct(frame)) - sent;
    assert!((1..=20).contains(&buffered), "{buffered} events of 60 kB are buffered");
}

#[tokio::test]
async fn a_full_queue_takes_direct_messages_and_loses_nothing() {
    let (mut client, queue, mut stream) = connect().await;
    let frame = event(0).bytes().len();
    let broadcasts = fill(0, |frame| queue.try_send(frame));
    assert!((QUEUE_BYTES..QUEUE_BYTES + frame).contains(&queue.queued_bytes()));
    let taken = fill(broadcasts, |frame| queue.try_send_direct(frame));
    assert!((2 * QUEUE_BYTES..2 * QUEUE_BYTES + frame).contains(&queue.queued_bytes()));
    // The reading task drains the queue.
    let reading = tokio::spawn(async move { stream.read_u8().await });
    for number in 0..taken {
        let expected = event(number);
        let mut received = vec![0; expected.bytes().len()];
        client.read_exact(&mut received).await.unwrap();
        assert!(
            received == **expected.bytes(),
            "frame {number} is damaged or out of order"
        );
    }
    client.write_u8(7).await.unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn socketioxide_waits_above_the_high_water_mark() {
    let (mut client, queue, stream) = connect().await;
    let taken = fill(0, |frame| queue.try_send(frame));
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = tokio::spawn(async move { reader.read_u8().await });
    let ping = b"\x81\x012";
    let writing = tokio::spawn(async move { writer.write_all(ping).await });
    tokio::task::yield_now().await;
    assert!(!writing.is_finished(), "the packet was queued behind a full queue");
    let mut received = vec![0; (0..taken).map(|number| event(number).bytes().len()).sum()];
    client.read_exact(&mut received).await.unwrap();
    let mut last = [0; 3];
    client.read_exact(&mut last).await.unwrap();
    assert_eq!(&last, ping);
    writing.await.unwrap().unwrap();
    reading.abort();
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    let (client, queue, mut stream) = connect().await;
    fill(0, |frame| queue.try_send(frame));
    // The clock jumps ahead as soon as nothing can be done but wait.
    tokio::time::pause();
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(client);
}

#[tokio::test]
async fn the_socket_closes_with_the_stream() {
    let (mut client, queue, stream) = connect().await;
    drop(stream);
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0, "still open");
    queue.try_send(&event(0)).unwrap();
}

#[tokio::test]
async fn the_reason_is_sent_before_the_end_of_the_connection() {
    let (mut client, queue, mut stream) = connect().await;
    let [reason, late] = ["reason", "late"].map(|text| Frame::events(text, &[0]));
    let end = b"\x81\x011\x88\x00";
    stream.write_all(&end[..3]).await.unwrap();
    stream.write_all(&end[3..]).await.unwrap();
    queue.try_send(&late).unwrap();
    drop(stream);
    queue.disconnect(Some(&reason));
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    let expected = [reason.bytes(), &end[..]].concat();
    assert_eq!(String::from_utf8_lossy(&received), String::from_utf8_lossy(&expected));
}
