import { charAt, charBefore, isInsideWord, isLatin } from "./characters";

/** A code span: backticks, the code, and as many backticks. */
export interface CodeSpan {
  end: number;
  code: string;
}

export interface CodeSpans {
  /** The spans by the index of their first backtick. */
  spans: ReadonlyMap<number, CodeSpan>;
  /** The indexes of runs of backticks that would begin a span, but have a backslash before them. */
  escaped: ReadonlySet<number>;
}

const none: CodeSpans = { spans: new Map(), escaped: new Set() };

/** Finds the code spans of a text in one pass. `dropped` has the backslashes that escape the beginning of a block. */
export function findCodeSpans(text: string, dropped: ReadonlySet<number>): CodeSpans {
  if (!text.includes("`")) return none;
  const runs = [...text.matchAll(/`+/g)].map(({ 0: { length }, index }) => ({ index, length }));
  const byLength = new Map<number, number[]>();
  for (const { index, length } of runs.toReversed()) {
    const indexes = byLength.get(length);
    if (indexes) indexes.push(index);
    else byLength.set(length, [index]);
  }
  const spans = new Map<number, CodeSpan>();
  const escaped = new Set<number>();
  let from = 0;
  for (const { index, length } of runs) {
    if (index < from) continue;
    const indexes = byLength.get(length) ?? [];
    while ((indexes.at(-1) ?? Infinity) <= index) indexes.pop();
    const closing = indexes.at(-1);
    if (length === 1 && isApostrophe(text, index, closing)) continue;
    if (dropped.has(index - 1) || (closing !== undefined && isEscaped(text, index))) {
      escaped.add(index);
      if (closing !== undefined && isEscaped(text, closing)) escaped.add(closing);
    } else if (closing !== undefined) {
      from = closing + length;
      const code = trimmed(text.slice(index + length, closing));
      if (code.trim() !== "") spans.set(index, { end: from, code });
      else from = index + length;
    }
  }
  return { spans, escaped };
}

/**
 * Returns whether a backtick in the middle of a word is an apostrophe: `don`t`, or `l`homme et l`autre`. A word of one script goes
 * on in code of another, as after an Arabic "and", or in code without a blank.
 */
function isApostrophe(text: string, index: number, closing: number | undefined): boolean {
  const before = charBefore(text, index);
  const after = charAt(text, index + 1);
  if (!isInsideWord(before, after)) return false;
  if (closing === undefined || contraction.test(text.slice(index + 1, index + 5))) return true;
  return isLatin(before) === isLatin(after) && /\s/.test(text.slice(index + 1, closing));
}

/** The end of a word such as "it's", "they're" and "rock'n'roll". */
const contraction = /^(?:(?:s|t|re|ve|ll|d|m)(?![\p{L}\p{N}`])|n`)/iu;

/** Returns whether an odd number of backslashes is before an index. */
function isEscaped(text: string, index: number): boolean {
  let start = index;
  while (text.charAt(start - 1) === "\\") start -= 1;
  return (index - start) % 2 === 1;
}

/** Removes one space at each side, which lets code begin or end with a backtick. */
function trimmed(code: string): string {
  return /^ .*[^ ].* $/s.test(code) ? code.slice(1, -1) : code;
}
