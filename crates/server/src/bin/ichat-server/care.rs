//! Looking after the history: `backup`, `restore` and `check`.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Subcommand;
use ichat_store::{MaintenanceError, Progress};

/// Whoever waits longer than this wants to know for what.
const PATIENCE: Duration = Duration::from_secs(1);

/// What can be done with a history besides serving it.
#[derive(Debug, Subcommand)]
pub(crate) enum Care {
    /// Copy the history into a new file, also while the server runs
    ///
    /// The file gets its name when it has been looked through and is on the disk. Nothing is ever overwritten.
    Backup {
        /// The new file
        #[arg(value_name = "FILE")]
        dest: PathBuf,
    },
    /// Put a backup in the place of the history; the server must not run
    ///
    /// What was there is kept aside. Apps and browsers take every room anew, and mix nothing.
    Restore {
        /// A file that `backup` has made; or the folder's own ichat.db, to go on with what is left of it
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Look through the history, or through a backup, and say what is wrong; nothing is changed
    Check {
        /// A backup [default: the history in the data folder]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

impl Care {
    /// Does it, and says on standard output what was done. 1: `check` found something wrong.
    pub(crate) fn run(&self, data: &Path) -> Result<ExitCode, MaintenanceError> {
        let mut teller = Teller::new();
        let mut watch = |progress| teller.hear(progress);
        let (said, code) = match self {
            Self::Backup { dest } => {
                let made = ichat_store::backup(data, dest, &mut watch)?;
                let (rooms, entries, bytes) = (made.rooms, made.entries, made.bytes);
                let said = format!(
                    "{} holds {rooms} rooms with {entries} entries in {bytes} bytes, and is sound.",
                    dest.display()
                );
                (said, ExitCode::SUCCESS)
            }
            Self::Restore { file } => {
                let restored = ichat_store::restore(file, data, &mut watch)?;
                (said_of(&restored, data), ExitCode::SUCCESS)
            }
            Self::Check { file } => {
                let path = file.as_deref().unwrap_or(data);
                let checked = ichat_store::check(path, &mut watch)?;
                let (rooms, entries) = (checked.rooms, checked.entries);
                if checked.problems.is_empty() {
                    let said = format!("{} is sound: {rooms} rooms with {entries} entries.", path.display());
                    (said, ExitCode::SUCCESS)
                } else {
                    let said = format!(
                        "{} is damaged:\n- {}\nWhat can still be read is served. To mend it, stop the server and put a backup in its place: \
                         ichat-server restore FILE.",
                        path.display(),
                        checked.problems.join("\n- ")
                    );
                    (said, ExitCode::FAILURE)
                }
            }
        };
        // Whoever closed standard output does not want to hear it.
        drop(writeln!(std::io::stdout(), "{said}"));
        Ok(code)
    }
}

fn said_of(restored: &ichat_store::RestoreReport, data: &Path) -> String {
    let (rooms, entries) = (restored.rooms, restored.entries);
    let mut said = vec![format!(
        "{} now holds {rooms} rooms with {entries} entries.",
        data.display()
    )];
    if let Some(aside) = &restored.previous {
        said.push(format!(
            "What was there is in {}; remove it when you need it no more.",
            aside.display()
        ));
    }
    if let Some(was) = restored.replaced {
        let is = restored.server;
        said.push(format!(
            "This was another server ({was}). From now on it is the server of the backup, {is}."
        ));
    }
    said.join("\n")
}

/// Says on standard error, once a second at most, how far it is.
struct Teller {
    said: Instant,
}

impl Teller {
    fn new() -> Self {
        Self { said: Instant::now() }
    }

    fn hear(&mut self, Progress { task, done, total }: Progress) {
        if self.said.elapsed() < PATIENCE {
            return;
        }
        self.said = Instant::now();
        let mut err = std::io::stderr();
        // In a log every line counts; on a screen the last one does.
        let end = if err.is_terminal() { "   \r" } else { "\n" };
        let percent = done.saturating_mul(100).checked_div(total);
        // Whoever closed standard error does not want to hear it.
        drop(match percent {
            Some(percent) => write!(err, "{task}, {percent} %{end}"),
            None => write!(err, "{task}{end}"),
        });
    }
}
