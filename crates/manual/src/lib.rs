//! Man pages and shell completions: two commands that a program adds to its own, and that describe all of them.
//!
//! ```text
//!   ichat-server completions bash      the script, on standard output
//!   ichat-server man DIR               DIR/ichat-server.1, DIR/ichat-server-backup.1, …
//! ```

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Subcommand, ValueHint};
use clap_complete::Shell;

/// A command that describes the program.
#[derive(Clone, Debug, Subcommand)]
pub enum ManualCommand {
    /// Print a script with which a shell completes the arguments
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the man pages into a folder, one for each command
    Man {
        /// The folder; created if it doesn't exist
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
}

impl ManualCommand {
    /// Describes a program. A reader that has seen enough of a script is no error.
    pub fn run(&self, program: clap::Command) -> io::Result<()> {
        match self {
            Self::Completions { shell } => print(completions(program, *shell).as_bytes()),
            Self::Man { dir } => {
                fs::create_dir_all(dir)?;
                clap_mangen::generate_to(program, dir)
            }
        }
    }
}

fn completions(mut program: clap::Command, shell: Shell) -> String {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, &name, &mut script);
    let script = String::from_utf8_lossy(&script);
    if shell != Shell::Bash {
        return script.into_owned();
    }
    // Of a program with a hyphen the library's script completes nothing behind a command, since it spells the program in two
    // ways: https://github.com/clap-rs/clap/issues/6421
    script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"))
}

fn print(script: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(script).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
