//! Rules for the repository that no compiler checks, read from the source tree:
//!
//! - `architecture`: what each crate must not depend on
//! - `import_cycles`: no file imports itself through others
//! - `names`: standard words, and doc comments that begin with a verb or a noun
//! - `packages`: versions, licences and lock files
//! - `packaging`: what the installers contain
//! - `repo_hygiene`: files, paths and links

// Clippy's exception for tests covers only functions with the attribute, not their helpers.
#![allow(clippy::expect_used)]

mod architecture;
mod import_cycles;
mod names;
mod packages;
mod packaging;
mod repo_hygiene;
mod tree;
