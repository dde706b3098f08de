//! The commands `backup`, `restore` and `check`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Subcommand;
use ichat_store::{MaintenanceError, Progress, RestoreReport};

use crate::output;

/// Time between two lines of progress, and before the first one.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// A command that maintains the data folder instead of serving it.
#[derive(Debug, Subcommand)]
pub(crate) enum MaintenanceCommand {
    /// Copy the history into a new file, also while the server runs
    ///
    /// The file gets its name once it has been checked and is on the disk. Nothing is ever overwritten.
    Backup {
        /// The new file
        #[arg(value_name = "FILE")]
        dest: PathBuf,
    },
    /// Put a backup in the place of the history; the server must not run
    ///
    /// The previous history is kept. Apps and browsers load every room again, and mix nothing.
    Restore {
        /// A file that `backup` has made; or the folder's own ichat.db, to continue with what is left
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Check the history, or a backup, and report problems; nothing is changed
    Check {
        /// A backup [default: the history in the data folder]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

impl MaintenanceCommand {
    /// Runs the command, and prints its report. The exit code is 1 if `check` found a problem. It blocks.
    pub(crate) fn run(&self, data: &Path) -> Result<ExitCode, MaintenanceError> {
        let mut printer = ProgressPrinter::new();
        let mut on_progress = |progress| printer.print(progress);
        match self {
            Self::Backup { dest } => {
                let report = ichat_store::backup(data, dest, &mut on_progress)?;
                output::print(format_args!(
                    "{} contains {} rooms with {} entries in {} bytes, and is sound.",
                    dest.display(),
                    report.rooms,
                    report.entries,
                    report.bytes
                ));
                Ok(ExitCode::SUCCESS)
            }
            Self::Restore { file } => {
                let report = ichat_store::restore(file, data, &mut on_progress)?;
                print_restore_report(&report, data);
                Ok(ExitCode::SUCCESS)
            }
            Self::Check { file } => {
                let path = file.as_deref().unwrap_or(data);
                let report = ichat_store::check(path, &mut on_progress)?;
                if report.problems.is_empty() {
                    output::print(format_args!(
                        "{} is sound: {} rooms with {} entries.",
                        path.display(),
                        report.rooms,
                        report.entries
                    ));
                    return Ok(ExitCode::SUCCESS);
                }
                let advice = if path.is_dir() {
                    format!(
                        "What can still be read is served. To repair it, stop the server and put a backup in its place: \
                         ichat-server restore --data {} FILE.",
                        path.display()
                    )
                } else {
                    "It can't be restored. Take an older backup.".to_owned()
                };
                let problems = report.problems.join("\n- ");
                output::print(format_args!("{} is damaged:\n- {problems}\n{advice}", path.display()));
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

fn print_restore_report(report: &RestoreReport, data: &Path) {
    output::print(format_args!(
        "{} now contains {} rooms with {} entries.",
        data.display(),
        report.rooms,
        report.entries
    ));
    if let Some(previous) = &report.previous {
        output::print(format_args!(
            "The previous history is in {}; delete it when you no longer need it.",
            previous.display()
        ));
    }
    if let Some(replaced) = report.replaced {
        output::print(format_args!(
            "This was another server ({replaced}). From now on it is the server of the backup, {}.",
            report.server
        ));
    }
}

/// A printer of progress, on standard error.
struct ProgressPrinter {
    printed: Instant,
}

impl ProgressPrinter {
    fn new() -> Self {
        Self {
            printed: Instant::now(),
        }
    }

    fn print(&mut self, Progress { task, done, total }: Progress) {
        if self.printed.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        self.printed = Instant::now();
        // On a terminal each line replaces the one before.
        let end = if std::io::stderr().is_terminal() { "   \r" } else { "\n" };
        match done.saturating_mul(100).checked_div(total) {
            Some(percent) => output::print_error(format_args!("{task}, {percent} %{end}")),
            None => output::print_error(format_args!("{task}{end}")),
        }
    }
}
