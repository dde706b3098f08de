import type { Block, Inline } from "./tokens";

/** Returns the blocks of a text in their order, also those inside others. */
export function* blocksOf(blocks: readonly Block[]): Iterable<Block> {
  for (const block of blocks) {
    yield block;
    switch (block.kind) {
      case "quote":
        yield* blocksOf(block.children);
        break;
      case "list":
        for (const item of block.items) yield* blocksOf(item.children);
        break;
      case "paragraph":
      case "heading":
      case "table":
      case "fence":
      case "gap":
        break;
    }
  }
}

/** Returns the inline tokens of a text in their order, also those inside others. */
export function* inlinesOf(blocks: readonly Block[]): Iterable<Inline> {
  for (const block of blocksOf(blocks)) yield* inlinesIn(block);
}

/** Returns the inline tokens of a block, but not those of blocks inside it. */
export function* inlinesIn(block: Block): Iterable<Inline> {
  switch (block.kind) {
    case "paragraph":
    case "heading":
      yield* nested(block.children);
      break;
    case "table":
      for (const cell of [block.header, ...block.rows].flat()) yield* nested(cell);
      break;
    case "quote":
    case "list":
    case "fence":
    case "gap":
      break;
  }
}

function* nested(tokens: readonly Inline[]): Iterable<Inline> {
  for (const token of tokens) {
    yield token;
    if ("children" in token) yield* nested(token.children);
  }
}
