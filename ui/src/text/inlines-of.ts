import type { Block, Inline } from "./tokens";

/** Returns the inline tokens of a text in their order, also those inside others. */
export function* inlinesOf(blocks: readonly Block[]): Iterable<Inline> {
  for (const block of blocks) {
    switch (block.kind) {
      case "paragraph":
      case "heading":
        yield* nested(block.children);
        break;
      case "quote":
        yield* inlinesOf(block.children);
        break;
      case "list":
        for (const item of block.items) yield* inlinesOf(item.children);
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
