//! The lines that `target/bench/*.json` consists of. Every benchmark prints such lines, whatever it is written in:
//!
//! ```json
//! {"figure":"cpu","case":"1000x10","product":"ichat","value":1.9,"unit":"µs","low":1.8,"high":2.1,"rounds":3}
//! ```
//!
//! `value` is the median of the rounds; `low` and `high` are the minimum and the maximum, and may be left out.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// One figure of one product in one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    #[serde(rename = "figure")]
    pub(crate) name: String,
    pub(crate) case: String,
    pub(crate) product: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) low: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) high: Option<f64>,
    pub(crate) rounds: usize,
}

impl Figure {
    /// Returns the median of the rounds' values, `None` without rounds.
    pub(crate) fn of_rounds(name: &str, case: &str, product: &str, unit: &str, values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            name: name.to_owned(),
            case: case.to_owned(),
            product: product.to_owned(),
            value: round_to_4_digits(*sorted.get(sorted.len() / 2)?),
            unit: unit.to_owned(),
            low: sorted.first().copied().map(round_to_4_digits),
            high: sorted.last().copied().map(round_to_4_digits),
            rounds: sorted.len(),
        })
    }

    #[expect(clippy::print_stdout, reason = "the output of a benchmark is its result")]
    pub(crate) fn print(&self) {
        match serde_json::to_string(self) {
            Ok(line) => println!("{line}"),
            Err(error) => println!("a figure that can't be written: {error}"),
        }
    }
}

/// Rounds to four significant digits: more are noise.
fn round_to_4_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "an exponent of ten is small")]
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// All figures of a folder.
#[derive(Debug, Default)]
pub(crate) struct Figures(pub(crate) Vec<Figure>);

impl Figures {
    /// Reads the files of a folder. Skips lines of another shape: benchmarks may print more.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut figures = Vec::new();
        for file in fs::read_dir(folder).with_context(|| format!("there are no figures in {}", folder.display()))? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path)?;
                figures.extend(text.lines().filter_map(|line| serde_json::from_str(line).ok()));
            }
        }
        Ok(Self(figures))
    }

    /// Returns the figure of this name, case and product. If the case ends with a star, returns the largest one of all
    /// cases that begin with the rest.
    pub(crate) fn get(&self, name: &str, case: &str, product: &str) -> Option<&Figure> {
        let is_case = |other: &str| match case.strip_suffix('*') {
            Some(start) => other.starts_with(start),
            None => other == case,
        };
        self.0
            .iter()
            .filter(|figure| figure.name == name && is_case(&figure.case) && is_product(&figure.product, product))
            .max_by(|a, b| a.value.total_cmp(&b.value))
    }
}

/// Some benchmarks write the product's name as people do.
fn is_product(name: &str, product: &str) -> bool {
    name == product || (name == "I-Chat" && product == "ichat")
}

/// Groups the digits of a whole number: `100,000`, but `12.5` and `1234.5`.
pub(crate) fn thousands(value: f64) -> String {
    let text = value.to_string();
    if value.fract() != 0.0 || value < 1_000.0 {
        return text;
    }
    let mut grouped = String::new();
    for (at, digit) in text.chars().enumerate() {
        if at > 0 && (text.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
