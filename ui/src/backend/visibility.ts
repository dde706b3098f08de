/** Characters that show nothing, or deface what is around them, as `crates/protocol/src/visibility.rs` has them. */

import { limits, otherInvisible } from "./protocol";

/** The characters that show nothing, and the controls, some of which are white space: the inside of a class of a pattern. */
export const invisibleCharacters = `\\p{Cc}\\p{Default_Ignorable_Code_Point}${otherInvisible}`;

/** The joiners and variation selectors among them, which shape the characters that they follow. */
export const shapingCharacters = "\\u200C\\u200D\\u180B-\\u180D\\u180F\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}";

const invisible = new RegExp(`^[${invisibleCharacters}]$`, "u");
const visible = new RegExp(`[^\\p{White_Space}${invisibleCharacters}]`, "u");
const unseen = new RegExp(`(?!\\p{White_Space})[${invisibleCharacters}]`, "gu");
const stack = new RegExp(`[\\p{Mn}\\p{Me}]{${limits.maxNonspacingMarks + 1}}`, "u");

/** Returns whether one character shows nothing. White space is not meant. */
export function isInvisible(character: string): boolean {
  return invisible.test(character);
}

/** Returns a text without the characters that show nothing. */
export const withoutInvisible = (text: string): string => text.replace(unseen, "");

/** Returns whether a text has a stack of marks. What is invisible doesn't end a stack. */
export function hasStackedMarks(text: string): boolean {
  const shown = [...text].filter((character) => !isInvisible(character)).join("");
  return stack.test(shown);
}

/** Returns whether a text shows nothing. */
export function isBlank(text: string): boolean {
  return !visible.test(text);
}
