//! - packets pass, and are counted
//! - a packet that the filter drops does not arrive, and the next one does
//! - in a black hole nothing arrives and nothing ends; connections after it work
//! - cut connections end at both ends

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::*;
use crate::websocket::{Frame, upgrade_request, write_client_text};

/// Long enough for what is swallowed to arrive if it were not.
const SILENCE: Duration = Duration::from_millis(100);

/// A server that receives what clients send through the proxy.
struct Scene {
    listener: TcpListener,
    proxy: Proxy,
}

impl Scene {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let proxy = Proxy::to(listener.local_addr().unwrap()).unwrap();
        Self { listener, proxy }
    }

    /// Connects a client up to its upgrade request. Returns the client's end and the server's.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let mut client = TcpStream::connect(self.proxy.address()).unwrap();
        let mut server = self.listener.accept().unwrap().0;
        let request = upgrade_request(self.proxy.address(), "");
        client.write_all(&request).unwrap();
        server.read_exact(&mut vec![0; request.len()]).unwrap();
        (client, server)
    }
}

fn send(client: &mut TcpStream, packet: &str) {
    let mut frame = Vec::new();
    write_client_text(packet.as_bytes(), &mut frame);
    client.write_all(&frame).unwrap();
}

fn receive(server: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        if let Some(frame) = Frame::parse(&bytes).unwrap() {
            return String::from_utf8(bytes[frame.payload()].to_vec()).unwrap();
        }
        let mut byte = [0];
        server.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
}

fn is_silent(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let error = stream.read(&mut [0]).err();
    error.is_some_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[test]
fn packets_pass_and_are_counted() {
    let scene = Scene::new();
    let (mut client, mut server) = scene.connect();
    send(&mut client, "one");
    assert_eq!(receive(&mut server), "one");
    scene.proxy.wait_for_more_than(0, Direction::ToServer, "one").unwrap();
    assert_eq!(scene.proxy.count(Direction::ToServer, "one"), 1);
    assert_eq!(scene.proxy.count(Direction::ToClient, "one"), 0);
}

#[test]
fn a_dropped_packet_does_not_arrive_and_the_next_one_does() {
    let scene = Scene::new();
    let (mut client, mut server) = scene.connect();
    scene.proxy.filter(|_, packet| match packet {
        "one" => Delivery::Drop,
        _ => Delivery::Deliver,
    });
    send(&mut client, "one");
    send(&mut client, "two");
    assert_eq!(receive(&mut server), "two");
    assert_eq!(scene.proxy.dropped(), 1);
}

#[test]
fn in_a_black_hole_nothing_arrives_and_nothing_ends() {
    let scene = Scene::new();
    let (mut client, mut server) = scene.connect();
    scene.proxy.become_black_hole();
    send(&mut client, "one");
    scene.proxy.wait_for_more_than(0, Direction::ToServer, "one").unwrap();
    drop(client);
    assert!(is_silent(&mut server));

    scene.proxy.recover();
    assert!(is_silent(&mut server), "it stays swallowed");
    let (mut client, mut server) = scene.connect();
    send(&mut client, "two");
    assert_eq!(receive(&mut server), "two");
}

#[test]
fn cut_connections_end_at_both_ends() {
    let scene = Scene::new();
    let (mut client, mut server) = scene.connect();
    // The connection is known to the proxy once a packet has passed.
    send(&mut client, "one");
    assert_eq!(receive(&mut server), "one");
    scene.proxy.cut_connections();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
}
