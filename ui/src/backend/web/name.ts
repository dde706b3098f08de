/** The rules for names, which are those of `crates/protocol/src/name.rs`. */

import { limits, type Name, type WireError } from "../protocol";

/** Bidirectional, zero-width and tag characters. The joiner U+200D is allowed, because emoji families contain it. */
// prettier-ignore
const invisible: readonly (readonly [first: number, last: number])[] = [
  [0x00ad, 0x00ad], [0x034f, 0x034f], [0x061c, 0x061c], [0x115f, 0x1160], [0x17b4, 0x17b5], [0x180e, 0x180e],
  [0x200b, 0x200c], [0x200e, 0x200f], [0x2028, 0x202e], [0x2060, 0x206f], [0x3164, 0x3164], [0xfeff, 0xfeff],
  [0xffa0, 0xffa0], [0xfff9, 0xfffb], [0xe0000, 0xe0fff],
];
const tooManyMarks = new RegExp(`\\p{M}{${limits.maxCombiningMarks + 1}}`, "u");

/** Checks and normalizes a name: trims it, folds white space, composes to NFC. Throws a `WireError` that says what is wrong. */
export function parseName(text: string): Name {
  const name = text
    .replace(/\p{White_Space}+/gu, " ")
    .replace(/^ | $/g, "")
    .normalize("NFC");
  if (name === "") throw refusal("A name needs at least one character.");
  if ([...name].some(isInvisible)) throw refusal("A name can't contain invisible or direction-changing characters.");
  if (tooManyMarks.test(name))
    throw refusal(`A name can't contain more than ${limits.maxCombiningMarks} combining marks in a row.`);
  if ([...name].length > limits.maxNameChars) throw refusal(`A name has at most ${limits.maxNameChars} characters.`);
  return name;
}

function isInvisible(character: string): boolean {
  const point = character.codePointAt(0) ?? 0;
  return /\p{Cc}/u.test(character) || invisible.some(([first, last]) => first <= point && point <= last);
}

function refusal(message: string): WireError {
  return { code: "bad_request", message };
}
