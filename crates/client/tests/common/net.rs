//! Addresses at which there is no I-Chat server.

use ichat_client::Address;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Starts a program that answers every connection with the same bytes.
pub(crate) async fn other_program(answer: &'static [u8]) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                if stream.read(&mut request).await.is_ok() {
                    drop(stream.write_all(answer).await);
                }
            });
        }
    });
    Address::new(address.ip(), address.port()).unwrap()
}

/// Returns an address where nothing listens.
pub(crate) async fn unused_address() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    Address::new(address.ip(), address.port()).unwrap()
}

/// Starts a program that accepts connections and never answers.
pub(crate) async fn silent_program() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok(connection) = listener.accept().await {
            connections.push(connection);
        }
    });
    Address::new(address.ip(), address.port()).unwrap()
}
