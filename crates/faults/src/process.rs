//! A process that the checker starts. It never outlives the value.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The time between two looks at an ending process.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Options for starting a process: in a network namespace, with another clock, behind a limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Launch {
    /// Words in front of the program, like `nsenter --net=FILE`. They must become the program, not stay its parent.
    pub(crate) prefix: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
}

impl Launch {
    /// Starts programs in a network namespace.
    #[cfg(target_os = "linux")]
    pub(crate) fn in_netns(netns: &ichat_testkit::net::Netns) -> Self {
        Self {
            prefix: netns.command_prefix(),
            env: Vec::new(),
        }
    }

    /// Returns the command that starts the program. Its standard error is appended to `log`.
    pub(crate) fn command(&self, program: &Path, log: &Path) -> Result<Command> {
        let log = std::fs::File::options().create(true).append(true).open(log);
        let mut words = self.prefix.iter().cloned().chain([program.as_os_str().to_owned()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).envs(self.env.iter().cloned()).stderr(log?);
        Ok(command)
    }
}

/// Returns the resident memory of a process, in KiB.
#[cfg(target_os = "linux")]
pub(crate) fn memory_kib(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(number.context("/proc has no VmRSS")?.parse()?)
}

/// A running process. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command
            .spawn()
            .with_context(|| format!("{} can't be started", command.get_program().display()))?;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Kills the process with `SIGKILL`, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks the process to end with `SIGTERM`, and waits until it has.
    pub(crate) fn terminate(&mut self, timeout: Duration) -> Result<ExitStatus> {
        #[cfg(unix)]
        {
            use nix::sys::signal::{Signal, kill};
            use nix::unistd::Pid;
            kill(Pid::from_raw(i32::try_from(self.id())?), Signal::SIGTERM)?;
        }
        #[cfg(not(unix))]
        self.child.kill()?;
        self.wait(timeout)
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("process {} did not end within {timeout:?}", self.id());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.kill());
    }
}
