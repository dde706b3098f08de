//! A TCP proxy between a client and a server. It sees each Socket.IO packet and may drop it, it cuts connections, and
//! it turns into a black hole: nothing arrives any more, and neither end gets an error.

mod connection;
#[cfg(test)]
mod tests;

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use parking_lot::{Condvar, Mutex, MutexGuard};

use self::connection::{Connection, Protocol, end_of_head};
use crate::websocket::Frame;

/// Longer than anything takes on a busy machine.
const PACKET_TIMEOUT: Duration = Duration::from_secs(40);
const READ_BUFFER_BYTES: usize = 16 * 1024;

/// The direction of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// The proxy's treatment of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Deliver,
    /// Drops this packet alone.
    Drop,
    /// Drops this packet and everything after it on the same connection, in both directions.
    BlackHole,
}

type Filter = Box<dyn FnMut(Direction, &str) -> Delivery + Send>;

/// A proxy for one server. Cheap to clone: all clones are the same one.
#[derive(Clone)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    filter: Filter,
    connections: Vec<Connection>,
    /// Connections made now are swallowed from the beginning.
    is_black_hole: bool,
    /// Every packet that came by, delivered or not.
    packets: Vec<(Direction, String)>,
    dropped: usize,
}

impl Proxy {
    /// Starts a proxy that delivers everything.
    pub fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let proxy = Self {
            address: listener.local_addr()?,
            shared: Arc::new(Shared {
                server,
                state: Mutex::new(State {
                    filter: Box::new(|_, _| Delivery::Deliver),
                    connections: Vec::new(),
                    is_black_hole: false,
                    packets: Vec::new(),
                    dropped: 0,
                }),
                changed: Condvar::new(),
            }),
        };
        let shared = Arc::downgrade(&proxy.shared);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // The thread and its port outlive the proxy until the next connection.
                let Some(shared) = shared.upgrade() else { return };
                shared.connect(near);
            }
        });
        Ok(proxy)
    }

    /// Returns the address for clients.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets this function decide about each packet from now on.
    pub fn filter(&self, filter: impl FnMut(Direction, &str) -> Delivery + Send + 'static) {
        self.state().filter = Box::new(filter);
    }

    /// Delivers every packet from now on. Dropped ones stay dropped.
    pub fn deliver_all(&self) {
        self.filter(|_, _| Delivery::Deliver);
    }

    /// Swallows everything from now on, on new connections too. No end notices that the other has gone.
    pub fn become_black_hole(&self) {
        let mut state = self.state();
        state.is_black_hole = true;
        for connection in &state.connections {
            connection.is_swallowed.store(true, Ordering::SeqCst);
        }
    }

    /// Lets new connections through again. Those of the black hole stay swallowed.
    pub fn recover(&self) {
        self.state().is_black_hole = false;
    }

    /// Closes every connection. New ones get through.
    pub fn cut_connections(&self) {
        for connection in self.state().connections.drain(..) {
            connection.close();
        }
    }

    /// Returns the number of dropped packets.
    pub fn dropped(&self) -> usize {
        self.state().dropped
    }

    /// Returns how many packets in this direction contained this text.
    pub fn count(&self, direction: Direction, text: &str) -> usize {
        self.state().count(direction, text)
    }

    /// Waits until more than `count` packets in this direction have contained this text.
    pub fn wait_for_more_than(&self, count: usize, direction: Direction, text: &str) -> Result<()> {
        let deadline = Instant::now() + PACKET_TIMEOUT;
        let mut state = self.state();
        while state.count(direction, text) <= count {
            if self.shared.changed.wait_until(&mut state, deadline).timed_out() {
                bail!("no packet with {text} came by within {PACKET_TIMEOUT:?}");
            }
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock()
    }
}

impl State {
    fn count(&self, direction: Direction, text: &str) -> usize {
        let matching = |(to, packet): &&(Direction, String)| *to == direction && packet.contains(text);
        self.packets.iter().filter(matching).count()
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, near: TcpStream) {
        let Ok(far) = TcpStream::connect(self.server) else {
            return; // The server is down, and the client notices the same.
        };
        let mut state = self.state.lock();
        let connection = Connection {
            near,
            far,
            is_swallowed: Arc::new(AtomicBool::new(state.is_black_hole)),
        };
        for direction in [Direction::ToServer, Direction::ToClient] {
            let Ok(connection) = connection.try_clone() else {
                return;
            };
            let shared = Arc::clone(self);
            std::thread::spawn(move || {
                // An error is the end of the connection, too.
                drop(shared.forward(&connection, direction));
                if !connection.is_swallowed.load(Ordering::SeqCst) {
                    connection.close();
                }
            });
        }
        state.connections.push(connection);
    }

    /// Forwards one direction of a connection until it ends: plain HTTP as it comes, WebSocket frame by frame.
    fn forward(&self, connection: &Connection, direction: Direction) -> io::Result<()> {
        let (mut from, to) = match direction {
            Direction::ToServer => (&connection.near, &connection.far),
            Direction::ToClient => (&connection.far, &connection.near),
        };
        let mut buffer = vec![0; READ_BUFFER_BYTES];
        let mut pending = Vec::new();
        let mut protocol = None;
        loop {
            let read = from.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            pending.extend_from_slice(&buffer[..read]);
            if protocol.is_none()
                && let Some(end) = end_of_head(&pending)
            {
                let head: Vec<u8> = pending.drain(..end).collect();
                protocol = Some(Protocol::after_head(&head));
                connection.pass(to, &head)?;
            }
            match protocol {
                None => {}
                Some(Protocol::Http) => connection.pass(to, &std::mem::take(&mut pending))?,
                Some(Protocol::WebSocket) => self.forward_frames(connection, direction, to, &mut pending)?,
            }
        }
    }

    /// Forwards the complete frames in `pending`, and removes them.
    fn forward_frames(
        &self,
        connection: &Connection,
        direction: Direction,
        mut to: &TcpStream,
        pending: &mut Vec<u8>,
    ) -> io::Result<()> {
        while let Some(frame) = Frame::parse(pending).map_err(io::Error::other)? {
            let mut payload = Vec::new();
            frame.unmask(pending, &mut payload);
            let bytes: Vec<u8> = pending.drain(..frame.end()).collect();
            if self.is_delivered(connection, direction, &String::from_utf8_lossy(&payload)) {
                to.write_all(&bytes)?;
            }
        }
        Ok(())
    }

    /// Asks the filter about a packet, and records it.
    fn is_delivered(&self, connection: &Connection, direction: Direction, packet: &str) -> bool {
        let mut state = self.state.lock();
        let delivery = (state.filter)(direction, packet);
        if delivery == Delivery::BlackHole {
            connection.is_swallowed.store(true, Ordering::SeqCst);
        }
        let is_delivered = delivery == Delivery::Deliver && !connection.is_swallowed.load(Ordering::SeqCst);
        state.dropped += usize::from(!is_delivered);
        state.packets.push((direction, packet.to_owned()));
        self.changed.notify_all();
        is_delivered
    }
}
