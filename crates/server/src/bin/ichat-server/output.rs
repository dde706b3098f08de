//! Standard output and standard error. A program must not fail because their reader has gone, so that is no error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};

/// Prints a line to standard output.
pub(crate) fn print(line: impl Display) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Prints a line to standard output, for a command that does nothing else. Fails if it can't be written, for example to a full
/// disk; not if its reader has gone.
pub(crate) fn try_print(line: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints text to standard error, without a line break.
pub(crate) fn print_error(text: impl Display) {
    drop(write!(std::io::stderr(), "{text}"));
}
