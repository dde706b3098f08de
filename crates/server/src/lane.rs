//! The lane: how events reach a client that came as a WebSocket.
//!
//! ```text
//!   publisher ── one Frame for all ──▶ Lane ───┐
//!                                              ├──▶ TCP
//!   socketioxide ── its own packets ─▶ Stream ─┘
//! ```
//!
//! socketioxide gives each client a copy, a queue and a task of its own to wake for every packet. A broadcast is the same
//! bytes for everybody, so they go from the one publisher straight to each socket, and wait in a queue only where the
//! system takes no more. socketioxide keeps the rest: the handshakes, heartbeats, acknowledgements, and everything that comes in.
//! Its bytes come through [`Stream`], always as whole frames, so the two never cut into each other.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use crate::accept::{Admission, STALLED_AFTER};
use crate::frame::{Frame, hold_a_connect};

/// Frames that wait for one client. Beyond it what many are told passes by that client, which then finds the gap.
const WAITING_FRAMES: usize = 512;
/// The same, in bytes.
const WAITING_BYTES: usize = 1024 * 1024;
/// What only this client is told, answers above all, finds so many times the room: nothing would show that it is missing.
const FOR_ONE: usize = 2;
/// Bytes that may wait when socketioxide hands in more.
const LIBRARY_BYTES: usize = 16 * 1024;
/// Frames handed to the system at once.
const AT_ONCE: usize = 16;

/// Why a frame was not taken: as many wait as may wait.
#[derive(Debug, thiserror::Error)]
#[error("the client reads too slowly")]
pub(crate) struct Full;

/// The way to one client. It is the connection's, and outlives it harmlessly.
pub(crate) struct Lane {
    stream: TcpStream,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What the system did not take yet, oldest first.
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// Events that may not overtake the packet by which socketioxide lets the client in.
    held: Option<Vec<Frame>>,
    /// The client has left, though its transport goes on.
    is_mute: bool,
    ended: bool,
    /// The reading task: it hands on what waits.
    reader: Option<Waker>,
    /// socketioxide's writing task, while it waits for room.
    library: Option<Waker>,
}

impl Lane {
    /// The lane of a connection, and the stream for socketioxide. `read` came behind the request for the upgrade.
    pub(crate) fn open(stream: TcpStream, read: &[u8], admission: Admission) -> (Arc<Self>, Stream) {
        let lane = Arc::new(Self {
            stream,
            state: Mutex::default(),
        });
        let stream = Stream {
            lane: Arc::clone(&lane),
            // Even an empty part of a buffer would keep the whole of it.
            read: Bytes::copy_from_slice(read),
            stalled: None,
            admission,
        };
        (lane, stream)
    }

    /// Holds events back until socketioxide has let the client in.
    pub(crate) fn hold_until_connected(&self) {
        let mut state = self.state();
        state.held.get_or_insert_default();
        state.is_mute = false;
    }

    /// From now on nothing is sent, until the client is let in anew.
    pub(crate) fn mute(&self) {
        let mut state = self.state();
        state.is_mute = true;
        state.held = None;
    }

    /// Sends what many are told, without waiting. To a client that has left nothing is sent.
    pub(crate) fn send(&self, frame: &Frame) -> Result<(), Full> {
        self.take(frame, 1)
    }

    /// Sends what only this client is told; otherwise as [`Lane::send`].
    pub(crate) fn send_to_one(&self, frame: &Frame) -> Result<(), Full> {
        self.take(frame, FOR_ONE)
    }

    fn take(&self, frame: &Frame, times: usize) -> Result<(), Full> {
        let mut state = self.state();
        if state.ended || state.is_mute {
            return Ok(());
        }
        if let Some(held) = &mut state.held {
            if held.len() >= WAITING_FRAMES * times {
                return Err(Full);
            }
            held.push(frame.clone());
            return Ok(());
        }
        if state.is_full(times) {
            return Err(Full);
        }
        self.put(&mut state, frame.bytes(), |rest| frame.bytes().slice_ref(rest));
        Ok(())
    }

    /// Gives the system what it takes, and keeps the rest.
    fn put(&self, state: &mut State, bytes: &[u8], keep: impl FnOnce(&[u8]) -> Bytes) {
        let mut sent = 0;
        if state.waiting.is_empty() {
            // Straight to the system: what the runtime knows of the socket is looked at only when it takes no more.
            match socket2::SockRef::from(&self.stream).send(bytes) {
                Ok(count) => sent = count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let _: io::Result<()> = self.stream.try_io(Interest::WRITABLE, || Err(error));
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection broke");
                    return state.end();
                }
            }
        }
        if sent < bytes.len() {
            let rest = keep(&bytes[sent..]);
            state.waiting_bytes += rest.len();
            state.waiting.push_back(rest);
            wake(&mut state.reader);
        }
    }

    /// Hands on what waits, as far as the system takes it; says whether it took anything.
    fn hand_on(&self, state: &mut State) -> io::Result<bool> {
        let mut progress = false;
        while !state.waiting.is_empty() {
            let mut slices = [IoSlice::new(&[]); AT_ONCE];
            let count = state
                .waiting
                .iter()
                .zip(&mut slices)
                .map(|(bytes, slice)| *slice = IoSlice::new(bytes))
                .count();
            match self.stream.try_write_vectored(&slices[..count]) {
                Ok(taken) => state.advance(taken),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    state.end();
                    return Err(error);
                }
            }
            progress = true;
        }
        if state.waiting_bytes < LIBRARY_BYTES {
            wake(&mut state.library);
        }
        Ok(progress)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self, times: usize) -> bool {
        self.waiting.len() >= WAITING_FRAMES * times || self.waiting_bytes >= WAITING_BYTES * times
    }

    fn advance(&mut self, mut taken: usize) {
        self.waiting_bytes -= taken;
        while let Some(front) = self.waiting.front_mut().filter(|_| taken > 0) {
            let part = taken.min(front.len());
            front.advance(part);
            taken -= part;
            if front.is_empty() {
                self.waiting.pop_front();
            }
        }
        if self.waiting.is_empty() {
            // What a slow moment made large would stay so for the connection's life.
            self.waiting = VecDeque::new();
        }
    }

    fn end(&mut self) {
        self.ended = true;
        self.waiting = VecDeque::new();
        self.waiting_bytes = 0;
        self.held = None;
        wake(&mut self.reader);
        wake(&mut self.library);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// The connection as socketioxide sees it. What it writes takes its place among the events; whenever it reads, what waits
/// is handed on. It fails when the client stops reading: socketioxide would wait for it for ever.
pub(crate) struct Stream {
    lane: Arc<Lane>,
    read: Bytes,
    /// Runs while something waits.
    stalled: Option<Pin<Box<Sleep>>>,
    admission: Admission,
}

impl Stream {
    /// Hands on what waits, and arranges to be called again when there is room for more. `Ready` when nothing waits.
    fn drive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.admission.check(context)?;
        let lane = Arc::clone(&self.lane);
        let mut state = lane.state();
        loop {
            if state.ended {
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            if lane.hand_on(&mut state)? {
                self.stalled = None;
            }
            if state.waiting.is_empty() {
                self.stalled = None;
                return Poll::Ready(Ok(()));
            }
            let stalled = self
                .stalled
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(STALLED_AFTER)));
            if stalled.as_mut().poll(context).is_ready() {
                state.end();
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            ready!(lane.stream.poll_write_ready(context))?;
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // First the waker: what is sent from here on calls this task again.
        match &mut self.lane.state().reader {
            Some(reader) => reader.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        if let Poll::Ready(driven) = self.drive(context) {
            driven?;
        }
        if !self.read.is_empty() {
            let count = self.read.len().min(buffer.remaining());
            buffer.put_slice(&self.read.split_to(count));
            return Poll::Ready(Ok(()));
        }
        loop {
            ready!(self.lane.stream.poll_read_ready(context))?;
            match self.lane.stream.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Stream {
    /// Takes everything or nothing: what socketioxide writes at once is whole frames.
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let lane = Arc::clone(&self.lane);
        let mut state = lane.state();
        if state.waiting_bytes >= LIBRARY_BYTES {
            drop(state);
            // Nobody reads any more when the connection is being closed, so what waits is handed on from here too.
            if let Poll::Ready(driven) = self.drive(context) {
                driven?;
            }
            state = lane.state();
            if !state.waiting.is_empty() {
                // The reader's turn to be called when there is room: this task may have nothing more to write.
                wake(&mut state.reader);
            }
            if state.waiting_bytes >= LIBRARY_BYTES {
                state.library = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        if state.ended {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        lane.put(&mut state, bytes, Bytes::copy_from_slice);
        if state.held.is_some() && hold_a_connect(bytes) {
            for frame in state.held.take().unwrap_or_default() {
                lane.put(&mut state, frame.bytes(), |rest| frame.bytes().slice_ref(rest));
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What waits is handed on by whoever reads.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drive(context))?;
        let socket = socket2::SockRef::from(&self.lane.stream);
        Poll::Ready(socket.shutdown(std::net::Shutdown::Write))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.lane.state().end();
        // The lane may be held for a while by what is still being told.
        if let Err(error) = socket2::SockRef::from(&self.lane.stream).shutdown(std::net::Shutdown::Both) {
            tracing::trace!(%error, "the connection had ended already");
        }
    }
}
