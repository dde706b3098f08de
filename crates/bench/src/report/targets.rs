//! What is to be reached, row by row, and from which figures one sees it.

use crate::figures::{Figures, thousands};

/// One line of the table.
pub(super) struct Target {
    /// For people.
    pub(super) case: &'static str,
    pub(super) what: &'static str,
    figure: &'static str,
    /// With a star at its end the largest figure of all cases that begin so.
    of: &'static str,
    limit: Limit,
}

/// Beside what I-Chat's figure is held.
enum Limit {
    /// At most so much.
    AtMost(f64),
    /// At least so much.
    AtLeast(f64),
    /// At most so many times another product's figure.
    AtMostTimes(f64, &'static str),
    /// At most another product's figure divided by so much.
    TimesBelow(f64, &'static str),
    /// At most another product's figure and I-Chat's of this name and case on top.
    AtMostPlus(&'static str, (&'static str, &'static str)),
    /// At most I-Chat's figure of this name and case, and so much on top.
    AtMostAbove((&'static str, &'static str), f64),
}

/// What became of a target.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) measured: String,
    pub(super) target: String,
    /// The figure divided by its limit, or the other way round where more is better: 1 or less is met.
    pub(super) ratio: f64,
}

const fn target(
    case: &'static str,
    what: &'static str,
    (figure, of): (&'static str, &'static str),
    limit: Limit,
) -> Target {
    Target {
        case,
        what,
        figure,
        of,
        limit,
    }
}

use Limit::{AtLeast, AtMost, AtMostAbove, AtMostPlus, AtMostTimes, TimesBelow};

/// The product that the targets are for.
const OURS: &str = "ichat";

const CROWD: &str = "1,000 clients, 10 senders flat out";
const LARGE: &str = "5,000 clients, 10 senders flat out";
const STEADY: &str = "100 clients, 50 messages a second";

/// The rows, in the order of the table. Another target is another line here; whoever measures it prints a figure of that
/// name and case for the product `ichat`, and for the one beside it.
pub(super) const TARGETS: &[Target] = &[
    target(
        CROWD,
        "CPU a delivery, beside the bare writer, a write a message",
        ("cpu", "1000x10"),
        AtMostTimes(1.0, "bare-each"),
    ),
    target(
        CROWD,
        "CPU a delivery, beside Node without storing",
        ("cpu", "1000x10"),
        TimesBelow(12.0, "node"),
    ),
    target(
        CROWD,
        "p99, beside plain socketioxide",
        ("p99", "1000x10"),
        AtMostTimes(1.0, "socketioxide"),
    ),
    target(
        LARGE,
        "CPU a delivery, beside the bare writer, a write a message",
        ("cpu", "5000x10"),
        AtMostTimes(1.0, "bare-each"),
    ),
    target(
        LARGE,
        "CPU a delivery, beside Node without storing",
        ("cpu", "5000x10"),
        TimesBelow(12.0, "node"),
    ),
    target(
        LARGE,
        "p99, beside plain socketioxide",
        ("p99", "5000x10"),
        AtMostTimes(1.0, "socketioxide"),
    ),
    target(
        "1,000 clients, 1 sender flat out",
        "CPU a delivery, beside the bare writer",
        ("cpu", "1000x1"),
        AtMostTimes(1.3, "bare"),
    ),
    target(
        STEADY,
        "CPU a delivery, beside Node without storing",
        ("cpu", "100@50"),
        AtMostTimes(0.5, "node"),
    ),
    target(
        STEADY,
        "p99, beside Node's and one commit",
        ("p99", "100@50"),
        AtMostPlus("node", ("commit", "one entry")),
    ),
    target(
        "10,000 idle connections",
        "memory each",
        ("memory", "idle 10000"),
        AtMost(16.0),
    ),
    target(
        "10,000 connections at once, then idle",
        "memory each",
        ("memory", "rush 10000"),
        AtMost(16.0),
    ),
    target(
        "5,000 clients resume after a restart",
        "until all are in step",
        ("in step", "resume 5000"),
        AtMost(10.0),
    ),
    target(
        "5,000 clients resume after a restart",
        "readings of one page",
        ("readings", "resume 5000"),
        AtMost(1.0),
    ),
    target(
        "store",
        "entries a second in batches",
        ("entries per second", "batches of 1000"),
        AtLeast(100_000.0),
    ),
    target(
        "store",
        "one entry alone, beside one fdatasync",
        ("commit", "one entry"),
        AtMostTimes(2.0, "fdatasync"),
    ),
    target(
        "10,000 missed entries",
        "in the replica, and come up",
        ("catch-up: entries", "10000 missed entries"),
        AtMost(1_000.0),
    ),
    target(
        "10,000 missed entries",
        "on the screen",
        ("catch-up: screen", "10000 missed entries"),
        AtMost(1_000.0),
    ),
    target(
        "search in 1,000,000 messages",
        "two words and a filter, p95 of the slowest kind",
        ("search, p95", "1000000 messages, *"),
        AtMost(20.0),
    ),
    target(
        "a room of 1,000,000 messages",
        "opens, and its folder too",
        ("open the folder and the room", "1000000 messages"),
        AtMost(150.0),
    ),
    target(
        "a room of 1,000,000 messages",
        "data folder, beside the text",
        ("folder to text", "1000000 messages"),
        AtMost(2.0),
    ),
    target(
        "app",
        "first paint, beside an empty window",
        ("app", "first paint"),
        AtMostTimes(1.2, "empty window"),
    ),
    target(
        "app",
        "UI at start, gzipped",
        ("app", "interface loaded at start, gzipped"),
        AtMost(120.0),
    ),
    target(
        "app",
        "PSS of all processes when hosting, above an empty window",
        ("app", "hosting: above the empty window"),
        AtMost(20.0),
    ),
    target(
        "app",
        "PSS after paging through a room of 100,000, above that before",
        ("app", "after 200 pages of it: memory of all processes"),
        AtMostAbove(("app", "in a room of 100000: memory of all processes"), 20.0),
    ),
];

impl Target {
    /// What the figures say about it; nothing when they are not all there.
    pub(super) fn verdict(&self, figures: &Figures) -> Option<Verdict> {
        let ours = figures.get(self.figure, self.of, OURS)?;
        let theirs = |product| figures.get(self.figure, self.of, product).map(|figure| figure.value);
        // "µs of server CPU per delivery" is said in the row; the number needs its first word.
        let unit = ours.unit.split(' ').next().unwrap_or_default();
        let (limit, target) = match &self.limit {
            AtMost(limit) => (*limit, format!("≤ {limit} {unit}")),
            AtLeast(limit) => (*limit, format!("≥ {} {unit}", thousands(*limit))),
            AtMostTimes(times, other) => {
                let theirs = theirs(other)?;
                (theirs * times, format!("≤ {times} × {other} ({theirs} {unit})"))
            }
            TimesBelow(times, other) => {
                let theirs = theirs(other)?;
                (theirs / times, format!("≤ 1/{times} of {other} ({theirs} {unit})"))
            }
            AtMostPlus(other, (figure, case)) => {
                let (theirs, more) = (theirs(other)?, figures.get(figure, case, OURS)?.value);
                (theirs + more, format!("≤ {other} ({theirs} {unit}) + {more} {unit}"))
            }
            AtMostAbove((figure, case), more) => {
                let before = figures.get(figure, case, OURS)?.value;
                (before + more, format!("≤ {before} {unit} + {more} {unit}"))
            }
        };
        let ratio = if matches!(self.limit, AtLeast(_)) {
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
    //! A row that is met, one that is missed, one without figures; more is better; the worst of several cases.

    use super::*;
    use crate::figures::Figure;

    fn figures(lines: &[(&str, &str, &str, f64)]) -> Figures {
        let figures = lines.iter().map(|(figure, case, product, value)| {
            Figure::of_rounds(figure, case, product, "µs of CPU", &[*value]).unwrap()
        });
        Figures(figures.collect())
    }

    #[test]
    fn a_row_is_met_or_missed() {
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
