//! `cargo xtask test`: the steps one after the other, a table, and one closing line.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::packages::{self, For};
use crate::process::{self, minutes};
use crate::repo::Repo;
use crate::steps::{self, BUILD, CHECKS, Need, STEPS, Step};
use crate::{python, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these steps, and the build when they need it.
    steps: Vec<String>,
    /// Shows the steps and runs none.
    #[arg(long)]
    list: bool,
}

/// How a step ended.
enum Outcome {
    Passed,
    Failed(String),
    /// It can't run here, and why.
    Skipped(String),
    /// What it stands on has failed.
    NotRun,
}

pub(crate) fn test(repo: &Repo, options: &Options) -> Result<()> {
    if options.list {
        for step in STEPS {
            println!("{:15} {}", step.name, step.about);
        }
        return Ok(());
    }
    let named: Vec<_> = options.steps.iter().map(String::as_str).collect();
    run(repo, &chosen(&named)?)
}

/// `cargo xtask check`: the steps that run nothing of ours.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    run(repo, &chosen(CHECKS)?)
}

/// The named steps in their own order, with the build if one of them needs it; all but cargo-deny without names.
fn chosen(names: &[&str]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("there is no step \"{unknown}\"; `cargo xtask test --list` shows them");
    }
    if names.is_empty() {
        return Ok(STEPS.iter().filter(|step| step.name != "deny").collect());
    }
    let wanted = |step: &Step| names.contains(&step.name);
    let needs_build = STEPS
        .iter()
        .any(|step| wanted(step) && step.needs.contains(&Need::Programs));
    Ok(STEPS
        .iter()
        .filter(|step| wanted(step) || (needs_build && step.name == BUILD))
        .collect())
}

fn run(repo: &Repo, steps: &[&Step]) -> Result<()> {
    // In CI a part that can't run is a part that nobody knows the state of.
    let strict = std::env::var("CI").is_ok_and(|value| value == "true");
    let mut results = Vec::new();

    heading("setup");
    let started = Instant::now();
    let ready = set_up(repo, steps);
    let mut usable = ready.is_ok();
    results.push(("setup", outcome(ready), started.elapsed()));

    for step in steps {
        let started = Instant::now();
        let outcome = if !usable || process::stopped() {
            Outcome::NotRun
        } else {
            heading(step.name);
            one(repo, step, strict)
        };
        usable &= step.name != BUILD || matches!(outcome, Outcome::Passed);
        results.push((step.name, outcome, started.elapsed()));
    }
    conclude(&results)
}

/// What these steps need, and no more.
fn set_up(repo: &Repo, steps: &[&Step]) -> Result<()> {
    let needs = |need: Need| steps.iter().any(|step| step.needs.contains(&need));
    let packages: Vec<For> = steps
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
        python::environment(repo)?;
    }
    Ok(())
}

fn one(repo: &Repo, step: &Step, strict: bool) -> Outcome {
    let skipped = |reason: String| {
        if strict {
            Outcome::Failed(reason)
        } else {
            Outcome::Skipped(reason)
        }
    };
    if let Some(reason) = steps::obstacle(step) {
        println!("{}: {reason}", if strict { "can't run" } else { "skipped" });
        return skipped(reason);
    }
    match (step.commands)(repo) {
        Ok(commands) if commands.is_empty() => skipped("the tree holds no such tests".to_owned()),
        Ok(commands) => {
            let limit = Duration::from_mins(step.minutes);
            // Each runs although one before it has failed: eslint's complaints are of use beside svelte-check's.
            let ends: Vec<_> = commands
                .into_iter()
                .map(|mut command| process::limited(&mut command, limit))
                .collect();
            outcome(ends.into_iter().collect())
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

/// The table, then the closing line, alone on its line.
fn conclude(results: &[(&str, Outcome, Duration)]) -> Result<()> {
    heading("all steps");
    let (mut passed, mut failed) = (0, 0);
    for (name, outcome, time) in results {
        let (word, why) = match outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(why) => ("FAILED", why.lines().next().unwrap_or_default()),
            Outcome::Skipped(why) => ("skipped", why.as_str()),
            Outcome::NotRun => ("not run", ""),
        };
        passed += u32::from(matches!(outcome, Outcome::Passed));
        failed += u32::from(matches!(outcome, Outcome::Failed(_)));
        println!("{name:15} {word:8} {:>6}  {why}", minutes(*time));
    }
    println!("\n{passed} passed, {failed} failed");
    if failed > 0 || process::stopped() {
        bail!("not everything passed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    //! Steps by name; the build that a step stands on; all of them; a name that there isn't.

    use super::*;

    fn names(named: &[&str]) -> Vec<&'static str> {
        chosen(named)
            .expect("known steps")
            .iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn steps_run_in_their_own_order() {
        assert_eq!(names(&["clippy", "format"]), ["format", "clippy"]);
    }

    #[test]
    fn a_step_that_needs_programs_brings_the_build() {
        assert_eq!(names(&["browser"]), ["build", "browser"]);
    }

    #[test]
    fn without_a_name_everything_runs_that_needs_no_tool_from_elsewhere() {
        let all = names(&[]);
        assert!(!all.contains(&"deny"));
        assert_eq!(all.len(), STEPS.len() - 1);
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_way_to_the_list() {
        let error = chosen(&["brwoser"]).err().expect("refused").to_string();
        assert!(error.contains("brwoser") && error.contains("--list"), "{error}");
    }
}
