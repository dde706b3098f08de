//! Texts as names are searched for. `ui/src/shared/fold-for-search.ts` has the same in TypeScript.

use unicode_normalization::UnicodeNormalization as _;

/// Returns a text without case, accents and the differences between forms of a character.
pub fn fold_for_search(text: &str) -> String {
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let folded: String = text.nfkd().filter(|c| !is_accent(c)).collect();
    // At the end of a word the letter has another form, which would not be found within a longer one.
    folded.to_lowercase().replace('ς', "σ")
}

#[cfg(test)]
mod tests {
    //! - case, accents and forms make no difference

    use super::*;

    #[test]
    fn case_accents_and_forms_make_no_difference() {
        for (text, folded) in [
            ("Café", "cafe"),
            ("Cafe\u{301}", "cafe"),
            ("Ａｄａ", "ada"),
            ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
            ("Σίσυφος", "σισυφοσ"),
            ("Ship it 🚀", "ship it 🚀"),
        ] {
            assert_eq!(fold_for_search(text), folded);
        }
    }
}
