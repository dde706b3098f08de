//! Discovery between two computers, played by two network namespaces joined by a cable (a veth pair). Linux, root and
//! iproute2 only; elsewhere it is skipped with a line that says so, and in CI (`CI=true`) it fails.
//!
//! - a server on one computer is found on the other within 5 s, by its LAN addresses only, not Docker's or the VPN's
//! - it is gone within 2 s of SIGTERM, and within 5 s of kill -9
//! - a server that came back after kill -9 is found again, on its new port
//! - a server that fell asleep is gone, and found again when it wakes up
//! - a server whose packets are lost for a while is gone, and found again soon after
//! - a cable plugged in after both have started is noticed, and so is one that is pulled
//! - cards with virtual names are used when there are no others
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "in a test a failed expectation is the result")]

mod lab;

use std::time::{Duration, Instant};

use lab::{SERVER, addresses_of, announce, browse, plugged_in, unplugged};

/// What somebody who looks at the list notices.
const FOUND_WITHIN: Duration = Duration::from_secs(5);
const GONE_AFTER_GOODBYE_WITHIN: Duration = Duration::from_secs(2);
const GONE_AFTER_KILL_WITHIN: Duration = Duration::from_secs(5);
const CABLE_NOTICED_WITHIN: Duration = Duration::from_secs(15);

fn within(bound: Duration, what: &str, start: Instant) {
    let took = start.elapsed();
    eprintln!("{what} after {} ms", took.as_millis());
    assert!(took < bound, "{what} only after {took:?}");
}

#[test]
fn a_server_is_found_across_and_gone_after_sigterm_and_kill() {
    let Some(network) = plugged_in("eth0") else { return };
    network
        .host
        .add_isolated_interface("docker0", "172.17.0.1/16")
        .expect("an interface can be added");
    network
        .host
        .add_isolated_interface("tun0", "10.8.0.1/24")
        .expect("an interface can be added");
    let (own, browser) = (browse(&network.host), browse(&network.guest));

    let start = Instant::now();
    let server = announce(&network.host, "7300");
    let addresses = browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found", start);
    assert_eq!(
        addresses[0], "10.77.0.1:7300",
        "the address in the same subnet comes first"
    );
    let start = Instant::now();
    server.receives("people 5");
    browser.prints("people changed", |line| {
        line["event"] == "changed" && line["people"] == 5
    });
    within(FOUND_WITHIN, "five people seen", start);
    // What is said on Docker's card can be heard on the host alone.
    own.prints("people changed", |line| {
        let strays = |address: &String| ["172.", "10.8.", "127."].iter().any(|stray| address.starts_with(stray));
        assert!(!addresses_of(line).iter().any(strays), "{line}");
        line["event"] == "changed" && line["people"] == 5
    });

    let start = Instant::now();
    server.signal("-TERM");
    browser.loses();
    within(GONE_AFTER_GOODBYE_WITHIN, "gone after SIGTERM", start);

    let start = Instant::now();
    let server = announce(&network.host, "7300");
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found again", start);

    let start = Instant::now();
    server.signal("-KILL");
    browser.loses();
    within(GONE_AFTER_KILL_WITHIN, "gone after kill -9", start);

    let start = Instant::now();
    let server = announce(&network.host, "7301");
    browser.finds("10.77.0.1:7301");
    within(FOUND_WITHIN, "found on another port", start);

    // Back on another port before anybody has noticed that the old one is dead: both are shown, then the new one alone.
    server.signal("-KILL");
    let _server = announce(&network.host, "7302");
    let start = Instant::now();
    browser.prints("only the new port", |line| {
        let addresses = addresses_of(line);
        line["id"] == SERVER && !addresses.is_empty() && addresses.iter().all(|address| address.ends_with(":7302"))
    });
    within(GONE_AFTER_KILL_WITHIN, "the dead one's port is forgotten", start);
}

#[test]
fn a_late_browser_finds_what_is_there() {
    let Some(network) = plugged_in("veth-a") else { return };
    let server = announce(&network.host, "7300");
    browse(&network.host).finds("10.77.0.1:7300");
    let start = Instant::now();
    let browser = browse(&network.guest);
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found by a late browser, over virtual cards", start);
    drop(server);
}

#[test]
fn a_server_that_slept_comes_back() {
    let Some(network) = plugged_in("eth0") else { return };
    let server = announce(&network.host, "7300");
    let browser = browse(&network.guest);
    browser.finds("10.77.0.1:7300");

    let start = Instant::now();
    server.signal("-STOP");
    browser.loses();
    within(GONE_AFTER_KILL_WITHIN, "gone after falling asleep", start);

    let start = Instant::now();
    server.signal("-CONT");
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found after waking up", start);
}

#[test]
fn a_server_behind_bad_radio_comes_back() {
    let Some(network) = plugged_in("wlan0") else { return };
    let _server = announce(&network.host, "7300");
    let browser = browse(&network.guest);
    browser.finds("10.77.0.1:7300");

    let start = Instant::now();
    network.host.drop_outgoing(&network.interface).expect("tc works");
    browser.loses();
    within(GONE_AFTER_KILL_WITHIN, "gone after the radio failed", start);

    let start = Instant::now();
    network.host.send_outgoing(&network.interface).expect("tc works");
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found after the radio was back", start);
}

#[test]
fn a_cable_is_followed() {
    let Some(network) = unplugged("eth0") else { return };
    let _server = announce(&network.host, "7300");
    let (own, browser) = (browse(&network.host), browse(&network.guest));
    own.finds("127.0.0.1:7300");

    let start = Instant::now();
    network.plug_in().expect("the cable can be plugged in");
    browser.finds("10.77.0.1:7300");
    within(CABLE_NOTICED_WITHIN, "found after the cable was plugged in", start);

    let start = Instant::now();
    network.unplug().expect("the cable can be unplugged");
    browser.loses();
    within(CABLE_NOTICED_WITHIN, "gone after the cable was pulled", start);

    let start = Instant::now();
    network.plug_in().expect("the cable can be plugged in");
    browser.finds("10.77.0.1:7300");
    within(
        CABLE_NOTICED_WITHIN,
        "found after the cable was plugged in again",
        start,
    );
}
