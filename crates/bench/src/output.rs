//! The output for people, between the figures.

use anyhow::{Error, Result, bail};

use crate::product::Product;

#[expect(clippy::print_stdout, reason = "the output of a benchmark is its result")]
pub(crate) fn print_line(line: &str) {
    println!("{line}");
}

/// Runs that gave no figure. A peer's are only printed; I-Chat must have none.
#[derive(Default)]
pub(crate) struct Failures {
    of_ichat: usize,
}

impl Failures {
    pub(crate) fn print(&mut self, round: usize, product: Product, error: &Error) {
        print_line(&format!("  round {round} {:12} failed: {error:#}", product.name()));
        self.of_ichat += usize::from(product == Product::Ichat);
    }

    /// Fails if I-Chat failed.
    pub(crate) fn verdict(&self) -> Result<()> {
        match self.of_ichat {
            0 => Ok(()),
            1 => bail!("I-Chat failed once (see above)"),
            more => bail!("I-Chat failed {more} times (see above)"),
        }
    }
}
