//! Opens the address that a server listens on.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that wait to be accepted. After a restart all clients reconnect at once.
const BACKLOG: i32 = 4_096;

/// An address that could not be opened. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program uses the port. The app tries the next one.
    #[error(
        "Port {port} is in use by another program. Stop that one, or choose another port (port 0 takes any free one)."
    )]
    InUse { port: u16 },
    /// The user may not open the port: those below 1024 are the administrator's.
    #[error("This user may not open port {port}. Choose one above 1023, or give the program the right to it.")]
    Forbidden { port: u16 },
    /// This machine does not have the address.
    #[error("This machine does not have the address {address}. Use one of its own, or [::] for all of them.")]
    NoSuchAddress { address: SocketAddr },
    /// Any other error of the system.
    #[error("The address {address} could not be opened: {cause}.")]
    Io { address: SocketAddr, cause: io::Error },
}

impl ListenError {
    /// Returns `true` if the address may be free, or there, at a later attempt.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::InUse { .. } | Self::NoSuchAddress { .. } | Self::Io { .. } => true,
            Self::Forbidden { .. } => false,
        }
    }
}

/// Opens an address. `[::]` means every address of this machine, IPv6 and IPv4; without IPv6 it means `0.0.0.0`.
///
/// It must run within a tokio runtime.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let opened = match open(address) {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && is_without_ipv6(&error) => {
            open(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
        }
        opened => opened,
    };
    opened.map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { port: address.port() },
        io::ErrorKind::PermissionDenied => ListenError::Forbidden { port: address.port() },
        io::ErrorKind::AddrNotAvailable => ListenError::NoSuchAddress { address },
        _ => ListenError::Io { address, cause },
    })
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // On Unix this lets a server restart while old connections are in TIME_WAIT. On Windows it would let two servers
    // share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn is_without_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        // EAFNOSUPPORT has no `ErrorKind`: it is 97 on Linux, 47 on macOS, 10047 on Windows.
        || matches!(error.raw_os_error(), Some(97 | 47 | 10_047))
}
