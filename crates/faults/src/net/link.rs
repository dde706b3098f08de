//! The line between two computers: it reads the packets of each card and writes them to the other, in its own time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;
use tun_rs::{InterruptEvent, SyncDevice};

use super::computer::Computer;
use super::weather::Weather;

/// Packets that may be on their way; a real line drops what it has no room for.
const ROOM: usize = 20_000;
/// Larger than any packet of the cards.
const PACKET: usize = 2_048;

/// A line. It ends when this is dropped.
pub(crate) struct Link {
    line: Arc<Line>,
    threads: Vec<JoinHandle<()>>,
}

struct Line {
    cards: [SyncDevice; 2],
    end: InterruptEvent,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    weather: Weather,
    on_the_way: BinaryHeap<Reverse<Packet>>,
    /// Packets so far: those of one moment keep their order.
    count: u64,
    lost: usize,
    ended: bool,
    attempts: Attempts,
}

/// What is on its way; the earliest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Packet {
    due: Instant,
    number: u64,
    to: usize,
    bytes: Vec<u8>,
}

/// TCP connections that the second computer began.
#[derive(Default)]
struct Attempts {
    seen: HashSet<[u8; 6]>,
    at: Vec<Instant>,
}

impl Link {
    /// A line in fine weather.
    pub(crate) fn between(one: &Computer, other: &Computer, seed: u64) -> Result<Self> {
        let line = Arc::new(Line {
            cards: [one.card()?, other.card()?],
            end: InterruptEvent::new()?,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut threads: Vec<_> = (0..2)
            .map(|from| {
                let (line, dice) = (Arc::clone(&line), Rng::with_seed(seed ^ from as u64));
                std::thread::spawn(move || line.read(from, dice))
            })
            .collect();
        let courier = Arc::clone(&line);
        threads.push(std::thread::spawn(move || courier.carry()));
        Ok(Self { line, threads })
    }

    /// Nothing comes through from now on, and neither end is told.
    pub(crate) fn black_hole(&self) -> &Self {
        self.changes(|weather| weather.dark = true)
    }

    /// Fine weather again.
    pub(crate) fn heal(&self) -> &Self {
        self.changes(|weather| *weather = Weather::default())
    }

    /// Each way takes so long.
    pub(crate) fn delays(&self, by: Duration) -> &Self {
        self.changes(|weather| weather.delay = by)
    }

    /// So many of a hundred packets are lost, each way.
    pub(crate) fn loses(&self, percent: f64) -> &Self {
        self.changes(|weather| weather.lost = percent)
    }

    /// So many of a hundred packets are overtaken by later ones.
    pub(crate) fn reorders(&self, percent: f64) -> &Self {
        self.changes(|weather| weather.late = percent)
    }

    /// So many of a hundred packets come twice.
    pub(crate) fn doubles(&self, percent: f64) -> &Self {
        self.changes(|weather| weather.doubled = percent)
    }

    /// Packets that did not come through, so far.
    pub(crate) fn lost(&self) -> usize {
        self.line.state().lost
    }

    /// When the second computer began connections; one that it had to ask for again counts once.
    pub(crate) fn attempts(&self) -> Vec<Instant> {
        self.line.state().attempts.at.clone()
    }

    fn changes(&self, how: impl FnOnce(&mut Weather)) -> &Self {
        how(&mut self.line.state().weather);
        self
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.line.state().ended = true;
        self.line.changed.notify_all();
        // Then the readers go on waiting, and end with the process.
        if self.line.end.trigger().is_ok() {
            for thread in self.threads.drain(..) {
                drop(thread.join());
            }
        }
    }
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what one computer sends, until the end.
    fn read(&self, from: usize, mut dice: Rng) {
        let mut bytes = [0; PACKET];
        while let Ok(length) = self.cards[from].recv_intr(&mut bytes, &self.end) {
            let bytes = &bytes[..length];
            let mut state = self.state();
            if state.ended {
                break;
            }
            if from == 1 {
                state.attempts.note(bytes);
            }
            let fate: Vec<_> = state.weather.fate(&mut dice).collect();
            state.lost += usize::from(fate.is_empty());
            for delay in fate {
                if state.on_the_way.len() < ROOM {
                    state.count += 1;
                    let packet = Packet {
                        due: Instant::now() + delay,
                        number: state.count,
                        to: 1 - from,
                        bytes: bytes.to_vec(),
                    };
                    state.on_the_way.push(Reverse(packet));
                }
            }
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Hands over what is due, until the end.
    fn carry(&self) {
        let mut state = self.state();
        while !state.ended {
            let now = Instant::now();
            let due = state.on_the_way.peek().map(|Reverse(packet)| packet.due);
            state = match due {
                Some(due) if due <= now => {
                    if let Some(Reverse(packet)) = state.on_the_way.pop() {
                        drop(state);
                        // A computer that doesn't take it loses it, as on any line.
                        drop(self.cards[packet.to].send(&packet.bytes));
                    }
                    self.state()
                }
                Some(due) => {
                    let waited = self.changed.wait_timeout(state, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Attempts {
    fn note(&mut self, packet: &[u8]) {
        if let Some(connection) = beginning(packet)
            && self.seen.insert(connection)
        {
            self.at.push(Instant::now());
        }
    }
}

/// Source port and first number of a TCP connection, if this IPv4 packet begins one.
fn beginning(packet: &[u8]) -> Option<[u8; 6]> {
    const TCP: u8 = 6;
    const SYN_OF_SYN_AND_ACK: (u8, u8) = (0x02, 0x12);
    let head = *packet.first()?;
    if head >> 4 != 4 || *packet.get(9)? != TCP {
        return None;
    }
    let segment = packet.get(usize::from(head & 0x0f) * 4..)?;
    let (syn, both) = SYN_OF_SYN_AND_ACK;
    if segment.get(13)? & both != syn {
        return None;
    }
    let (port, number) = (segment.get(..2)?, segment.get(4..8)?);
    [port, number].concat().try_into().ok()
}

#[cfg(test)]
mod tests {
    //! Over a real line: what is sent arrives; it takes as long as said; in the dark nothing comes, and it goes on after;
    //! what is lost and late is made good by TCP; a moved computer is not at its old address; attempts are counted once.

    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

    use super::super::{GUEST, HOST, Network, obstacle};
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    /// Without namespaces there is nothing to test, but CI must have them.
    fn network() -> Option<Network> {
        match obstacle() {
            None => Some(Network::new(3).unwrap()),
            Some(reason) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{reason}"),
            Some(reason) => {
                eprintln!("skipped: {reason}");
                None
            }
        }
    }

    /// A connection over the line: the host's end and the guest's.
    fn call(network: &Network) -> (TcpStream, TcpStream) {
        let listener = network.host.does(|| TcpListener::bind((HOST, 0)).unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let near = network
            .guest
            .does(move || TcpStream::connect_timeout(&address, SOON).unwrap());
        let far = listener.accept().unwrap().0;
        let near = near.unwrap();
        near.set_read_timeout(Some(SOON)).unwrap();
        (far, near)
    }

    #[test]
    fn what_is_sent_arrives_as_late_as_said() {
        let Some(network) = network() else { return };
        let (mut far, mut near) = call(&network);
        let delay = Duration::from_millis(150);
        network.link.delays(delay);
        let (began, mut answer) = (Instant::now(), [0; 4]);
        far.write_all(b"ping").unwrap();
        near.read_exact(&mut answer).unwrap();
        assert_eq!(answer, *b"ping");
        assert!(began.elapsed() >= delay, "{:?}", began.elapsed());
    }

    #[test]
    fn nothing_comes_through_the_dark_and_it_goes_on_after() {
        let Some(network) = network() else { return };
        let host = network.host.does(|| UdpSocket::bind((HOST, 4_000)).unwrap()).unwrap();
        let guest = network.guest.does(|| UdpSocket::bind((GUEST, 0)).unwrap()).unwrap();
        host.set_read_timeout(Some(SOON)).unwrap();
        let to: SocketAddr = format!("{HOST}:4000").parse().unwrap();
        network.link.black_hole();
        guest.send_to(b"lost", to).unwrap();
        let by = Instant::now() + SOON;
        while network.link.lost() == 0 {
            assert!(Instant::now() < by, "nobody has taken it");
            std::thread::yield_now();
        }
        network.link.heal();
        guest.send_to(b"found", to).unwrap();
        let mut heard = [0; 8];
        let length = host.recv(&mut heard).unwrap();
        assert_eq!(heard[..length], *b"found");
    }

    #[test]
    fn tcp_makes_good_what_is_lost_and_late() {
        let Some(network) = network() else { return };
        let (mut far, mut near) = call(&network);
        network
            .link
            .delays(Duration::from_millis(5))
            .loses(5.0)
            .reorders(10.0)
            .doubles(2.0);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let expected = sent.clone();
        let sending = std::thread::spawn(move || far.write_all(&sent).map(|()| far));
        let mut heard = vec![0; expected.len()];
        near.read_exact(&mut heard).unwrap();
        assert!(heard == expected);
        sending.join().unwrap().unwrap();
    }

    #[test]
    fn a_computer_that_moved_is_reached_at_its_new_address() {
        let Some(network) = network() else { return };
        network.guest.moves(GUEST, "10.77.3.9").unwrap();
        let (far, _near) = call(&network);
        assert_eq!(far.peer_addr().unwrap().ip().to_string(), "10.77.3.9");
    }

    #[test]
    fn each_attempt_counts_once() {
        let Some(network) = network() else { return };
        let connections: Vec<_> = (0..3).map(|_| call(&network)).collect();
        assert_eq!(network.link.attempts().len(), connections.len());
        network.link.black_hole();
        let nobody: SocketAddr = format!("{HOST}:9").parse().unwrap();
        // It asks three times: at once, and after one and three seconds.
        let refused = network
            .guest
            .does(move || TcpStream::connect_timeout(&nobody, Duration::from_secs(4)))
            .unwrap();
        assert!(refused.is_err());
        assert_eq!(network.link.attempts().len(), connections.len() + 1);
    }
}
