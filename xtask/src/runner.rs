//! Runs steps one after the other, and beside them those that wait for much of their time.

use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::process;
use crate::repo::Repo;
use crate::step_log::StepLog;
use crate::steps::{self, Load, Step};

/// A step that has had its turn, and what came of it.
pub(crate) struct StepResult {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) time: Duration,
    /// The output, if the step has run.
    pub(crate) log: Option<StepLog>,
}

/// The result of a step.
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// The step can't run on this machine, for this reason.
    Skipped(String),
    /// The set-up or the build has failed, or Ctrl+C was pressed.
    NotRun,
}

impl StepResult {
    pub(crate) fn not_run(step: &Step) -> Self {
        StepResult {
            name: step.name,
            outcome: Outcome::NotRun,
            time: Duration::ZERO,
            log: None,
        }
    }

    pub(crate) fn has_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
    }

    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    /// Prints the whole output of a step that nobody has watched.
    fn print(&self) {
        if let Some(log) = &self.log {
            heading(&format!("{} (it ran beside others)", self.name));
            log.print();
        }
    }
}

impl From<Result<()>> for Outcome {
    fn from(result: Result<()>) -> Self {
        match result {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }
}

/// Runs steps, and returns each when it has had its turn. Prints the output of busy steps as it comes, and that of a
/// waiting one between two of them.
pub(crate) fn run(repo: &Repo, steps: &[&Step]) -> Vec<StepResult> {
    let share_the_machine = |one: &&Step, other: &&Step| one.load != Load::Exclusive && other.load != Load::Exclusive;
    steps
        .chunk_by(share_the_machine)
        .flat_map(|group| run_group(repo, group))
        .collect()
}

fn run_group(repo: &Repo, group: &[&Step]) -> Vec<StepResult> {
    let (waiting, busy): (Vec<&Step>, Vec<&Step>) = group.iter().partition(|step| step.load == Load::Waiting);
    if busy.is_empty() {
        return waiting.into_iter().map(|step| run_in_view(repo, step)).collect();
    }
    let mut beside: Vec<&str> = waiting.iter().map(|step| step.name).collect();
    thread::scope(|scope| {
        let (sender, finished) = mpsc::channel();
        scope.spawn(move || {
            let mut steps = waiting
                .into_iter()
                .map(|step| with_log(repo, step, |log| run_step(repo, step, log)));
            steps.try_for_each(|step| sender.send(step))
        });
        let mut results = Vec::new();
        for step in busy {
            results.push(run_in_view(repo, step));
            results.extend(finished.try_iter().inspect(StepResult::print));
        }
        beside.retain(|name| results.iter().all(|result| result.name != *name));
        if !beside.is_empty() {
            println!("\nthese steps still run: {}", beside.join(", "));
        }
        results.extend(finished.iter().inspect(StepResult::print));
        results
    })
}

/// Runs a step, and prints its output meanwhile.
fn run_in_view(repo: &Repo, step: &Step) -> StepResult {
    heading(step.name);
    with_log(repo, step, |log| log.print_during(|| run_step(repo, step, log)))
}

/// Runs a step with a new log, and takes the time.
fn with_log(repo: &Repo, step: &Step, run: impl FnOnce(&StepLog) -> Outcome) -> StepResult {
    if process::interrupted() {
        return StepResult::not_run(step);
    }
    let started = Instant::now();
    let (outcome, log) = match StepLog::create(repo, step.name) {
        Ok(log) => (run(&log), Some(log)),
        Err(error) => (Err(error).into(), None),
    };
    StepResult {
        name: step.name,
        outcome,
        time: started.elapsed(),
        log,
    }
}

fn run_step(repo: &Repo, step: &Step, log: &StepLog) -> Outcome {
    if let Some(reason) = steps::reason_to_skip(step) {
        log.write(&format!("it can't run here: {reason}"));
        // In CI this is a failure: otherwise nothing would show that it is no longer tested.
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        return if is_ci {
            Outcome::Failed(reason)
        } else {
            Outcome::Skipped(reason)
        };
    }
    let timeout = Duration::from_mins(step.minutes);
    let run = |command: &mut Command| {
        log.capture(command)?;
        process::run_with_timeout(command, timeout).inspect_err(|error| log.write(&format!("{error:#}")))
    };
    // All commands run even if one fails: eslint's messages are useful beside those of svelte-check.
    let run_all = |commands: Vec<Command>| -> Result<()> {
        let results: Vec<_> = commands.into_iter().map(|mut command| run(&mut command)).collect();
        results.into_iter().collect()
    };
    (step.commands)(repo).and_then(run_all).into()
}

/// Prints the line above the output of a step.
pub(crate) fn heading(name: &str) {
    println!(
        "\n── {name} {}",
        "─".repeat(60_usize.saturating_sub(name.chars().count()))
    );
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    //! - a busy and a waiting step run side by side, and an exclusive one after both

    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn step(name: &'static str, load: Load, commands: fn(&Repo) -> Result<Vec<Command>>) -> Step {
        Step {
            name,
            about: "",
            needs: &[],
            minutes: 1,
            load,
            commands,
        }
    }

    /// Returns the folder of this test.
    fn folder(repo: &Repo) -> PathBuf {
        repo.target(&format!("test-runner-{}", std::process::id()))
    }

    /// Returns a shell command that runs in the folder.
    fn sh(repo: &Repo, script: &str) -> Vec<Command> {
        let mut shell = repo.command("sh");
        shell.args(["-c", script]).current_dir(folder(repo));
        vec![shell]
    }

    #[test]
    fn busy_and_waiting_steps_run_side_by_side() {
        let repo = Repo::locate();
        let folder = folder(&repo);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        let fifos = ["busy", "waiting"].map(|name| folder.join(name));
        let is_made = Command::new("mkfifo")
            .args(fifos)
            .status()
            .is_ok_and(|status| status.success());
        assert!(is_made, "mkfifo is there");
        // Each of the first two steps waits for the other one: a FIFO opens when there is a reader and a writer.
        let steps = [
            step("test-busy", Load::Busy, |repo| {
                Ok(sh(repo, "echo >busy; read -r _ <waiting"))
            }),
            step("test-waiting", Load::Waiting, |repo| {
                Ok(sh(repo, "read -r _ <busy; echo >waiting"))
            }),
            step("test-exclusive", Load::Exclusive, |repo| {
                Ok(sh(repo, "rm busy waiting"))
            }),
        ];
        let finished = run(&repo, &steps.each_ref());
        assert_eq!(
            finished.iter().map(|step| step.name).collect::<Vec<_>>(),
            ["test-busy", "test-waiting", "test-exclusive"]
        );
        assert!(finished.iter().all(StepResult::has_passed));
        fs::remove_dir(folder).expect("it is empty");
        for log in finished.iter().filter_map(|step| step.log.as_ref()) {
            fs::remove_file(log.path()).expect("is there");
        }
    }
}
