//! *Commit, then publish*: one writer, one publisher, and between them the order that all clients see.
//!
//! ```text
//!   requests ──▶ writer ── ordering ──▶ store ──▶ publisher ──┬─▶ hub           one `entries` per room
//!                                                             └─▶ completion    the response to each request
//! ```

pub(crate) mod completion;
pub(crate) mod daily_quota;
mod ordering;
pub(crate) mod post_order;
pub(crate) mod publisher;
pub(crate) mod quota_share;
pub(crate) mod writer;
