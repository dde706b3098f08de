import {
  charAt,
  charBefore,
  isCjk,
  isClosing,
  isDigit,
  isEnclosing,
  isInsideWord,
  isOpening,
  isPunctuation,
  isWhitespace,
  mayEndPrefix,
} from "./characters";

export type DelimiterChar = "*" | "_" | "~" | "|";

/** The roles that a run of delimiters can have, by the characters around it. */
export interface Flanking {
  canOpen: boolean;
  canClose: boolean;
  /** `true` inside a word, where one `*` can close only what one `*` has opened: `**a*b*c**`. */
  isInWord?: boolean;
}

const neither: Flanking = { canOpen: false, canClose: false };

/**
 * Returns what a run of delimiters at `start..end` can do. `before` is the place that the preceding character ends at: it
 * differs from `start` where the run has backslashes before it.
 *
 * These are CommonMark's rules, CJK-friendly, without what people type for other reasons: file patterns and comments
 * (`src/*.ts`), formulas (`2*3*4`, `x**2`), regular expressions (`.*x.*`), faces (`^_^`, `>_<`), a character in
 * brackets or quotation marks (`(*)`, `"_"`), and names of programs (`__init__.py`).
 */
export function flanking(text: string, start: number, end: number, before = start): Flanking {
  const char = text.charAt(start) as DelimiterChar;
  const previous = charBefore(text, before);
  const next = charAt(text, end);
  if (previous === "\\" || (char === "*" && (previous === "/" || next === "/"))) return neither;
  if (char === "|") {
    const line = spoilerLine(text, start, end);
    if (line) return line;
  }
  const insideWord = isInsideWord(previous, next);
  const punctuationBefore = isPunctuation(previous) && !isCjk(previous);
  const punctuationAfter = isPunctuation(next) && !isCjk(next);
  const left =
    !isWhitespace(next) &&
    (!punctuationAfter || isWhitespace(previous) || punctuationBefore || (isCjk(previous) && isOpening(next)));
  const right =
    !isWhitespace(previous) && (!punctuationBefore || isWhitespace(next) || punctuationAfter || isCjk(next));
  if (punctuationBefore && punctuationAfter) {
    if (isEnclosing(previous, next)) return neither;
    return {
      canOpen: isOpening(previous) && !isAfterValue(char, end - start, previous),
      canClose: isClosing(next) && !isInProgram(char, text, end) && !opensQuotation(text, before),
    };
  }
  switch (char) {
    case "*":
      return {
        canOpen:
          left &&
          !(
            insideWord &&
            (isDigit(previous) || isDigit(next) || (end - start === 1 && !mayEndPrefix(previous, next)))
          ) &&
          !isAfterValue(char, end - start, previous),
        canClose: right && !isInProgram(char, text, end),
        isInWord: insideWord && end - start === 1,
      };
    case "_":
      return {
        canOpen: left && (!right || isPunctuation(previous)) && !isAfterValue(char, end - start, previous),
        canClose: right && (!left || isPunctuation(next)) && !isInProgram(char, text, end),
      };
    case "~":
      return { canOpen: left, canClose: right };
    case "|":
      return { canOpen: left && !insideWord, canClose: right && !insideWord };
  }
}

/** Returns whether a `*` or `_` follows something that it repeats, multiplies or belongs to, such as `.*` and `this._x`. */
function isAfterValue(char: DelimiterChar, length: number, previous: string): boolean {
  if (char === "*") return length === 1 && /[.)\]}]/.test(previous);
  return char === "_" && /[./$]/.test(previous);
}

/** Returns whether a quotation begins right before an index: `"` after a space. */
function opensQuotation(text: string, index: number): boolean {
  return /["']/.test(charBefore(text, index)) && isWhitespace(charBefore(text, index - 1));
}

/** Returns whether the rest of a program's or file's name follows: `__init__(self)`, `__init__.py`, `'*.js'`. */
function isInProgram(char: DelimiterChar, text: string, end: number): boolean {
  const next = text.slice(end, end + 2);
  return (char === "_" && next.startsWith("(")) || ((char === "_" || char === "*") && /^\.[a-z]/.test(next));
}

/** Lets `||` stand apart from the text in a line that is a spoiler as a whole: `|| text ||`. */
function spoilerLine(text: string, start: number, end: number): Flanking | null {
  const opens = (start === 0 || text.charAt(start - 1) === "\n") && text.charAt(end) === " ";
  const closes = (end === text.length || text.charAt(end) === "\n") && text.charAt(start - 1) === " ";
  if (opens) {
    const lineEnd = text.indexOf("\n", end);
    const line = text.slice(end, lineEnd < 0 ? text.length : lineEnd);
    return line.indexOf("||") === line.length - 2 && line.endsWith(" ||") ? { canOpen: true, canClose: false } : null;
  }
  if (closes) {
    const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
    return line.startsWith("|| ") && line.lastIndexOf("||") === 0 ? { canOpen: false, canClose: true } : null;
  }
  return null;
}
