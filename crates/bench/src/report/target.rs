//! A target: a figure of I-Chat, and the limit that it is compared with.

use crate::figures::{Figures, thousands};

/// The product that has targets.
const OURS: &str = "ichat";

/// One row of the table.
pub(super) struct Target {
    /// The case, for people.
    pub(super) case: &'static str,
    /// The figure's description for people.
    pub(super) figure_text: &'static str,
    figure: &'static str,
    /// The case, as the figure names it. With a star at its end the largest figure of all cases that begin so.
    case_name: &'static str,
    limit: Limit,
}

/// The limit that I-Chat's figure is compared with.
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
    /// At most so many times another product's figure.
    AtMostTimes(f64, &'static str),
    /// At most another product's figure divided by so much.
    TimesBelow(f64, &'static str),
    /// At most another product's figure plus I-Chat's of this name and case.
    AtMostPlus(&'static str, (&'static str, &'static str)),
    /// At most I-Chat's figure of this name and case plus so much.
    AtMostAbove((&'static str, &'static str), f64),
}

/// The verdict on a target.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) measured: String,
    pub(super) target: String,
    /// The figure divided by its limit, or the limit by the figure where more is better: at most 1 if the target is
    /// met.
    pub(super) ratio: f64,
}

pub(super) const fn target(
    case: &'static str,
    figure_text: &'static str,
    (figure, case_name): (&'static str, &'static str),
    limit: Limit,
) -> Target {
    Target {
        case,
        figure_text,
        figure,
        case_name,
        limit,
    }
}

impl Target {
    /// Compares the figures with the target. `None` if a figure is missing.
    pub(super) fn verdict(&self, figures: &Figures) -> Option<Verdict> {
        let ours = figures.get(self.figure, self.case_name, OURS)?;
        let value = |figure, case, product| figures.get(figure, case, product).map(|figure| figure.value);
        let theirs = |product| value(self.figure, self.case_name, product);
        // The row's text explains "µs of server CPU per delivery"; the number needs its first word.
        let unit = ours.unit.split(' ').next().unwrap_or_default();
        let (limit, target) = match &self.limit {
            Limit::AtMost(limit) => (*limit, format!("≤ {limit} {unit}")),
            Limit::AtLeast(limit) => (*limit, format!("≥ {} {unit}", thousands(*limit))),
            Limit::AtMostTimes(times, other) => {
                let theirs = theirs(other)?;
                (theirs * times, format!("≤ {times} × {other} ({theirs} {unit})"))
            }
            Limit::TimesBelow(times, other) => {
                let theirs = theirs(other)?;
                (theirs / times, format!("≤ 1/{times} of {other} ({theirs} {unit})"))
            }
            Limit::AtMostPlus(other, (figure, case)) => {
                let (theirs, more) = (theirs(other)?, value(figure, case, OURS)?);
                (theirs + more, format!("≤ {other} ({theirs} {unit}) + {more} {unit}"))
            }
            Limit::AtMostAbove((figure, case), more) => {
                let before = value(figure, case, OURS)?;
                (before + more, format!("≤ {before} {unit} + {more} {unit}"))
            }
        };
        let ratio = if matches!(self.limit, Limit::AtLeast(_)) {
            limit / ours.value
        } else {
            ours.value / limit
        };
        Some(Verdict {
            measured: format!("{} {unit}", thousands(ours.value)),
            target,
            ratio,
        })
    }
}

#[cfg(test)]
mod tests {
    //! - a target is met or missed, or lacks figures
    //! - of several cases the worst counts
    //! - more may be better

    use super::Limit::{AtLeast, AtMost, AtMostTimes};
    use super::*;
    use crate::figures::Figure;

    fn figures(lines: &[(&str, &str, &str, f64)]) -> Figures {
        let figures = lines.iter().map(|(figure, case, product, value)| {
            Figure::of_rounds(figure, case, product, "µs of CPU", &[*value]).unwrap()
        });
        Figures(figures.collect())
    }

    #[test]
    fn a_target_is_met_or_missed() {
        let row = target("", "", ("cpu", "1000x1"), AtMostTimes(1.5, "bare"));
        let with = |ours| figures(&[("cpu", "1000x1", "ichat", ours), ("cpu", "1000x1", "bare", 2.0)]);
        let verdict = row.verdict(&with(3.0)).unwrap();
        assert_eq!(
            (verdict.target.as_str(), verdict.measured.as_str()),
            ("≤ 1.5 × bare (2 µs)", "3 µs")
        );
        assert!((verdict.ratio - 1.0).abs() < 1e-9);
        assert!(row.verdict(&with(3.3)).unwrap().ratio > 1.0);
        assert_eq!(row.verdict(&figures(&[("cpu", "1000x1", "ichat", 3.0)])), None);
    }

    #[test]
    fn of_several_cases_the_worst_counts() {
        let row = target("", "", ("search", "1000 messages, *"), AtMost(20.0));
        let verdict = row.verdict(&figures(&[
            ("search", "1000 messages, author", "ichat", 5.0),
            ("search", "1000 messages, time", "I-Chat", 30.0),
            ("search", "9000 messages, time", "ichat", 90.0),
        ]));
        assert_eq!(verdict.unwrap().measured, "30 µs");
    }

    #[test]
    fn more_may_be_better() {
        let row = target("", "", ("entries", "batches"), AtLeast(100_000.0));
        let verdict = row
            .verdict(&figures(&[("entries", "batches", "ichat", 125_000.0)]))
            .unwrap();
        assert_eq!(verdict.measured, "125,000 µs");
        assert!((verdict.ratio - 0.8).abs() < 1e-9);
    }
}
