//! A port that stays free while its server is down.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpSocket;

/// A free port of the loopback interface, for a server that is stopped and started again. Meanwhile no other program
/// gets the port by chance: the system gives out neither for listening nor for outgoing connections a port that a
/// socket is bound to.
pub struct ReservedPort {
    address: SocketAddr,
    /// Bound, but not listening: a server that sets `SO_REUSEADDR` can listen on the same port.
    _socket: Option<TcpSocket>,
}

impl ReservedPort {
    /// Reserves a port that is free now.
    pub fn new() -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self {
            address: socket.local_addr()?,
            // Windows lets no second socket listen on the port without taking it over.
            _socket: cfg!(unix).then_some(socket),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(all(test, unix))]
mod tests {
    //! - a server can listen on the port, several times
    //! - the system does not give the port to another program

    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_server_can_listen_on_the_port_again_and_again() {
        let port = ReservedPort::new().unwrap();
        for _ in 0..3 {
            let listener = TcpListener::bind(port.address()).unwrap();
            let client = TcpStream::connect(port.address()).unwrap();
            let accepted = listener.accept().unwrap();
            drop((accepted, client));
        }
        assert!(TcpStream::connect(port.address()).is_err());
    }

    #[test]
    fn the_system_does_not_give_the_port_to_another_program() {
        let ports: Vec<_> = (0..200).map(|_| ReservedPort::new().unwrap()).collect();
        for _ in 0..2_000 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            assert!(ports.iter().all(|port| port.address() != address), "{address}");
        }
    }
}
