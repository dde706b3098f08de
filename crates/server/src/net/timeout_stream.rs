//! The TCP stream under HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::metrics::CutReason;
use crate::net::backlog::BacklogSlot;
use crate::net::connection_guard::ConnectionGuard;
use crate::net::stall_timer::StallTimer;

/// A TCP stream that fails when its peer stops reading, or when the server aborts the connection.
///
/// Nothing is read while a write is pending: a WebSocket library would answer the pings of a peer that reads nothing, and
/// keep the answers without limit.
pub(crate) struct TimeoutStream {
    stream: TcpStream,
    is_write_pending: bool,
    /// The task that wants to read meanwhile.
    reader: Option<Waker>,
    stall_timer: StallTimer,
    guard: ConnectionGuard,
    backlog: Arc<BacklogSlot>,
}

impl TimeoutStream {
    pub(crate) fn new(stream: TcpStream, guard: ConnectionGuard, backlog: Arc<BacklogSlot>) -> Self {
        Self {
            stream,
            is_write_pending: false,
            reader: None,
            stall_timer: StallTimer::default(),
            guard,
            backlog,
        }
    }

    pub(crate) fn into_parts(self) -> (TcpStream, ConnectionGuard) {
        (self.stream, self.guard)
    }

    /// Removes the bytes of a write from the backlog, and fails when writes have been pending for too long.
    fn finish_write(&mut self, result: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.is_write_pending = result.is_pending();
        if let Poll::Ready(Ok(bytes)) = &result {
            self.guard.metrics().sent(*bytes);
            self.backlog.remove_written(*bytes);
        }
        if result.is_ready() {
            self.stall_timer.reset();
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
            return result;
        }
        self.stall_timer.poll_stalled(context).map(|stalled| {
            self.guard.metrics().connection_cut(CutReason::Stalled);
            Err(stalled)
        })
    }
}

impl AsyncRead for TimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.guard.poll_aborted(context)?;
        if self.is_write_pending {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.guard.metrics().received(buffer.filled().len() - before);
        result
    }
}

impl AsyncWrite for TimeoutStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.guard.poll_aborted(context)?;
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.finish_write(result, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.guard.poll_aborted(context)?;
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.finish_write(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
