import { limits, type Mention } from "../backend/protocol";
import type { MentionFinder } from "./mentions";
import { parse } from "./parse";
import type { Block, Inline } from "./tokens";

/**
 * Returns the mentions in a text, each member and name once, as a message lists them. Code and links have none. A name that
 * the text spells with an escape, as `\|` in a table, can't be listed: the server looks for the name itself.
 */
export function mentionsIn(text: string, finder: MentionFinder): Mention[] {
  if (!text.includes("@")) return [];
  const found = new Map<string, Mention>();
  for (const token of inlines(parse(text, finder))) {
    if (token.kind !== "mention") continue;
    const name = token.text.slice(1);
    if (text.includes(token.text)) found.set(name, { member: token.member, name });
  }
  return [...found.values()].slice(0, limits.maxMentions);
}

function* inlines(blocks: readonly Block[]): Iterable<Inline> {
  for (const block of blocks) {
    switch (block.kind) {
      case "paragraph":
      case "heading":
        yield* nested(block.children);
        break;
      case "quote":
        yield* inlines(block.children);
        break;
      case "list":
        for (const item of block.items) yield* inlines(item.children);
        break;
      case "table":
        for (const cell of [block.header, ...block.rows].flat()) yield* nested(cell);
        break;
      case "fence":
      case "gap":
        break;
    }
  }
}

function* nested(tokens: readonly Inline[]): Iterable<Inline> {
  for (const token of tokens) {
    yield token;
    if ("children" in token) yield* nested(token.children);
  }
}
