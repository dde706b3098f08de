//! A session with one server as a plain state machine: input in, effects out; no socket, no clock, no disk.
//!
//! The desktop runs this one; `ui/src/backend/` has the same machine in TypeScript for the browser. The traces in
//! `crates/protocol/vectors/` hold both to one behaviour.

mod face;

pub use face::{
    Change, Command, Connection, Effect, Input, Load, OutboxItem, OutboxState, Restored, RoomCursor, Update,
};
