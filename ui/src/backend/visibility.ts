/** Characters that show nothing, as `crates/protocol/src/visibility.rs` has them. */

import { otherInvisible } from "./protocol";

const invisible = new RegExp(`^[\\p{Cc}\\p{Default_Ignorable_Code_Point}${otherInvisible}]$`, "u");
const visible = new RegExp(`[^\\p{White_Space}\\p{Cc}\\p{Default_Ignorable_Code_Point}${otherInvisible}]`, "u");

/** Returns whether one character shows nothing. White space is not meant. */
export function isInvisible(character: string): boolean {
  return invisible.test(character);
}

/** Returns whether a text sets the direction of its characters. Directional marks are not meant. */
export function setsDirection(text: string): boolean {
  return /[\u202A-\u202E\u2066-\u2069]/u.test(text);
}

/** Returns whether a text shows nothing. */
export function isBlank(text: string): boolean {
  return !visible.test(text);
}
