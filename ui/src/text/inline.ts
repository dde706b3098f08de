import { findBracketLinks, type BracketLink } from "./bracket-links";
import { findCodeSpans, type CodeSpans } from "./code-spans";
import { buildTree, WordCounter, type Piece } from "./emphasis";
import { Escapes, type NameFinders } from "./escapes";
import { flanking } from "./flanking";
import { inlineText } from "./inline-text";
import { showJoinedAddresses } from "./joined-links";
import { addressToShow } from "./link-addresses.svelte";
import { angleLink, bareLink, mailAddress, type FoundLink } from "./links";
import type { OffsetOf } from "./source-lines";
import { tokensOf, type Inline } from "./tokens";
import { windowsPath } from "./windows-path";

/** The state that the parts of a message share while they are parsed. */
export interface ParseContext extends NameFinders {
  /** Counts a token, or one that counts as several. */
  count(tokens?: number): void;
  /** Returns whether the message has its most tokens: what is left is text. */
  isFull(): boolean;
  /** Counts a comparison of a link with the text beside it. Returns `false` if there were too many before. */
  mayCompare(): boolean;
}

const noEscapes: ReadonlySet<number> = new Set();

/**
 * Parses the text of a paragraph, a heading or a cell. `dropped` has the indexes of backslashes that escape the beginning of a
 * block.
 */
export function parseInline(
  text: string,
  sourceOffset: OffsetOf,
  context: ParseContext,
  dropped = noEscapes,
): Inline[] {
  const code = findCodeSpans(text, dropped);
  const escapes = new Escapes(text, code, dropped, context);
  const links = findBracketLinks(text, code, escapes);
  const enclosed = new Set<Inline>();
  const words = new WordCounter(text);
  const prepared: Prepared = { text, sourceOffset, code, escapes, links, enclosed, words, context };
  const tokens = parseRange(prepared, 0, text.length, tokenAt);
  if (enclosed.size > 0) showJoinedAddresses(tokens, enclosed, isRoomIn(context), () => context.mayCompare());
  return tokens;
}

const isRoomIn =
  ({ rooms }: NameFinders) =>
  (text: string, sign: number): boolean =>
    Boolean(rooms?.at(text, sign));

interface Prepared {
  text: string;
  sourceOffset: OffsetOf;
  code: CodeSpans;
  escapes: Escapes;
  links: ReadonlyMap<number, BracketLink>;
  /** The links that signs enclose, so that their text may go on after them: `[text](address)` and `<address>`. */
  enclosed: Set<Inline>;
  words: WordCounter;
  context: ParseContext;
}

/** A character that can begin something; `:` and `.` end the beginning of a bare link. */
const special = /[\\`[<@#*_~|:.]/g;

/** Parses a range of a text, with the tokens that `findToken` finds at its special characters. */
function parseRange(prepared: Prepared, from: number, to: number, findToken: FindToken): Inline[] {
  const { text, context } = prepared;
  const pieces: Piece[] = [];
  let buffer = "";
  /** Everything before this index is in the buffer or in a piece. */
  let done = from;
  const push = (piece: Piece, end: number) => {
    if (buffer !== "") pieces.push({ kind: "text", text: buffer });
    buffer = "";
    context.count("kind" in piece && piece.kind === "link" ? tokensOf.link : 1);
    pieces.push(piece);
    done = end;
  };
  const search = new RegExp(special);
  search.lastIndex = from;
  for (let match = search.exec(text); match && match.index < to && !context.isFull(); match = search.exec(text)) {
    const { index } = match;
    const char = match[0];
    buffer += text.slice(done, index);
    done = index;
    const token = findToken(prepared, char, index);
    if (token && index - token.start <= buffer.length) {
      buffer = buffer.slice(0, buffer.length - (index - token.start));
      push(token.inline, token.end);
    } else if (char === "\\") {
      const pathEnd = windowsPath(text, index);
      const { shown, end } =
        pathEnd === null
          ? prepared.escapes.at(index)
          : { shown: text.slice(index, Math.min(pathEnd, to)), end: pathEnd };
      buffer += shown;
      done = Math.min(end, to);
    } else if (char === "`" || char === "*" || char === "_" || char === "~" || char === "|") {
      const end = runEnd(text, index, char);
      const span = char === "`" ? prepared.code.spans.get(index) : undefined;
      if (span) push({ kind: "code", text: span.code }, span.end);
      else if (char !== "`" && (char === "*" || char === "_" || end - index === 2)) {
        const roles = flanking(text, index, end);
        if (roles.canOpen || roles.canClose) push({ char, start: index, end, ...roles }, end);
      }
      search.lastIndex = end;
    }
    search.lastIndex = Math.max(search.lastIndex, done);
  }
  buffer += text.slice(done, to);
  if (buffer !== "") pieces.push({ kind: "text", text: buffer });
  return buildTree(pieces, prepared.words);
}

/** A token, and the place that it takes in the text. */
interface FoundToken {
  inline: Inline;
  start: number;
  end: number;
}

/** Finds the token that a special character is part of. */
type FindToken = (prepared: Prepared, char: string, index: number) => FoundToken | null;

/** Links contain no other links, no mentions and no rooms. */
const noTokens: FindToken = () => null;

/** Returns the token that a special character is part of, if it is a link, a mention or a room. */
function tokenAt(prepared: Prepared, char: string, index: number): FoundToken | null {
  const { text, links, context } = prepared;
  switch (char) {
    case "[": {
      const link = links.get(index);
      if (!link) return null;
      return enclose(prepared, { inline: bracketLink(prepared, index, link), start: index, end: link.end });
    }
    case "<":
      return enclose(prepared, bare(angleLink(text, index)));
    case ":":
      return text.startsWith("://", index) ? bare(bareLink(text, index + 3)) : null;
    case ".":
      return bare(bareLink(text, index + 1));
    case "@": {
      const mention = context.mentions?.at(text, index);
      if (mention)
        return {
          inline: { ...mention, at: prepared.sourceOffset(index) },
          start: index,
          end: index + mention.text.length,
        };
      return bare(mailAddress(text, index));
    }
    case "#": {
      const room = context.rooms?.at(text, index);
      return room ? { inline: room, start: index, end: index + room.text.length } : null;
    }
    default:
      return null;
  }
}

function enclose(prepared: Prepared, token: FoundToken | null): FoundToken | null {
  if (token) prepared.enclosed.add(token.inline);
  return token;
}

function bare(found: FoundLink | null): FoundToken | null {
  if (!found) return null;
  const { start, end, href, text, shownAddress } = found;
  return { inline: { kind: "link", href, children: [{ kind: "text", text }], shownAddress }, start, end };
}

function bracketLink(prepared: Prepared, index: number, { textEnd, href, title }: BracketLink): Inline {
  const children = parseRange(prepared, index + 1, textEnd, noTokens);
  const shown = inlineText(children);
  const isRoom = isRoomIn(prepared.context);
  const shownAddress = addressToShow(shown, href, isRoom) ?? (title && addressToShow(title, href, isRoom));
  return { kind: "link", href, title, children, shownAddress };
}

function runEnd(text: string, index: number, char: string): number {
  while (text.charAt(index) === char) index += 1;
  return index;
}
