//! Names of people and rooms that are safe to show.

use std::fmt;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::joiners::is_needed;
use crate::limits::{MAX_NAME_CHARS, MAX_NONSPACING_MARKS};
use crate::visibility::{has_stacked_marks, is_invisible, sets_direction};
use crate::{ErrorCode, WireError, emoji};

/// A person's or a room's name: 1 to 64 characters of any script in NFC, on one line. Invisible characters are allowed only
/// where a script or an emoji needs them, stacks of combining marks never. Names are labels; the key is the person.
///
/// Deserialising is more tolerant than [`Name::parse`]: a newer server may know characters that this version doesn't.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Name(String);

impl Name {
    /// Normalises a name that a person chose (trims, folds white space, composes to NFC) and validates it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let name = Self::received(text)?;
        name.check()?;
        Ok(name)
    }

    /// Normalises a name that another program sent, and validates only what could break a list of names.
    fn received(text: &str) -> Result<Self, InvalidName> {
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A longer text has too many characters in any case; this check avoids the cost of normalising it.
        if folded.len() > MAX_NAME_CHARS * 4 * (1 + MAX_NONSPACING_MARKS) {
            return Err(InvalidName::TooLong);
        }
        let normalised: String = folded.nfc().collect();
        if normalised.is_empty() {
            return Err(InvalidName::Empty);
        }
        if normalised.chars().any(|c| c.is_control() || is_bidi_control(c)) {
            return Err(InvalidName::Invisible);
        }
        if normalised.chars().count() > MAX_NAME_CHARS {
            return Err(InvalidName::TooLong);
        }
        Ok(Self(normalised))
    }

    /// Checks that a person may choose this name.
    pub fn check(&self) -> Result<(), InvalidName> {
        let chars: Vec<char> = self.0.chars().collect();
        if !chars.iter().any(|c| stands_alone(*c)) {
            return Err(InvalidName::Empty);
        }
        let mut start = 0;
        for cluster in self.0.graphemes(true) {
            let end = start + cluster.chars().count();
            // A family or a flag consists of characters that are invisible elsewhere.
            if !is_emoji(cluster) {
                (start..end).try_for_each(|position| check_char(&chars, position))?;
            }
            start = end;
        }
        if has_stacked_marks(chars.iter().copied()) {
            return Err(InvalidName::Marks);
        }
        Ok(())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns `true` if the character needs no other one to be seen.
fn stands_alone(c: char) -> bool {
    !c.is_whitespace() && !is_invisible(c) && !GeneralCategoryGroup::Mark.contains(category(c))
}

/// Returns `true` for an emoji, also without all of its variation selectors, but not with too many.
fn is_emoji(cluster: &str) -> bool {
    emoji::canonical(cluster).is_some_and(|canonical| cluster.chars().count() <= canonical.chars().count())
}

fn check_char(name: &[char], position: usize) -> Result<(), InvalidName> {
    let c = name[position];
    let category = category(c);
    if matches!(category, GeneralCategory::PrivateUse | GeneralCategory::Unassigned) {
        return Err(InvalidName::Unassigned);
    }
    if (is_invisible(c) || category == GeneralCategory::Format) && !is_needed(name, position) {
        return Err(InvalidName::Invisible);
    }
    Ok(())
}

/// Returns `true` for characters that change the direction of the text around a name (UAX #9).
fn is_bidi_control(c: char) -> bool {
    sets_direction(c) || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}')
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// The reason why a name is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The name shows nothing.
    #[error("a name needs at least one visible character")]
    Empty,
    /// The name is over the limit.
    #[error("a name has at most {MAX_NAME_CHARS} characters")]
    TooLong,
    /// The name has invisible characters where its script doesn't need them.
    #[error("a name can't contain invisible or direction-changing characters")]
    Invisible,
    /// The name has characters without a meaning of their own.
    #[error("a name can't contain private or unassigned characters")]
    Unassigned,
    /// The name has a stack of combining marks.
    #[error("a name can't contain more than {MAX_NONSPACING_MARKS} combining marks in a row")]
    Marks,
}

impl TryFrom<String> for Name {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::received(&text)
    }
}

impl From<InvalidName> for WireError {
    fn from(error: InvalidName) -> WireError {
        WireError::from_error(ErrorCode::BadRequest, &error)
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
    //! The cases of the rule are in `vectors/names.json`, for both implementations; here is what only this one does.
    //!
    //! - a name of a later version, or with a deceptive character of no consequence, can be received but not chosen
    //! - a received name is one short line, and leaves the direction of the text around it
    //! - the work for a long name is bounded
    //! - parsing a valid name again changes nothing

    use super::*;

    fn received(text: &str) -> Result<String, InvalidName> {
        Name::try_from(text.to_owned()).map(String::from)
    }

    #[test]
    fn a_name_of_a_later_version_can_be_received_but_not_chosen() {
        for text in ["\u{378}", "Ada\u{200B}", "\u{E000}"] {
            assert_eq!(received(text), Ok(text.to_owned()));
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_received_name_is_one_short_line() {
        assert_eq!(received("  Ada\n Lovelace"), Ok("Ada Lovelace".to_owned()));
        assert_eq!(received(&format!("{}Ada", " ".repeat(3_000))), Ok("Ada".to_owned()));
        assert_eq!(received(" "), Err(InvalidName::Empty));
        assert_eq!(received("Ada\u{1b}[31m"), Err(InvalidName::Invisible));
        assert_eq!(received("Ad\u{202E}a"), Err(InvalidName::Invisible));
        assert_eq!(received(&"x".repeat(65)), Err(InvalidName::TooLong));
    }

    #[test]
    fn the_work_for_a_long_name_is_bounded() {
        assert_eq!(Name::parse(&"x".repeat(10_000)), Err(InvalidName::TooLong));
        let stack = format!("A{}", "\u{0316}".repeat(10_000));
        assert_eq!(Name::parse(&stack), Err(InvalidName::TooLong));
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
