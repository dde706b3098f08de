//! The bounded queue of frames for one client.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes};
use parking_lot::Mutex;
use socket2::SockRef;
use tokio::io::{Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::fanout::queue_bound::{DIRECT_HEADROOM, QUEUE_BYTES, QUEUE_FRAMES, QueueFull};
use crate::fanout::websocket::frame::{Frame, contains_close, contains_connect};
use crate::metrics::{CutReason, Metrics};
use crate::net::memory_budget::MemoryAccount;
use crate::net::stall_timer::StallTimer;

/// Queued bytes above which socketioxide has to wait.
const HIGH_WATER: usize = 16 * 1024;
/// Frames in one vectored write.
const MAX_WRITEV: usize = 16;

/// The outbound queue of one client, and its socket.
///
/// A broadcast may use it for a moment longer than the connection lives; it is closed then.
pub(crate) struct OutboundQueue {
    stream: TcpStream,
    account: MemoryAccount,
    metrics: Metrics,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    /// `true` once the connection is lost, or the server ends it.
    is_over: bool,
    /// The frames that the system has not accepted yet, oldest first.
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Counts these bytes, and those that wait for the `CONNECT` packet.
    account: MemoryAccount,
    /// The reading task, which drains the queue.
    reader: Option<Waker>,
    /// socketioxide's writing task, while it waits for the queue to fall below its high-water mark.
    writer: Option<Waker>,
}

/// The life of a transport.
#[derive(Default)]
enum Phase {
    /// No client is connected to the namespace: events are dropped.
    #[default]
    Disconnected,
    /// socketioxide has not accepted the client yet: events wait for its `CONNECT` packet.
    Connecting(Vec<Frame>),
    Connected,
    /// socketioxide ends the connection. Its last packets wait until it says why, so that the client learns it before.
    Closing(Vec<u8>),
    /// The server ends the connection: the socket is closed as soon as what is queued has been sent.
    Ending,
    /// The socket is closed.
    Closed,
}

impl OutboundQueue {
    pub(super) fn new(stream: TcpStream, account: MemoryAccount, metrics: Metrics) -> Arc<Self> {
        let state = State {
            phase: Phase::default(),
            is_over: false,
            frames: VecDeque::new(),
            bytes: 0,
            account: account.clone(),
            reader: None,
            writer: None,
        };
        Arc::new(Self {
            stream,
            account,
            metrics,
            state: Mutex::new(state),
        })
    }

    /// Returns the account of what waits for the client.
    pub(crate) fn account(&self) -> &MemoryAccount {
        &self.account
    }

    /// Returns `true` if the connection was neither lost nor ended by the server.
    pub(crate) fn is_intact(&self) -> bool {
        !self.state.lock().is_over && !self.account.closed().is_cancelled()
    }

    /// Buffers events until socketioxide has accepted the client.
    pub(crate) fn buffer_until_connected(&self) {
        let mut state = self.state.lock();
        match state.phase {
            Phase::Disconnected | Phase::Connected => drop(state.enter(Phase::Connecting(Vec::new()))),
            Phase::Connecting(_) | Phase::Closing(_) | Phase::Ending | Phase::Closed => {}
        }
    }

    /// Sends the last event, and closes the connection once the client has taken everything. Nothing is read from it any more.
    pub(crate) fn end_with(&self, last: &Frame) {
        let mut state = self.state.lock();
        match state.phase {
            Phase::Connected => {
                state.is_over = true;
                drop(state.enter(Phase::Ending));
                self.write_or_queue(&mut state, last);
                wake(&mut state.reader);
            }
            Phase::Disconnected | Phase::Connecting(_) | Phase::Closing(_) | Phase::Ending | Phase::Closed => {}
        }
    }

    /// Drops every event until a client is accepted again. If socketioxide ends the connection, sends the reason as the
    /// last event.
    pub(crate) fn disconnect(&self, reason: Option<&Frame>) {
        let mut state = self.state.lock();
        match &state.phase {
            Phase::Connecting(_) | Phase::Connected => drop(state.enter(Phase::Disconnected)),
            Phase::Closing(packets) => {
                let reason = reason.map_or(&[][..], |frame| &frame.bytes()[..]);
                let last = [reason, packets].concat();
                self.close_after(&mut state, &last);
            }
            Phase::Disconnected | Phase::Ending | Phase::Closed => {}
        }
    }

    /// Sends a broadcast without waiting.
    pub(crate) fn try_send(&self, frame: &Frame) -> Result<(), QueueFull> {
        self.send_within(frame, 1)
    }

    /// Sends a message for this client alone without waiting.
    pub(crate) fn try_send_direct(&self, frame: &Frame) -> Result<(), QueueFull> {
        self.send_within(frame, DIRECT_HEADROOM)
    }

    fn send_within(&self, frame: &Frame, headroom: usize) -> Result<(), QueueFull> {
        let mut state = self.state.lock();
        let is_full = state.is_full(headroom);
        match &mut state.phase {
            Phase::Disconnected | Phase::Closing(_) | Phase::Ending | Phase::Closed => return Ok(()),
            Phase::Connecting(_) | Phase::Connected if is_full => return Err(QueueFull),
            Phase::Connecting(buffered) => {
                buffered.push(frame.clone());
                self.account.add(frame.bytes().len());
                return Ok(());
            }
            Phase::Connected => {}
        }
        self.write_or_queue(&mut state, frame);
        Ok(())
    }

    fn write_or_queue(&self, state: &mut State, frame: &Frame) {
        self.write_or_queue_bytes(state, frame.bytes(), |rest| frame.bytes().slice_ref(rest));
    }

    /// Writes as much as the system accepts, and queues the rest.
    fn write_or_queue_bytes(&self, state: &mut State, bytes: &[u8], own: impl FnOnce(&[u8]) -> Bytes) {
        let mut sent = 0;
        if state.frames.is_empty() {
            // Straight to the system: asking tokio whether the socket is writable first costs more than the attempt.
            match SockRef::from(&self.stream).send(bytes) {
                Ok(count) => {
                    self.metrics.sent(count);
                    sent = count;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // tokio must know, or it would not wait for the socket to become writable again.
                    let _: io::Result<()> = self.stream.try_io(Interest::WRITABLE, || Err(error));
                }
                Err(error) => {
                    tracing::debug!(%error, "connection lost");
                    return state.lose();
                }
            }
        }
        if sent < bytes.len() {
            let rest = own(&bytes[sent..]);
            state.bytes += rest.len();
            state.account.add(rest.len());
            state.frames.push_back(rest);
            wake(&mut state.reader);
        }
    }

    /// Registers the reading task, to be woken when there is something to drain.
    pub(super) fn register_reader(&self, context: &Context<'_>) {
        match &mut self.state.lock().reader {
            Some(reader) => reader.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
    }

    /// Wakes the reading task.
    pub(super) fn wake_reader(&self) {
        wake(&mut self.state.lock().reader);
    }

    /// Drains the queue. Ready once it is empty; until then the task is woken when the socket becomes writable.
    pub(super) fn poll_drain(&self, stall_timer: &mut StallTimer, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state.lock();
        loop {
            if matches!(state.phase, Phase::Closed) {
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            if self.drain(&mut state)? {
                stall_timer.reset();
            }
            if state.frames.is_empty() {
                stall_timer.reset();
                if matches!(state.phase, Phase::Ending) {
                    self.close_after(&mut state, &[]);
                    continue;
                }
                return Poll::Ready(Ok(()));
            }
            if let Poll::Ready(stalled) = stall_timer.poll_stalled(context) {
                self.metrics.connection_cut(CutReason::Stalled);
                state.lose();
                return Poll::Ready(Err(stalled));
            }
            ready!(self.stream.poll_write_ready(context))?;
        }
    }

    /// Writes queued frames as far as the system accepts them. Returns `true` if it accepted any bytes.
    fn drain(&self, state: &mut State) -> io::Result<bool> {
        let mut progress = false;
        while !state.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); MAX_WRITEV];
            let count = state
                .frames
                .iter()
                .zip(&mut slices)
                .map(|(bytes, slice)| *slice = IoSlice::new(bytes))
                .count();
            match self.stream.try_write_vectored(&slices[..count]) {
                Ok(written) => {
                    self.metrics.sent(written);
                    state.advance(written);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    state.lose();
                    return Err(error);
                }
            }
            progress = true;
        }
        if state.bytes < HIGH_WATER {
            wake(&mut state.writer);
        }
        Ok(progress)
    }

    pub(super) fn poll_read(&self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if matches!(self.state.lock().phase, Phase::Ending) {
            return Poll::Pending;
        }
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            match self.stream.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    if count == 0 {
                        self.state.lock().is_over = true;
                    }
                    self.metrics.received(count);
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.state.lock().is_over = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    /// Takes socketioxide's packets, all or none, since it writes whole frames. Pending above the high-water mark. Those
    /// that end the connection of a client wait for the reason if `holds_close` is set.
    pub(super) fn poll_write_packets(
        &self,
        context: &Context<'_>,
        bytes: &[u8],
        holds_close: bool,
    ) -> Poll<io::Result<()>> {
        let mut state = self.state.lock();
        match &mut state.phase {
            Phase::Closed => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Phase::Ending => return Poll::Ready(Ok(())),
            Phase::Closing(packets) => {
                // What socketioxide had queued behind the end. Nobody needs it, so it is bounded.
                if packets.len() + bytes.len() <= HIGH_WATER {
                    packets.extend_from_slice(bytes);
                }
                return Poll::Ready(Ok(()));
            }
            Phase::Connected if holds_close && contains_close(bytes) => {
                state.phase = Phase::Closing(bytes.to_vec());
                return Poll::Ready(Ok(()));
            }
            Phase::Disconnected | Phase::Connecting(_) | Phase::Connected => {}
        }
        if state.bytes >= HIGH_WATER {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.write_or_queue_bytes(&mut state, bytes, Bytes::copy_from_slice);
        if matches!(state.phase, Phase::Connecting(_))
            && contains_connect(bytes)
            && let Phase::Connecting(buffered) = state.enter(Phase::Connected)
        {
            for frame in &buffered {
                self.write_or_queue(&mut state, frame);
            }
        }
        Poll::Ready(Ok(()))
    }

    #[cfg(test)]
    pub(super) fn queued_bytes(&self) -> usize {
        self.state.lock().bytes
    }

    /// Ends the output; the client may still send.
    pub(super) fn shutdown_write(&self) -> io::Result<()> {
        SockRef::from(&self.stream).shutdown(Shutdown::Write)
    }

    /// Closes the socket after socketioxide has dropped its stream, even if a broadcast still uses the queue. While the
    /// reason is due, [`Self::disconnect`] does it.
    pub(super) fn stream_ended(&self) {
        let mut state = self.state.lock();
        match state.phase {
            Phase::Closing(_) => {}
            Phase::Disconnected | Phase::Connecting(_) | Phase::Connected | Phase::Ending | Phase::Closed => {
                self.close_after(&mut state, &[]);
            }
        }
    }

    /// Closes the socket. The last packets reach a client that has read everything before.
    fn close_after(&self, state: &mut State, last: &[u8]) {
        let socket = SockRef::from(&self.stream);
        if state.frames.is_empty() && !last.is_empty() {
            // What the system doesn't take is lost with the connection.
            if let Err(error) = socket.send(last) {
                tracing::debug!(%error, "the reason for the end of a connection was not sent");
            }
        }
        state.close();
        if let Err(error) = socket.shutdown(Shutdown::Both) {
            tracing::trace!(%error, "the socket was closed already");
        }
    }
}

impl State {
    /// Returns whether what waits, for the system or for the `CONNECT` packet, has reached the bound.
    fn is_full(&self, headroom: usize) -> bool {
        self.frames.len() + self.buffered().len() >= QUEUE_FRAMES * headroom
            || self.bytes + self.buffered_bytes() >= QUEUE_BYTES * headroom
    }

    /// Returns what waits for the `CONNECT` packet.
    fn buffered(&self) -> &[Frame] {
        match &self.phase {
            Phase::Connecting(buffered) => buffered,
            Phase::Disconnected | Phase::Connected | Phase::Closing(_) | Phase::Ending | Phase::Closed => &[],
        }
    }

    fn buffered_bytes(&self) -> usize {
        self.buffered().iter().map(|frame| frame.bytes().len()).sum()
    }

    /// Changes the phase, and returns the one before. What it buffered counts no more.
    fn enter(&mut self, phase: Phase) -> Phase {
        self.account.remove(self.buffered_bytes());
        std::mem::replace(&mut self.phase, phase)
    }

    /// Removes written bytes from the front.
    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        self.account.remove(written);
        while let Some(front) = self.frames.front_mut().filter(|_| written > 0) {
            let part = written.min(front.len());
            front.advance(part);
            written -= part;
            if front.is_empty() {
                self.frames.pop_front();
            }
        }
        if self.frames.is_empty() {
            // Frees the buffer: one slow moment would otherwise keep it large as long as the connection lives.
            self.frames = VecDeque::new();
        }
    }

    /// Closes the socket because the connection is lost.
    fn lose(&mut self) {
        self.is_over = true;
        self.close();
    }

    fn close(&mut self) {
        drop(self.enter(Phase::Closed));
        self.frames = VecDeque::new();
        self.account.remove(std::mem::take(&mut self.bytes));
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
