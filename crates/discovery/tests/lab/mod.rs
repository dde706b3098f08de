//! Two computers played by network namespaces, the cable between them, and the example program running on them.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

/// Far beyond what anybody would wait for: a test that gets here has failed.
const DEADLINE: Duration = Duration::from_secs(40);

/// The id of the server that the tests announce.
pub(crate) const SERVER: &str = "6f3f7f0e-93a4-4d0f-9f6e-2b8f0f3b1c55";

/// A computer of one's own: a network namespace, removed when dropped.
pub(crate) struct Computer {
    namespace: String,
}

/// Two computers and the cable between them.
pub(crate) struct Network {
    pub(crate) host: Computer,
    pub(crate) guest: Computer,
    pub(crate) card: &'static str,
}

/// The example program, running on a computer; killed when dropped.
pub(crate) struct Program {
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
    pub(crate) fn has_card(&self, name: &str, address: &str) {
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
    pub(crate) fn is_unheard(&self, card: &str) {
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

    pub(crate) fn is_heard_again(&self, card: &str) {
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

    pub(crate) fn announces(&self, port: &str) -> Program {
        self.runs(&["announce", "Büro", port, SERVER])
    }

    pub(crate) fn browses(&self) -> Program {
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
    pub(crate) fn new(card: &'static str) -> Option<Self> {
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

    pub(crate) fn plugged_in(card: &'static str) -> Option<Self> {
        let network = Self::new(card)?;
        network.plug_in();
        Some(network)
    }

    /// Plugs the cable in, and waits until the system says that both cards run: it takes its time for that.
    pub(crate) fn plug_in(&self) {
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

    pub(crate) fn pull(&self) {
        self.host
            .configure(&format!("link set {} down", self.card))
            .expect("the card can be switched off");
    }
}

impl Program {
    /// Waits for a line.
    pub(crate) fn says(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
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
    pub(crate) fn finds(&self, address: &str) -> Vec<String> {
        let line = self.says(&format!("found at {address}"), |line| {
            line["id"] == SERVER && addresses_of(line).iter().any(|found| found == address)
        });
        assert_eq!(line["name"], "Büro");
        addresses_of(&line)
    }

    pub(crate) fn misses(&self) {
        self.says("gone", |line| line["id"] == SERVER && line["event"] == "gone");
    }

    pub(crate) fn is_told(&self, line: &str) {
        let mut input = self.process.stdin.as_ref().expect("its input is piped");
        writeln!(input, "{line}").expect("it reads its input");
    }

    pub(crate) fn signal(&self, signal: &str) {
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

pub(crate) fn addresses_of(line: &Value) -> Vec<String> {
    line["addresses"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|address| address.as_str().map(String::from))
        .collect()
}
