//! The output of a step: a file in the target folder, which is printed while the step runs, or when it has ended.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::repo::Repo;

/// The time between two looks at the file.
const PRINT_INTERVAL: Duration = Duration::from_millis(100);

/// The output of one step.
pub(crate) struct StepLog {
    path: PathBuf,
    file: File,
}

impl StepLog {
    pub(crate) fn create(repo: &Repo, step: &str) -> Result<Self> {
        let folder = repo.target("test-logs");
        fs::create_dir_all(&folder).context("the target folder can't be written to")?;
        let path = folder.join(format!("{step}.log"));
        // A file from an earlier run is emptied only here: standard output and standard error are both appended.
        File::create(&path)
            .and_then(|_| File::options().append(true).open(&path))
            .map(|file| StepLog {
                path: path.clone(),
                file,
            })
            .with_context(|| format!("{} can't be written to", path.display()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Sends the output of a command to the file, in colours if they will be seen.
    pub(crate) fn capture(&self, command: &mut Command) -> Result<()> {
        command.stdout(self.file.try_clone()?).stderr(self.file.try_clone()?);
        if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
        }
        Ok(())
    }

    /// Writes a line of our own. If the disk is full, it goes to standard error.
    pub(crate) fn write(&self, line: &str) {
        if writeln!(&self.file, "{line}").is_err() {
            eprintln!("{line}");
        }
    }

    /// Runs a step, and prints meanwhile what comes into the file.
    pub(crate) fn print_during<T>(&self, step: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            let (running, ended) = mpsc::channel::<()>();
            scope.spawn(move || self.print_until(&ended));
            let result = step();
            drop(running);
            result
        })
    }

    fn print_until(&self, ended: &mpsc::Receiver<()>) {
        let Ok(mut written) = File::open(&self.path) else {
            return;
        };
        loop {
            let has_ended = ended.recv_timeout(PRINT_INTERVAL) == Err(RecvTimeoutError::Disconnected);
            // It begins where it stopped the last time. If our own output is closed, nobody reads it.
            if io::copy(&mut written, &mut io::stdout()).is_err() || has_ended {
                return;
            }
        }
    }

    /// Prints the whole file.
    pub(crate) fn print(&self) {
        print!("{}", self.read());
    }

    /// Returns the text without colours.
    pub(crate) fn plain_text(&self) -> String {
        anstream::adapter::strip_str(&self.read()).to_string()
    }

    fn read(&self) -> String {
        let bytes = fs::read(&self.path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    //! - the output of a command, in the order in which it was written, without colours and without that of an earlier run

    use super::*;
    use crate::process;

    #[test]
    fn both_outputs_are_in_one_text() {
        let repo = Repo::locate();
        let name = format!("test-{}", std::process::id());
        drop(fs::write(
            repo.target("test-logs").join(format!("{name}.log")),
            "an earlier run",
        ));
        let log = StepLog::create(&repo, &name).expect("the target folder can be written to");
        let mut command = Command::new("sh");
        command.args(["-c", "printf '\\033[31mone\\033[0m\\n'; echo two >&2; echo three"]);
        log.capture(&mut command).expect("is captured");
        log.print_during(|| process::run_with_timeout(&mut command, Duration::from_secs(30)))
            .expect("succeeds");
        log.write("the end");
        assert_eq!(log.plain_text(), "one\ntwo\nthree\nthe end\n");
        fs::remove_file(log.path()).expect("is there");
    }
}
