//! The log on disk: append, read, project, search. The only place with SQL.
//!
//! ```text
//!   Store ── commit, save, set_read ──▶ writer   one thread, one connection, one transaction a batch
//!     │                                   │ └── projections: rooms, members, tallies; behind the log: search index
//!     └──── page, rooms, search … ────▶ readers  a few connections, short transactions
//!                                         │
//!                                       folder   the lock, the file, its format and its health
//! ```
//!
//! Beside them [`backup`], [`restore`] and [`check`] look after a folder from outside.
//!
//! What is read is what was written, or an error: each entry carries a sum, a page has no gap, and a note beside the
//! database says how much was confirmed.
//!
//! The same tables hold a server's truth and a client's replica. The server hands [`NewEntry`]s to [`Store::commit`], which
//! gives each its place. The client hands [`ReplicaChange`]s to [`Store::save`]: entries that have their places already.
//! No `SQLite` type, path or pragma leaks through the face, and sockets are unknown here.

#[cfg(feature = "broken")]
#[doc(hidden)]
pub mod broken;
mod checksum;
mod code;
mod commit_watermark;
mod data_dir;
mod error;
mod identity;
mod indexer;
mod integrity;
mod log;
mod maintenance;
mod message_counts;
mod read;
mod readers;
mod replica;
mod schema;
mod shorthand;
mod store;
mod write;
mod writer;

pub use error::{OpenError, StoreError};
pub use log::{Hit, NewEntry, Outcome, Search};
pub use maintenance::{BackupReport, CheckReport, MaintenanceError, Progress, RestoreReport, backup, check, restore};
pub use replica::{OutboxRow, PersistedRoom, PersistedState, ReplicaChange};
pub use store::Store;
