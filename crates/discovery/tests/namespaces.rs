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

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

/// Far beyond what anybody would wait for: a test that gets here has failed.
const DEADLINE: Duration = Duration::from_secs(40);

/// What somebody who looks at the list notices.
const FOUND_WITHIN: Duration = Duration::from_secs(5);
const GONE_AFTER_GOODBYE_WITHIN: Duration = Duration::from_secs(2);
const GONE_AFTER_KILL_WITHIN: Duration = Duration::from_secs(5);

const CABLE_NOTICED_WITHIN: Duration = Duration::from_secs(15);

const SERVER: &str = "6f3f7f0e-93a4-4d0f-9f6e-2b8f0f3b1c55";

/// A computer of one's own: a network namespace, removed when dropped.
struct Computer {
    namespace: String,
}

/// Two computers and the cable between them.
struct Network {
    host: Computer,
    guest: Computer,
    card: &'static str,
}

/// The example program, running on a computer; killed when dropped.
struct Program {
    process: Child,
    lines: Receiver<Value>,
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "ip {arguments}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// The example is built by the same `cargo test`, beside the test itself; but not by `cargo test --test namespaces`, and
/// an old one would test old code.
fn near() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let target = test.ancestors().nth(2).expect("tests are in target/<profile>/deps");
    let near = target.join("examples").join("near");
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = changed(&near).unwrap_or(SystemTime::UNIX_EPOCH);
    let sources =
        ["src", "examples"].map(|folder| std::fs::read_dir(package.join(folder)).expect("sources are beside tests"));
    let newest = sources
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|source| changed(&source.path()))
        .max();
    assert!(
        Some(built) > newest,
        "{} is old: run `cargo build -p ichat-discovery --example near`",
        near.display()
    );
    near
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

impl Computer {
    fn new(role: &str) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!(
            "ichat-{}-{}-{role}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        ip(&format!("netns add {namespace}"))?;
        let computer = Self { namespace };
        computer.configure("link set lo up")?;
        Ok(computer)
    }

    fn configure(&self, arguments: &str) -> Result<(), String> {
        ip(&format!("-n {} {arguments}", self.namespace))
    }

    /// A card that looks like Docker's or a VPN's: up, with an address, reaching nobody.
    fn has_card(&self, name: &str, address: &str) {
        self.configure(&format!("link add {name} type veth peer name {name}-peer"))
            .expect("a card can be added");
        self.configure(&format!("link set {name}-peer up"))
            .expect("its other end can be switched on");
        self.configure(&format!("addr add {address} dev {name}"))
            .expect("an address can be given");
        self.configure(&format!("link set {name} up"))
            .expect("a card can be switched on");
    }

    /// From now on nothing that this computer sends arrives; its card doesn't notice.
    fn is_unheard(&self, card: &str) {
        let drop_all = [
            "netns",
            "exec",
            &self.namespace,
            "tc",
            "qdisc",
            "add",
            "dev",
            card,
            "root",
            "pfifo",
            "limit",
            "0",
        ];
        ip(&drop_all.join(" ")).expect("a queue without room can be given");
    }

    fn is_heard_again(&self, card: &str) {
        let restore = [
            "netns",
            "exec",
            &self.namespace,
            "tc",
            "qdisc",
            "del",
            "dev",
            card,
            "root",
        ];
        ip(&restore.join(" ")).expect("the queue can be taken away");
    }

    fn card_runs(&self, name: &str) -> bool {
        let show = ["-n", &self.namespace, "link", "show", "dev", name];
        let output = Command::new("ip").args(show).output().expect("ip runs");
        String::from_utf8_lossy(&output.stdout).contains("state UP")
    }

    fn runs(&self, arguments: &[&str]) -> Program {
        let mut process = Command::new("ip")
            .args(["netns", "exec", &self.namespace])
            .arg(near())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = process.stdout.take().expect("its output is piped");
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for text in BufReader::new(output).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                if line.send(value).is_err() {
                    return;
                }
            }
        });
        let program = Program { process, lines };
        program.says("its first line", |_| true);
        program
    }

    fn announces(&self, port: &str) -> Program {
        self.runs(&["announce", "Büro", port, SERVER])
    }

    fn browses(&self) -> Program {
        self.runs(&["browse"])
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        if let Err(error) = ip(&format!("netns del {}", self.namespace)) {
            eprintln!("a network namespace is left over: {error}");
        }
    }
}

impl Network {
    /// Two computers with their cards, and the cable not yet plugged in. `None`, with the reason printed, where that
    /// can't be made.
    fn new(card: &'static str) -> Option<Self> {
        match Self::build(card) {
            Ok(network) => Some(network),
            Err(reason) if std::env::var("CI").as_deref() == Ok("true") => {
                panic!("no network namespaces in CI: {reason}")
            }
            Err(reason) => {
                eprintln!("skipped, for it needs network namespaces (Linux, root, iproute2): {reason}");
                None
            }
        }
    }

    fn build(card: &'static str) -> Result<Self, String> {
        let (host, guest) = (Computer::new("host")?, Computer::new("guest")?);
        ip(&format!(
            "link add {card} netns {} type veth peer name {card} netns {}",
            host.namespace, guest.namespace
        ))?;
        for (computer, number) in [(&host, 1), (&guest, 2)] {
            computer.configure(&format!("addr add 10.77.0.{number}/24 dev {card}"))?;
            computer.configure(&format!("addr add fd77::{number}/64 dev {card} nodad"))?;
        }
        Ok(Self { host, guest, card })
    }

    fn plugged_in(card: &'static str) -> Option<Self> {
        let network = Self::new(card)?;
        network.plug_in();
        Some(network)
    }

    /// Plugs the cable in, and waits until the system says that both cards run: it takes its time for that.
    fn plug_in(&self) {
        for computer in [&self.host, &self.guest] {
            computer
                .configure(&format!("link set {} up", self.card))
                .expect("the card can be switched on");
        }
        let start = Instant::now();
        while ![&self.host, &self.guest]
            .iter()
            .all(|computer| computer.card_runs(self.card))
        {
            assert!(start.elapsed() < DEADLINE, "the cable carries nothing");
            std::thread::yield_now();
        }
    }

    fn pull(&self) {
        self.host
            .configure(&format!("link set {} down", self.card))
            .expect("the card can be switched off");
    }
}

impl Program {
    /// Waits for a line.
    fn says(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let left = DEADLINE.saturating_sub(start.elapsed());
            let line = self
                .lines
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"));
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Waits until the server is in the list, with this address among others.
    fn finds(&self, address: &str) -> Vec<String> {
        let line = self.says(&format!("found at {address}"), |line| {
            line["id"] == SERVER && addresses_of(line).iter().any(|found| found == address)
        });
        assert_eq!(line["name"], "Büro");
        addresses_of(&line)
    }

    fn misses(&self) {
        self.says("gone", |line| line["id"] == SERVER && line["event"] == "gone");
    }

    fn is_told(&self, line: &str) {
        let mut input = self.process.stdin.as_ref().expect("its input is piped");
        writeln!(input, "{line}").expect("it reads its input");
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().expect("kill runs");
        assert!(status.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, as it was asked to.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn addresses_of(line: &Value) -> Vec<String> {
    line["addresses"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|address| address.as_str().map(String::from))
        .collect()
}

fn within(bound: Duration, what: &str, start: Instant) {
    let took = start.elapsed();
    eprintln!("{what} after {} ms", took.as_millis());
    assert!(took < bound, "{what} only after {took:?}");
}

#[test]
fn a_server_is_found_across_and_gone_after_sigterm_and_kill() {
    let Some(network) = Network::plugged_in("eth0") else {
        return;
    };
    network.host.has_card("docker0", "172.17.0.1/16");
    network.host.has_card("tun0", "10.8.0.1/24");
    let (own, browser) = (network.host.browses(), network.guest.browses());

    let start = Instant::now();
    let server = network.host.announces("7300");
    let addresses = browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found", start);
    assert_eq!(
        addresses[0], "10.77.0.1:7300",
        "the address in the same subnet comes first"
    );
    let start = Instant::now();
    server.is_told("people 5");
    browser.says("people changed", |line| {
        line["event"] == "changed" && line["people"] == 5
    });
    within(FOUND_WITHIN, "five people seen", start);
    // What is said on Docker's card can be heard on the host alone.
    own.says("people changed", |line| {
        let strays = |address: &String| ["172.", "10.8.", "127."].iter().any(|stray| address.starts_with(stray));
        assert!(!addresses_of(line).iter().any(strays), "{line}");
        line["event"] == "changed" && line["people"] == 5
    });

    let start = Instant::now();
    server.signal("-TERM");
    browser.misses();
    within(GONE_AFTER_GOODBYE_WITHIN, "gone after SIGTERM", start);

    let start = Instant::now();
    let server = network.host.announces("7300");
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found again", start);

    let start = Instant::now();
    server.signal("-KILL");
    browser.misses();
    within(GONE_AFTER_KILL_WITHIN, "gone after kill -9", start);

    let start = Instant::now();
    let server = network.host.announces("7301");
    browser.finds("10.77.0.1:7301");
    within(FOUND_WITHIN, "found on another port", start);

    // Back on another port before anybody has noticed that the old one is dead: both are shown, then the new one alone.
    server.signal("-KILL");
    let _server = network.host.announces("7302");
    let start = Instant::now();
    browser.says("only the new port", |line| {
        let addresses = addresses_of(line);
        line["id"] == SERVER && !addresses.is_empty() && addresses.iter().all(|address| address.ends_with(":7302"))
    });
    within(GONE_AFTER_KILL_WITHIN, "the dead one's port is forgotten", start);
}

#[test]
fn a_late_browser_finds_what_is_there() {
    let Some(network) = Network::plugged_in("veth-a") else {
        return;
    };
    let server = network.host.announces("7300");
    network.host.browses().finds("10.77.0.1:7300");
    let start = Instant::now();
    let browser = network.guest.browses();
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found by a late browser, over virtual cards", start);
    drop(server);
}

#[test]
fn a_server_that_slept_comes_back() {
    let Some(network) = Network::plugged_in("eth0") else {
        return;
    };
    let server = network.host.announces("7300");
    let browser = network.guest.browses();
    browser.finds("10.77.0.1:7300");

    let start = Instant::now();
    server.signal("-STOP");
    browser.misses();
    within(GONE_AFTER_KILL_WITHIN, "gone after falling asleep", start);

    let start = Instant::now();
    server.signal("-CONT");
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found after waking up", start);
}

#[test]
fn a_server_behind_bad_radio_comes_back() {
    let Some(network) = Network::plugged_in("wlan0") else {
        return;
    };
    let _server = network.host.announces("7300");
    let browser = network.guest.browses();
    browser.finds("10.77.0.1:7300");

    let start = Instant::now();
    network.host.is_unheard(network.card);
    browser.misses();
    within(GONE_AFTER_KILL_WITHIN, "gone after the radio failed", start);

    let start = Instant::now();
    network.host.is_heard_again(network.card);
    browser.finds("10.77.0.1:7300");
    within(FOUND_WITHIN, "found after the radio was back", start);
}

#[test]
fn a_cable_is_followed() {
    let Some(network) = Network::new("eth0") else { return };
    let _server = network.host.announces("7300");
    let (own, browser) = (network.host.browses(), network.guest.browses());
    own.finds("127.0.0.1:7300");

    let start = Instant::now();
    network.plug_in();
    browser.finds("10.77.0.1:7300");
    within(CABLE_NOTICED_WITHIN, "found after the cable was plugged in", start);

    let start = Instant::now();
    network.pull();
    browser.misses();
    within(CABLE_NOTICED_WITHIN, "gone after the cable was pulled", start);

    let start = Instant::now();
    network.plug_in();
    browser.finds("10.77.0.1:7300");
    within(
        CABLE_NOTICED_WITHIN,
        "found after the cable was plugged in again",
        start,
    );
}
