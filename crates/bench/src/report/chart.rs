//! Drawing a chart: logarithmic axes, and a legend beside it.

use std::cmp::Ordering;
use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::figures::thousands;

const SIZE: (u32, u32) = (760, 420);
const LEGEND_WIDTH: u32 = 160;
const LEGEND_TOP: i32 = 60;
const LEGEND_LINE_HEIGHT: i32 = 24;
/// Readable on a light and on a dark background.
const AXIS_COLOUR: RGBColor = RGBColor(128, 128, 128);

pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) x_label: &'static str,
    pub(super) y_label: &'static str,
    pub(super) curves: Vec<Curve>,
}

pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) colour: RGBColor,
    pub(super) is_emphasized: bool,
    /// From left to right.
    pub(super) points: Vec<(f64, f64)>,
}

/// Draws a chart as an SVG.
pub(super) fn draw_chart(chart: &Chart, path: &Path) -> Result<(), Box<dyn Error>> {
    let points = || chart.curves.iter().flat_map(|curve| &curve.points);
    let min = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let max = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
    let x_range = (min(|point| point.0) * 0.9)..(max(|point| point.0) * 1.1);
    let y_range = (min(|point| point.1).max(1e-3) * 0.7)..(max(|point| point.1) * 1.4);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    let (plot_area, legend_area) = area.split_horizontally(SIZE.0 - LEGEND_WIDTH);
    let text = |size: u32| ("sans-serif", size).into_font().color(&AXIS_COLOUR);
    let mut context = ChartBuilder::on(&plot_area)
        .caption(chart.title, text(17))
        .margin(10)
        .x_label_area_size(42)
        .y_label_area_size(84)
        .build_cartesian_2d(x_range.log_scale(), y_range.log_scale())?;
    context
        .configure_mesh()
        .x_desc(chart.x_label)
        .y_desc(chart.y_label)
        .axis_style(AXIS_COLOUR)
        .bold_line_style(AXIS_COLOUR.mix(0.25))
        .light_line_style(TRANSPARENT)
        .label_style(text(13))
        .axis_desc_style(text(13))
        .x_label_formatter(&|value| x_tick(*value))
        .y_label_formatter(&|value| number(*value))
        .draw()?;
    for curve in &chart.curves {
        let width = if curve.is_emphasized { 4 } else { 2 };
        let points = || curve.points.iter().copied();
        context.draw_series(LineSeries::new(points(), curve.colour.stroke_width(width)))?;
        context.draw_series(points().map(|point| Circle::new(point, width + 1, curve.colour.filled())))?;
    }
    draw_legend(&chart.curves, &legend_area)?;
    area.present()?;
    Ok(())
}

/// Draws the names in the order in which the curves end, from the top.
fn draw_legend(
    curves: &[Curve],
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
) -> Result<(), Box<dyn Error>> {
    let end = |curve: &Curve| curve.points.last().map(|point| point.1);
    let mut sorted: Vec<&Curve> = curves.iter().collect();
    sorted.sort_by(|a, b| end(b).partial_cmp(&end(a)).unwrap_or(Ordering::Equal));
    let mut y = LEGEND_TOP;
    for curve in sorted {
        area.draw(&PathElement::new(vec![(4, y), (24, y)], curve.colour.stroke_width(3)))?;
        let style = ("sans-serif", 14)
            .into_font()
            .color(&curve.colour)
            .pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(curve.name, (30, y), style))?;
        y += LEGEND_LINE_HEIGHT;
    }
    Ok(())
}

/// Formats a number on the x axis, if it begins with 1, 2 or 5. All numbers would overlap.
fn x_tick(value: f64) -> String {
    let leading = value / 10_f64.powf(value.log10().floor());
    let is_round = [1.0, 2.0, 5.0, 10.0].iter().any(|round| (leading - round).abs() < 0.01);
    if is_round { number(value) } else { String::new() }
}

/// Formats a number: `5,000`, `0.5`.
fn number(value: f64) -> String {
    if value >= 10.0 {
        thousands(value.round())
    } else {
        thousands((value * 100.0).round() / 100.0)
    }
}
