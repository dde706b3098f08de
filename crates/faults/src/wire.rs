//! A wire between a client and a server that the checker can look into, cut, and lose packets on. It knows as much of
//! WebSocket (RFC 6455, section 5.2) as that takes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Towards {
    Server,
    Client,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    /// Only this one is lost.
    Lost,
    /// Nothing arrives any more on this connection, either way, and nobody is told.
    Silence,
}

type Rule = Box<dyn FnMut(Towards, &str) -> Fate + Send>;

/// A wire. Cheap to clone: all clones are the same one.
#[derive(Clone)]
pub(crate) struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: Mutex<SocketAddr>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    rule: Rule,
    open: Vec<TcpStream>,
    /// Every packet that was seen, whatever became of it: where it went, and how it began.
    seen: Vec<(Towards, String)>,
    lost: usize,
}

impl Wire {
    /// A wire to the server, over which everything arrives.
    pub(crate) fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let wire = Self {
            address: listener.local_addr()?,
            shared: Arc::new(Shared {
                server: Mutex::new(server),
                state: Mutex::new(State {
                    rule: Box::new(|_, _| Fate::Arrives),
                    open: Vec::new(),
                    seen: Vec::new(),
                    lost: 0,
                }),
                changed: Condvar::new(),
            }),
        };
        let shared = Arc::downgrade(&wire.shared);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // The thread and its port outlive the wire until somebody knocks.
                let Some(shared) = shared.upgrade() else { return };
                shared.connect(near);
            }
        });
        Ok(wire)
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this decides what becomes of each packet.
    pub(crate) fn rule(&self, rule: impl FnMut(Towards, &str) -> Fate + Send + 'static) {
        self.state().rule = Box::new(rule);
    }

    /// From now on everything arrives; what was lost stays lost.
    pub(crate) fn heals(&self) {
        self.rule(|_, _| Fate::Arrives);
    }

    /// Ends every connection at once; new ones get through.
    pub(crate) fn cut(&self) {
        for end in self.state().open.drain(..) {
            // It may have ended by itself.
            drop(end.shutdown(Shutdown::Both));
        }
    }

    /// How many packets were lost.
    pub(crate) fn lost(&self) -> usize {
        self.state().lost
    }

    /// How many packets went there that hold this.
    pub(crate) fn count(&self, towards: Towards, holds: &str) -> usize {
        let state = self.state();
        let seen = state.seen.iter();
        seen.filter(|(to, text)| *to == towards && text.contains(holds)).count()
    }

    /// Waits until more than so many packets went there that hold this.
    pub(crate) fn until_more_than(&self, before: usize, towards: Towards, holds: &str) -> Result<()> {
        let patience = Duration::from_secs(40);
        let by = Instant::now() + patience;
        let mut state = self.state();
        loop {
            let seen = state.seen.iter();
            if seen.filter(|(to, text)| *to == towards && text.contains(holds)).count() > before {
                return Ok(());
            }
            let left = by.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("nothing with {holds} went over the wire within {patience:?}");
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, near: TcpStream) {
        let server = *self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(far) = TcpStream::connect(server) else {
            return; // Nobody listens there, and the client sees the same.
        };
        let silent = Arc::new(AtomicBool::new(false));
        let pairs = [(&near, &far, Towards::Server), (&far, &near, Towards::Client)];
        for (from, to, towards) in pairs {
            let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else {
                return;
            };
            let (shared, silent) = (Arc::clone(self), Arc::clone(&silent));
            std::thread::spawn(move || {
                let carried = shared.carry(&from, &to, towards, &silent);
                // However it ended, both ends learn of it, unless the wire has gone silent.
                drop(carried);
                if !silent.load(Ordering::SeqCst) {
                    drop(from.shutdown(Shutdown::Both));
                    drop(to.shutdown(Shutdown::Both));
                }
            });
        }
        self.state().open.extend([near, far]);
    }

    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream, towards: Towards, silent: &AtomicBool) -> io::Result<()> {
        let head = read_head(&mut from)?;
        to.write_all(&head)?;
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        if !text.contains("upgrade: websocket") {
            io::copy(&mut from, &mut to)?;
            return Ok(());
        }
        loop {
            let (frame, text) = read_frame(&mut from)?;
            let fate = self.decide(towards, &text);
            if fate == Fate::Silence {
                silent.store(true, Ordering::SeqCst);
            }
            if silent.load(Ordering::SeqCst) || fate == Fate::Lost {
                self.state().lost += 1;
            } else {
                to.write_all(&frame)?;
            }
        }
    }

    fn decide(&self, towards: Towards, text: &str) -> Fate {
        let mut state = self.state();
        let fate = (state.rule)(towards, text);
        state.seen.push((towards, text.to_owned()));
        self.changed.notify_all();
        fate
    }
}

/// The head of a request or an answer, byte by byte: what comes behind it is another matter.
fn read_head(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        from.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// One frame as it came, and its text.
fn read_frame(from: &mut impl Read) -> io::Result<(Vec<u8>, String)> {
    let mut frame = vec![0; 2];
    from.read_exact(&mut frame)?;
    let masked = frame[1] & 0x80 != 0;
    let long = match frame[1] & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    read_on(from, &mut frame, long)?;
    let length = frame[2..]
        .iter()
        .fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
    let length = if long == 0 { u64::from(frame[1] & 0x7f) } else { length };
    let mask_at = frame.len();
    read_on(from, &mut frame, if masked { 4 } else { 0 })?;
    let start = frame.len();
    let length = usize::try_from(length).map_err(io::Error::other)?;
    read_on(from, &mut frame, length)?;
    let mut payload = frame[start..].to_vec();
    if masked {
        for (at, byte) in payload.iter_mut().enumerate() {
            *byte ^= frame[mask_at + at % 4];
        }
    }
    Ok((frame, String::from_utf8_lossy(&payload).into_owned()))
}

fn read_on(from: &mut impl Read, frame: &mut Vec<u8>, many: usize) -> io::Result<()> {
    let start = frame.len();
    frame.resize(start + many, 0);
    from.read_exact(&mut frame[start..])
}

#[cfg(test)]
mod tests {
    //! Short and long frames, masked and not, are read whole.

    use super::*;

    #[test]
    fn frames_are_read_as_they_come() {
        let short = [0x81, 0x02, b'h', b'i'];
        let (frame, text) = read_frame(&mut &short[..]).unwrap();
        assert_eq!((frame.as_slice(), text.as_str()), (&short[..], "hi"));
        let masked = [0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];
        assert_eq!(read_frame(&mut &masked[..]).unwrap().1, "hi");
        let mut long = vec![0x81, 126, 1, 0];
        long.extend([b'x'; 256]);
        long.extend(short);
        let mut from = &long[..];
        assert_eq!(read_frame(&mut from).unwrap().1.len(), 256);
        assert_eq!(read_frame(&mut from).unwrap().1, "hi");
    }
}
