//! One connection through the proxy.

use std::io::{self, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The two sockets of a connection.
pub(super) struct Connection {
    pub(super) near: TcpStream,
    pub(super) far: TcpStream,
    /// `true` if nothing is forwarded any more.
    pub(super) is_swallowed: Arc<AtomicBool>,
}

impl Connection {
    pub(super) fn close(&self) {
        // Either may have ended by itself.
        drop(self.near.shutdown(Shutdown::Both));
        drop(self.far.shutdown(Shutdown::Both));
    }

    /// Forwards bytes, unless the connection is swallowed.
    pub(super) fn pass(&self, mut to: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        if self.is_swallowed.load(Ordering::SeqCst) {
            return Ok(());
        }
        to.write_all(bytes)
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            near: self.near.try_clone()?,
            far: self.far.try_clone()?,
            is_swallowed: Arc::clone(&self.is_swallowed),
        })
    }
}

/// The protocol of a connection after the head of its first request.
#[derive(Clone, Copy)]
pub(super) enum Protocol {
    Http,
    WebSocket,
}

impl Protocol {
    pub(super) fn after_head(head: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        if head.contains("upgrade: websocket") {
            Self::WebSocket
        } else {
            Self::Http
        }
    }
}

/// Returns where the head of an HTTP request or response ends.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let start = bytes.windows(END.len()).position(|part| part == END)?;
    Some(start + END.len())
}
