import { invisibleCharacters, shapingCharacters } from "../backend/visibility";
import { strings } from "../shared/strings";

/** A part of code: a run of characters that are seen, or one of characters that are not, with the mark that stands for them. */
export interface CodePart {
  text: string;
  mark?: string;
}

/** The characters that are not seen, the separators of lines, and the spaces that look like others: inside of a class. */
const unseenCharacters = `${invisibleCharacters}\\p{Z}`;

const visible = `(?![${unseenCharacters}])[^\\p{ASCII}]|[0-9#*](?=\\uFE0F\\u20E3)`;
const selector = `(?![\\u200C\\u200D])[${shapingCharacters}]`;
/** A letter or an emoji with the selector and the joiner that shape it. ASCII has no such letters, and more show nothing. */
const shaped = `(?:${visible})(?:${selector})?[\\u200C\\u200D]?`;
/** The flag of a part of a country: a black flag and its code in tags. */
const flag = "\\u{1F3F4}[\\u{E0061}-\\u{E007A}]{4,5}\\u{E007F}";

/** A run of characters that are seen; or, as the first group, one of those that aren't seen or reorder the code. */
const pattern = new RegExp(`(?:${flag}|${shaped})+|((?:(?![\\t\\n\\r ])[${unseenCharacters}])+)`, "gu");

/** The most characters that a mark names, equal ones in a row counted as one. */
const maxNamed = 4;

/** Splits code so that each run of characters that are not seen is a part of its own. */
export function codeParts(code: string): CodePart[] {
  const parts: CodePart[] = [];
  let from = 0;
  for (const { 1: unseen, index } of code.matchAll(pattern)) {
    if (unseen === undefined) continue;
    if (index > from) parts.push({ text: code.slice(from, index) });
    parts.push({ text: unseen, mark: markOf(unseen) });
    from = index + unseen.length;
  }
  if (from < code.length) parts.push({ text: code.slice(from) });
  return parts;
}

/** Returns code with marks in place of the characters that are not seen. */
export const withMarks = (code: string): string =>
  codeParts(code)
    .map(({ text, mark }) => (mark === undefined ? text : `[${mark}]`))
    .join("");

/** Returns the code points of a run: `U+202E U+200B ×3`. */
function markOf(run: string): string {
  const characters = [...run];
  const named: string[] = [];
  let at = 0;
  while (at < characters.length && named.length < maxNamed) {
    const character = characters[at] ?? "";
    let end = at + 1;
    while (characters[end] === character) end += 1;
    named.push(end - at === 1 ? pointOf(character) : `${pointOf(character)} ×${String(end - at)}`);
    at = end;
  }
  return strings.text.unseen(named.join(" "), characters.length - at);
}

const pointOf = (character: string) =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
