/** The lines of a block, and their offsets in the message. */

/** A line without the markers of the blocks around it. */
export interface Line {
  text: string;
  /** The index in the message of the line's first character. */
  at: number;
}

/** Returns the index in the message of a character of a block's text. */
export type OffsetOf = (index: number) => number;

/** Splits a message into its lines. */
export function linesOf(message: string): Line[] {
  const lines: Line[] = [];
  let at = 0;
  for (const { 0: lineEnd, index } of message.matchAll(/\r\n?|\n/g)) {
    lines.push({ text: message.slice(at, index), at });
    at = index + lineEnd.length;
  }
  return [...lines, { text: message.slice(at), at }];
}

/** Returns the end of a line, which has this text. Where blanks replace a tab before it, the place is that of what follows. */
export const endOf = (line: Line, text: string): Line => ({ text, at: line.at + line.text.length - text.length });

/** Joins lines to the text of a paragraph. */
export function joinLines(lines: readonly Line[]): { text: string; sourceOffset: OffsetOf } {
  const starts: number[] = [];
  let length = 0;
  for (const { text } of lines) {
    starts.push(length);
    length += text.length + 1;
  }
  const sourceOffset = (index: number) => {
    const n = lastUpTo(starts, index);
    return (lines[n]?.at ?? 0) + index - (starts[n] ?? 0);
  };
  return { text: lines.map(({ text }) => text).join("\n"), sourceOffset };
}

/** Returns the index of the last of some ascending numbers that is not above a limit, by a binary search. */
function lastUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((numbers[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
