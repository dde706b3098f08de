//! Names of people and rooms that are safe to show.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::limits::{MAX_COMBINING_MARKS, MAX_NAME_CHARS};

/// A person's or a room's name: 1 to 64 characters in NFC, without control, bidirectional or zero-width
/// characters, and without stacks of combining marks. Names are labels; the key is the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Name(String);

impl Name {
    /// Normalises a name (trims, folds white space, composes to NFC) and validates it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        // A longer text has too many characters in any case; this check avoids the cost of normalising it.
        if text.len() > MAX_NAME_CHARS * 4 * (1 + MAX_COMBINING_MARKS) {
            return Err(InvalidName::TooLong);
        }
        let normalised: String = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
        if normalised.is_empty() {
            return Err(InvalidName::Empty);
        }
        if normalised.chars().any(is_invisible) {
            return Err(InvalidName::Invisible);
        }
        let mut marks = 0;
        for c in normalised.chars() {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            if marks > MAX_COMBINING_MARKS {
                return Err(InvalidName::Marks);
            }
        }
        if normalised.chars().count() > MAX_NAME_CHARS {
            return Err(InvalidName::TooLong);
        }
        Ok(Self(normalised))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns `true` for control, bidirectional, zero-width and tag characters, which change how a name looks without being
/// visible (UAX #9, UTS #39). The joiner U+200D is allowed, because emoji families consist of it.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The reason why a name is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The name has only white space.
    #[error("a name needs at least one character")]
    Empty,
    /// The name is over the limit.
    #[error("a name has at most {MAX_NAME_CHARS} characters")]
    TooLong,
    /// The name has invisible characters.
    #[error("a name can't contain invisible or direction-changing characters")]
    Invisible,
    /// The name has a stack of combining marks.
    #[error("a name can't contain more than {MAX_COMBINING_MARKS} combining marks in a row")]
    Marks,
}

impl TryFrom<String> for Name {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised() {
        assert_eq!(
            Name::parse("  Ada   Lovelace\n").map(String::from),
            Ok("Ada Lovelace".into())
        );
        assert_eq!(Name::parse("Zoe\u{308}").map(String::from), Ok("Zoë".into()));
        assert!(Name::parse("👩‍👩‍👧 Familie").is_ok());
    }

    #[test]
    fn misleading_names_are_refused() {
        assert_eq!(Name::parse(" \t "), Err(InvalidName::Empty));
        assert_eq!(Name::parse(&"x".repeat(65)), Err(InvalidName::TooLong));
        assert_eq!(Name::parse(&"x".repeat(10_000)), Err(InvalidName::TooLong));
        assert_eq!(Name::parse("Ad\u{202E}a"), Err(InvalidName::Invisible));
        assert_eq!(Name::parse("Ada\u{200B}"), Err(InvalidName::Invisible));
        assert_eq!(Name::parse("Ada\u{1b}[31m"), Err(InvalidName::Invisible));
        assert_eq!(
            Name::parse(&format!("A{}", "\u{0316}".repeat(30))),
            Err(InvalidName::Marks)
        );
        assert_eq!(
            Name::parse(&format!("A{}", "\u{0316}".repeat(10_000))),
            Err(InvalidName::TooLong)
        );
    }

    proptest::proptest! {
        #[test]
        fn parsing_a_valid_name_again_changes_nothing(text in "\\PC{0,80}") {
            if let Ok(name) = Name::parse(&text) {
                proptest::prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
