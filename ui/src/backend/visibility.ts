/** Characters that show nothing, or deface what is around them, as `crates/protocol/src/visibility.rs` has them. */

import { limits, otherInvisible } from "./protocol";

const invisible = new RegExp(`^[\\p{Cc}\\p{Default_Ignorable_Code_Point}${otherInvisible}]$`, "u");
const visible = new RegExp(`[^\\p{White_Space}\\p{Cc}\\p{Default_Ignorable_Code_Point}${otherInvisible}]`, "u");
const stack = new RegExp(`[\\p{Mn}\\p{Me}]{${limits.maxNonspacingMarks + 1}}`, "u");

/** Returns whether one character shows nothing. White space is not meant. */
export function isInvisible(character: string): boolean {
  return invisible.test(character);
}

/** Returns whether a text has a stack of marks. What is invisible doesn't end a stack. */
export function hasStackedMarks(text: string): boolean {
  const shown = [...text].filter((character) => !isInvisible(character)).join("");
  return stack.test(shown);
}

/** Returns whether a text shows nothing. */
export function isBlank(text: string): boolean {
  return !visible.test(text);
}
