//! The targets: one row of the table each.

use super::target::Limit::{AtLeast, AtMost, AtMostAbove, AtMostPlus, AtMostTimes, TimesBelow};
use super::target::{Target, target};

const CLIENTS_1000: &str = "1,000 clients, 10 senders flat out";
const CLIENTS_5000: &str = "5,000 clients, 10 senders flat out";
const OPEN_LOOP: &str = "100 clients, 50 messages per second";

/// The rows, in the order of the table. To add a target, add a row here; its benchmark must print a figure of that name
/// and case for the product `ichat`, and for the product that it is compared with.
pub(super) const TARGETS: &[Target] = &[
    target(
        CLIENTS_1000,
        "CPU per delivery, compared with the bare writer, each",
        ("cpu", "1000x10"),
        AtMostTimes(1.0, "bare-each"),
    ),
    target(
        CLIENTS_1000,
        "CPU per delivery, compared with Node",
        ("cpu", "1000x10"),
        TimesBelow(12.0, "node"),
    ),
    target(
        CLIENTS_1000,
        "p99, compared with socketioxide",
        ("p99", "1000x10"),
        AtMostTimes(1.0, "socketioxide"),
    ),
    target(
        CLIENTS_5000,
        "CPU per delivery, compared with the bare writer, each",
        ("cpu", "5000x10"),
        AtMostTimes(1.0, "bare-each"),
    ),
    target(
        CLIENTS_5000,
        "CPU per delivery, compared with Node",
        ("cpu", "5000x10"),
        TimesBelow(12.0, "node"),
    ),
    target(
        CLIENTS_5000,
        "p99, compared with socketioxide",
        ("p99", "5000x10"),
        AtMostTimes(1.0, "socketioxide"),
    ),
    target(
        "1,000 clients, 1 sender flat out",
        "CPU per delivery, compared with the bare writer",
        ("cpu", "1000x1"),
        AtMostTimes(1.3, "bare"),
    ),
    target(
        OPEN_LOOP,
        "CPU per delivery, compared with Node",
        ("cpu", "100@50"),
        AtMostTimes(0.5, "node"),
    ),
    target(
        OPEN_LOOP,
        "p99, compared with Node and one commit",
        ("p99", "100@50"),
        AtMostPlus("node", ("commit", "one entry")),
    ),
    target(
        "10,000 idle connections",
        "memory per connection",
        ("memory", "idle 10000"),
        AtMost(16.0),
    ),
    target(
        "10,000 connections at once, then idle",
        "memory per connection",
        ("memory", "rush 10000"),
        AtMost(16.0),
    ),
    target(
        "5,000 clients resume after a restart",
        "all in sync",
        ("in sync", "resume 5000"),
        AtMost(10.0),
    ),
    target(
        "5,000 clients resume after a restart",
        "reads of the same page",
        ("reads of a page", "resume 5000"),
        AtMost(1.0),
    ),
    target(
        "store",
        "entries per second, in batches",
        ("entries per second", "batches of 1000"),
        AtLeast(100_000.0),
    ),
    target(
        "store",
        "a single entry, compared with one fdatasync",
        ("commit", "one entry"),
        AtMostTimes(2.0, "fdatasync"),
    ),
    target(
        "10,000 missed entries",
        "in the replica, and reported to the caller",
        ("catch-up: entries", "10000 missed entries"),
        AtMost(1_000.0),
    ),
    target(
        "10,000 missed entries",
        "the newest is drawn in a browser",
        ("catch-up: screen", "10000 missed entries"),
        AtMost(1_000.0),
    ),
    target(
        "search in 1,000,000 messages",
        "p95 of the slowest kind of query",
        ("search, p95", "1000000 messages, *"),
        AtMost(20.0),
    ),
    target(
        "a room of 1,000,000 messages",
        "opening the folder and the room",
        ("open the folder and the room", "1000000 messages"),
        AtMost(150.0),
    ),
    target(
        "a room of 1,000,000 messages",
        "data folder, relative to the text",
        ("folder to text", "1000000 messages"),
        AtMost(3.0),
    ),
    target(
        "app",
        "first paint, compared with an empty window",
        ("app", "first paint"),
        AtMostTimes(1.2, "empty window"),
    ),
    target(
        "app",
        "interface loaded at start, gzipped",
        ("app", "interface loaded at start, gzipped"),
        AtMost(120.0),
    ),
    target(
        "app",
        "memory when hosting, above an empty window",
        ("app", "hosting: above the empty window"),
        AtMost(20.0),
    ),
    target(
        "app",
        "additional memory after paging through a room of 100,000",
        ("app", "after 200 pages of it: memory of all processes"),
        AtMostAbove(("app", "in a room of 100000: memory of all processes"), 20.0),
    ),
];
