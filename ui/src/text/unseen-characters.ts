import { invisibleCharacters, shapingCharacters } from "../backend/visibility";

/** A part of code: a run of characters, or one that is not seen, with its code point. */
export interface CodePart {
  text: string;
  point?: string;
}

const visible = `(?![${invisibleCharacters}])[^\\p{ASCII}]|[0-9#*](?=\\uFE0F\\u20E3)`;
const selector = `(?![\\u200C\\u200D])[${shapingCharacters}]`;
/** A letter or an emoji with the selector and the joiner that shape it. ASCII has no such letters, and more show nothing. */
const shaped = `(?:${visible})(?:${selector})?[\\u200C\\u200D]?`;
/** The flag of a part of a country: a black flag and its code in tags. */
const flag = "\\u{1F3F4}[\\u{E0061}-\\u{E007A}]{4,5}\\u{E007F}";

/** A run of characters that are seen; or, as the first group, one that isn't seen or reorders the code. */
const pattern = new RegExp(`(?:${flag}|${shaped})+|((?![\\t\\n\\r])[${invisibleCharacters}])`, "gu");

/** Splits code so that each character that is not seen is a part of its own. */
export function codeParts(code: string): CodePart[] {
  const parts: CodePart[] = [];
  let from = 0;
  for (const { 1: character, index } of code.matchAll(pattern)) {
    if (character === undefined) continue;
    if (index > from) parts.push({ text: code.slice(from, index) });
    parts.push({ text: character, point: pointOf(character) });
    from = index + character.length;
  }
  if (from < code.length) parts.push({ text: code.slice(from) });
  return parts;
}

const pointOf = (character: string) =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
