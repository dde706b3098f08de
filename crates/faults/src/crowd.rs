//! Many light clients in one process. Thousands of real ones would measure themselves.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::{Head, Hello};
use ichat_testkit::SocketIoClient;
use ichat_testkit::socket_io::guest_auth;
use serde_json::Value;
use tokio::net::TcpSocket;

/// Files that this process opens besides the connections.
const OTHER_FILES: u64 = 256;
/// The receive buffer of a client that is to fill up soon.
const SMALL_RECEIVE_BUFFER: usize = 64 * 1024;
/// The segment size on an Ethernet.
const ETHERNET_MSS: u32 = 1_400;

/// Allows this process so many connections.
pub(crate) fn raise_file_limit(connections: usize) -> Result<()> {
    let needed = u64::try_from(connections)? + OTHER_FILES;
    let allowed = rlimit::increase_nofile_limit(needed)?;
    ensure!(
        allowed >= needed,
        "this process may open {allowed} files, and it needs {needed}: ulimit -n {needed}"
    );
    Ok(())
}

/// Returns a runtime for the clients, beside the case's own thread.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Connects a guest.
pub(crate) async fn join_as_guest(server: SocketAddr, number: usize) -> Result<(SocketIoClient, Hello)> {
    SocketIoClient::join(server, &guest_auth(&format!("Guest {number}"))).await
}

/// Connects a client whose buffers fill up soon when it does not read. Over loopback a segment has 64 KiB, and the
/// kernel buffers megabytes of them.
#[cfg(unix)]
pub(crate) async fn join_with_small_buffers(server: SocketAddr, auth: &Value) -> Result<(SocketIoClient, Hello)> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(server), socket2::Type::STREAM, None)?;
    socket.set_recv_buffer_size(SMALL_RECEIVE_BUFFER)?;
    socket.set_tcp_mss(ETHERNET_MSS)?;
    socket.set_nonblocking(true)?;
    let stream = TcpSocket::from_std_stream(socket.into()).connect(server).await?;
    SocketIoClient::join_over(stream, server, auth).await
}

/// Returns the end of the lobby's log, as the hello tells it.
pub(crate) fn lobby_head(hello: &Hello) -> Result<Head> {
    let lobby = hello.rooms.iter().find(|room| room.id == hello.lobby);
    Ok(lobby.context("the hello does not contain the lobby")?.head)
}
