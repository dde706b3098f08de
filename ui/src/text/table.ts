import { parseInline, type ParseContext } from "./inline";
import { fenceMarker, isBlank, quotedText } from "./lines";
import type { Alignment, Block, Inline } from "./tokens";

const maxColumns = 32;

/** Returns the table whose header is at a line: the next line has a row of dashes with as many cells. */
export function findTable(
  lines: readonly string[],
  index: number,
  context: ParseContext,
): { block: Block; end: number } | null {
  const head = lines[index] ?? "";
  const rule = lines[index + 1] ?? "";
  if (!head.includes("|") || !rule.includes("|") || !/^[\s|:-]+$/.test(rule)) return null;
  const header = cellsOf(head);
  const alignments = cellsOf(rule).map(alignmentOf);
  if (header.length !== alignments.length || header.length > maxColumns || alignments.includes(undefined)) return null;
  const headerCells = header.map((text) => cell(text, context));
  const rows: Inline[][][] = [];
  let end = index + 2;
  for (; end < lines.length && !context.isFull(); end++) {
    const line = lines[end] ?? "";
    if (isBlank(line) || !line.includes("|") || quotedText(line) !== null || fenceMarker(line)) break;
    const cells = cellsOf(line);
    // What has no column of its own is shown in the last one.
    const row = [...cells.slice(0, header.length - 1), cells.slice(header.length - 1).join(" | ")];
    rows.push(header.map((_, column) => cell(row[column] ?? "", context)));
  }
  const block: Block = {
    kind: "table",
    alignments: alignments.map((alignment) => alignment ?? null),
    header: headerCells,
    rows,
  };
  return { block, end };
}

function cell(text: string, context: ParseContext): Inline[] {
  context.count();
  return text === "" ? [] : parseInline(text, context);
}

/** Returns the cells of a row. `\|` is a bar in a cell. */
function cellsOf(line: string): string[] {
  const cells = [""];
  for (const part of line
    .trim()
    .replace(/^\|/, "")
    .split(/(\\?\|)/)) {
    if (part === "|") cells.push("");
    else cells[cells.length - 1] += part === "\\|" ? "|" : part;
  }
  if (cells.length > 1 && cells.at(-1) === "") cells.pop();
  return cells.map((cell) => cell.trim());
}

function alignmentOf(text: string): Alignment | undefined {
  if (!/^:?-+:?$/.test(text)) return undefined;
  const start = text.startsWith(":");
  if (text.endsWith(":")) return start ? "center" : "end";
  return start ? "start" : null;
}
