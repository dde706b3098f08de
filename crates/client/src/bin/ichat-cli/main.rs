//! `ichat-cli`: I-Chat without a window, for scripts, bots and tests.
//!
//! ```text
//!   main ── args       what is asked
//!    │  └── talk       a client, one server, and what it tells
//!    └───── commands   rooms, join, say, tail
//! ```

mod args;
mod commands;
mod print;
mod talk;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match commands::run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            print::problem(args.json, &problem);
            ExitCode::FAILURE
        }
    }
}
