//! The log on disk, and what is computed from it. The only crate with SQL.
//!
//! ```text
//!   Store ── commit, save, set_read ──▶ writer ──▶ write ─────┐    one thread, one connection, one transaction a batch
//!     │                                   └─ idle_work ───────┤
//!     └──── page, rooms, search … ────▶ readers ─▶ read ──────┼──▶ projection ──▶ log      tables, keys, encodings
//!                                                             │
//!   backup, restore, check ───────────▶ maintenance ──────────┴──▶ file    lock, database, identity, commit watermark
//! ```
//!
//! A data folder stores three kinds of state. *Entries* are the logs of the rooms. *Member state* is small values of one user,
//! for example read markers. *Blobs* will be files. Everything else is a *projection*: rooms, members, message counts and the
//! search index are computed from the log, by the same code for a commit, for a replica and for a rebuild. So there is
//! nothing to migrate: projections of another version are rebuilt when the folder is opened.
//!
//! The same tables are a server's truth and a client's replica. A server passes [`NewEntry`]s to [`Store::commit`], which
//! assigns their positions. A client passes [`ReplicaChange`]s to [`Store::save`]: entries with the server's positions.
//!
//! What is read is what was written, or an error: each entry has a checksum, a page has no gap, and the commit watermark
//! beside the database says how much was acknowledged. No type, path or setting of `SQLite` is public, and the crate knows no
//! sockets.

#[cfg(feature = "broken")]
#[doc(hidden)]
pub mod broken;
mod checksum;
mod error;
mod file;
mod idle_work;
mod list_part;
mod log;
mod maintenance;
mod member_state;
mod new_entry;
mod progress;
mod projection;
mod read;
mod readers;
mod replica;
mod search_query;
mod store;
mod write;
mod writer;

pub use error::{OpenError, StoreError};
pub use file::dir_lock::DirLock;
pub use file::private::{PrivacyError, ensure_private_dir};
pub use list_part::ListPart;
pub use maintenance::{BackupReport, CheckReport, MaintenanceError, RestoreReport, backup, check, restore};
pub use new_entry::{NewEntry, Outcome};
pub use progress::Progress;
pub use replica::{OutboxRow, PersistedRoom, PersistedState, ReplicaChange};
pub use search_query::{SearchHit, SearchQuery};
pub use store::Store;
