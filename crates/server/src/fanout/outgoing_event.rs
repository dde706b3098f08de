//! Events that several clients receive, encoded once.

use serde::Serialize;

use crate::fanout::websocket::frame::Frame;

/// Events of one name, as a WebSocket frame and as arguments for socketioxide.
///
/// An argument that is a tuple becomes as many arguments of the event.
pub(crate) struct OutgoingEvent<'a, T> {
    pub(crate) name: &'a str,
    pub(crate) arguments: &'a [T],
    pub(crate) frame: Frame,
}

impl<'a, T: Serialize> OutgoingEvent<'a, T> {
    pub(crate) fn new(name: &'a str, arguments: &'a [T]) -> Self {
        Self {
            name,
            arguments,
            frame: Frame::events(name, arguments),
        }
    }
}
