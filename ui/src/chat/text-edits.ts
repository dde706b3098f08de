/** Changes of the text in the composer that format it as Markdown. They are pure: the field applies them. */

import { graphemes } from "../shared/graphemes";
import { fenceMarker, type FenceMarker } from "../text/lines";

/** The replacement of a range by a text, and the selection after that. */
export interface TextEdit {
  from: number;
  to: number;
  text: string;
  select: readonly [start: number, end: number];
}

/** Longer than any character that a keyboard types. */
const maxGraphemeLength = 64;

/** Returns the edit that replaces a range, with the caret behind the new text. */
export function replacement(text: string, start: number, end: number, inserted: string): TextEdit {
  const [from, to] = [atBoundary(text, start), atBoundary(text, end)];
  const caret = from + inserted.length;
  return { from, to, text: inserted, select: [caret, caret] };
}

/** Puts marks around the selection (`**bold**`), or takes them away. */
export function toggleMarks(text: string, start: number, end: number, mark: string): TextEdit {
  // Marks beside blanks are no marks.
  const selected = text.slice(start, end);
  const from = start + (selected.length - selected.trimStart().length);
  const to = Math.max(from, end - (selected.length - selected.trimEnd().length));
  const inner = text.slice(from, to);
  const length = mark.length;
  if (text.slice(from - length, from) === mark && text.slice(to, to + length) === mark && isWhole(text, from, to, mark))
    return { from: from - length, to: to + length, text: inner, select: [from - length, to - length] };
  return { from, to, text: mark + inner + mark, select: [from + length, to + length] };
}

/** Makes the selection the text of a link and selects the place of its address. */
export function makeLink(text: string, start: number, end: number): TextEdit {
  const label = text.slice(start, end);
  if (/^https?:\/\/\S+$/.test(label))
    return { from: start, to: end, text: `[](${label})`, select: [start + 1, start + 1] };
  const address = "https://";
  const at = start + label.length + 3;
  return { from: start, to: end, text: `[${label}](${address})`, select: [at, at + address.length] };
}

const listItem = /^([^\S\n]*)(?:([-*+])|(\d{1,9})([.)]))([^\S\n]+)(\[[ xX]\][^\S\n]+)?/;

/** Continues a list on a new line, or ends it if its last item is empty. Returns null outside of lists. */
export function continueList(text: string, caret: number): TextEdit | null {
  const lineStart = startOfLine(text, caret);
  const line = text.slice(lineStart, caret);
  const match = listItem.exec(line);
  if (!match) return null;
  const [prefix, indent = "", bullet, number, dot, blank, task] = match;
  const restEnd = text.indexOf("\n", caret);
  const rest = text.slice(caret, restEnd < 0 ? undefined : restEnd);
  if (line === prefix && rest.trim() === "")
    return { from: lineStart, to: caret, text: "", select: [lineStart, lineStart] };
  const marker = bullet ?? `${Number(number) + 1}${dot}`;
  return replacement(text, caret, caret, `\n${indent}${marker}${blank}${task ? "[ ] " : ""}`);
}

/**
 * Removes the marker that has just been typed behind the one with which `continueList` began the line. Returns null where there
 * is none.
 */
export function removeRepeatedMarker(text: string, caret: number): TextEdit | null {
  const lineStart = startOfLine(text, caret);
  const line = text.slice(lineStart, caret);
  const [prefix = "", , bullet, number, dot, , task] = listItem.exec(line) ?? [];
  const typed = line.slice(prefix.length);
  if (typed === "" || (typed !== `${bullet ?? `${number}${dot}`} ` && typed !== task)) return null;
  // A list in a list (`- - a`) begins so, too, but not on a line that continues one.
  if (lineStart === 0 || continueList(text.slice(0, lineStart - 1), lineStart - 1)?.text !== `\n${prefix}`) return null;
  const from = lineStart + prefix.length;
  return { from, to: caret, text: "", select: [from, from] };
}

/** Returns whether a position is in a code block that has no end yet. */
export function isInOpenFence(text: string, position: number): boolean {
  let open: { marker: FenceMarker; end: number } | null = null;
  let end = -1;
  for (const line of text.split("\n")) {
    end += line.length + 1;
    if (open) {
      const { char, length } = open.marker;
      if (line.trimEnd().endsWith(char.repeat(length))) open = null;
    } else {
      const marker = fenceMarker(line);
      if (marker) open = { marker, end };
    }
  }
  return open !== null && position >= open.end;
}

const startOfLine = (text: string, position: number): number => text.slice(0, position).lastIndexOf("\n") + 1;

/** Returns the end of the character that a position is in, or the position if it is between two. */
function atBoundary(text: string, position: number): number {
  const start = Math.max(0, position - maxGraphemeLength);
  let end = start;
  for (const character of graphemes(text.slice(start, position + maxGraphemeLength))) {
    if (end >= position) return end;
    end += character.length;
  }
  return end;
}

/** Returns whether the marks around a range are not parts of longer ones: `*` in `**bold**` is none of italics. */
function isWhole(text: string, from: number, to: number, mark: string): boolean {
  const sign = mark.charAt(0);
  const run = (at: number, step: number) => {
    let end = at;
    while (text[end] === sign) end += step;
    return Math.abs(end - at);
  };
  const [before, after] = [run(from - 1, -1), run(to, 1)];
  return before === after && (before === mark.length || before === 3);
}
