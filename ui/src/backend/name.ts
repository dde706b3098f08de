/** The rules for names, which are those of `crates/protocol/src/name.rs` and `joiners.rs`. */

import { graphemes } from "../shared/graphemes";
import { canonicalEmoji } from "./emoji";
import { limits, type Name, type WireError } from "./protocol";
import { joinsNext, joinsPrevious, viramas } from "./unicode-tables";
import { hasStackedMarks, isInvisible } from "./visibility";

/**
 * The contexts in which a name needs an invisible character: what stands before it, the character, and what follows. For the
 * joiners see RFC 5892, appendix A.
 */
const needed: readonly (readonly [before: RegExp, character: RegExp, after: RegExp])[] = [
  // A non-joiner separates letters that would form a conjunct (क्‌ष), or join (علی‌رضا).
  [new RegExp(`[${viramas}]$`, "u"), /\u200C/u, /^\p{L}/u],
  [
    new RegExp(`[${joinsNext}][\\p{Mn}\\p{Me}]*$`, "u"),
    /\u200C/u,
    new RegExp(`^[\\p{Mn}\\p{Me}]*[${joinsPrevious}]`, "u"),
  ],
  // A joiner after a virama (ශ්‍රී), or before one (র‍্য).
  [new RegExp(`[${viramas}]$`, "u"), /\u200D/u, /^/u],
  [/\p{L}$/u, /\u200D/u, new RegExp(`^[${viramas}]\\p{L}`, "u")],
  // Variants of letters and ideographs.
  [/(?=\p{L})\p{Script=Mongolian}$/u, /[\u180B-\u180D\u180F]/u, /^/u],
  [/(?=\p{L})\p{Script=Mongolian}$/u, /\u180E/u, /^(?=\p{L})\p{Script=Mongolian}/u],
  [/(?=\p{L})\p{Script=Myanmar}$/u, /\uFE00/u, /^/u],
  [/(?=\p{L})\p{Script=Han}$/u, /[\uFE00-\uFE02\u{E0100}-\u{E01EF}]/u, /^/u],
];

/** Checks and normalizes a name: trims it, folds white space, composes to NFC. Throws a `WireError` that says what is wrong. */
export function parseName(text: string): Name {
  const name = text
    .replace(/\p{White_Space}+/gu, " ")
    .replace(/^ | $/g, "")
    .normalize("NFC");
  const message = nameError(name);
  if (message !== undefined) throw { code: "bad_request", message } satisfies WireError;
  return name;
}

/** Returns a sentence about what is wrong with a name, if anything is. */
export function checkName(text: string): string | undefined {
  try {
    parseName(text);
    return undefined;
  } catch (error) {
    return (error as WireError).message;
  }
}

/** Returns a sentence about what is wrong with a normalized name. */
function nameError(name: string): string | undefined {
  const characters = [...name];
  if (name === "") return errors.empty;
  if (/[\p{Cc}\p{Bidi_Control}]/u.test(name)) return errors.invisible;
  if (characters.length > limits.maxNameChars) return errors.tooLong;
  if (!characters.some(standsAlone)) return errors.empty;
  let end = 0;
  for (const cluster of graphemes(name)) {
    const start = end;
    end += [...cluster].length;
    // A family or a flag consists of characters that are invisible elsewhere.
    if (isEmoji(cluster)) continue;
    for (let i = start; i < end; i++) {
      const character = characters[i] ?? "";
      if (/[\p{Co}\p{Cn}]/u.test(character)) return errors.unassigned;
      if ((isInvisible(character) || /\p{Cf}/u.test(character)) && !isNeeded(characters, i)) return errors.invisible;
    }
  }
  return hasStackedMarks(name) ? errors.marks : undefined;
}

const errors = {
  empty: "A name needs at least one visible character.",
  tooLong: `A name has at most ${limits.maxNameChars} characters.`,
  invisible: "A name can't contain invisible or direction-changing characters.",
  unassigned: "A name can't contain private or unassigned characters.",
  marks: `A name can't contain more than ${limits.maxNonspacingMarks} combining marks in a row.`,
};

/** Returns whether a character needs no other one to be seen. */
function standsAlone(character: string): boolean {
  return !isInvisible(character) && !/[\p{White_Space}\p{M}]/u.test(character);
}

/** Returns whether a cluster is an emoji, also without all of its variation selectors, but not with too many. */
function isEmoji(cluster: string): boolean {
  const canonical = canonicalEmoji(cluster);
  return canonical !== null && cluster.length <= canonical.length;
}

function isNeeded(name: readonly string[], position: number): boolean {
  const character = name[position] ?? "";
  const before = name.slice(0, position).join("");
  const after = name.slice(position + 1).join("");
  return needed.some(([first, self, last]) => self.test(character) && first.test(before) && last.test(after));
}
