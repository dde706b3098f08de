import { graphemes } from "../shared/graphemes";

/** The number of characters that still fit, or that are too many. Exact if all characters have the same size. */
export interface TextLimit {
  left: number;
  exact: boolean;
}

const encoder = new TextEncoder();
/** The counter appears when fewer characters than this are left. */
const shownBelow = 500;
/** The number of UTF-16 units at the end of the text whose characters stand for those to come. */
const sampleLength = 400;
const maxCounted = 2_000;

/**
 * Returns how many characters, as people count them, a text is away from a limit in bytes. Returns null while the limit is far.
 */
export function textLimit(text: string, maxBytes: number): TextLimit | null {
  // A character has one byte at least, and three per UTF-16 unit at most.
  if (text.length * 3 + shownBelow * 4 < maxBytes) return null;
  const left = maxBytes - encoder.encode(text).length;
  if (left < 0) return { left: -charactersAtEnd(text, -left), exact: false };
  const sample = text.slice(-sampleLength);
  const bytes = encoder.encode(sample).length;
  const characters = Math.max(1, count(sample));
  const leftCharacters = Math.floor((left * characters) / Math.max(1, bytes));
  return leftCharacters < shownBelow ? { left: leftCharacters, exact: bytes === characters } : null;
}

/** Returns the number of characters at the end of a text that have at least that many bytes. */
function charactersAtEnd(text: string, bytes: number): number {
  let from = text.length;
  for (let found = 0; found < bytes && from > 0; from--) {
    const unit = text.charCodeAt(from - 1);
    // Both halves of a surrogate pair have two of its four bytes.
    found += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return Math.max(1, count(text.slice(from)));
}

/** Counts characters as people do. In a long text those at its beginning stand for the others: counting takes its time. */
function count(text: string): number {
  const counted = text.slice(0, maxCounted);
  let characters = 0;
  for (const _ of graphemes(counted)) characters += 1;
  return Math.round((characters * text.length) / Math.max(1, counted.length));
}
