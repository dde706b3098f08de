//! Characters that show nothing, or deface what is around them. A text of the former alone is a blank line, and a name with
//! one looks like another name.

use std::ops::RangeInclusive;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

use crate::joiners::is_nonspacing_mark;
use crate::limits::MAX_NONSPACING_MARKS;

/// Characters that show nothing although Unicode doesn't list them as ignorable: interlinear annotation, the object
/// replacement character, the blank Braille pattern, the format controls of hieroglyphs, the filler of the Khitan
/// small script, and the null notehead.
/// The constant `otherInvisible` in `ui/src/backend/protocol.ts` is generated from this list.
pub const OTHER_INVISIBLE: [RangeInclusive<char>; 5] = [
    '\u{2800}'..='\u{2800}',
    '\u{FFF9}'..='\u{FFFC}',
    '\u{13430}'..='\u{1343F}',
    '\u{16FE4}'..='\u{16FE4}',
    '\u{1D159}'..='\u{1D159}',
];

/// Returns `true` if the character shows nothing: control characters, what Unicode lists as ignorable (joiners, fillers,
/// variation selectors, tags, bidirectional controls), and [`OTHER_INVISIBLE`]. White space is not among them.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || OTHER_INVISIBLE.iter().any(|range| range.contains(&c))
}

/// Returns `true` for characters that set the direction of those that follow (UAX #9): embeddings, overrides and isolates.
/// They can change the order of a whole line. Directional marks, which Hebrew and Arabic texts need, are not among them.
pub fn sets_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Returns `true` for a text with stacks of marks, which UTS #39 (section 5.4) recommends to refuse. What is invisible doesn't
/// end a stack.
pub(crate) fn has_stacked_marks(text: impl Iterator<Item = char>) -> bool {
    let mut marks = 0;
    text.filter(|c| !is_invisible(*c)).any(|c| {
        marks = if is_nonspacing_mark(c) { marks + 1 } else { 0 };
        marks > MAX_NONSPACING_MARKS
    })
}

/// Returns `true` if the text shows nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}
