import { countsAsUnreadFor } from "../backend/entry-kinds";
import type { Entry, MemberId, Seq } from "../backend/protocol";

/** The *New* line of the timeline. */
interface NewLine {
  /** The last entry above the line. */
  after: Seq;
  /** The number of messages below the line that were unread when the visit began, or arrived since. */
  count: number;
}

/** The part of an entry that decides whether it is unread. */
type CountedEntry = Pick<Entry, "seq" | "author" | "body">;

/** A room's read marker and the position of its *New* line, which stays the same during a visit. */
export class ReadState {
  readonly #sendRead: (seq: Seq) => void;
  #newLine: NewLine | null = $state.raw(null);
  #read: Seq = 0;
  /** Set by *mark unread*: until the next visit, messages on screen no longer count as read. */
  #keepUnread = false;

  /** `sendRead` is called with the read marker whenever the user has moved it. */
  constructor(sendRead: (seq: Seq) => void) {
    this.#sendRead = sendRead;
  }

  get newLine() {
    return this.#newLine;
  }

  /** Sets the read marker to that of the server, which all devices of the user share. */
  setRead(read: Seq): void {
    this.#read = read;
  }

  /** Starts a visit: places the *New* line if there are unread messages. */
  startVisit(read: Seq, unread: number): void {
    this.#keepUnread = false;
    this.#newLine = unread > 0 ? { after: read, count: unread } : null;
  }

  /** Removes the *New* line, when the visit ends, or the user has replied or dismissed it. */
  clearNewLine(): void {
    this.#newLine = null;
  }

  /** Advances the read marker to an entry that the user has seen. */
  markRead(seq: Seq): void {
    if (this.#keepUnread || seq <= this.#read) return;
    this.#read = seq;
    this.#sendRead(seq);
  }

  markAllRead(head: Seq): void {
    this.#keepUnread = false;
    this.#newLine = null;
    this.markRead(head);
  }

  /** Marks the entries from `seq` on as unread for the rest of the visit. They contain `count` messages. */
  markUnreadFrom(seq: Seq, count: number): void {
    this.#keepUnread = true;
    this.#read = seq - 1;
    this.#newLine = { after: seq - 1, count };
    this.#sendRead(seq - 1);
  }

  /**
   * Adds entries that arrived unseen. The line is placed above the first of them, unless there is one with unread messages
   * below it. `loaded` are the loaded entries of the room.
   */
  addUnseen(entries: readonly Entry[], me: MemberId, loaded: readonly CountedEntry[]): void {
    const isUnread = (entry: CountedEntry) => entry.seq > this.#read && countsAsUnreadFor(entry, me);
    const unseen = entries.filter(isUnread);
    const first = unseen[0];
    if (!first) return;
    const line = this.#newLine;
    // Where nothing below the line has been read, the rest needn't be loaded.
    const keepsLine =
      line !== null &&
      (line.after >= this.#read ||
        loaded.some((entry) => entry.seq > line.after && entry.seq < first.seq && isUnread(entry)));
    this.#newLine = keepsLine
      ? { ...line, count: line.count + unseen.length }
      : { after: first.seq - 1, count: unseen.length };
  }
}
