//! The kinds of entries with a property, as SQL lists.

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
    let kinds = Kind::VARIANTS.iter().filter(|kind| has_property(kind.properties()));
    // A kind is lower-case letters and underscores.
    let names: Vec<String> = kinds.map(|kind| format!("'{}'", kind.as_str())).collect();
    format!("({})", names.join(","))
}

#[cfg(test)]
mod tests {
    //! - kinds are listed by their properties

    use super::*;

    #[test]
    fn kinds_are_listed_by_their_properties() {
        assert_eq!(*IS_TARGET, "('message')");
        assert_eq!(sql_list(|kind| kind.effect.is_some()), "('edit','delete','react')");
        assert_eq!(sql_list(|_| false), "()");
    }
}
