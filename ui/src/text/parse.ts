import { parseBlocks } from "./blocks";
import type { MentionFinder } from "./mentions";
import type { RoomFinder } from "./room-links";
import { maxTokens, type Block } from "./tokens";

class TooManyTokens extends Error {}

/**
 * Turns the text of a message into tokens. `docs/protocol.md` describes the dialect. Any text is accepted, in time
 * proportional to its length; one that would need too many tokens is a paragraph as it was typed.
 */
export function parse(text: string, mentions: MentionFinder | null = null, rooms: RoomFinder | null = null): Block[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  let count = 0;
  const context = {
    mentions: mentions?.begin() ?? null,
    rooms: rooms?.begin() ?? null,
    count() {
      count += 1;
      if (count > maxTokens) throw new TooManyTokens();
    },
  };
  try {
    const blocks = parseBlocks(lines, context);
    mentions?.decide?.(blocks);
    return blocks;
  } catch (error) {
    if (error instanceof TooManyTokens) return plain(text);
    throw error;
  }
}

/** Returns a text as it was typed, as one paragraph. */
export const plain = (text: string): Block[] => [{ kind: "paragraph", children: [{ kind: "text", text }] }];
