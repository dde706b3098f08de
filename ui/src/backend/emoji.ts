/** Emoji: one of those that Unicode recommends for interchange (RGI), in one form each, as in `crates/protocol/src/emoji.rs`. */

import { hasRgiEmoji } from "../shared/rgi-emoji";

const selectors = /[\uFE0E\uFE0F]/g;
/** A character whose default is the black and white form. A skin tone after it asks for the coloured one. */
const textByDefault = /(?!\p{Emoji_Presentation})\p{Emoji}(?!\p{Emoji_Modifier})/gu;
const oneEmoji = rgiEmoji();

/** Returns the fully-qualified form of an emoji, or null for a text that is not exactly one emoji. */
export function canonicalEmoji(text: string): string | null {
  const qualified = text.replace(selectors, "").replace(textByDefault, "$&\uFE0F");
  return oneEmoji.test(qualified) ? qualified : null;
}

function rgiEmoji(): RegExp {
  // A skin tone or a hairstyle alone is a component.
  if (hasRgiEmoji()) return new RegExp("^(?!\\p{Emoji_Component}$)\\p{RGI_Emoji}$", "v");
  // The browser doesn't know which sequences there are. The server does.
  const element = "\\p{Extended_Pictographic}(?:\\uFE0F|\\p{Emoji_Modifier})?";
  const sequence = `${element}(?:\\u200D${element})*`;
  const flags = "\\p{Regional_Indicator}{2}|\\u{1F3F4}[\\u{E0061}-\\u{E007A}]+\\u{E007F}";
  return new RegExp(`^(?:${flags}|[0-9#*]\\uFE0F\\u20E3|${sequence})$`, "u");
}
