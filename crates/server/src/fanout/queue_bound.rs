//! The bounds of what waits for one client, whatever its transport.

/// Frames that wait for one client. Beyond it broadcasts are dropped for that client, which then finds the gap. The
/// same bound is socketioxide's for packets to a client that polls.
pub(crate) const QUEUE_FRAMES: usize = 512;
/// The same bound in bytes.
pub(crate) const QUEUE_BYTES: usize = 1024 * 1024;
/// Direct messages, responses above all, may use this many times the bound: a client cannot detect that one is missing.
pub(crate) const DIRECT_HEADROOM: usize = 2;

/// The error of a frame that was rejected because the client reads too slowly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueFull;
