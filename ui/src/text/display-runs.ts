import { hasRgiEmoji } from "../shared/rgi-emoji";
import type { Block, Inline } from "./tokens";

/** A part of a text that has a look of its own. */
export interface DisplayRun {
  text: string;
  /** An emoji, or a character with so many marks that they would reach into other lines. */
  kind: "plain" | "emoji" | "stacked";
}

/** Returns a pattern of whole sequences. Browsers that don't know them get an approximation. */
function emojiPattern(): string {
  if (hasRgiEmoji()) return "\\p{RGI_Emoji}";
  const one = "(?:\\p{Emoji_Presentation}|\\p{Extended_Pictographic}\\uFE0F)\\p{Emoji_Modifier}?";
  return `(?:\\p{RI}{2}|[0-9#*]\\uFE0F\\u20E3|${one}(?:\\u200D(?:\\p{Extended_Pictographic}\\uFE0F?)\\p{Emoji_Modifier}?)*)`;
}

const pattern = emojiPattern();
const flags = hasRgiEmoji() ? "v" : "u";
/** Four marks fit in a line. In Tibetan, letters below others count as marks. */
const stacked = "\\P{M}(?:(?!\\p{scx=Tibt})\\p{M}){4,}";
const runs = new RegExp(`(${pattern})|${stacked}`, `g${flags}`);
const mayHaveRuns = /\p{Emoji_Presentation}|[\u20E3\uFE0F]|\p{RI}|\p{M}{4}/u;
const onlyEmoji = new RegExp(`^\\s*(?:${pattern}\\s*){1,3}$`, flags);

/** Splits a text into runs of plain characters, emoji, and characters with stacked marks. */
export function displayRuns(text: string): DisplayRun[] {
  if (!mayHaveRuns.test(text)) return [{ text, kind: "plain" }];
  const found: DisplayRun[] = [];
  let from = 0;
  for (const { 0: whole, 1: emoji, index } of text.matchAll(runs)) {
    if (index > from) found.push({ text: text.slice(from, index), kind: "plain" });
    const before = found.at(-1);
    const kind = emoji === undefined ? "stacked" : "emoji";
    if (kind === "emoji" && before?.kind === "emoji") before.text += whole;
    else found.push({ text: whole, kind });
    from = index + whole.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), kind: "plain" });
  return found;
}

/** Returns whether a message is one to three emoji, which are shown large. */
export function isOnlyEmoji(blocks: readonly Block[]): boolean {
  const [block] = blocks;
  if (blocks.length !== 1 || block?.kind !== "paragraph") return false;
  const [token] = block.children as [Inline?];
  // An emoji has at most a few dozen code units.
  return block.children.length === 1 && token?.kind === "text" && token.text.length < 200 && onlyEmoji.test(token.text);
}
