//! Runs other programs to their end: with a timeout, with Ctrl+C passed on, and with nothing left running afterwards.

use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The time between SIGTERM and SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
const POLL_INTERVAL: Duration = Duration::from_millis(30);

/// Makes Ctrl+C and SIGTERM stop the running program first, and this one after it.
pub(crate) fn catch_signals() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)).context("no handler can be set for Ctrl+C")
}

/// Returns whether this program has received Ctrl+C or SIGTERM.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Runs a command in the foreground of the terminal, so that it can ask for a password.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    check_status(command, status)
}

/// Runs a command without standard input, and stops it after the timeout.
pub(crate) fn run_with_timeout(command: &mut Command, timeout: Duration) -> Result<()> {
    let mut group = ProcessGroup::start(command.stdin(Stdio::null()))?;
    let status = group.wait(Some(timeout)).with_context(|| command_line(command))?;
    check_status(command, status)
}

/// Returns the standard output of a short command, whatever its exit status. `None` means that it can't be started.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A program and every process that it starts.
///
/// They are a process group of their own, so that Ctrl+C in the terminal reaches them once, through this program.
/// Dropping the value kills those that still run.
pub(crate) struct ProcessGroup {
    child: Child,
}

impl ProcessGroup {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn().with_context(|| cannot_start(command))?;
        Ok(ProcessGroup { child })
    }

    /// Takes the standard output, if it is piped.
    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for the program to end. Stops the group after the timeout, which is an error, and after Ctrl+C.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Result<ExitStatus> {
        let started = Instant::now();
        let mut stop_requested: Option<Instant> = None;
        let mut timed_out = false;
        loop {
            if let Some(status) = self.child.try_wait()? {
                if timed_out {
                    bail!(
                        "took longer than {} and was stopped",
                        format_minutes(timeout.unwrap_or_default())
                    );
                }
                return Ok(status);
            }
            match stop_requested {
                None => {
                    timed_out = timeout.is_some_and(|timeout| started.elapsed() > timeout);
                    if timed_out || interrupted() {
                        self.stop(Stop::Terminate)?;
                        stop_requested = Some(Instant::now());
                    }
                }
                Some(at) if at.elapsed() > STOP_TIMEOUT => self.stop(Stop::Kill)?,
                Some(_) => {}
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    #[cfg(unix)]
    fn stop(&mut self, how: Stop) -> Result<()> {
        use nix::errno::Errno;
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::Pid;

        let signal = match how {
            Stop::Terminate => Signal::SIGTERM,
            Stop::Kill => Signal::SIGKILL,
        };
        // A process group's id is the id of its first process.
        let group = Pid::from_raw(i32::try_from(self.child.id())?);
        match killpg(group, signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error).context("the running program can't be stopped"),
        }
    }

    #[cfg(not(unix))]
    fn stop(&mut self, how: Stop) -> Result<()> {
        match how {
            // The console has already sent Ctrl+C to the program.
            Stop::Terminate if interrupted() => Ok(()),
            Stop::Terminate | Stop::Kill => Ok(self.child.kill()?),
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // A server that a test left running would keep its port and its data folder. Elsewhere than on Unix only the
        // child is known, and it has ended.
        #[cfg(unix)]
        if let Err(error) = self.stop(Stop::Kill) {
            eprintln!("{error:#}");
        }
    }
}

/// The two ways to stop a process group.
#[derive(Clone, Copy)]
enum Stop {
    Terminate,
    Kill,
}

fn check_status(command: &Command, status: ExitStatus) -> Result<()> {
    if interrupted() {
        bail!("interrupted");
    }
    if !status.success() {
        bail!("`{}` failed ({status})", command_line(command));
    }
    Ok(())
}

fn cannot_start(command: &Command) -> String {
    format!(
        "`{}` can't be started; is it installed?",
        command.get_program().to_string_lossy()
    )
}

/// Formats a command as it would be typed, without the program's folder.
pub(crate) fn command_line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Formats a duration as minutes and seconds: `3:07`.
pub(crate) fn format_minutes(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    //! - a program's exit status
    //! - a program that runs into its timeout, with a child that ignores SIGTERM

    use std::io::Read;

    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failure_names_the_exit_status() {
        run_with_timeout(&mut sh("true"), Duration::from_secs(30)).expect("succeeds");
        let error = run_with_timeout(&mut sh("exit 3"), Duration::from_secs(30)).expect_err("fails");
        assert!(error.to_string().contains("exit 3"), "{error}");
    }

    #[test]
    fn no_process_survives_the_timeout() {
        let script = "(trap '' TERM; sleep 60; echo survived) & wait";
        let mut group = ProcessGroup::start(sh(script).stdout(Stdio::piped())).expect("starts");
        let mut stdout = group.take_stdout().expect("piped");
        let error = group.wait(Some(Duration::from_millis(300))).expect_err("times out");
        assert!(format!("{error:#}").contains("took longer"), "{error:#}");
        drop(group);

        // The pipe stays open until the last process that has it has ended.
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("readable");
        assert_eq!(text, "");
    }
}
