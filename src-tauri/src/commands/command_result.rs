//! The result type of the commands.

use ichat_protocol::WireError;

/// The result of a command. An error reaches the page as `{code, message}`.
pub(super) type CommandResult<T = ()> = Result<T, WireError>;
