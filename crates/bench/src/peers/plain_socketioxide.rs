//! Socketioxide as its documentation begins: every message goes to every client. Nothing is stored, nothing is ordered.

use anyhow::Result;
use axum::serve::ListenerExt as _;
use socketioxide::SocketIo;
use socketioxide::extract::{Data, SocketRef};

use super::print_address::print_address;

pub(super) fn serve() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let (layer, io) = SocketIo::new_layer();
            io.ns("/", async |socket: SocketRef, io: SocketIo| {
                socket.on("chat message", async move |Data::<String>(text)| {
                    // An error says that the buffer of a client is full; the load generator finds what is missing.
                    drop(io.emit("chat message", &text).await);
                });
            });
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            print_address(listener.local_addr()?);
            // Without TCP_NODELAY every second packet may wait 40 ms for the client's acknowledgement.
            let listener = listener.tap_io(|stream| {
                if let Err(error) = stream.set_nodelay(true) {
                    crate::output::print_line(&format!("a connection will be slow: {error}"));
                }
            });
            axum::serve(listener, axum::Router::new().layer(layer)).await?;
            Ok(())
        })
}
