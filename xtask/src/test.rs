//! `cargo xtask test` and `cargo xtask check`: run the steps one after the other, then print a table and a last line with
//! the totals.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::packages::{self, Purpose};
use crate::process::{self, format_minutes};
use crate::repo::Repo;
use crate::steps::{self, BUILD, CHECKS, Need, STEPS, Step};
use crate::{python, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Run only these steps, and the build if they need it.
    steps: Vec<String>,
    /// List the steps and run none.
    #[arg(long)]
    list: bool,
}

/// The result of a step.
enum Outcome {
    Passed,
    Failed(String),
    /// The step can't run on this machine, for this reason.
    Skipped(String),
    /// The set-up or the build has failed, or Ctrl+C was pressed.
    NotRun,
}

pub(crate) fn test(repo: &Repo, options: &Options) -> Result<()> {
    if options.list {
        for step in STEPS {
            println!("{:15} {}", step.name, step.about);
        }
        return Ok(());
    }
    let names: Vec<_> = options.steps.iter().map(String::as_str).collect();
    run(repo, &select(&names)?)
}

/// `cargo xtask check`: runs only the steps that don't run our programs.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    run(repo, &select(CHECKS)?)
}

/// Returns the named steps in the order of the table, with the build if one of them needs it. Without names, returns all
/// steps except cargo-deny, which has to be installed by hand.
fn select(names: &[&str]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("there is no step \"{unknown}\"; `cargo xtask test --list` shows them");
    }
    if names.is_empty() {
        return Ok(STEPS.iter().filter(|step| step.name != "deny").collect());
    }
    let is_named = |step: &Step| names.contains(&step.name);
    let needs_build = STEPS
        .iter()
        .any(|step| is_named(step) && step.needs.contains(&Need::Programs));
    Ok(STEPS
        .iter()
        .filter(|step| is_named(step) || (needs_build && step.name == BUILD))
        .collect())
}

fn run(repo: &Repo, steps: &[&Step]) -> Result<()> {
    // In CI, a step that can't run is a failure: otherwise nothing would show that it is no longer tested.
    let strict = std::env::var("CI").is_ok_and(|value| value == "true");
    let mut results = Vec::new();

    heading("setup");
    let started = Instant::now();
    let set_up = set_up(repo, steps);
    let mut can_continue = set_up.is_ok();
    results.push(("setup", outcome(set_up), started.elapsed()));

    for step in steps {
        let started = Instant::now();
        let outcome = if !can_continue || process::interrupted() {
            Outcome::NotRun
        } else {
            heading(step.name);
            run_step(repo, step, strict)
        };
        can_continue &= step.name != BUILD || matches!(outcome, Outcome::Passed);
        results.push((step.name, outcome, started.elapsed()));
    }
    print_results(&results)
}

/// Installs what these steps need, and no more.
fn set_up(repo: &Repo, steps: &[&Step]) -> Result<()> {
    let needs = |need: Need| steps.iter().any(|step| step.needs.contains(&need));
    let packages: Vec<Purpose> = steps
        .iter()
        .flat_map(|step| step.needs)
        .filter_map(|need| {
            if let Need::Packages(purpose) = need {
                Some(*purpose)
            } else {
                None
            }
        })
        .collect();
    packages::install(&packages)?;
    if needs(Need::Interface) {
        setup::interface(repo)?;
    }
    if needs(Need::Python) {
        python::install(repo)?;
    }
    Ok(())
}

fn run_step(repo: &Repo, step: &Step, strict: bool) -> Outcome {
    let skipped = |reason: String| {
        if strict {
            Outcome::Failed(reason)
        } else {
            Outcome::Skipped(reason)
        }
    };
    if let Some(reason) = steps::reason_to_skip(step) {
        println!("{}: {reason}", if strict { "can't run" } else { "skipped" });
        return skipped(reason);
    }
    match (step.commands)(repo) {
        Ok(commands) => {
            let timeout = Duration::from_mins(step.minutes);
            // All commands run even if one fails: eslint's messages are useful beside those of svelte-check.
            let results: Vec<_> = commands
                .into_iter()
                .map(|mut command| process::run_with_timeout(&mut command, timeout))
                .collect();
            outcome(results.into_iter().collect())
        }
        Err(error) => outcome(Err(error)),
    }
}

fn outcome(result: Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            println!("{error:#}");
            Outcome::Failed(format!("{error:#}"))
        }
    }
}

fn heading(name: &str) {
    println!("\n── {name} {}", "─".repeat(60_usize.saturating_sub(name.len())));
}

/// Prints the table of all steps, then the totals as the last line.
fn print_results(results: &[(&str, Outcome, Duration)]) -> Result<()> {
    heading("all steps");
    let (mut passed, mut failed) = (0, 0);
    for (name, outcome, time) in results {
        let (word, reason) = match outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(reason) => ("FAILED", reason.lines().next().unwrap_or_default()),
            Outcome::Skipped(reason) => ("skipped", reason.as_str()),
            Outcome::NotRun => ("not run", ""),
        };
        passed += u32::from(matches!(outcome, Outcome::Passed));
        failed += u32::from(matches!(outcome, Outcome::Failed(_)));
        println!("{name:15} {word:8} {:>6}  {reason}", format_minutes(*time));
    }
    println!("\n{passed} passed, {failed} failed");
    if failed > 0 || process::interrupted() {
        bail!("not all steps passed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    //! - steps by name
    //! - a step that needs the build
    //! - all steps
    //! - an unknown name

    use super::*;

    fn selected(names: &[&str]) -> Vec<&'static str> {
        select(names)
            .expect("known steps")
            .iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn steps_run_in_the_order_of_the_table() {
        assert_eq!(selected(&["clippy", "format"]), ["format", "clippy"]);
    }

    #[test]
    fn a_step_that_needs_programs_selects_the_build() {
        assert_eq!(selected(&["browser"]), ["build", "browser"]);
    }

    #[test]
    fn without_names_every_step_but_cargo_deny_runs() {
        let all = selected(&[]);
        assert!(!all.contains(&"deny"));
        assert_eq!(all.len(), STEPS.len() - 1);
    }

    #[test]
    fn an_unknown_step_is_an_error_that_names_the_list_option() {
        let error = select(&["brwoser"]).err().expect("an error").to_string();
        assert!(error.contains("brwoser") && error.contains("--list"), "{error}");
    }
}
