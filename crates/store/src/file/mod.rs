//! The data folder and the database file in it.

pub(crate) mod bounds;
pub(crate) mod commit_watermark;
pub(crate) mod data_dir;
pub(crate) mod database;
pub(crate) mod dir_lock;
pub(crate) mod identity;
pub(crate) mod inspect;
pub(crate) mod lock_holder;
pub(crate) mod private;
pub(crate) mod schema;
