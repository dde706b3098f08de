//! Discovery between two hosts: network namespaces joined by a virtual cable (Linux, root, iproute2).
//!
//! - a server is found by the address of its cable only, not by Docker's or a VPN's, and its changes are seen
//! - it is gone after SIGTERM and after SIGKILL, and found again after a restart on the same or on another port
//! - a late browser finds a server that is there; virtual interfaces are used if there are no others
//! - a suspended server is gone, and found again when it resumes
//! - a server whose packets are lost is gone, and found again when they arrive
//! - a cable that is plugged in or unplugged is noticed
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "in a test a failed expectation is the result")]

mod near;

use near::{SERVER, addresses_of, announce, browse, plugged_in, unplugged};

#[test]
fn a_server_is_found_and_gone_after_sigterm_and_sigkill() {
    let Some(network) = plugged_in("eth0") else { return };
    for (interface, address) in [("docker0", "172.17.0.1/16"), ("tun0", "10.8.0.1/24")] {
        network
            .host
            .add_isolated_interface(interface, address)
            .expect("an interface can be added");
    }
    let (own_browser, browser) = (browse(&network.host), browse(&network.guest));

    let server = announce(&network.host, "7300");
    let addresses = browser.finds("10.77.0.1:7300");
    assert_eq!(
        addresses[0], "10.77.0.1:7300",
        "the address in the same subnet comes first"
    );
    server.receives("people 5");
    browser.prints("five people", |line| line["event"] == "changed" && line["people"] == 5);
    // Only the host itself could see an announcement on Docker's interface.
    own_browser.prints("five people", |line| {
        let is_isolated = |address: &String| ["172.", "10.8.", "127."].iter().any(|ip| address.starts_with(ip));
        assert!(!addresses_of(line).iter().any(is_isolated), "{line}");
        line["event"] == "changed" && line["people"] == 5
    });

    server.signal("-TERM");
    browser.loses();

    let server = announce(&network.host, "7300");
    browser.finds("10.77.0.1:7300");
    server.signal("-KILL");
    browser.loses();

    let server = announce(&network.host, "7301");
    browser.finds("10.77.0.1:7301");

    // Restarted on another port before the killed one is found dead: both ports are listed, then only the new one.
    server.signal("-KILL");
    let _server = announce(&network.host, "7302");
    browser.prints("only the new port", |line| {
        let addresses = addresses_of(line);
        line["id"] == SERVER && !addresses.is_empty() && addresses.iter().all(|address| address.ends_with(":7302"))
    });
}

#[test]
fn a_late_browser_finds_a_server_over_virtual_interfaces() {
    let Some(network) = plugged_in("veth-a") else { return };
    let _server = announce(&network.host, "7300");
    browse(&network.host).finds("10.77.0.1:7300");
    browse(&network.guest).finds("10.77.0.1:7300");
}

#[test]
fn a_suspended_server_is_found_again_when_it_resumes() {
    let Some(network) = plugged_in("eth0") else { return };
    let server = announce(&network.host, "7300");
    let browser = browse(&network.guest);
    browser.finds("10.77.0.1:7300");

    server.signal("-STOP");
    browser.loses();
    server.signal("-CONT");
    browser.finds("10.77.0.1:7300");
}

#[test]
fn a_server_whose_packets_were_lost_is_found_again() {
    let Some(network) = plugged_in("wlan0") else { return };
    let _server = announce(&network.host, "7300");
    let browser = browse(&network.guest);
    browser.finds("10.77.0.1:7300");

    network.host.drop_outgoing(&network.interface).expect("tc works");
    browser.loses();
    network.host.send_outgoing(&network.interface).expect("tc works");
    browser.finds("10.77.0.1:7300");
}

#[test]
fn a_cable_is_noticed_when_it_is_plugged_in_or_unplugged() {
    let Some(network) = unplugged("eth0") else { return };
    let _server = announce(&network.host, "7300");
    let (own_browser, browser) = (browse(&network.host), browse(&network.guest));
    own_browser.finds("127.0.0.1:7300");

    network.plug_in().expect("the cable can be plugged in");
    browser.finds("10.77.0.1:7300");
    network.unplug().expect("the cable can be unplugged");
    browser.loses();
    network.plug_in().expect("the cable can be plugged in");
    browser.finds("10.77.0.1:7300");
}
