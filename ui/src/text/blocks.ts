import { parseInline, type ParseContext } from "./inline";
import { fenceMarker, heading, indentOf, isBlank, itemMarker, quotedText, unindent, type ItemMarker } from "./lines";
import { endOf, joinLines, type Line } from "./source-lines";
import { findTable } from "./table";
import { maxNesting, tokensOf, type Block, type ListItem } from "./tokens";

/** A block that begins at a line. It is parsed after the paragraph above it, which has the first of a message's tokens. */
interface Found {
  /** Returns the block and the index of the line after it. */
  parse: () => { block: Block; end: number };
}

/** Lines up to `end` that look like a block and are text. */
interface FoundText {
  parse?: undefined;
  end: number;
}

/** The nesting of a block: how deep it is, and whether its lines are those of an item of a list. */
interface Nesting {
  depth: number;
  isItem: boolean;
}

const root: Nesting = { depth: 0, isItem: false };

/** A line among those of a block. */
interface Place {
  lines: readonly Line[];
  index: number;
  nesting: Nesting;
}

/**
 * Parses lines into blocks. Quotes and items end at the first line that is not marked as theirs: who answers below a quote
 * doesn't quote. Lines that begin no block are paragraphs, and keep their spaces.
 */
export function parseBlocks(lines: readonly Line[], context: ParseContext, nesting: Nesting = root): Block[] {
  const blocks: Block[] = [];
  const fences = new Fences(lines.map(({ text }) => text));
  let paragraph: Line[] = [];
  let blank = 0;
  const add = (block: Block) => {
    context.count(block.kind === "fence" ? tokensOf.fence : 1);
    blocks.push(block);
  };
  const endParagraph = () => {
    if (paragraph.length > 0) add(paragraphOf(paragraph, nesting, context));
    paragraph = [];
  };
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    if (!line) break;
    if (context.isFull()) {
      if (blank > 0) add({ kind: "gap", lines: blank });
      paragraph.push(...lines.slice(i));
      break;
    }
    if (isBlank(line.text)) {
      endParagraph();
      blank += 1;
      i += 1;
      continue;
    }
    const found =
      fences.at(i) ??
      headingAt(line, i, context) ??
      findTable(lines, i, context) ??
      containerAt({ lines, index: i, nesting }, context);
    if (blank > 0) add({ kind: "gap", lines: blank });
    blank = 0;
    if (!found?.parse) {
      const end = found?.end ?? i + 1;
      paragraph.push(...lines.slice(i, end));
      i = end;
      continue;
    }
    endParagraph();
    if (context.isFull()) continue;
    const { block, end } = found.parse();
    add(block);
    i = end;
  }
  endParagraph();
  return blocks;
}

function headingAt({ text, at }: Line, index: number, context: ParseContext): Found | null {
  const found = heading(text);
  if (!found) return null;
  const parse = () => {
    const children = parseInline(found.text, (offset) => at + found.start + offset, context);
    return { block: { kind: "heading" as const, level: found.level, children }, end: index + 1 };
  };
  return { parse };
}

/** Returns a quote or a list. */
function containerAt(place: Place, context: ParseContext): Found | FoundText | null {
  if (place.nesting.depth >= maxNesting) return null;
  return quoteAt(place, context) ?? listAt(place, context);
}

function quoteAt({ lines, index, nesting }: Place, context: ParseContext): Found | FoundText | null {
  const quoted: Line[] = [];
  let end = index;
  for (let line = lines[end]; line; line = lines[++end]) {
    const text = quotedText(line.text);
    if (text === null) break;
    quoted.push(endOf(line, text));
  }
  if (quoted.length === 0) return null;
  // `>` alone, and drawings such as `> ^ <`, are no quotes.
  if (!quoted.some(({ text }) => /[^\p{P}\p{S}\s]|\p{Extended_Pictographic}/u.test(text))) return { end };
  const parse = () => {
    const children = parseBlocks(quoted, context, { depth: nesting.depth + 1, isItem: false });
    return { block: { kind: "quote" as const, children }, end };
  };
  return { parse };
}

function listAt(place: Place, context: ParseContext): Found | null {
  const first = itemMarker(textAt(place.lines, place.index), { list: false, item: place.nesting.isItem });
  return first && { parse: () => parseList(place, first, context) };
}

function parseList(place: Place, first: ItemMarker, context: ParseContext): { block: Block; end: number } {
  const { lines, index, nesting } = place;
  const ordered = first.marker !== "";
  const items: ListItem[] = [];
  let end = index;
  let marker = first;
  for (;;) {
    const { own, next } = itemLines(lines, end, marker);
    items.push(itemOf(marker, own, context, nesting.depth));
    end = next;
    let sibling = next;
    while (sibling < lines.length && isBlank(textAt(lines, sibling))) sibling += 1;
    const following = itemMarker(textAt(lines, sibling), { list: sibling === next, item: nesting.isItem });
    if (context.isFull() || following?.sign !== marker.sign || (following.marker !== "") !== ordered) break;
    if (sibling > next) items.at(-1)?.children.push({ kind: "gap", lines: sibling - next });
    marker = following;
    end = sibling;
  }
  return { block: { kind: "list", ordered, items }, end };
}

/** Returns the lines of an item, which are further in than its marker, and the index of the line after them. */
function itemLines(lines: readonly Line[], index: number, marker: ItemMarker): { own: Line[]; next: number } {
  const own: Line[] = [];
  let next = index;
  let i = index;
  for (let line = lines[i]; line; line = lines[++i]) {
    const isFirst = i === index;
    if (!isFirst && isBlank(line.text)) continue;
    if (!isFirst && indentOf(line.text) < marker.indent + 2) break;
    for (const blank of lines.slice(next, i)) own.push(endOf(blank, ""));
    own.push(endOf(line, isFirst ? marker.text : unindent(line.text, marker.textColumn)));
    next = i + 1;
  }
  return { own, next };
}

function itemOf({ marker }: ItemMarker, own: readonly Line[], context: ParseContext, depth: number): ListItem {
  const [first, ...rest] = own;
  const task = first && /^\[([ xX])\][ \t]+(?=\S)/.exec(first.text);
  const lines = task ? [endOf(first, first.text.slice(task[0].length)), ...rest] : own;
  context.count(tokensOf.item);
  const item: ListItem = { marker, children: parseBlocks(lines, context, { depth: depth + 1, isItem: true }) };
  if (task) item.done = task[1] !== " ";
  return item;
}

function paragraphOf(lines: readonly Line[], nesting: Nesting, context: ParseContext): Block {
  const dropped = new Set<number>();
  let start = 0;
  for (const line of lines) {
    const backslash = blockEscape(line.text, nesting);
    if (backslash !== null) dropped.add(start + backslash);
    start += line.text.length + 1;
  }
  const { text, sourceOffset } = joinLines(lines);
  return { kind: "paragraph", children: parseInline(text, sourceOffset, context, dropped) };
}

const textAt = (lines: readonly Line[], index: number) => lines[index]?.text ?? "";

/** Returns the index of the backslash without which a line would begin a block. */
function blockEscape(line: string, { depth, isItem }: Nesting): number | null {
  const match = /^( {0,3}\d{0,3})\\(?=[#>*\-`~.)])/.exec(line);
  if (!match) return null;
  const index = (match[1] ?? "").length;
  const without = line.slice(0, index) + line.slice(index + 1);
  const isContainer =
    depth < maxNesting &&
    (!isBlank(quotedText(without) ?? "") || itemMarker(without, { list: false, item: isItem }) !== null);
  return isContainer || heading(without) || fenceMarker(without) ? index : null;
}

/** The fences of some lines. What is found out about later lines is kept, so that all of them take linear time. */
class Fences {
  readonly #lines: readonly string[];
  readonly #lastBare = new Map<string, number>();

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /**
   * Returns the fence that begins at a line. One without its end goes to the last line; one with nothing in it is text.
   * The end may also stand after the last line of the code, if no line has it alone.
   */
  at(index: number): Found | FoundText | null {
    const marker = fenceMarker(this.#lines[index] ?? "");
    if (!marker) return null;
    const { char, length, info } = marker;
    let end = index + 1;
    const inner = (last: number) => this.#lines.slice(index + 1, last).map((line) => unindent(line, marker.indent));
    if (this.#lastBareFence(char) > index) {
      while (end < this.#lines.length && !isBareFence(this.#lines[end] ?? "", char, length)) end += 1;
      return fence(info, inner(end), Math.min(end + 1, this.#lines.length));
    }
    while (end < this.#lines.length && !endsWithFence(this.#lines[end] ?? "", char, length)) end += 1;
    const last = this.#lines[end];
    if (last === undefined) return fence(info, inner(end), end);
    const code = [...inner(end), unindent(last, marker.indent).trimEnd().slice(0, -length)];
    return /^[\w+#.-]{0,30}$/.test(info) ? fence(info, code, end + 1) : fence("", [info, ...code], end + 1);
  }

  /** Returns the index of the last line that is only a fence, or -1. */
  #lastBareFence(char: string): number {
    let last = this.#lastBare.get(char);
    if (last === undefined) {
      last = this.#lines.findLastIndex((line) => isBareFence(line, char, 3));
      this.#lastBare.set(char, last);
    }
    return last;
  }
}

function fence(language: string, code: readonly string[], end: number): Found | FoundText {
  const text = code.join("\n");
  return isBlank(text) ? { end } : { parse: () => ({ block: { kind: "fence", language, text }, end }) };
}

function isBareFence(line: string, char: string, length: number): boolean {
  const marker = fenceMarker(line);
  return marker !== null && marker.info === "" && marker.char === char && marker.length >= length;
}

const endsWithFence = (line: string, char: string, length: number) => line.trimEnd().endsWith(char.repeat(length));
