//! *Commit, then publish*: one writer, one publisher, and between them the order that all clients see.
//!
//! ```text
//!   requests ──▶ writer ── ordering ──▶ store ──▶ publisher ──┬─▶ hub           one `entries` per room
//!                                                             └─▶ completion    the response to each request
//! ```

pub(crate) mod completion;
mod ordering;
pub(crate) mod post_order;
pub(crate) mod publisher;
pub(crate) mod writer;
