//! The handle to a running announcement.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::command::{Command, RegistrationId};

/// Time that a goodbye may take. It usually takes a few milliseconds plus the delay before it is repeated; the limit is
/// for a machine that is shutting down.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// A running announcement. Dropping it says goodbye in the background; [`stop`](Self::stop) waits for the goodbye.
#[derive(Debug)]
pub struct AnnouncementHandle {
    id: RegistrationId,
    commands: mpsc::UnboundedSender<Command>,
    _people_follower: AbortOnDropHandle<()>,
}

impl AnnouncementHandle {
    pub(crate) fn new(
        id: RegistrationId,
        commands: mpsc::UnboundedSender<Command>,
        people: watch::Receiver<u32>,
        runtime: &Handle,
    ) -> Self {
        let follower = runtime.spawn(follow_people(id, people, commands.clone()));
        Self {
            id,
            commands,
            _people_follower: AbortOnDropHandle::new(follower),
        }
    }

    /// Says goodbye and returns once it has been sent.
    pub async fn stop(self) {
        let (done, sent) = oneshot::channel();
        self.unregister(Some(done));
        if tokio::time::timeout(GOODBYE_TIMEOUT, sent).await.is_err() {
            tracing::warn!("no goodbye could be sent: others see the server for a few seconds more");
        }
    }

    fn unregister(&self, done: Option<oneshot::Sender<()>>) {
        let unregister = Command::Unregister { id: self.id, done };
        if self.commands.send(unregister).is_err() {
            // Not an error: the shutdown has said goodbye for all announcements.
            tracing::debug!("discovery was shut down before its announcement");
        }
    }
}

impl Drop for AnnouncementHandle {
    fn drop(&mut self) {
        self.unregister(None);
    }
}

/// Announces each new number of people until either side is dropped.
async fn follow_people(id: RegistrationId, mut people: watch::Receiver<u32>, commands: mpsc::UnboundedSender<Command>) {
    while people.changed().await.is_ok() {
        let people = *people.borrow_and_update();
        if commands.send(Command::SetPeople { id, people }).is_err() {
            return;
        }
    }
}
