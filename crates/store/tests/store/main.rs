//! The store through its public face, on real files.
//!
//! - `delivery`: one id is one entry (in parallel, after reopening, with other content, after a wipe); places without a
//!   gap under concurrent commits; times never go back; what was acknowledged outlives `kill -9`
//! - `rules`: who may write what; edits, deletions and reactions; deleted text leaves the disk
//! - `rooms`: names, topics, members, unread counts, read markers
//! - `pages`: ranges by `before`, `after`, both and none; limits; what lies beyond a page and amends it
//! - `searching`: words, phrases, continuations, accents, rooms and authors; edits and deletions are followed; any text
//! - `replica`: ranges that adjoin, overlap or don't; pages in any order; the outbox; reset; unread counts of a client
//! - `faults`: second opening, no folder to write in, damaged, foreign and newer files, full disk, closed store
//! - `maintenance`: backup under load, restore with new epochs and the old data kept, check; and whatever can be wrong with a file
//! - `damage`: flipped bits, lost and altered entries, a cut write-ahead log, an older copy
//! - `formats`: a file of the first format is brought up to date, and left as it is when that fails
//! - `size`: texts in shorthand come back as they were, and leave the disk when they are deleted
//! - `model`: random drafts and pages against a naive model in memory, and a replica of it

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod damage;
mod delivery;
mod faults;
mod formats;
mod maintenance;
mod model;
mod office;
mod pages;
mod replica;
mod rooms;
mod rules;
mod searching;
mod size;
