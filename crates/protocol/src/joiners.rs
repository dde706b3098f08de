//! The contexts in which an invisible character of a name is needed: joiners between letters (RFC 5892, appendix A;
//! UAX #31, section 2.3) and variation selectors (UTS #37 and `StandardizedVariants.txt`). Elsewhere they only make a name
//! look like another one.

use icu_properties::CodePointMapData;
use icu_properties::props::{CanonicalCombiningClass, GeneralCategory, GeneralCategoryGroup, JoiningType, Script};

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';

/// Returns `true` if the spelling of the text needs the invisible character at this position.
pub(crate) fn is_needed(text: &[char], position: usize) -> bool {
    let (before, after) = (&text[..position], &text[position + 1..]);
    match text[position] {
        ZERO_WIDTH_NON_JOINER => separates_conjunct(before, after) || separates_joining_letters(before, after),
        ZERO_WIDTH_JOINER => joins_after_virama(before) || joins_before_virama(before, after),
        '\u{180B}'..='\u{180D}' | '\u{180F}' => follows(before, Script::Mongolian),
        '\u{180E}' => follows(before, Script::Mongolian) && precedes(after, Script::Mongolian),
        // Some letters of Shan and Khamti have dotted variants.
        '\u{FE00}' => follows(before, Script::Myanmar) || follows(before, Script::Han),
        '\u{FE01}'..='\u{FE02}' | '\u{E0100}'..='\u{E01EF}' => follows(before, Script::Han),
        _ => false,
    }
}

/// Returns `true` if the character kills the vowel of the letter before it, in a Brahmic script.
pub fn is_virama(c: char) -> bool {
    CodePointMapData::<CanonicalCombiningClass>::new().get(c) == CanonicalCombiningClass::Virama
}

/// Returns `true` if the letter joins the one after it, in a cursive script.
pub fn joins_next(c: char) -> bool {
    matches!(joining_type(c), JoiningType::DualJoining | JoiningType::LeftJoining)
}

/// Returns `true` if the letter joins the one before it, in a cursive script.
pub fn joins_previous(c: char) -> bool {
    matches!(joining_type(c), JoiningType::DualJoining | JoiningType::RightJoining)
}

/// Returns `true` for a mark above, below or around a letter, which takes no place of its own (Unicode, definition D53).
pub(crate) fn is_nonspacing_mark(c: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    )
}

/// Returns `true` if a non-joiner keeps apart what would form a conjunct: क्‌ष instead of क्ष.
fn separates_conjunct(before: &[char], after: &[char]) -> bool {
    before.last().is_some_and(|c| is_virama(*c)) && after.first().is_some_and(|c| is_letter(*c))
}

/// Returns `true` if a non-joiner keeps apart letters that would join: علی‌رضا instead of علیرضا.
fn separates_joining_letters(before: &[char], after: &[char]) -> bool {
    let is_base = |c: &&char| !is_nonspacing_mark(**c);
    let previous = before.iter().rev().find(is_base);
    let next = after.iter().find(is_base);
    previous.is_some_and(|c| joins_next(*c)) && next.is_some_and(|c| joins_previous(*c))
}

/// Returns `true` if a joiner follows a virama: ශ්‍රී, and the final consonants of Malayalam.
fn joins_after_virama(before: &[char]) -> bool {
    before.last().is_some_and(|c| is_virama(*c))
}

/// Returns `true` if a joiner precedes a virama between letters: র‍্য in Bengali and its like in Kannada.
fn joins_before_virama(before: &[char], after: &[char]) -> bool {
    before.last().is_some_and(|c| is_letter(*c))
        && after.first().is_some_and(|c| is_virama(*c))
        && after.get(1).is_some_and(|c| is_letter(*c))
}

fn follows(before: &[char], script: Script) -> bool {
    before.last().is_some_and(|c| is_letter(*c) && script_of(*c) == script)
}

fn precedes(after: &[char], script: Script) -> bool {
    after.first().is_some_and(|c| is_letter(*c) && script_of(*c) == script)
}

fn is_letter(c: char) -> bool {
    GeneralCategoryGroup::Letter.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn script_of(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

fn joining_type(c: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(c)
}
