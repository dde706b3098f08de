//! A name that can be shown: one line, no tricks.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::limits::{COMBINING_MARKS, NAME_CHARS};

/// A person's or a room's name: 1 to 64 characters in NFC, without control, bidirectional or zero-width
/// characters, and without towers of combining marks. Names are labels; the key is the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Name(String);

impl Name {
    /// Checks and tidies: trims, folds white space, composes to NFC.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        // A name longer than this in bytes can't have few enough characters, and normalising it would be work for nothing.
        if text.len() > NAME_CHARS * 4 * (1 + COMBINING_MARKS) {
            return Err(InvalidName::TooLong);
        }
        let tidy: String = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
        if tidy.is_empty() {
            return Err(InvalidName::Empty);
        }
        if tidy.chars().any(is_invisible) {
            return Err(InvalidName::Invisible);
        }
        let mut marks = 0;
        for c in tidy.chars() {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            if marks > COMBINING_MARKS {
                return Err(InvalidName::Marks);
            }
        }
        if tidy.chars().count() > NAME_CHARS {
            return Err(InvalidName::TooLong);
        }
        Ok(Self(tidy))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control, bidirectional, zero-width and tag characters: they change what is seen without being seen (UAX #9, UTS #39).
/// The joiner U+200D stays, because emoji families are made with it.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Why a name can't be used; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing but white space.
    #[error("a name needs at least one character")]
    Empty,
    /// Over the limit.
    #[error("a name has at most {NAME_CHARS} characters")]
    TooLong,
    /// Characters that can't be seen.
    #[error("a name can't hold invisible or direction-changing characters")]
    Invisible,
    /// A tower of combining marks.
    #[error("a name can't hold more than {COMBINING_MARKS} combining marks in a row")]
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
    fn names_are_tidied() {
        assert_eq!(
            Name::parse("  Ada   Lovelace\n").map(String::from),
            Ok("Ada Lovelace".into())
        );
        assert_eq!(Name::parse("Zoe\u{308}").map(String::from), Ok("Zoë".into()));
        assert!(Name::parse("👩‍👩‍👧 Familie").is_ok());
    }

    #[test]
    fn names_that_trick_are_refused() {
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
        fn any_text_is_a_name_or_refused_and_a_name_stays_itself(text in "\\PC{0,80}") {
            if let Ok(name) = Name::parse(&text) {
                proptest::prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
