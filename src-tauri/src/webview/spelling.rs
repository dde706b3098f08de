//! The spell checker. `WebKitGTK` has it off, and needs to know the languages.

use webkit2gtk::{WebContext, WebContextExt as _};

/// The language of the interface, for users without a language.
const FALLBACK: &str = "en_US";

/// Checks the spelling in the user's languages, as far as dictionaries are installed.
pub(super) fn enable(context: &WebContext) {
    let names = gtk::glib::language_names();
    let languages = dictionaries(names.iter().map(webkit2gtk::glib::GString::as_str));
    context.set_spell_checking_languages(&languages);
    context.set_spell_checking_enabled(true);
}

/// Selects the names of dictionaries among the names of locales, the preferred one first: `de_AT` of `de_AT.UTF-8`,
/// `de_AT`, `de`, `C`.
fn dictionaries<'a>(locales: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut languages: Vec<_> = locales.filter(|name| is_language(name)).collect();
    // A bare language stands for the same person as its variant. It counts only if there is none.
    let has_variant = |language: &str, all: &[&str]| all.iter().any(|other| other.starts_with(&format!("{language}_")));
    let all = languages.clone();
    languages.retain(|language| language.contains('_') || !has_variant(language, &all));
    if languages.is_empty() {
        languages.push(FALLBACK);
    }
    languages
}

/// Returns whether a locale's name is that of a dictionary: without an encoding or a modifier, and not `C`.
fn is_language(name: &str) -> bool {
    !matches!(name, "C" | "POSIX") && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    //! - the user's languages, in their order
    //! - a system without a language

    use super::*;

    #[test]
    fn the_users_languages_are_checked_in_their_order() {
        let locales = ["de_AT.UTF-8", "de_AT", "de.UTF-8", "de", "fa", "C"];
        assert_eq!(dictionaries(locales.into_iter()), ["de_AT", "fa"]);
        assert_eq!(dictionaries(["sr_RS@latin", "sr_RS"].into_iter()), ["sr_RS"]);
    }

    #[test]
    fn a_system_without_a_language_checks_english() {
        assert_eq!(dictionaries(["C.UTF-8", "C"].into_iter()), ["en_US"]);
    }
}
