//! The program `ichat-server` as a process.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};

#[cfg(target_os = "linux")]
use ichat_testkit::net::Netns;
use ichat_testkit::or_time_out;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

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

/// Returns the same command, run by a shell that first runs another one.
#[cfg(unix)]
pub(crate) fn in_shell(first: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{first} && exec \"$0\" \"$@\"")])
        .arg(command.as_std().get_program())
        .args(command.as_std().get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    shell
}

/// Returns the same command, run in a network namespace.
#[cfg(target_os = "linux")]
pub(crate) fn in_netns(netns: &Netns, command: &Command) -> Command {
    let prefix = netns.command_prefix();
    let mut inside = Command::new(&prefix[0]);
    inside
        .args(&prefix[1..])
        .arg(command.as_std().get_program())
        .args(command.as_std().get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    inside
}

/// Starts a server, and returns when it listens.
pub(crate) async fn start(command: &mut Command) -> (Child, SocketAddr) {
    let mut child = command.spawn().unwrap();
    let address = listening(&mut child).await;
    (child, address)
}

/// Waits until a server that was started listens, and returns its address.
pub(crate) async fn listening(child: &mut Child) -> SocketAddr {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = or_time_out(lines.next_line()).await.unwrap().expect("it listens");
    let address = line
        .strip_prefix("listening on http://")
        .unwrap_or_else(|| panic!("{line}"));
    address.parse().unwrap()
}

/// Waits for a line of the log, and returns it with those after it.
pub(crate) async fn logs(child: &mut Child, wanted: &str) -> (String, Lines<BufReader<ChildStderr>>) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = or_time_out(lines.next_line()).await.unwrap();
        let line = line.unwrap_or_else(|| panic!("the program ended without the line: {wanted}"));
        if line.contains(wanted) {
            return (line, lines);
        }
    }
}

/// Sends a signal to a program.
#[cfg(unix)]
pub(crate) async fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = Command::new("kill").args([name, &pid]).status().await.unwrap();
    assert!(sent.success());
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

/// Returns the one sentence of a program that can't start until a person changes something.
pub(crate) fn startup_error(output: Output) -> String {
    error_with_code(output, 2)
}

/// Returns the one sentence of a program that failed with this exit code.
pub(crate) fn error_with_code(output: Output, code: i32) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert_eq!(errors.lines().count(), 1, "not one sentence: {errors}");
    errors
}
