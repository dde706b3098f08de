//! A server that can be seen by others, and the handle that keeps it so.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::task::Command;

/// What a server tells everybody near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The server's id, under which it is recognised again.
    pub server: Uuid,
    /// Its name for people. Longer than 250 bytes is cut; control characters are removed.
    pub name: String,
    /// The highest protocol version it speaks.
    pub protocol: u32,
    /// The TCP port it listens on, on all addresses. Not 0.
    pub port: u16,
    /// How many people are there now.
    pub people: u32,
}

/// A running announcement. Dropping it says goodbye in the background; [`stop`](Self::stop) waits until that is said.
#[derive(Debug)]
pub struct Announced {
    pub(crate) serial: u64,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
}

/// How long a goodbye may take. The task answers in a millisecond; this is for a machine that is dying.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// The goodbye is sent a second time after 120 ms, since multicast packets get lost. A program that stops must live on
/// that long.
pub(crate) const GOODBYE_TWICE: Duration = Duration::from_millis(150);

impl Announced {
    /// Tells others how many people are there now. May be called as often as it changes.
    pub fn update_people(&self, people: u32) {
        self.tell(Command::People {
            serial: self.serial,
            people,
        });
    }

    /// Tells others the server's new name.
    pub fn rename(&self, name: impl Into<String>) {
        self.tell(Command::Rename {
            serial: self.serial,
            name: name.into(),
        });
    }

    /// Says goodbye, and returns when it has been sent.
    pub async fn stop(self) {
        let (done, said) = oneshot::channel();
        self.tell(Command::Withdraw {
            serial: self.serial,
            done: Some(done),
        });
        if tokio::time::timeout(GOODBYE_WITHIN, said).await.is_err() {
            tracing::warn!("no goodbye could be sent: others will see the server for a few seconds more");
        }
        tokio::time::sleep(GOODBYE_TWICE).await;
    }

    /// After the shutdown of the [`Lan`] there is nobody to tell, and everything has been withdrawn: no error.
    fn tell(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!("discovery was shut down before its announcement");
        }
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.tell(Command::Withdraw {
            serial: self.serial,
            done: None,
        });
    }
}
