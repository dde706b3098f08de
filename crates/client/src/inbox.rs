//! What reaches a session from outside: from the person, and from the line to the server.

use ichat_protocol::{Name, WireError};
use tokio::sync::oneshot;

use crate::Address;
use crate::error::CommandError;
use crate::session::Command;
use crate::socket::Heard;

/// What waits for a session; whoever brings more waits until there is room.
pub(crate) const INBOX: usize = 1_024;

pub(crate) enum Inbox {
    /// A command, and who waits for its being saved.
    Command(Command, oneshot::Sender<Result<(), CommandError>>),
    /// See [`crate::session::Input::Refresh`].
    Refresh,
    /// See [`crate::session::Input::Nudge`].
    Nudge,
    /// From the line with this number.
    Line(u64, News),
}

/// What a line tells the session that it belongs to.
#[derive(Debug)]
pub(crate) enum News {
    /// The server answers here, under this name.
    Found(Address, Name),
    /// See [`Heard`].
    Heard(Heard),
    /// The end, always and once.
    Closed { error: Option<WireError> },
}
