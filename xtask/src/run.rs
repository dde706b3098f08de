//! `cargo xtask run`: the app where there is a display; else the headless server, with its address to scan.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Result, bail};
use clap::Args;

use crate::process::{self, Group};
use crate::repo::Repo;
use crate::{addresses, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Build with optimisation.
    #[arg(long)]
    release: bool,
    /// Serve browsers although there is a display.
    #[arg(long)]
    headless: bool,
    /// Arguments for the program, after `--`.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Options {
    fn build<'a>(&self, package: &'a str) -> Vec<&'a str> {
        let mut arguments = vec!["build", "--package", package];
        if self.release {
            arguments.push("--release");
        }
        arguments
    }

    fn profile(&self) -> &'static str {
        if self.release { "release" } else { "debug" }
    }
}

pub(crate) fn run(repo: &Repo, options: &Options) -> Result<()> {
    if has_display() && !options.headless {
        app(repo, options)
    } else {
        server(repo, options)
    }
}

fn app(repo: &Repo, options: &Options) -> Result<()> {
    setup::for_app(repo)?;
    process::interactive(&mut repo.cargo(&options.build("ichat")))?;
    let mut app = repo.command(repo.program(options.profile(), "ichat"));
    let mut group = Group::start(app.args(&options.arguments).stdin(Stdio::null()))?;
    ended(&mut group, "I-Chat")
}

fn server(repo: &Repo, options: &Options) -> Result<()> {
    setup::for_server(repo)?;
    process::interactive(&mut repo.cargo(&options.build("ichat-server")))?;

    let mut server = repo.command(repo.program(options.profile(), "ichat-server"));
    server
        .args(&options.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut group = Group::start(&mut server)?;
    if let Some(stdout) = group.take_stdout() {
        std::thread::spawn(move || pass_on(BufReader::new(stdout)));
    }
    ended(&mut group, "The server")
}

/// Prints what the server says, and the join card behind its address.
fn pass_on(lines: impl BufRead) {
    let mut shown = false;
    for line in lines.lines().map_while(Result::ok) {
        println!("{line}");
        if let Some(address) = addresses::in_line(&line).filter(|_| !shown) {
            println!("{}", addresses::card(&addresses::for_others(address)));
            shown = true;
        }
    }
}

fn ended(group: &mut Group, who: &str) -> Result<()> {
    let status = group.wait(None)?;
    if !status.success() && !process::stopped() {
        bail!("{who} ended with {status}");
    }
    Ok(())
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
