//! Tests of the store through its public interface, on real files.
//!
//! - `delivery`: one id is one entry; positions without a gap; acknowledged entries survive `kill -9`
//! - `rules`: the entries that a server accepts; every kind comes back as it was
//! - `rooms`: names, topics, members, unread counts, read markers
//! - `lists`: parts of long lists of rooms and members, and searches in them
//! - `pages`: ranges by `before`, `after`, both and none; limits; what amends a page from beyond
//! - `amendments`: edits and reactions as their result, however many there were; the limits of reactions
//! - `searching`: words, phrases, beginnings, accents, filters; edits and deletions are followed
//! - `erasure`: deleted text leaves the database, the search index and the write-ahead log
//! - `replica`: ranges that adjoin, overlap or don't; the outbox; reset
//! - `replica_rooms`: a client's rooms: the server's descriptions, members, unread counts
//! - `projections`: they are rebuilt when their version is another; readable tables
//! - `opening`: in use, not writable, damaged, foreign, newer; a full disk; a closed store
//! - `maintenance`: backup and restore
//! - `checking`: the check of a folder or a backup
//! - `damage`: flipped bits, lost and altered rows, a cut write-ahead log, an older copy
//! - `undecodable`: messages whose text can't be decoded any more
//! - `size`: the data folder beside the text
//! - `model`: random entries and pages against a naive model in memory, and a replica of it

#![allow(clippy::unwrap_used, reason = "a failed precondition fails the test")]

mod amendments;
mod checking;
mod client;
mod damage;
mod delivery;
mod erasure;
mod fixture;
mod lists;
mod maintenance;
mod model;
mod opening;
mod pages;
mod projections;
mod replica;
mod replica_rooms;
mod rooms;
mod rules;
mod searching;
mod size;
mod undecodable;
