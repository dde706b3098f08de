import { displayRuns } from "./display-runs";
import type { Block, Inline } from "./tokens";
import { codeParts } from "./unseen-characters";

/** The most runs of emoji, of stacked marks and of unseen characters of a message that have an element of their own. */
export const maxRuns = 500;

/** Marks texts and code as plain whose runs are too many for one message, and returns its blocks. */
export function limitRuns(blocks: Block[]): Block[] {
  let left = maxRuns;
  const limit = (token: { text: string; isPlain?: boolean }, runs: number) => {
    if (runs > left) token.isPlain = true;
    else left -= runs;
  };
  const visitInline = (tokens: readonly Inline[]) => {
    for (const token of tokens) {
      if ("children" in token) visitInline(token.children);
      else if (token.kind === "text")
        limit(token, displayRuns(token.text).filter(({ kind }) => kind !== "plain").length);
      else if (token.kind === "code") limit(token, markCount(token.text));
    }
  };
  const visit = (block: Block) => {
    switch (block.kind) {
      case "paragraph":
      case "heading":
        return visitInline(block.children);
      case "fence":
        return limit(block, markCount(block.text));
      case "quote":
        return block.children.forEach(visit);
      case "list":
        return block.items.forEach(({ children }) => children.forEach(visit));
      case "table":
        return [block.header, ...block.rows].flat().forEach(visitInline);
      case "gap":
        return;
    }
  };
  blocks.forEach(visit);
  return blocks;
}

const markCount = (code: string) => codeParts(code).filter(({ mark }) => mark !== undefined).length;
