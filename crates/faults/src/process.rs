//! A process that the checker started: it never outlives the value.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How a process is started: in a namespace, with another clock, behind a limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting {
    /// Words ahead of the program, like `ip netns exec NAME`. They must become the program, not stay beside it.
    pub(crate) prefix: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
}

impl Setting {
    /// The program in this setting; what it says on standard error is added to `log`.
    pub(crate) fn command(&self, program: &Path, log: &Path) -> Result<Command> {
        let log = std::fs::File::options().create(true).append(true).open(log);
        let mut words = self.prefix.iter().cloned().chain([program.as_os_str().to_owned()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).envs(self.env.iter().cloned()).stderr(log?);
        Ok(command)
    }
}

/// The memory that a process takes now, in KiB.
#[cfg(target_os = "linux")]
pub(crate) fn memory_kib(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(number
        .context("the system does not say how much memory it takes")?
        .parse()?)
}

/// A running process.
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

    pub(crate) fn take_stdin(&mut self) -> Option<std::process::ChildStdin> {
        self.child.stdin.take()
    }

    pub(crate) fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// `kill -9`, and waits until the system has cleared it away.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for so long.
    pub(crate) fn ask_to_end(&mut self, patience: Duration) -> Result<ExitStatus> {
        #[cfg(unix)]
        {
            use nix::sys::signal::{Signal, kill};
            use nix::unistd::Pid;
            kill(Pid::from_raw(i32::try_from(self.id())?), Signal::SIGTERM)?;
        }
        #[cfg(not(unix))]
        self.child.kill()?;
        self.ended_within(patience)
    }

    pub(crate) fn ended_within(&mut self, patience: Duration) -> Result<ExitStatus> {
        let by = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > by {
                bail!("process {} did not end within {patience:?}", self.id());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already, or ends now; there is nobody to tell of a third way.
        drop(self.kill());
    }
}
