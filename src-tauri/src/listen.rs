//! Where a hosted server listens: on all cards, on the usual port or the next free one.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// The port that people try first.
pub(crate) const USUAL_PORT: u16 = 4242;

/// How many ports above the usual one are tried, before any free one is taken.
const NEXT_PORTS: u16 = 9;

/// Connections that wait to be accepted: a whole office reconnects at once after a restart.
const BACKLOG: i32 = 1024;

/// Listens on all cards, on the first free port of `usual` and the nine above it, else on any.
pub(crate) fn listen(usual: u16) -> io::Result<TcpListener> {
    let mut ports = (usual..=usual.saturating_add(NEXT_PORTS)).chain([0]);
    loop {
        let port = ports.next().unwrap_or(0);
        match listen_on(port) {
            Err(error) if port != 0 && is_about_the_port(&error) => {
                tracing::info!(port, "the port is taken, trying the next one");
            }
            result => return result,
        }
    }
}

/// Windows reserves ranges of ports for itself and calls that a denied access.
fn is_about_the_port(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

/// One socket for IPv4 and IPv6, or for IPv4 alone on a machine without IPv6.
fn listen_on(port: u16) -> io::Result<TcpListener> {
    match listen_at((Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(error) if !is_about_the_port(&error) => listen_at((Ipv4Addr::UNSPECIFIED, port).into()),
        result => result,
    }
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // Windows has it on unless told otherwise, and so has a Linux with `net.ipv6.bindv6only`.
        socket.set_only_v6(false)?;
    }
    // On Unix a port is unusable for a minute after a restart without it; on Windows it would share a taken port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    //! - the usual port when it is free, on IPv4 and IPv6
    //! - the next one when it is taken, whoever has it
    //! - any port when a whole range is taken

    use tokio::net::TcpStream;

    use super::*;

    fn port(listener: &TcpListener) -> u16 {
        listener.local_addr().unwrap().port()
    }

    /// A port that is free together with those above it that are tried.
    fn free_range() -> u16 {
        (30_000..60_000)
            .step_by(20)
            .find(|base| (*base..=base + NEXT_PORTS).all(|port| std::net::TcpListener::bind(("0.0.0.0", port)).is_ok()))
            .unwrap()
    }

    #[tokio::test]
    async fn the_usual_port_answers_on_both_kinds_of_addresses() {
        let usual = free_range();
        let listener = listen(usual).unwrap();
        assert_eq!(port(&listener), usual);
        TcpStream::connect(("127.0.0.1", usual)).await.unwrap();
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            TcpStream::connect(("::1", usual)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_stepped_over() {
        let usual = free_range();
        let everywhere = listen(usual).unwrap();
        let _loopback = std::net::TcpListener::bind(("127.0.0.1", usual + 1)).unwrap();
        let _ipv4 = std::net::TcpListener::bind(("0.0.0.0", usual + 2)).unwrap();
        assert_eq!(port(&everywhere), usual);
        assert_eq!(port(&listen(usual).unwrap()), usual + 3);
    }

    #[tokio::test]
    async fn when_all_are_taken_any_port_will_do() {
        let usual = free_range();
        let _taken: Vec<_> = (usual..=usual + NEXT_PORTS)
            .map(|port| std::net::TcpListener::bind(("0.0.0.0", port)).unwrap())
            .collect();
        let listener = listen(usual).unwrap();
        assert!(!(usual..=usual + NEXT_PORTS).contains(&port(&listener)));
    }
}
