//! The server over real sockets and a real store, by what its users notice. Each file opens with the list of its cases.
//!
//! - `sign_in`, `messages`, `rooms`, `lists`, `amendments`, `presence`, `sync`: the protocol
//! - `tutorial`: the tutorial's contract
//! - `refusals`, `http`, `addresses`, `full_disk`, `hostile`, `slow_clients`, `memory`, `unfinished`: what the server refuses, and what it
//!   withstands
//! - `rates`: the limits on what a person makes the server do
//! - `settings`, `startup`, `shutdown`, `maintenance`, `manual`, `privacy`, `open_files`, `logs`: the program `ichat-server`, run as a process by `program`
//! - `base_path`: a server that has a part of a host name only
//! - `metrics`, `disk`: what Prometheus reads of it, and a disk that fills up
//! - `polling`: a client that polls

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't continue fails where it is"
)]

mod addresses;
mod amendments;
mod base_path;
mod disk;
#[cfg(target_os = "linux")]
mod full_disk;
mod hostile;
mod http;
mod lists;
mod logs;
mod maintenance;
#[cfg(unix)]
mod manual;
mod memory;
mod messages;
mod metrics;
#[cfg(unix)]
mod open_files;
mod polling;
mod presence;
#[cfg(unix)]
mod privacy;
mod program;
mod rates;
mod refusals;
mod rooms;
mod settings;
mod shutdown;
mod sign_in;
mod slow_clients;
mod startup;
mod sync;
mod tutorial;
mod unfinished;
