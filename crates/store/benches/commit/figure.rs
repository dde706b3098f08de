//! Figures as lines of JSON, the format of `cargo xtask bench`.

use serde_json::json;

/// Prints the median of the rounds, with the lowest and the highest value.
pub(crate) fn figure(name: &str, case: &str, product: &str, unit: &str, rounds: &[f64]) {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else {
        return;
    };
    print(&json!({
        "figure": name, "case": case, "product": product, "value": rounded(sorted[sorted.len() / 2]), "unit": unit,
        "low": rounded(*low), "high": rounded(*high), "rounds": sorted.len(),
    }));
}

/// Returns the value that `percent` of all values do not exceed.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}

/// Rounds a figure: more digits are noise.
fn rounded(value: f64) -> f64 {
    let scale = if value < 10.0 { 1_000.0 } else { 10.0 };
    (value * scale).round() / scale
}

#[allow(clippy::print_stdout, reason = "the figures are the program's output")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
