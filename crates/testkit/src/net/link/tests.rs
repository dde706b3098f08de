//! Over a real link between two namespaces:
//!
//! - packets arrive after the delay
//! - a black hole swallows everything, and the link works again after it
//! - TCP repairs loss, reordering and duplication
//! - a guest that moved is reached at its new address
//! - each connection attempt counts once

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use super::super::or_skip;
use super::*;

const TIMEOUT: Duration = Duration::from_secs(20);

fn hosts() -> Option<LinkedHosts> {
    or_skip(LinkedHosts::new(3))
}

/// Connects the guest to the host, and returns the host's end and the guest's.
fn connect(hosts: &LinkedHosts) -> (TcpStream, TcpStream) {
    let listener = hosts.host.run(|| TcpListener::bind((HOST, 0)).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let near = hosts
        .guest
        .run(move || TcpStream::connect_timeout(&address, TIMEOUT).unwrap());
    let far = listener.accept().unwrap().0;
    let near = near.unwrap();
    near.set_read_timeout(Some(TIMEOUT)).unwrap();
    (far, near)
}

#[test]
fn packets_arrive_after_the_delay() {
    let Some(hosts) = hosts() else { return };
    let (mut far, mut near) = connect(&hosts);
    let delay = Duration::from_millis(150);
    hosts.link.delay(delay);
    let (start, mut received) = (Instant::now(), [0; 4]);
    far.write_all(b"ping").unwrap();
    near.read_exact(&mut received).unwrap();
    assert_eq!(received, *b"ping");
    assert!(start.elapsed() >= delay, "{:?}", start.elapsed());
}

#[test]
fn a_black_hole_swallows_everything_and_the_link_works_again_after_it() {
    let Some(hosts) = hosts() else { return };
    let host = hosts.host.run(|| UdpSocket::bind((HOST, 4_000)).unwrap()).unwrap();
    let guest = hosts.guest.run(|| UdpSocket::bind((GUEST, 0)).unwrap()).unwrap();
    host.set_read_timeout(Some(TIMEOUT)).unwrap();
    let to: SocketAddr = format!("{HOST}:4000").parse().unwrap();
    hosts.link.become_black_hole();
    guest.send_to(b"lost", to).unwrap();
    let deadline = Instant::now() + TIMEOUT;
    while hosts.link.lost() == 0 {
        assert!(Instant::now() < deadline, "the link has not read the packet");
        std::thread::yield_now();
    }
    hosts.link.recover();
    guest.send_to(b"found", to).unwrap();
    let mut received = [0; 8];
    let length = host.recv(&mut received).unwrap();
    assert_eq!(received[..length], *b"found");
}

#[test]
fn tcp_repairs_loss_reordering_and_duplication() {
    let Some(hosts) = hosts() else { return };
    let (mut far, mut near) = connect(&hosts);
    hosts
        .link
        .delay(Duration::from_millis(5))
        .lose(5.0)
        .reorder(10.0)
        .duplicate(2.0);
    let sent: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let expected = sent.clone();
    let sending = std::thread::spawn(move || far.write_all(&sent).map(|()| far));
    let mut received = vec![0; expected.len()];
    near.read_exact(&mut received).unwrap();
    assert!(received == expected);
    sending.join().unwrap().unwrap();
}

#[test]
fn a_guest_that_moved_is_reached_at_its_new_address() {
    let Some(hosts) = hosts() else { return };
    hosts.move_guest(GUEST, "10.77.3.9").unwrap();
    let (far, _near) = connect(&hosts);
    assert_eq!(far.peer_addr().unwrap().ip().to_string(), "10.77.3.9");
}

#[test]
fn each_connection_attempt_counts_once() {
    let Some(hosts) = hosts() else { return };
    let connections: Vec<_> = (0..3).map(|_| connect(&hosts)).collect();
    assert_eq!(hosts.link.connection_attempts().len(), connections.len());
    hosts.link.become_black_hole();
    let unreachable: SocketAddr = format!("{HOST}:9").parse().unwrap();
    // TCP sends its SYN three times: at once, and after one and three seconds.
    let refused = hosts
        .guest
        .run(move || TcpStream::connect_timeout(&unreachable, Duration::from_secs(4)))
        .unwrap();
    assert!(refused.is_err());
    assert_eq!(hosts.link.connection_attempts().len(), connections.len() + 1);
}
