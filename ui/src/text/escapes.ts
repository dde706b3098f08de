import type { CodeSpans } from "./code-spans";
import { flanking, type DelimiterChar } from "./flanking";
import { angleLink } from "./links";
import type { MentionFinder } from "./mentions";
import type { RoomFinder } from "./room-links";

/** The names that a text can mention. */
export interface NameFinders {
  mentions: MentionFinder | null;
  rooms: RoomFinder | null;
}

/** The text that a run of backslashes shows, and the place after it and after what it escapes. */
export interface Escape {
  shown: string;
  end: number;
}

const linkDestination = /\]\(\s{0,10}<?(?:https?:\/\/|mailto:|www\.)/gi;

/**
 * The backslashes of a text. One escapes the character after it only if that would be syntax without it: a delimiter that
 * can open or close, with a counterpart that it could match, or the beginning of a code span, a link, a mention or a room.
 */
export class Escapes {
  readonly #text: string;
  readonly #code: CodeSpans;
  readonly #dropped: ReadonlySet<number>;
  readonly #names: NameFinders;
  /** For each delimiter, the first place where it can open and the last place where it can close. */
  readonly #reach = new Map<string, { firstOpener: number; lastCloser: number }>();
  #lastDestination: number | undefined;

  constructor(text: string, code: CodeSpans, dropped: ReadonlySet<number>, names: NameFinders) {
    this.#text = text;
    this.#code = code;
    this.#dropped = dropped;
    this.#names = names;
  }

  /** Returns the meaning of the run of backslashes that begins at `index`. */
  at(index: number): Escape {
    let end = index;
    while (this.#text.charAt(end) === "\\") end += 1;
    const count = end - index;
    const length = this.#syntaxLength(index, end);
    if (length === 0) return { shown: this.#text.slice(index, end), end };
    const escaped = count % 2 === 1 ? this.#text.slice(end, end + length) : "";
    return { shown: "\\".repeat(Math.floor(count / 2)) + escaped, end: end + escaped.length };
  }

  /** Returns the length of the syntax at `index`, which has backslashes from `before` on before it; 0 if it is none. */
  #syntaxLength(before: number, index: number): number {
    const char = this.#text.charAt(index);
    if (this.#dropped.has(index - 1)) return char === "`" ? this.#runLength(index, char) : 1;
    switch (char) {
      case "*":
      case "_":
        return this.#isDelimiter(char, before, index, 1) ? 1 : 0;
      case "~":
      case "|":
        return this.#runLength(index, char) === 2 && this.#isDelimiter(char, before, index, 2) ? 2 : 0;
      case "`":
        return this.#code.escaped.has(index) ? this.#runLength(index, char) : 0;
      case "[":
        return this.#hasDestinationAfter(index) ? 1 : 0;
      case "]":
        return new RegExp(linkDestination.source, "iy").test(this.#text.slice(index, index + 30)) ? 1 : 0;
      case "<":
        return angleLink(this.#text, index) ? 1 : 0;
      case "@":
        return this.#names.mentions?.at(this.#text, index) ? 1 : 0;
      case "#":
        return this.#names.rooms?.at(this.#text, index) ? 1 : 0;
      default:
        return 0;
    }
  }

  #runLength(index: number, char: string): number {
    let end = index;
    while (this.#text.charAt(end) === char) end += 1;
    return end - index;
  }

  #isDelimiter(char: DelimiterChar, before: number, index: number, length: number): boolean {
    const end = length === 1 ? index + this.#runLength(index, char) : index + length;
    const { canOpen, canClose } = flanking(this.#text, index, end, before);
    if (!canOpen && !canClose) return false;
    const { firstOpener, lastCloser } = this.#reachOf(char);
    return (canOpen && lastCloser > index) || (canClose && firstOpener < index);
  }

  #reachOf(char: DelimiterChar): { firstOpener: number; lastCloser: number } {
    const known = this.#reach.get(char);
    if (known) return known;
    const reach = { firstOpener: Infinity, lastCloser: -1 };
    for (const { 0: run, index } of this.#text.matchAll(runs[char])) {
      // Tildes and bars are syntax in pairs only.
      if ((char === "~" || char === "|") && run.length !== 2) continue;
      let before = index;
      while (this.#text.charAt(before - 1) === "\\") before -= 1;
      const { canOpen, canClose } = flanking(this.#text, index, index + run.length, before);
      if (canOpen) reach.firstOpener = Math.min(reach.firstOpener, index);
      if (canClose) reach.lastCloser = index;
    }
    this.#reach.set(char, reach);
    return reach;
  }

  #hasDestinationAfter(index: number): boolean {
    this.#lastDestination ??= [...this.#text.matchAll(linkDestination)].at(-1)?.index ?? -1;
    return this.#lastDestination > index;
  }
}

const runs: Record<DelimiterChar, RegExp> = {
  "*": /\*+/g,
  _: /_+/g,
  "~": /~+/g,
  "|": /\|+/g,
};
