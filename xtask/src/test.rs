//! `cargo xtask test` and `cargo xtask check`: run the steps, then print a table, what failed, and a last line with the
//! totals.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::failures::failures;
use crate::packages::{self, Purpose};
use crate::process::{self, format_minutes};
use crate::repo::Repo;
use crate::runner::{self, Outcome, StepResult, heading};
use crate::steps::{BUILD, CHECKS, Need, SCREENSHOTS, STEPS, Step};
use crate::{python, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Run only these steps, and the build if they need it.
    steps: Vec<String>,
    /// List the steps and run none.
    #[arg(long)]
    list: bool,
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

fn run(repo: &Repo, steps: &[&'static Step]) -> Result<()> {
    heading("setup");
    let started = Instant::now();
    let set_up = set_up(repo, steps).inspect_err(|error| println!("{error:#}"));
    let mut results = vec![StepResult {
        name: "setup",
        outcome: set_up.into(),
        time: started.elapsed(),
        log: None,
    }];
    let after_build = steps.iter().position(|step| step.name == BUILD).map_or(0, |at| at + 1);
    let (first, others) = steps.split_at(after_build);
    for steps in [first, others] {
        // The others need these two.
        let can_run = |step: &StepResult| step.has_passed() || !["setup", BUILD].contains(&step.name);
        if results.iter().all(can_run) {
            results.extend(runner::run(repo, steps));
        } else {
            results.extend(steps.iter().map(|step| StepResult::not_run(step)));
        }
    }
    results.sort_by_key(|result| STEPS.iter().position(|step| step.name == result.name));
    print_results(repo, &results)
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

/// Prints the table of all steps, the failures, and the totals as the last line.
fn print_results(repo: &Repo, results: &[StepResult]) -> Result<()> {
    heading("all steps");
    let (mut passed, mut failed) = (0, 0);
    for step in results {
        let (word, reason) = match &step.outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(reason) => ("FAILED", reason.lines().next().unwrap_or_default()),
            Outcome::Skipped(reason) => ("skipped", reason.as_str()),
            Outcome::NotRun => ("not run", ""),
        };
        passed += u32::from(step.has_passed());
        failed += u32::from(step.has_failed());
        println!("{:15} {word:8} {:>6}  {reason}", step.name, format_minutes(step.time));
    }
    for step in results.iter().filter(|step| step.has_failed()) {
        print_failures(repo, step);
    }
    println!("\n{passed} passed, {failed} failed");
    if failed > 0 || process::interrupted() {
        bail!("not all steps passed");
    }
    Ok(())
}

/// Prints what failed in a step, and where the whole output and the screenshots are.
fn print_failures(repo: &Repo, step: &StepResult) {
    let Some(log) = &step.log else {
        return;
    };
    let output = log.plain_text();
    println!("\n{}:", step.name);
    for failure in failures(&output) {
        println!("  {failure}");
    }
    println!("  the output: {}", log.path().display());
    if output.contains(".png") {
        println!("  the screenshots: {}", repo.target(SCREENSHOTS).display());
    }
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
