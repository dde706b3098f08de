//! One program of others, run to its end: with a time limit, Ctrl+C passed on, and nothing left running behind it.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

static STOPPED: AtomicBool = AtomicBool::new(false);

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(15);

/// From now on Ctrl+C and SIGTERM reach the running program first, and end this one when that has ended.
pub(crate) fn catch_signals() -> Result<()> {
    ctrlc::set_handler(|| STOPPED.store(true, Ordering::SeqCst)).context("Ctrl+C can't be caught")
}

/// Whether somebody asked to stop.
pub(crate) fn stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// Runs a command that shares our terminal, for those that may ask for a password.
pub(crate) fn interactive(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    ended_well(command, status)
}

/// Runs a command that asks nothing, for at most `limit`.
pub(crate) fn limited(command: &mut Command, limit: Duration) -> Result<()> {
    let mut group = Group::start(command.stdin(Stdio::null()))?;
    let status = group.wait(Some(limit)).with_context(|| shown(command))?;
    ended_well(command, status)
}

/// What a short command prints, whether it likes its arguments or not; `None` when there is no such program.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A program and whatever it starts. They get a process group of their own, so that Ctrl+C in the terminal reaches
/// them once, through us, and none of them outlives the value.
pub(crate) struct Group {
    child: Child,
}

impl Group {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn().with_context(|| cannot_start(command))?;
        Ok(Group { child })
    }

    /// The piped standard output, once.
    pub(crate) fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for the end. Past the limit, or when somebody asks to stop, the group is asked to end, then made to;
    /// past the limit that is an error.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> Result<ExitStatus> {
        let started = Instant::now();
        let mut asked: Option<Instant> = None;
        let mut late = false;
        loop {
            if let Some(status) = self.child.try_wait()? {
                if late {
                    bail!("took longer than {} and was ended", minutes(limit.unwrap_or_default()));
                }
                return Ok(status);
            }
            match asked {
                None => {
                    late = limit.is_some_and(|limit| started.elapsed() > limit);
                    if late || stopped() {
                        self.signal(Ending::Asked)?;
                        asked = Some(Instant::now());
                    }
                }
                Some(at) if at.elapsed() > GRACE => self.signal(Ending::Forced)?,
                Some(_) => {}
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    #[cfg(unix)]
    fn signal(&mut self, ending: Ending) -> Result<()> {
        use nix::errno::Errno;
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::Pid;

        let signal = match ending {
            Ending::Asked => Signal::SIGTERM,
            Ending::Forced => Signal::SIGKILL,
        };
        // The group has the number of the process that it began with.
        let group = Pid::from_raw(i32::try_from(self.child.id())?);
        match killpg(group, signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error).context("the running program can't be ended"),
        }
    }

    #[cfg(not(unix))]
    fn signal(&mut self, ending: Ending) -> Result<()> {
        match ending {
            // The console has told the program of Ctrl+C itself.
            Ending::Asked if stopped() => Ok(()),
            Ending::Asked | Ending::Forced => Ok(self.child.kill()?),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A server that a test left behind would hold its port and its data folder. On other systems than Unix the
        // child alone is known, and it has ended.
        #[cfg(unix)]
        if let Err(error) = self.signal(Ending::Forced) {
            eprintln!("{error:#}");
        }
    }
}

#[derive(Clone, Copy)]
enum Ending {
    Asked,
    Forced,
}

fn ended_well(command: &Command, status: ExitStatus) -> Result<()> {
    if stopped() {
        bail!("stopped");
    }
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

fn cannot_start(command: &Command) -> String {
    format!(
        "`{}` can't be started; is it installed?",
        command.get_program().to_string_lossy()
    )
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
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

/// `3:07`: minutes and seconds.
pub(crate) fn minutes(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    //! A program that ends well; one that fails; one that takes too long, with the child that it started.

    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn an_end_is_told_as_it_was() {
        limited(&mut sh("true"), Duration::from_secs(30)).expect("ends well");
        let error = limited(&mut sh("exit 3"), Duration::from_secs(30)).expect_err("fails");
        assert!(error.to_string().contains("exit 3"), "{error}");
    }

    #[test]
    fn nothing_outlives_its_time() {
        let file = std::env::temp_dir().join(format!("xtask-group-{}", std::process::id()));
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        let error = limited(&mut sh(&script), Duration::from_millis(300)).expect_err("takes too long");
        assert!(format!("{error:#}").contains("took longer"), "{error:#}");

        let pid = std::fs::read_to_string(&file).expect("the grandchild wrote its number");
        std::fs::remove_file(&file).expect("removable");
        let ended = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            let state = output(Command::new("ps").args(["-o", "stat=", "-p", pid.trim()])).expect("ps runs");
            state.trim().is_empty() || state.starts_with('Z')
        });
        assert!(ended, "the grandchild {pid} still runs");
    }
}
