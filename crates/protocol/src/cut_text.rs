//! Cutting texts for notices and log lines.

use unicode_segmentation::UnicodeSegmentation as _;

/// The most bytes that a grapheme may have on average. Stacked marks can make a single one arbitrarily long.
const MAX_BYTES_PER_GRAPHEME: usize = 16;

/// The bytes that a text may have in addition, so that a few long emoji fit.
const EXTRA_BYTES: usize = 64;

/// Cuts a text after at most `max` graphemes (what people see as one character), and marks the cut with an ellipsis.
/// `ui/src/shared/graphemes.ts` does the same in the interface.
pub fn cut_text(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let max_bytes = max.saturating_mul(MAX_BYTES_PER_GRAPHEME).saturating_add(EXTRA_BYTES);
    let end = text
        .grapheme_indices(true)
        .enumerate()
        .find(|(count, (index, grapheme))| *count == max || index + grapheme.len() > max_bytes)
        .map(|(_, (index, _))| index);
    match end.and_then(|end| text.get(..end)) {
        None => text.to_owned(),
        Some(start) => format!("{}…", start.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    //! - a text is cut between what people see as characters
    //! - a text that is short enough stays as it is
    //! - stacked marks don't make a cut text long

    use super::*;

    #[test]
    fn a_text_is_cut_between_graphemes() {
        let family = "👨\u{200D}👩\u{200D}👧";
        assert_eq!(cut_text(&format!("{family}{family}x"), 2), format!("{family}{family}…"));
        assert_eq!(cut_text("e\u{301}e\u{301}", 1), "e\u{301}…");
        assert_eq!(cut_text("नमस्ते दुनिया", 3), "नमस्ते…");
        assert_eq!(cut_text("one two", 4), "one…");
    }

    #[test]
    fn a_short_text_stays() {
        assert_eq!(cut_text("", 0), "");
        assert_eq!(cut_text("🇩🇪🇫🇷", 2), "🇩🇪🇫🇷");
    }

    #[test]
    fn stacked_marks_do_not_make_a_cut_text_long() {
        let stacked = format!("a{}", "\u{301}".repeat(10_000));
        assert!(cut_text(&stacked, 10).len() <= 10 * MAX_BYTES_PER_GRAPHEME + EXTRA_BYTES);
    }
}
