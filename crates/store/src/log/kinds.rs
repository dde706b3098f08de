//! The kinds of entries with a property, as SQL lists.

use std::fmt::Write as _;
use std::sync::LazyLock;

use ichat_protocol::{Kind, KindProperties, TargetEffect};
use strum::VariantArray as _;

/// The kinds that other entries may refer to, as in `kind IN {IS_TARGET}`.
pub(crate) static IS_TARGET: LazyLock<String> = LazyLock::new(|| sql_list(|kind| kind.is_target));
/// The kinds that count as unread.
pub(crate) static IS_UNREAD: LazyLock<String> = LazyLock::new(|| sql_list(|kind| kind.counts_as_unread));
/// The kinds that replace the text of their target.
pub(crate) static REPLACES_TEXT: LazyLock<String> =
    LazyLock::new(|| sql_list(|kind| kind.effect == Some(TargetEffect::ReplaceText)));
/// The kinds that erase their target.
pub(crate) static ERASES: LazyLock<String> =
    LazyLock::new(|| sql_list(|kind| kind.effect == Some(TargetEffect::Erase)));

fn sql_list(has_property: impl Fn(KindProperties) -> bool) -> String {
    let mut list = String::new();
    for kind in Kind::VARIANTS.iter().filter(|kind| has_property(kind.properties())) {
        let separator = if list.is_empty() { '(' } else { ',' };
        // Writing to a string never fails. A kind is lower-case letters and underscores.
        let _ = write!(list, "{separator}'{}'", kind.as_str());
    }
    if list.is_empty() { "()".into() } else { list + ")" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_listed_by_their_properties() {
        assert_eq!(*IS_TARGET, "('message')");
        assert_eq!(sql_list(|kind| kind.effect.is_some()), "('edit','delete','react')");
        assert_eq!(sql_list(|_| false), "()");
    }
}
