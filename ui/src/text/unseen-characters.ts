/** A part of code: a run of characters, or one that is not seen, with its code point. */
export interface CodePart {
  text: string;
  point?: string;
}

/**
 * Characters that reorder code, so that it reads otherwise than it runs, or that are not seen in it. Joiners and selectors
 * are left out: letters and emoji are made of them.
 */
const unseen =
  /[\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C\u00AD\u115F\u1160\u180E\u200B\u2060-\u2064\u3164\uFEFF\uFFA0]/gu;

/** Splits code so that each character that is not seen is a part of its own. */
export function codeParts(code: string): CodePart[] {
  const parts: CodePart[] = [];
  let from = 0;
  for (const { 0: character, index } of code.matchAll(unseen)) {
    if (index > from) parts.push({ text: code.slice(from, index) });
    parts.push({ text: character, point: pointOf(character) });
    from = index + 1;
  }
  if (from < code.length) parts.push({ text: code.slice(from) });
  return parts;
}

const pointOf = (character: string) => `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
