//! The commands that the handles send to the background task.

use tokio::sync::oneshot;

use crate::announcement::Announcement;

/// The id of one call of [`Discovery::announce`](crate::Discovery::announce).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RegistrationId(pub(crate) u64);

/// A request to the background task.
#[derive(Debug)]
pub(crate) enum Command {
    /// Announces a server.
    Register {
        id: RegistrationId,
        announcement: Announcement,
        people: u32,
    },
    /// Announces the new number of people.
    SetPeople { id: RegistrationId, people: u32 },
    /// Says goodbye. `done` completes once the goodbye has been sent, and is dropped if it could not be sent.
    Unregister {
        id: RegistrationId,
        done: Option<oneshot::Sender<()>>,
    },
    /// Searches for servers as long as the list has subscribers.
    Browse,
}
