//! Emoji: one of those that Unicode recommends for general interchange (RGI, UTS #51), in one form each.

use icu_properties::CodePointSetData;
use icu_properties::props::{Emoji, EmojiModifier, EmojiPresentation};

/// The variation selector that asks for the coloured form of a character.
const EMOJI_STYLE: char = '\u{FE0F}';
/// The variation selector that asks for the black and white form of a character.
const TEXT_STYLE: char = '\u{FE0E}';

/// Returns the fully-qualified form of an emoji, the one in which `❤` and `❤️` are the same; `None` if the text is not
/// exactly one RGI emoji.
pub(crate) fn canonical(text: &str) -> Option<&'static str> {
    let qualified = qualify(text);
    // The table also finds forms that are not qualified, and ones that are none, such as a digit with a selector.
    emojis::get(&qualified)
        .map(emojis::Emoji::as_str)
        .filter(|emoji| *emoji == qualified)
}

/// Asks for the emoji style of every character that has another one by default, and removes all other requests.
fn qualify(text: &str) -> String {
    let mut qualified = String::with_capacity(text.len());
    let mut chars = text
        .chars()
        .filter(|c| !matches!(*c, EMOJI_STYLE | TEXT_STYLE))
        .peekable();
    while let Some(c) = chars.next() {
        qualified.push(c);
        let has_text_style = has::<Emoji>(c) && !has::<EmojiPresentation>(c);
        // A skin tone asks for the emoji style, too.
        if has_text_style && !chars.peek().is_some_and(|next| has::<EmojiModifier>(*next)) {
            qualified.push(EMOJI_STYLE);
        }
    }
    qualified
}

fn has<P: icu_properties::props::BinaryProperty>(c: char) -> bool {
    CodePointSetData::new::<P>().contains(c)
}
