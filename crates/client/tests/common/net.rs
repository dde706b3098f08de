//! What stands between a client and a server, or in a server's place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ichat_client::Address;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A cable that can be pulled without either end being told.
pub(crate) struct Cable {
    pub(crate) address: Address,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    pulled: AtomicBool,
    /// How often it was pulled: a connection from before is dead for ever.
    pulls: AtomicU64,
}

impl State {
    fn loses(&self, since: u64) -> bool {
        self.pulled.load(Ordering::SeqCst) || self.pulls.load(Ordering::SeqCst) != since
    }
}

impl Cable {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let state = Arc::<State>::default();
        let of_now = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(server).await else {
                    continue;
                };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                let pulls = of_now.pulls.load(Ordering::SeqCst);
                tokio::spawn(carry(near_in, far_out, Arc::clone(&of_now), pulls));
                tokio::spawn(carry(far_in, near_out, Arc::clone(&of_now), pulls));
            }
        });
        Self {
            address: Address::new(here.ip(), here.port()).unwrap(),
            state,
        }
    }

    /// From now on nothing arrives, and nothing ends.
    pub(crate) fn is_pulled(&self) {
        self.state.pulls.fetch_add(1, Ordering::SeqCst);
        self.state.pulled.store(true, Ordering::SeqCst);
    }

    /// New connections get through again; what was under way is lost.
    pub(crate) fn is_plugged_in(&self) {
        self.state.pulled.store(false, Ordering::SeqCst);
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: Arc<State>, pulls: u64) {
    let mut bytes = [0; 4096];
    let mut lost = false;
    while let Ok(many @ 1..) = from.read(&mut bytes).await {
        lost |= state.loses(pulls);
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
