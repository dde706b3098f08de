import { isPunctuation, isWhitespace } from "./characters";
import type { DelimiterChar } from "./flanking";
import { maxNesting, type Inline } from "./tokens";

/** A run of delimiters that can begin or end something. */
export interface Delimiter {
  char: DelimiterChar;
  start: number;
  end: number;
  canOpen: boolean;
  canClose: boolean;
  /** `true` for a single character inside a word. */
  isInWord?: boolean;
}

/** A part of a text before emphasis is found in it. */
export type Piece = Inline | Delimiter;

/** A pair of delimiters: `size` characters at each end. */
interface Span {
  kind: "emphasis" | "strong" | "strikethrough" | "spoiler";
  marker: string;
  /** `true` if it is nested too deeply, so that its delimiters are shown. */
  isLiteral: boolean;
}

/** A delimiter while matches are searched for. */
interface Run {
  delimiter: Delimiter;
  /** The characters that have no match yet. */
  left: number;
  closes: Span[];
  opens: Span[];
  previous: Run | null;
  next: Run | null;
}

/** Matches the delimiters of a text and returns its tokens. What has no match is text. */
export function buildTree(pieces: readonly Piece[], words: WordCounter): Inline[] {
  const runs = new Map<Piece, Run>();
  let last: Run | null = null;
  for (const piece of pieces) {
    if (!isDelimiter(piece)) continue;
    const run: Run = {
      delimiter: piece,
      left: piece.end - piece.start,
      closes: [],
      opens: [],
      previous: last,
      next: null,
    };
    if (last) last.next = run;
    last = run;
    runs.set(piece, run);
  }
  if (last) matchRuns([...runs.values()], words);
  return nest(pieces, runs);
}

const isDelimiter = (piece: Piece): piece is Delimiter => "char" in piece;

/** CommonMark's algorithm (https://spec.commonmark.org/0.31.2/#phase-2-inline-structure), linear in the runs. */
function matchRuns(runs: readonly Run[], words: WordCounter): void {
  /** For each kind of closer, the run below which no opener is left. */
  const bottoms = new Map<string, Run | null>();
  let closer: Run | null = runs[0] ?? null;
  while (closer) {
    const { delimiter } = closer;
    if (!delimiter.canClose || closer.left === 0) {
      closer = closer.next;
      continue;
    }
    const key = `${delimiter.char}${delimiter.canOpen}${delimiter.isInWord ?? false}${closer.left % 3}`;
    const bottom = bottoms.get(key) ?? null;
    let opener: Run | null = closer.previous;
    while (opener && opener !== bottom && !matches(opener, closer)) opener = opener.previous;
    if (!opener || opener === bottom) {
      bottoms.set(key, closer.previous);
      const { next }: Run = closer;
      if (!delimiter.canOpen) remove(closer);
      closer = next;
      continue;
    }
    // What was between them has no match.
    opener.next = closer;
    closer.previous = opener;
    if (words.count(opener.delimiter.end, delimiter.start) === 0) {
      // Only punctuation is between them, as in `*.*`: neither is meant.
      const { next }: Run = closer;
      remove(opener);
      remove(closer);
      closer = next;
      continue;
    }
    const size = isDouble(delimiter.char) || (opener.left >= 2 && closer.left >= 2) ? 2 : 1;
    const span: Span = { kind: kindOf(delimiter.char, size), marker: delimiter.char.repeat(size), isLiteral: false };
    opener.opens.push(span);
    closer.closes.push(span);
    opener.left -= size;
    closer.left -= size;
    if (opener.left === 0) remove(opener);
    if (closer.left === 0) {
      const { next }: Run = closer;
      remove(closer);
      closer = next;
    }
  }
}

const isDouble = (char: DelimiterChar) => char === "~" || char === "|";

function matches(opener: Run, closer: Run): boolean {
  const { delimiter: open } = opener;
  const { delimiter: close } = closer;
  if (open.char !== close.char || !open.canOpen) return false;
  if (isDouble(open.char)) return true;
  if (close.isInWord && !close.canOpen && opener.left % 2 === 0) return false;
  const bothWays = open.canClose || close.canOpen;
  const openLength = open.end - open.start;
  const closeLength = close.end - close.start;
  return !bothWays || (openLength + closeLength) % 3 !== 0 || (openLength % 3 === 0 && closeLength % 3 === 0);
}

function remove(run: Run): void {
  if (run.previous) run.previous.next = run.next;
  if (run.next) run.next.previous = run.previous;
}

function kindOf(char: DelimiterChar, size: number): Span["kind"] {
  switch (char) {
    case "*":
    case "_":
      return size === 2 ? "strong" : "emphasis";
    case "~":
      return "strikethrough";
    case "|":
      return "spoiler";
  }
}

/** Counts the characters in a range of a text that are neither space nor punctuation, in constant time. */
export class WordCounter {
  readonly #text: string;
  #sums: Uint32Array | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  count(from: number, to: number): number {
    this.#sums ??= this.#sum();
    return (this.#sums[to] ?? 0) - (this.#sums[from] ?? 0);
  }

  #sum(): Uint32Array {
    const sums = new Uint32Array(this.#text.length + 1);
    for (let i = 0; i < this.#text.length; i++) {
      const char = this.#text.charAt(i);
      // Backticks enclose code, which may be punctuation.
      const isWord = char === "`" || (!isWhitespace(char) && !isPunctuation(char));
      sums[i + 1] = (sums[i] ?? 0) + (isWord ? 1 : 0);
    }
    return sums;
  }
}

/** Turns pieces and matched delimiters into a tree. */
function nest(pieces: readonly Piece[], runs: ReadonlyMap<Piece, Run>): Inline[] {
  const root: Inline[] = [];
  const stack: Inline[][] = [root];
  const add = (inline: Inline) => {
    const children = stack.at(-1) ?? root;
    const before = children.at(-1);
    if (inline.kind === "text" && before?.kind === "text") before.text += inline.text;
    else children.push(inline);
  };
  for (const piece of pieces) {
    const run = runs.get(piece);
    if (!run) {
      if (!isDelimiter(piece)) add(piece);
      continue;
    }
    for (const span of run.closes) {
      if (span.isLiteral) add({ kind: "text", text: span.marker });
      else stack.pop();
    }
    if (run.left > 0) add({ kind: "text", text: run.delimiter.char.repeat(run.left) });
    // The last match of an opener is the outermost.
    for (const span of run.opens.toReversed()) {
      span.isLiteral = stack.length > maxNesting;
      if (span.isLiteral) {
        add({ kind: "text", text: span.marker });
        continue;
      }
      const children: Inline[] = [];
      add({ kind: span.kind, children });
      stack.push(children);
    }
  }
  return root;
}
