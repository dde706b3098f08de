import type { MemberId, RoomId } from "../backend/protocol";

/** A part of a line of text. */
export type Inline =
  | TextToken
  | { kind: "emphasis"; children: Inline[] }
  | { kind: "strong"; children: Inline[] }
  | { kind: "strikethrough"; children: Inline[] }
  | { kind: "spoiler"; children: Inline[] }
  | CodeToken
  | Link
  | MentionToken
  | RoomToken;

export interface TextToken {
  kind: "text";
  text: string;
  /** `true` if it is shown without elements for its emoji and its stacked marks. */
  isPlain?: boolean;
}

export interface CodeToken {
  kind: "code";
  text: string;
  /** `true` if the marks of its unseen characters are text, too. */
  isPlain?: boolean;
}

export interface Link {
  kind: "link";
  /** The address, whose scheme is one of the web or of mail. */
  href: string;
  title?: string;
  children: Inline[];
  /** The address to show beside the text, which shows another one. */
  shownAddress?: string;
}

export interface MentionToken {
  kind: "mention";
  member: MemberId;
  /** The mention as it was typed, with its `@`. */
  text: string;
  /** The index of its `@` in the message. */
  at: number;
  /** `true` if the name is shown without elements for its emoji and its stacked marks. */
  isPlain?: boolean;
}

export interface RoomToken {
  kind: "room";
  room: RoomId;
  /** The room's name as it was typed, with its `#`. */
  text: string;
  /** `true` if the name is shown without elements for its emoji and its stacked marks. */
  isPlain?: boolean;
}

export type Alignment = "start" | "center" | "end" | null;

export interface ListItem {
  /** The number as it was typed, with its `.` or `)`; empty in a list without numbers. */
  marker: string;
  /** `true` for a task that is done, `false` for one to do; missing in a plain list. */
  done?: boolean;
  children: Block[];
}

/** A part of a message that begins on a line of its own. */
export type Block =
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "fence"; language: string; text: string; isPlain?: boolean }
  | { kind: "quote"; children: Block[] }
  | { kind: "list"; ordered: boolean; items: ListItem[] }
  | { kind: "table"; alignments: Alignment[]; header: Inline[][]; rows: Inline[][][] }
  /** Blank lines between two blocks, or before the first. */
  | { kind: "gap"; lines: number };

/**
 * The quotes and lists that may contain each other, and the emphasised parts that may do so inside one of them. What is nested
 * deeper is shown as it was typed.
 */
export const maxNesting = 8;

/** The most tokens of a message, more or less. What comes after them is shown as it was typed. */
export const maxTokens = 1000;

/** The number of tokens that one counts as which is drawn with more elements than others. */
export const tokensOf = { fence: 10, item: 2, link: 3 };
