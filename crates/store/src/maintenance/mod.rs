//! Maintenance of a history from outside: copying it while a server writes to it, replacing it by a copy, checking it.
//!
//! ```text
//!   backup    a data folder ──▶ snapshot ──▶ check ──▶ one file under its name
//!   restore   a file ──▶ copy ──▶ check ──▶ new epochs ──▶ in place; the previous history is kept
//!   check     a data folder or file ──▶ the database's own check, every log, every projection against a rebuild
//! ```
//!
//! These functions block and may take minutes; they report their progress.

mod backup;
mod check;
mod error;
mod open;
mod projection_check;
mod restore;
mod room_verifier;

pub use backup::{BackupReport, backup};
pub use check::{CheckReport, check};
pub use error::MaintenanceError;
pub use restore::{RestoreReport, restore};
