//! How the cost grows with the clients, and with the rate: a line for each product. The colours are readable on light and on
//! dark ground, for the pictures have none of their own.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::case::{Case, Pace};
use crate::figures::{Figures, thousands};

const SIZE: (u32, u32) = (760, 420);
const INK: RGBColor = RGBColor(128, 128, 128);

/// The products in the order in which they are drawn, with their names for people and their colours.
const LINES: &[(&str, &str, RGBColor)] = &[
    ("node-sqlite", "Node + SQLite", RGBColor(190, 90, 160)),
    ("node", "Node", RGBColor(220, 90, 70)),
    ("socketioxide", "socketioxide", RGBColor(215, 145, 30)),
    ("bare-each", "bare writer, each", RGBColor(110, 140, 160)),
    ("bare", "bare writer", RGBColor(130, 130, 130)),
    ("ichat", "I-Chat, durable", RGBColor(40, 140, 220)),
];

/// What a plot shows.
struct Plot {
    file: &'static str,
    title: &'static str,
    below: &'static str,
    beside: &'static str,
    figure: &'static str,
    /// Where a case stands on the axis, if it belongs here at all.
    place: fn(&str) -> Option<f64>,
}

const fn plot(
    file: &'static str,
    title: &'static str,
    below: &'static str,
    (figure, beside): (&'static str, &'static str),
    place: fn(&str) -> Option<f64>,
) -> Plot {
    Plot {
        file,
        title,
        below,
        beside,
        figure,
        place,
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
        "messages a second",
        CPU,
        rate,
    ),
    plot(
        "p99-by-clients.svg",
        "99 of 100 deliveries came within this time, 10 senders flat out",
        "clients",
        P99,
        ten_senders,
    ),
    plot(
        "p99-by-rate.svg",
        "99 of 100 deliveries came within this time, 100 clients",
        "messages a second",
        P99,
        rate,
    ),
    plot(
        "rate-by-clients.svg",
        "Deliveries a second, 10 senders flat out",
        "clients",
        ("rate", "deliveries a second"),
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
        "Killed, started anew, and everybody in step again",
        "clients, all back at once",
        ("in step", "s"),
        |case| case.strip_prefix("resume ")?.parse().ok(),
    ),
];

fn ten_senders(case: &str) -> Option<f64> {
    flat_out(case, 10)
}

fn one_sender(case: &str) -> Option<f64> {
    flat_out(case, 1)
}

fn flat_out(case: &str, senders: usize) -> Option<f64> {
    let case: Case = case.parse().ok()?;
    let clients = f64::from(u32::try_from(case.clients).ok()?);
    (case.pace == Pace::FlatOut(senders)).then_some(clients)
}

fn rate(case: &str) -> Option<f64> {
    let case: Case = case.parse().ok()?;
    case.rate().filter(|_| case.clients == 100).map(f64::from)
}

/// A product's points, from left to right.
struct Line {
    product: &'static str,
    name: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

/// Draws every plot for which there are figures of two cases at least.
pub(super) fn draw(figures: &Figures, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for plot in PLOTS {
        let lines: Vec<Line> = LINES
            .iter()
            .filter_map(|(product, name, colour)| line(figures, plot, (product, name), *colour))
            .collect();
        if lines.iter().any(|line| line.points.len() > 1) {
            let path = folder.join(plot.file);
            chart(plot, &lines, &path).map_err(|error| anyhow!("{} can't be drawn: {error}", path.display()))?;
        }
    }
    Ok(())
}

fn line(
    figures: &Figures,
    plot: &Plot,
    (product, name): (&'static str, &'static str),
    colour: RGBColor,
) -> Option<Line> {
    let of_product = figures
        .0
        .iter()
        .filter(|figure| figure.name == plot.figure && figure.product == product);
    let mut points: Vec<(f64, f64)> = of_product
        .filter_map(|figure| Some(((plot.place)(&figure.case)?, figure.value)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    (!points.is_empty()).then_some(Line {
        product,
        name,
        colour,
        points,
    })
}

fn chart(plot: &Plot, lines: &[Line], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let least = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
    let across = (least(|p| p.0) * 0.9)..(most(|p| p.0) * 1.1);
    let up = (least(|p| p.1).max(1e-3) * 0.7)..(most(|p| p.1) * 1.4);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    let (picture, legend) = area.split_horizontally(SIZE.0 - 160);
    let text = |size: u32| ("sans-serif", size).into_font().color(&INK);
    let mut chart = ChartBuilder::on(&picture)
        .caption(plot.title, text(17))
        .margin(10)
        .x_label_area_size(42)
        .y_label_area_size(84)
        .build_cartesian_2d(across.log_scale(), up.log_scale())?;
    chart
        .configure_mesh()
        .x_desc(plot.below)
        .y_desc(plot.beside)
        .axis_style(INK)
        .bold_line_style(INK.mix(0.25))
        .light_line_style(TRANSPARENT)
        .label_style(text(13))
        .axis_desc_style(text(13))
        .x_label_formatter(&|value| mark(*value))
        .y_label_formatter(&|value| number(*value))
        .draw()?;
    for line in lines {
        let width = if line.product == "ichat" { 4 } else { 2 };
        let style = line.colour.stroke_width(width);
        chart.draw_series(LineSeries::new(line.points.iter().copied(), style))?;
        chart.draw_series(
            line.points
                .iter()
                .map(|point| Circle::new(*point, width + 1, line.colour.filled())),
        )?;
    }
    // The names stand in the order in which the lines end, from above.
    let mut named: Vec<&Line> = lines.iter().collect();
    named.sort_by(|a, b| {
        b.points
            .last()
            .map(|p| p.1)
            .partial_cmp(&a.points.last().map(|p| p.1))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    for (place, line) in named.into_iter().enumerate() {
        let y = 60 + 24 * i32::try_from(place)?;
        legend.draw(&PathElement::new(vec![(4, y), (24, y)], line.colour.stroke_width(3)))?;
        let style = ("sans-serif", 14)
            .into_font()
            .color(&line.colour)
            .pos(Pos::new(HPos::Left, VPos::Center));
        legend.draw(&Text::new(line.name, (30, y), style))?;
    }
    area.present()?;
    Ok(())
}

/// A number below the axis, if it begins with 1, 2 or 5: all of them would run into each other.
fn mark(value: f64) -> String {
    let leading = value / 10_f64.powf(value.log10().floor());
    let is_round = [1.0, 2.0, 5.0, 10.0].iter().any(|round| (leading - round).abs() < 0.01);
    if is_round { number(value) } else { String::new() }
}

/// `5,000`, `0.5`.
fn number(value: f64) -> String {
    if value >= 10.0 {
        thousands(value.round())
    } else {
        thousands((value * 100.0).round() / 100.0)
    }
}
