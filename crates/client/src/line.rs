//! One attempt to reach a server, and the connection that comes of it.

use ichat_protocol::{ClientEvent, ErrorCode, PROTOCOLS, ServerId, WireError, common_protocol, sign};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Address;
use crate::hello::{Asker, HelloError};
use crate::inbox::{Inbox, News};
use crate::profile::Identity;
use crate::socket;

/// What is needed to reach a server.
pub(crate) struct Dial {
    pub(crate) asker: Asker,
    pub(crate) server: ServerId,
    pub(crate) addresses: Vec<Address>,
    pub(crate) identity: Identity,
}

/// The near end of a connection. It is cut when this is dropped.
pub(crate) struct Line {
    pub(crate) number: u64,
    say: mpsc::UnboundedSender<ClientEvent>,
    stop: CancellationToken,
}

impl Line {
    /// Starts an attempt; everything else comes as [`News`] with its number.
    pub(crate) fn start(number: u64, dial: Dial, inbox: mpsc::Sender<Inbox>) -> Self {
        let (say, to_say) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let news = inbox.clone();
            // A task of its own, because the library may panic in it.
            let call = tokio::spawn(async move { call(number, dial, to_say, &news, &stopped).await });
            let error = call.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a connection ended in a panic");
                None
            });
            // Whoever listened is gone with its session.
            drop(inbox.send(Inbox::Line(number, News::Closed { error })).await);
        });
        Self { number, say, stop }
    }

    pub(crate) fn say(&self, event: ClientEvent) {
        // A line that has ended says so by itself.
        drop(self.say.send(event));
    }

    /// Ends the connection; `Closed` follows.
    pub(crate) fn close(&self) {
        self.stop.cancel();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.close();
    }
}

async fn call(
    number: u64,
    dial: Dial,
    to_say: mpsc::UnboundedReceiver<ClientEvent>,
    inbox: &mpsc::Sender<Inbox>,
    stop: &CancellationToken,
) -> Option<WireError> {
    let race = dial.asker.race(&dial.addresses, Some(dial.server));
    let found = tokio::select! {
        () = stop.cancelled() => return None,
        found = race => found,
    };
    let (address, challenge) = match found {
        Ok(found) => found,
        // That is how it looks when somebody is away, and needs no sentence.
        Err(error @ HelloError::NobodyThere { .. }) => {
            tracing::debug!(%error, "not reached");
            return None;
        }
        Err(error) => return Some(error.to_wire()),
    };
    let Some(protocol) = common_protocol(&challenge.protocols) else {
        let (theirs, ours) = (challenge.protocols, PROTOCOLS.to_vec());
        return Some(HelloError::Protocol { theirs, ours }.to_wire());
    };
    let Identity { profile, key, .. } = &dial.identity;
    let auth = sign(key, &challenge, protocol, profile.name.clone(), profile.device);
    let (told, mut hears) = mpsc::channel(64);
    let name = challenge.server.name;
    let url = address.url().clone();
    drop(inbox.send(Inbox::Line(number, News::Found(address, name))).await);
    let relay = async {
        while let Some(heard) = hears.recv().await {
            if inbox.send(Inbox::Line(number, News::Heard(heard))).await.is_err() {
                break;
            }
        }
    };
    let talk = async {
        let end = socket::talk(&url, &auth, &told, to_say, stop).await;
        // With the sender gone the relay ends after what it still has.
        drop(told);
        end
    };
    let (end, ()) = tokio::join!(talk, relay);
    end.map(|error| match error.code {
        ErrorCode::Other => WireError::new(ErrorCode::Other, format!("The server says: {}", error.message)),
        _ => error,
    })
}
