import { limits } from "../backend/protocol";
import { strings } from "../shared/strings";
import { parseBlocks } from "./blocks";
import type { MentionFinder } from "./mentions";
import type { RoomFinder } from "./room-links";
import { linesOf } from "./source-lines";
import { maxTokens, type Block } from "./tokens";

/** The longest text of which all is shown, in code units. It is several times as long as this version's servers allow. */
export const maxText = 4 * limits.maxTextBytes;

/** The most links of a message that are compared with the text right beside them. An honest message has few. */
export const maxCompared = 30;

/**
 * Turns the text of a message into tokens. `docs/protocol.md` describes the dialect. Any text is accepted, in time
 * proportional to its length; what comes after the most tokens of a message is shown as it was typed.
 */
export function parse(text: string, mentions: MentionFinder | null = null, rooms: RoomFinder | null = null): Block[] {
  if (text.length > maxText) return cut(text, (beginning) => parse(beginning, mentions, rooms));
  let count = 0;
  let compared = 0;
  const context = {
    mentions: mentions?.begin() ?? null,
    rooms: rooms?.begin() ?? null,
    count(tokens = 1) {
      count += tokens;
    },
    isFull: () => count >= maxTokens,
    mayCompare() {
      compared += 1;
      return compared <= maxCompared;
    },
  };
  const blocks = parseBlocks(linesOf(text), context);
  mentions?.decide(blocks);
  return blocks;
}

/** Parses the beginning of a text, and says that it is not all. */
function cut(text: string, parseBeginning: (beginning: string) => Block[]): Block[] {
  const note = { kind: "text" as const, text: strings.text.cut };
  return [...parseBeginning(text.slice(0, maxText)), { kind: "paragraph", children: [note] }];
}
