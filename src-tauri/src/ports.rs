//! Which port a hosted server gets: the usual one, or the next that is free.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ichat_discovery::Scope;
use ichat_server::{DEFAULT_PORT, ListenError};
use tokio::net::TcpListener;

/// How many ports above the usual one are tried, before any free one is taken.
const NEXT_PORTS: u16 = 9;

/// Listens as far as said, on the usual port or the first free one above it, else on any.
pub(crate) fn listen(scope: Scope) -> Result<TcpListener, ListenError> {
    listen_from(scope, DEFAULT_PORT)
}

fn listen_from(scope: Scope, usual: u16) -> Result<TcpListener, ListenError> {
    let ip: IpAddr = match scope {
        Scope::LocalNetwork => Ipv6Addr::UNSPECIFIED.into(),
        Scope::ThisComputer => Ipv4Addr::LOCALHOST.into(),
    };
    for port in usual..=usual.saturating_add(NEXT_PORTS) {
        match ichat_server::listen((ip, port).into()) {
            // Windows reserves ranges of ports for itself, and calls that forbidden.
            Err(ListenError::InUse { .. } | ListenError::Forbidden { .. }) => {
                tracing::info!(port, "the port is taken, trying the next one");
            }
            result => return result,
        }
    }
    ichat_server::listen((ip, 0).into())
}

#[cfg(test)]
mod tests {
    //! - the usual port when it is free, on IPv4 and IPv6
    //! - the next one when it is taken, whoever has it
    //! - any port when a whole range is taken
    //! - nothing but the loopback address when others are not to reach it

    use tokio::net::TcpStream;

    use super::*;

    fn port(listener: &TcpListener) -> u16 {
        listener.local_addr().unwrap().port()
    }

    /// The first of some ports that are all free, the ones that are tried and one more. Each test has its own part of
    /// them, for tests run at the same time.
    fn free_ports(part: u16) -> u16 {
        let first = 20_000 + part * 1_000;
        (first..first + 900)
            .step_by(20)
            .find(|base| {
                (*base..=base + NEXT_PORTS + 1).all(|port| std::net::TcpListener::bind(("0.0.0.0", port)).is_ok())
            })
            .unwrap()
    }

    #[tokio::test]
    async fn the_usual_port_answers_on_both_kinds_of_addresses() {
        let usual = free_ports(0);
        let listener = listen_from(Scope::LocalNetwork, usual).unwrap();
        assert_eq!(port(&listener), usual);
        TcpStream::connect(("127.0.0.1", usual)).await.unwrap();
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            TcpStream::connect(("::1", usual)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_stepped_over() {
        let usual = free_ports(1);
        let everywhere = listen_from(Scope::LocalNetwork, usual).unwrap();
        let _loopback = std::net::TcpListener::bind(("127.0.0.1", usual + 1)).unwrap();
        let _ipv4 = std::net::TcpListener::bind(("0.0.0.0", usual + 2)).unwrap();
        assert_eq!(port(&everywhere), usual);
        assert_eq!(port(&listen_from(Scope::LocalNetwork, usual).unwrap()), usual + 3);
    }

    #[tokio::test]
    async fn when_all_are_taken_any_port_will_do() {
        let usual = free_ports(2);
        let _taken: Vec<_> = (usual..=usual + NEXT_PORTS)
            .map(|port| std::net::TcpListener::bind(("0.0.0.0", port)).unwrap())
            .collect();
        let listener = listen_from(Scope::LocalNetwork, usual).unwrap();
        assert!(!(usual..=usual + NEXT_PORTS).contains(&port(&listener)));
    }

    #[tokio::test]
    async fn on_this_computer_only_others_are_not_let_in() {
        let listener = listen_from(Scope::ThisComputer, free_ports(3)).unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
    }
}
