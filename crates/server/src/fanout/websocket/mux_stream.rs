//! The connection as socketioxide sees it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::fanout::websocket::outbound_queue::OutboundQueue;
use crate::fanout::websocket::unfinished_message::UnfinishedMessage;
use crate::net::connection_guard::ConnectionGuard;
use crate::net::stall_timer::StallTimer;

/// A stream whose output goes through the client's [`OutboundQueue`].
///
/// Each read drains the queue first. Nothing is read while socketioxide waits to write: the WebSocket library would answer
/// the pings of a client that reads nothing, and keep the answers without limit. The stream fails when the client stops
/// reading: socketioxide would wait without limit.
pub(super) struct MuxStream {
    queue: Arc<OutboundQueue>,
    /// Bytes that arrived right behind the upgrade request.
    early: Bytes,
    unfinished: UnfinishedMessage,
    /// `true` while socketioxide waits until the queue takes its packets.
    is_write_pending: bool,
    /// Runs while the queue is not empty.
    stall_timer: StallTimer,
    guard: ConnectionGuard,
}

impl MuxStream {
    /// Creates the queue of a connection, and the stream for socketioxide.
    pub(super) fn new(stream: TcpStream, early: &[u8], guard: ConnectionGuard) -> (Arc<OutboundQueue>, Self) {
        let queue = OutboundQueue::new(stream, guard.account().clone(), guard.metrics().clone());
        let stream = Self {
            queue: Arc::clone(&queue),
            // A copy, since even an empty slice would keep the whole read buffer alive.
            early: Bytes::copy_from_slice(early),
            unfinished: UnfinishedMessage::new(guard.account()),
            is_write_pending: false,
            stall_timer: StallTimer::default(),
            guard,
        };
        (queue, stream)
    }

    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.guard.poll_aborted(context)?;
        self.queue.poll_drain(&mut self.stall_timer, context)
    }
}

impl AsyncRead for MuxStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Before draining, so that a frame that is queued in between wakes this task.
        self.queue.register_reader(context);
        if let Poll::Ready(drained) = self.poll_drain(context) {
            drained?;
        }
        if self.is_write_pending {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        if self.early.is_empty() {
            ready!(self.queue.poll_read(context, buffer))?;
        } else {
            let count = self.early.len().min(buffer.remaining());
            buffer.put_slice(&self.early.split_to(count));
        }
        self.unfinished.receive(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MuxStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // At shutdown the client knows the reason, and a packet that waits for one could be lost with the process.
        let holds_close = !self.guard.is_closing();
        let mut written = self.queue.poll_write_packets(context, bytes, holds_close);
        if written.is_pending() {
            // While socketioxide closes a connection it no longer reads, so the queue is drained from here as well.
            match self.poll_drain(context) {
                Poll::Ready(drained) => drained?,
                // Now this task waits for the socket. The reading task has to take that over, since this one may have
                // nothing more to write.
                Poll::Pending => self.queue.wake_reader(),
            }
            written = self.queue.poll_write_packets(context, bytes, holds_close);
        }
        if self.is_write_pending && written.is_ready() {
            self.queue.wake_reader();
        }
        self.is_write_pending = written.is_pending();
        written.map_ok(|()| bytes.len())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The reading task drains the queue.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Poll::Ready(self.queue.shutdown_write())
    }
}

impl Drop for MuxStream {
    fn drop(&mut self) {
        self.queue.stream_ended();
    }
}
