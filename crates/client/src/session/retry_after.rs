//! The time after which a server that is too busy wants to be asked again.

use ichat_protocol::WireError;

/// Bounds for that time, so that a hostile server can't make the client spin or wait forever.
const MIN_RETRY_MS: u64 = 100;
const MAX_RETRY_MS: u64 = 60_000;

/// Returns the time in milliseconds, if the error names one.
pub(super) fn retry_after(error: &WireError) -> Option<u64> {
    let time = error.retry_after_ms.filter(|_| error.code.is_transient())?;
    Some(u64::from(time).clamp(MIN_RETRY_MS, MAX_RETRY_MS))
}
