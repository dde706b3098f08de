import { parseInline, type ParseContext } from "./inline";
import { fenceMarker, isBlank, quotedText } from "./lines";
import type { Line } from "./source-lines";
import type { Alignment, Block, Inline } from "./tokens";

const maxColumns = 32;

/**
 * Returns the table whose header is at a line: the next line has a row of dashes with as many cells. `parse` returns it and the
 * index of the line after it.
 */
export function findTable(
  lines: readonly Line[],
  index: number,
  context: ParseContext,
): { parse: () => { block: Block; end: number } } | null {
  const head = lines[index];
  const rule = lines[index + 1];
  if (!head?.text.includes("|") || !rule?.text.includes("|") || !/^[\s|:-]+$/.test(rule.text)) return null;
  const header = cellsOf(head);
  const alignments = cellsOf(rule).map(({ text }) => alignmentOf(text));
  if (header.length !== alignments.length || header.length > maxColumns || alignments.includes(undefined)) return null;
  const parse = () => {
    const head = header.map((cell) => parseCell(cell, context));
    const { rows, end } = parseRows(lines, index + 2, header.length, context);
    const block: Block = {
      kind: "table",
      alignments: alignments.map((alignment) => alignment ?? null),
      header: head,
      rows,
    };
    return { block, end };
  };
  return { parse };
}

/** Returns the rows from a line on, and the index of the line after them. */
function parseRows(
  lines: readonly Line[],
  from: number,
  columns: number,
  context: ParseContext,
): { rows: Inline[][][]; end: number } {
  const rows: Inline[][][] = [];
  let end = from;
  for (let line = lines[end]; line && !context.isFull(); line = lines[++end]) {
    const { text } = line;
    if (isBlank(text) || !text.includes("|") || quotedText(text) !== null || fenceMarker(text)) break;
    const cells = cellsOf(line);
    // What has no column of its own is shown in the last one.
    const row = [...cells.slice(0, columns - 1), joinCells(cells.slice(columns - 1))];
    const filled = Array.from({ length: columns }, (_, column) => row[column] ?? { text: "", places: [] });
    rows.push(filled.map((cell) => parseCell(cell, context)));
  }
  return { rows, end };
}

/** A cell with the place in the message of each of its characters, since a bar in it has a backslash that isn't shown. */
interface Cell {
  text: string;
  places: readonly number[];
}

function parseCell({ text, places }: Cell, context: ParseContext): Inline[] {
  context.count();
  return text === "" ? [] : parseInline(text, (index) => places[index] ?? 0, context);
}

/** Returns the cells of a row. `\|` is a bar in a cell. */
function cellsOf({ text, at }: Line): Cell[] {
  const row = text.trim();
  const start = at + text.indexOf(row) + (row.startsWith("|") ? 1 : 0);
  const cells = [{ text: "", places: [] as number[] }];
  for (const { 0: sign, index } of row.replace(/^\|/, "").matchAll(/\\?\||[^\\|]+|\\/g)) {
    if (sign === "|") {
      cells.push({ text: "", places: [] });
      continue;
    }
    const shown = sign === "\\|" ? "|" : sign;
    const cell = cells.at(-1);
    if (!cell) continue;
    cell.text += shown;
    for (let i = 0; i < shown.length; i++) cell.places.push(start + index + sign.length - shown.length + i);
  }
  if (cells.length > 1 && cells.at(-1)?.text === "") cells.pop();
  return cells.map(trim);
}

function trim(cell: Cell): Cell {
  const text = cell.text.trim();
  const start = cell.text.indexOf(text);
  return { text, places: cell.places.slice(start, start + text.length) };
}

/** Joins cells as they are shown in one. The signs between them have no place of their own. */
function joinCells([first, ...others]: readonly Cell[]): Cell {
  const joined = { text: first?.text ?? "", places: [...(first?.places ?? [])] };
  for (const { text, places } of others) {
    joined.text += ` | ${text}`;
    joined.places.push(...[0, 1, 2].map(() => places[0] ?? 0), ...places);
  }
  return joined;
}

function alignmentOf(text: string): Alignment | undefined {
  if (!/^:?-+:?$/.test(text)) return undefined;
  const start = text.startsWith(":");
  if (text.endsWith(":")) return start ? "center" : "end";
  return start ? "start" : null;
}
