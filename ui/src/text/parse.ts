import { parseBlocks } from "./blocks";
import type { MentionFinder } from "./mentions";
import type { RoomFinder } from "./room-links";
import { maxTokens, type Block } from "./tokens";

/**
 * Turns the text of a message into tokens. `docs/protocol.md` describes the dialect. Any text is accepted, in time
 * proportional to its length; what comes after the most tokens of a message is shown as it was typed.
 */
export function parse(text: string, mentions: MentionFinder | null = null, rooms: RoomFinder | null = null): Block[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  let count = 0;
  const context = {
    mentions: mentions?.begin() ?? null,
    rooms: rooms?.begin() ?? null,
    count(tokens = 1) {
      count += tokens;
    },
    isFull: () => count >= maxTokens,
  };
  const blocks = parseBlocks(lines, context);
  mentions?.decide?.(blocks);
  return blocks;
}
