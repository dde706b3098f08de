//! Standard output and standard error. A program must not fail because their reader has gone, so errors are ignored.

use std::fmt::Display;
use std::io::Write as _;

/// Prints a line to standard output.
pub(crate) fn print(line: impl Display) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Prints text to standard error, without a line break.
pub(crate) fn print_error(text: impl Display) {
    drop(write!(std::io::stderr(), "{text}"));
}
