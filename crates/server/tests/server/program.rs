//! The program `ichat-server` as a process.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};

use ichat_testkit::or_time_out;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Returns the program without arguments. It is killed when its process is dropped.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ichat-server"));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Returns the program with the arguments to serve a data folder on a free port.
pub(crate) fn serving(data: &Path) -> Command {
    serving_on("127.0.0.1:0", data)
}

pub(crate) fn serving_on(address: &str, data: &Path) -> Command {
    let mut command = program();
    command.args(["--no-announce", "--listen", address, "--data"]).arg(data);
    command
}

/// Starts a server, and returns when it listens.
pub(crate) async fn start(command: &mut Command) -> (Child, SocketAddr) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = or_time_out(lines.next_line()).await.unwrap().expect("it listens");
    let address = line
        .strip_prefix("listening on http://")
        .unwrap_or_else(|| panic!("{line}"));
    (child, address.parse().unwrap())
}

/// Runs the program with arguments, and returns its output when it has ended.
pub(crate) async fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    or_time_out(program().args(arguments).output()).await.unwrap()
}

/// Returns what the program wrote to standard output, if it succeeded.
pub(crate) fn success(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the one sentence of a program that could not start.
pub(crate) fn startup_error(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert_eq!(errors.lines().count(), 1, "not one sentence: {errors}");
    errors
}
