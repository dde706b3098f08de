import { displayRuns } from "./display-runs";
import { blocksOf, inlinesIn } from "./inlines-of";
import { mentionText, type MemberNames } from "./mention-view";
import type { Block, Inline } from "./tokens";
import { codeParts } from "./unseen-characters";

/** The most runs of emoji, of stacked marks and of unseen characters of a message that have an element of their own. */
export const maxRuns = 500;

/** Marks the texts, names and code of a message as plain whose runs are too many for it. Changes the blocks, and returns them. */
export function limitRuns(blocks: Block[], names: MemberNames): Block[] {
  let left = maxRuns;
  const limit = (token: { isPlain?: boolean }, runs: number) => {
    if (runs > left) token.isPlain = true;
    else left -= runs;
  };
  for (const block of blocksOf(blocks)) {
    if (block.kind === "fence") limit(block, markCount(block.text));
    for (const token of inlinesIn(block)) if (!("children" in token)) limit(token, runCount(token, names));
  }
  return blocks;
}

function runCount(token: Exclude<Inline, { children: Inline[] }>, names: MemberNames): number {
  switch (token.kind) {
    case "code":
      return markCount(token.text);
    case "mention":
      return displayCount(mentionText(token, names));
    case "text":
    case "room":
      return displayCount(token.text);
  }
}

const displayCount = (text: string) => displayRuns(text).filter(({ kind }) => kind !== "plain").length;
const markCount = (code: string) => codeParts(code).filter(({ mark }) => mark !== undefined).length;
