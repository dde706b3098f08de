//! `ichat-cli`: I-Chat without a window, for scripts, bots and tests.
//!
//! ```text
//!   main ── args         the command line
//!    └───── commands     one function per subcommand
//!            ├── session  a client that has joined one server: requests, rooms, mentions
//!            └── print    the output
//! ```

mod args;
mod commands;
mod print;
mod session;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::commands::Failure;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse_from(args::with_marked_text(std::env::args_os()));
    match commands::run(&args).await {
        Ok(()) | Err(Failure::NoReader) => ExitCode::SUCCESS,
        Err(Failure::Error(error)) => {
            print::error(args.json, &error);
            ExitCode::FAILURE
        }
    }
}
