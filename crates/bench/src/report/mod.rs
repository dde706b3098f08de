//! The report on the figures of a run: a table of targets, and plots.

mod chart;
mod plots;
mod target;
mod targets;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use self::targets::TARGETS;
use crate::figures::Figures;
use crate::output::print_line;

/// Reads the figures in a folder, prints the table, and writes it to `table.md` there, with the plots beside it.
pub(crate) fn report(folder: &Path, publish: Option<&Path>) -> Result<()> {
    let figures = Figures::read(folder)?;
    let table = table(&figures)?;
    print_line(&format!("\n{table}"));
    std::fs::write(folder.join("table.md"), table).with_context(|| format!("{} can't be written", folder.display()))?;
    plots::draw(&figures, folder)?;
    if let Some(publish) = publish {
        plots::draw(&figures, publish)?;
    }
    Ok(())
}

/// Returns the table in Markdown.
fn table(figures: &Figures) -> Result<String> {
    let mut table =
        "| case | figure | target | measured | of the target | |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    let mut missing = Vec::new();
    for target in TARGETS {
        let Some(verdict) = target.verdict(figures) else {
            missing.push(target.case);
            continue;
        };
        writeln!(
            table,
            "| {} | {} | {} | {} | {:.2} | {} |",
            target.case,
            target.figure_text,
            verdict.target,
            verdict.measured,
            verdict.ratio,
            if verdict.ratio <= 1.0 { "met" } else { "**missed**" }
        )?;
    }
    missing.dedup();
    if !missing.is_empty() {
        writeln!(table, "\nThere are no figures for: {}.", missing.join("; "))?;
    }
    Ok(table)
}
