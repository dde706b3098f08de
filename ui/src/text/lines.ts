/** Functions for single lines: indentation, and the markers that begin a block. */

/** The width of a tab at the beginning of a line, in spaces. */
const tabWidth = 4;

export const isBlank = (line: string): boolean => line.trim() === "";

/** Returns the width of the white space that a line begins with. */
export function indentOf(line: string): number {
  let columns = 0;
  for (let i = 0; i < line.length; i++) {
    if (line.charAt(i) === " ") columns += 1;
    else if (line.charAt(i) === "\t") columns += tabWidth - (columns % tabWidth);
    else break;
  }
  return columns;
}

/** Removes up to `columns` of the white space that a line begins with. */
export function unindent(line: string, columns: number): string {
  let width = 0;
  let i = 0;
  while (width < columns) {
    if (line.charAt(i) === " ") width += 1;
    else if (line.charAt(i) === "\t") width += tabWidth - (width % tabWidth);
    else break;
    i += 1;
  }
  return " ".repeat(Math.max(0, width - columns)) + line.slice(i);
}

/** The most columns before the marker of a block, so that text that was moved further in stays text. */
const maxIndent = 3;

/** Returns the level and the text of a heading, and the index at which the text begins. */
export function heading(line: string): { level: number; text: string; start: number } | null {
  const match = /^ {0,3}(#{1,6})[ \t]+(?=\S)/.exec(line);
  if (!match?.[1]) return null;
  const hashes = match[1];
  const start = match[0].length;
  let text = line.slice(start).trimEnd();
  if (text.endsWith(` ${hashes}`)) text = text.slice(0, -hashes.length).trimEnd();
  return /^#+$/.test(text) || text === "" ? null : { level: hashes.length, text, start };
}

/** Returns a line of a quote without its `>`. A space must follow the sign, since `>_<` and `>5` are no quotes. */
export function quotedText(line: string): string | null {
  const match = /^ {0,3}>(?:[ \t]|$|(?=>[ \t]))/.exec(line);
  return match && line.slice(match[0].length);
}

/** The beginning of an item of a list. */
export interface ItemMarker {
  indent: number;
  /** `-` or `*`, or the sign after the number: `.` or `)`. */
  sign: string;
  /** The number as it was typed, with its sign; empty without a number. */
  marker: string;
  /** The column where the text begins. */
  textColumn: number;
  text: string;
}

/**
 * Returns the beginning of an item. A number has at most three digits, since `2026. was a good year` is a sentence. An
 * item without text is one only inside a list. A line that ends as it begins, such as `* sighs *` and `- - -`, is no item.
 */
export function itemMarker(line: string, isInside: { list: boolean; item: boolean }): ItemMarker | null {
  const match = /^[ \t]*(?:([-*])|(\d{1,3})([.)]))(?=[ \t]|$)[ \t]*/.exec(line);
  if (!match) return null;
  const indent = indentOf(line);
  if (indent > maxIndent && !isInside.item) return null;
  const [whole, bullet, number, numberSign] = match;
  const text = line.slice(whole.length);
  const sign = bullet ?? numberSign ?? "";
  if (text === "" && !isInside.list) return null;
  if (bullet !== undefined && (text.trimEnd() === bullet || text.trimEnd().endsWith(` ${bullet}`))) return null;
  const marker = number === undefined ? "" : number + sign;
  return { indent, sign, marker, textColumn: indent + (marker || sign).length + 1, text };
}

/** The first line of a fence: three or more backticks or tildes, and the language. */
export interface FenceMarker {
  indent: number;
  char: string;
  length: number;
  info: string;
}

export function fenceMarker(line: string): FenceMarker | null {
  const match = /^( {0,3})(`{3,}|~{3,})(.*)$/s.exec(line);
  if (!match) return null;
  const [, indent = "", fence = "", info = ""] = match;
  if (fence.startsWith("`") && info.includes("`")) return null;
  return { indent: indent.length, char: fence.charAt(0), length: fence.length, info: info.trim() };
}
