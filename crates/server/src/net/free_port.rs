//! Finds a free port near a preferred one.

use std::net::IpAddr;

use tokio::net::TcpListener;

use crate::net::listen::{ListenError, listen};

/// Ports after the preferred one that are tried before any free port is taken.
const NEXT_PORTS: u16 = 9;

/// Listens on the preferred port, on the first free one of the nine after it, or else on any free port.
///
/// It must run within a tokio runtime.
pub fn listen_on_free_port(ip: IpAddr, preferred: u16) -> Result<TcpListener, ListenError> {
    first_free(preferred, |port| listen((ip, port).into()))
}

fn first_free<T>(preferred: u16, mut listen: impl FnMut(u16) -> Result<T, ListenError>) -> Result<T, ListenError> {
    for port in preferred..=preferred.saturating_add(NEXT_PORTS) {
        match listen(port) {
            // Windows reserves ranges of ports for itself and reports them as forbidden.
            Err(error @ (ListenError::InUse { .. } | ListenError::Forbidden { .. })) => {
                tracing::info!(%error, "trying the next port");
            }
            result @ (Ok(_) | Err(ListenError::NoSuchAddress { .. } | ListenError::Io { .. })) => return result,
        }
    }
    listen(0)
}

#[cfg(test)]
mod tests {
    //! - the preferred port is taken if it is free, and answers on IPv4 and IPv6
    //! - a port in use on any address is skipped
    //! - any free port is taken if ten are in use
    //! - other errors end the search

    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

    use tokio::net::TcpStream;

    use super::*;

    /// Returns the outcome for a machine on which the given ports are in use, and the ports that were tried.
    fn search(in_use: &[u16]) -> (Result<u16, ListenError>, Vec<u16>) {
        let mut tried = Vec::new();
        let found = first_free(4242, |port| {
            tried.push(port);
            if in_use.contains(&port) {
                Err(ListenError::InUse { port })
            } else {
                Ok(port)
            }
        });
        (found, tried)
    }

    #[test]
    fn the_first_free_port_is_taken() {
        assert_eq!(search(&[]).0.unwrap(), 4242);
        assert_eq!(search(&[4242, 4243, 4245]).0.unwrap(), 4244);
    }

    #[test]
    fn any_port_is_taken_if_ten_are_in_use() {
        let in_use: Vec<u16> = (4242..=4251).collect();
        let (found, tried) = search(&in_use);
        assert_eq!(found.unwrap(), 0);
        assert_eq!(tried.len(), 11);
    }

    #[test]
    fn another_error_ends_the_search() {
        let address = SocketAddr::from(([192, 0, 2, 1], 4242));
        let found = first_free(4242, |_| Err::<(), _>(ListenError::NoSuchAddress { address }));
        assert!(matches!(found, Err(ListenError::NoSuchAddress { .. })));
    }

    #[tokio::test]
    async fn a_port_in_use_on_any_address_is_skipped_and_the_next_answers_on_ipv4_and_ipv6() {
        for address in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
            let in_use = std::net::TcpListener::bind((address, 0)).unwrap();
            let preferred = in_use.local_addr().unwrap().port();
            let listener = listen_on_free_port(Ipv6Addr::UNSPECIFIED.into(), preferred).unwrap();
            let port = listener.local_addr().unwrap().port();
            assert_ne!(port, preferred);
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
                TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.unwrap();
            }
        }
    }
}
