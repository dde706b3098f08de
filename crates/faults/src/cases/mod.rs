//! The cases, by their ids in the catalogue of faults (`docs/delivery.md`).
//!
//! **To add one:** write `src/cases/<id>_<words>.rs` with a `pub(super) const CASE: Case`, and add it here and to
//! [`CASES`]. `run` runs one round and ends with [`Round::check`](crate::round::Round::check); what the case promises
//! beyond the rules, it checks itself, and `bail!` says what was seen instead. Take everything random from `round.rng`,
//! so that the seed repeats it. Wait with [`ClientHandle::wait_until`](crate::client_handle::ClientHandle::wait_until),
//! never for a fixed time, unless the time is the fault.
//!
//! `round.server()`, `round.client("ada")` (ours) and `round.socket_io_client("bo")` return handles that are cheap to
//! clone; each is a process, and `kill()` is `kill -9`. `server_with` and `client_with` take a
//! [`Launch`](crate::process::Launch): words in front of the program, and an environment. `LinkedClients` starts with a
//! client at the other end of a link. A fault that lasts takes `round.pace.duration(…)`: seconds in `cargo xtask test`,
//! its real minutes when the case is asked for by name (`cargo xtask faults N7`).

mod d10_replayed_edits;
mod d11_older_backup;
mod d14_session_model;
mod d1_parallel_posts;
mod d2_repeated_post;
mod d3_reused_id;
mod d4_lost_answer;
mod d5_half_answered_outbox;
mod d7_lost_broadcast;
mod d8_commit_during_resume;
mod d9_long_catch_up;
mod l2_mass_reconnect;
#[cfg(target_os = "linux")]
mod l3_slow_reader;
#[cfg(target_os = "linux")]
mod l4_leaving_with_full_queue;
#[cfg(target_os = "linux")]
mod linked_clients;
#[cfg(target_os = "linux")]
mod n1_black_hole;
#[cfg(target_os = "linux")]
mod n3_bad_link;
#[cfg(target_os = "linux")]
mod n4_new_address;
#[cfg(target_os = "linux")]
mod n5_suspended_client;
#[cfg(target_os = "linux")]
mod n6_wall_clock_jumps;
#[cfg(target_os = "linux")]
mod n7_absent_server;
mod s10_shared_data_folder;
mod s1_killed_server;
mod s2_killed_client;
#[cfg(target_os = "linux")]
mod s3_power_loss;
#[cfg(target_os = "linux")]
mod s5_full_disk;
mod s7_backup_under_load;
mod s9_damaged_database;

use crate::case::Case;

/// All cases, in the order of the catalogue.
pub(crate) const CASES: &[Case] = &[
    d1_parallel_posts::CASE,
    d2_repeated_post::CASE,
    d3_reused_id::CASE,
    d4_lost_answer::CASE,
    d5_half_answered_outbox::CASE,
    d7_lost_broadcast::CASE,
    d8_commit_during_resume::CASE,
    d9_long_catch_up::CASE,
    d10_replayed_edits::CASE,
    d11_older_backup::CASE,
    d14_session_model::CASE,
    s1_killed_server::CASE,
    s2_killed_client::CASE,
    #[cfg(target_os = "linux")]
    s3_power_loss::CASE,
    #[cfg(target_os = "linux")]
    s5_full_disk::CASE,
    s7_backup_under_load::CASE,
    s9_damaged_database::CASE,
    s10_shared_data_folder::CASE,
    #[cfg(target_os = "linux")]
    n1_black_hole::CASE,
    #[cfg(target_os = "linux")]
    n3_bad_link::CASE,
    #[cfg(target_os = "linux")]
    n4_new_address::CASE,
    #[cfg(target_os = "linux")]
    n5_suspended_client::CASE,
    #[cfg(target_os = "linux")]
    n6_wall_clock_jumps::CASE,
    #[cfg(target_os = "linux")]
    n7_absent_server::CASE,
    l2_mass_reconnect::CASE,
    #[cfg(target_os = "linux")]
    l3_slow_reader::CASE,
    #[cfg(target_os = "linux")]
    l4_leaving_with_full_queue::CASE,
];
