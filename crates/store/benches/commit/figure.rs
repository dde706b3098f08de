//! A line of JSON for each figure, as `cargo xtask bench` keeps them.

use serde_json::json;

/// Prints the median of what the rounds gave, with the least and the most.
pub(crate) fn figure(name: &str, case: &str, product: &str, unit: &str, rounds: &[f64]) {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else {
        return;
    };
    print(&json!({
        "figure": name, "case": case, "product": product, "value": short(sorted[sorted.len() / 2]), "unit": unit,
        "low": short(*low), "high": short(*high), "rounds": sorted.len(),
    }));
}

/// What so many in a hundred don't exceed.
pub(crate) fn percentile(values: &[f64], hundredths: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

/// More digits are noise.
fn short(value: f64) -> f64 {
    let scale = if value < 10.0 { 1_000.0 } else { 10.0 };
    (value * scale).round() / scale
}

#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
