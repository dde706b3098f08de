//! What stands between a client and a server, or in a server's place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ichat_client::Address;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A cable that can be pulled without either end being told.
pub(crate) struct Cable {
    pub(crate) address: Address,
    pulled: Arc<AtomicBool>,
}

impl Cable {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let pulled = Arc::new(AtomicBool::new(false));
        let is_pulled = Arc::clone(&pulled);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(server).await else {
                    continue;
                };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(carry(near_in, far_out, Arc::clone(&is_pulled)));
                tokio::spawn(carry(far_in, near_out, Arc::clone(&is_pulled)));
            }
        });
        Self {
            address: Address::new(here.ip(), here.port()).unwrap(),
            pulled,
        }
    }

    /// From now on nothing arrives, and nothing ends.
    pub(crate) fn is_pulled(&self) {
        self.pulled.store(true, Ordering::SeqCst);
    }

    /// New connections get through again; what was under way is lost.
    pub(crate) fn is_plugged_in(&self) {
        self.pulled.store(false, Ordering::SeqCst);
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, pulled: Arc<AtomicBool>) {
    let mut bytes = [0; 4096];
    let mut lost = false;
    while let Ok(many @ 1..) = from.read(&mut bytes).await {
        lost |= pulled.load(Ordering::SeqCst);
        if !lost && to.write_all(&bytes[..many]).await.is_err() {
            return;
        }
    }
    if lost {
        // Neither end hears of the other's end.
        std::future::pending::<()>().await;
    }
}

/// Something that answers every connection with the same bytes.
pub(crate) async fn stranger(answer: &'static [u8]) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 1024];
                if caller.read(&mut asked).await.is_ok() {
                    drop(caller.write_all(answer).await);
                }
            });
        }
    });
    Address::new(here.ip(), here.port()).unwrap()
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    drop(listener);
    Address::new(here.ip(), here.port()).unwrap()
}
