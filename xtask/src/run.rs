//! `cargo xtask run`: starts the app if there is a display, or else the headless server with a QR code to join by.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Result, bail};
use clap::Args;

use crate::process::{self, ProcessGroup};
use crate::repo::Repo;
use crate::{addresses, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Build with optimisation.
    #[arg(long)]
    release: bool,
    /// Start the headless server although there is a display.
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
        run_app(repo, options)
    } else {
        run_server(repo, options)
    }
}

fn run_app(repo: &Repo, options: &Options) -> Result<()> {
    setup::for_app(repo)?;
    process::run(&mut repo.cargo(&options.build("ichat")))?;
    let mut app = repo.command(repo.program(options.profile(), "ichat"));
    let mut group = ProcessGroup::start(app.args(&options.arguments).stdin(Stdio::null()))?;
    wait(&mut group, "I-Chat")
}

fn run_server(repo: &Repo, options: &Options) -> Result<()> {
    setup::for_server(repo)?;
    process::run(&mut repo.cargo(&options.build("ichat-server")))?;

    let mut server = repo.command(repo.program(options.profile(), "ichat-server"));
    server
        .args(&options.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut group = ProcessGroup::start(&mut server)?;
    if let Some(stdout) = group.take_stdout() {
        std::thread::spawn(move || print_output(BufReader::new(stdout)));
    }
    wait(&mut group, "The server")
}

/// Prints the server's output, and the join card after the line with its address.
fn print_output(lines: impl BufRead) {
    let mut card_printed = false;
    for line in lines.lines().map_while(Result::ok) {
        println!("{line}");
        if let Some(url) = addresses::parse_listening_line(&line).filter(|_| !card_printed) {
            println!("{}", addresses::join_card(&addresses::reachable_urls(url)));
            card_printed = true;
        }
    }
}

fn wait(group: &mut ProcessGroup, name: &str) -> Result<()> {
    let status = group.wait(None)?;
    if !status.success() && !process::interrupted() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
