//! The plots: how the cost grows with the clients, and with the rate, with a curve for each product.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::style::RGBColor;

use super::chart::{Chart, Curve, draw_chart};
use crate::case::{Case, Pace};
use crate::figures::Figures;

/// The products in the order in which they are drawn, with their names for people and their colours. The colours can be
/// read on a light and on a dark background, since the plots have none of their own.
const PRODUCTS: &[(&str, &str, RGBColor)] = &[
    ("node-sqlite", "Node + SQLite", RGBColor(190, 90, 160)),
    ("node", "Node", RGBColor(220, 90, 70)),
    ("socketioxide", "socketioxide", RGBColor(215, 145, 30)),
    ("bare-each", "bare writer, each", RGBColor(110, 140, 160)),
    ("bare", "bare writer", RGBColor(130, 130, 130)),
    ("ichat", "I-Chat, durable", RGBColor(40, 140, 220)),
];

/// A plot of one figure.
struct Plot {
    file: &'static str,
    title: &'static str,
    x_label: &'static str,
    y_label: &'static str,
    figure: &'static str,
    /// Returns the position of a case on the x axis, if the plot shows it.
    x_of_case: fn(&str) -> Option<f64>,
}

const fn plot(
    file: &'static str,
    title: &'static str,
    x_label: &'static str,
    (figure, y_label): (&'static str, &'static str),
    x_of_case: fn(&str) -> Option<f64>,
) -> Plot {
    Plot {
        file,
        title,
        x_label,
        y_label,
        figure,
        x_of_case,
    }
}

const CPU: (&str, &str) = ("cpu", "µs");
const P99: (&str, &str) = ("p99", "ms");

const PLOTS: &[Plot] = &[
    plot(
        "cpu-by-clients.svg",
        "Server CPU per delivered message, 10 senders flat out",
        "clients",
        CPU,
        ten_senders,
    ),
    plot(
        "cpu-by-clients-one-sender.svg",
        "Server CPU per delivered message, 1 sender flat out",
        "clients",
        CPU,
        one_sender,
    ),
    plot(
        "cpu-by-rate.svg",
        "Server CPU per delivered message, 100 clients",
        "messages per second",
        CPU,
        rate,
    ),
    plot(
        "p99-by-clients.svg",
        "99 of 100 deliveries took at most this time, 10 senders flat out",
        "clients",
        P99,
        ten_senders,
    ),
    plot(
        "p99-by-rate.svg",
        "99 of 100 deliveries took at most this time, 100 clients",
        "messages per second",
        P99,
        rate,
    ),
    plot(
        "rate-by-clients.svg",
        "Deliveries per second, 10 senders flat out",
        "clients",
        ("rate", "deliveries per second"),
        ten_senders,
    ),
    plot(
        "memory-by-connections.svg",
        "Memory of an idle connection",
        "connections",
        ("memory", "KiB"),
        |case| case.strip_prefix("idle ")?.parse().ok(),
    ),
    plot(
        "resume-by-clients.svg",
        "Killed, started again, and all clients in sync",
        "clients, all back at once",
        ("in sync", "s"),
        |case| case.strip_prefix("resume ")?.parse().ok(),
    ),
];

fn ten_senders(case: &str) -> Option<f64> {
    closed_loop_clients(case, 10)
}

fn one_sender(case: &str) -> Option<f64> {
    closed_loop_clients(case, 1)
}

fn closed_loop_clients(case: &str, senders: usize) -> Option<f64> {
    let case: Case = case.parse().ok()?;
    let clients = f64::from(u32::try_from(case.clients).ok()?);
    (case.pace == Pace::ClosedLoop(senders)).then_some(clients)
}

fn rate(case: &str) -> Option<f64> {
    let case: Case = case.parse().ok()?;
    case.rate().filter(|_| case.clients == 100).map(f64::from)
}

/// Draws every plot for which there are figures of at least two cases.
pub(super) fn draw(figures: &Figures, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for plot in PLOTS {
        let products = PRODUCTS.iter();
        let curves: Vec<Curve> = products
            .filter_map(|(product, name, colour)| curve(figures, plot, product, name, *colour))
            .collect();
        if curves.iter().any(|curve| curve.points.len() > 1) {
            let path = folder.join(plot.file);
            let chart = Chart {
                title: plot.title,
                x_label: plot.x_label,
                y_label: plot.y_label,
                curves,
            };
            draw_chart(&chart, &path).map_err(|error| anyhow!("{} can't be drawn: {error}", path.display()))?;
        }
    }
    Ok(())
}

fn curve(figures: &Figures, plot: &Plot, product: &str, name: &'static str, colour: RGBColor) -> Option<Curve> {
    let of_product = figures
        .0
        .iter()
        .filter(|figure| figure.name == plot.figure && figure.product == product);
    let mut points: Vec<(f64, f64)> = of_product
        .filter_map(|figure| Some(((plot.x_of_case)(&figure.case)?, figure.value)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let is_emphasized = product == "ichat";
    (!points.is_empty()).then_some(Curve {
        name,
        colour,
        is_emphasized,
        points,
    })
}
