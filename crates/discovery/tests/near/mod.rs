//! The example program `near`, running on the hosts of a network.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

use ichat_testkit::net::{Netns, Veth, or_skip};
use serde_json::Value;

/// Longer than anything takes on a busy machine, and less than the 120 s after which a DNS-SD record expires by itself.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The id of the server that the tests announce.
pub(crate) const SERVER: &str = "6f3f7f0e-93a4-4d0f-9f6e-2b8f0f3b1c55";

/// Makes two hosts whose cable is not plugged in.
pub(crate) fn unplugged(interface: &str) -> Option<Veth> {
    or_skip(Veth::new(interface))
}

/// Makes two hosts whose cable is plugged in.
pub(crate) fn plugged_in(interface: &str) -> Option<Veth> {
    let hosts = unplugged(interface)?;
    hosts.plug_in().expect("the cable can be plugged in");
    Some(hosts)
}

/// Announces a server.
pub(crate) fn announce(host: &Netns, port: &str) -> Program {
    Program::start(host, &["announce", "Büro", port, SERVER])
}

/// Lists the servers near.
pub(crate) fn browse(host: &Netns) -> Program {
    Program::start(host, &["browse"])
}

/// The example program; killed when dropped.
pub(crate) struct Program {
    process: Child,
    lines: Receiver<Value>,
}

/// Returns the example's path. `cargo test` builds it beside the tests, but `cargo test --test namespaces` does not, and an old
/// one would test old code.
fn near() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let target = test.ancestors().nth(2).expect("tests are in target/<profile>/deps");
    let near = target.join("examples").join("near");
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = modified(&near).unwrap_or(SystemTime::UNIX_EPOCH);
    let sources = ["src", "examples"].map(|folder| newest(&package.join(folder)));
    assert!(
        Some(built) > sources.into_iter().max(),
        "{} is old: run `cargo build -p ichat-discovery --example near`",
        near.display()
    );
    near
}

/// Returns the time at which a file of a folder, or of a folder in it, was modified last.
fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).expect("sources are beside tests").flatten();
    let times = entries.filter_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            Some(newest(&path))
        } else {
            modified(&path)
        }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

impl Program {
    fn start(host: &Netns, arguments: &[&str]) -> Self {
        let mut process = host
            .command(near())
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
        let program = Self { process, lines };
        program.prints("its first line", |_| true);
        program
    }

    /// Waits for a line that matches, and skips others.
    pub(crate) fn prints(&self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let left = TIMEOUT.saturating_sub(start.elapsed());
            let line = self
                .lines
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("{what}: not within {TIMEOUT:?}"));
            if matches(&line) {
                return line;
            }
        }
    }

    /// Waits until the server is in the list with this address, and returns all its addresses.
    pub(crate) fn finds(&self, address: &str) -> Vec<String> {
        let line = self.prints(&format!("found at {address}"), |line| {
            line["id"] == SERVER && addresses_of(line).iter().any(|found| found == address)
        });
        assert_eq!(line["name"], "Büro");
        addresses_of(&line)
    }

    /// Waits until the server is gone from the list.
    pub(crate) fn loses(&self) {
        self.prints("gone", |line| line["id"] == SERVER && line["event"] == "gone");
    }

    /// Writes a line to the program's standard input.
    pub(crate) fn receives(&self, line: &str) {
        let mut input = self.process.stdin.as_ref().expect("its input is piped");
        writeln!(input, "{line}").expect("it reads its input");
    }

    /// Sends a signal, as `kill` does.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().expect("kill runs");
        assert!(status.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn addresses_of(line: &Value) -> Vec<String> {
    line["addresses"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|address| address.as_str().map(String::from))
        .collect()
}
