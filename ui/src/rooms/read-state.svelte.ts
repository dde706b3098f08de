import type { Entry, MemberId, Seq } from "../backend/protocol";

/** Where the *New* line stands during a visit. */
export interface NewLine {
  /** The last entry that had been read. */
  after: Seq;
  /** How many messages have not been. */
  count: number;
}

/** How far a room has been read, and where what is new begins. The line stays put while a visit lasts. */
export class ReadState {
  readonly #tell: (seq: Seq) => void;
  #newLine: NewLine | null = $state.raw(null);
  #read: Seq = 0;
  /** Set by *mark unread*: what is seen doesn't count as read until the next visit. */
  #keepUnread = false;

  /** `tell` takes how far is read now, whenever a person has moved it. */
  constructor(tell: (seq: Seq) => void) {
    this.#tell = tell;
  }

  get newLine() {
    return this.#newLine;
  }

  /** What the server, and so every device of this person, takes for read. */
  known(read: Seq): void {
    this.#read = read;
  }

  begin(read: Seq, unread: number): void {
    this.#keepUnread = false;
    this.#newLine = unread > 0 ? { after: read, count: unread } : null;
  }

  /** The line goes: the visit is over, or the person has answered. */
  dropLine(): void {
    this.#newLine = null;
  }

  /** What was on screen while a person looked is read. */
  seen(seq: Seq): void {
    if (this.#keepUnread || seq <= this.#read) return;
    this.#read = seq;
    this.#tell(seq);
  }

  all(head: Seq): void {
    this.#keepUnread = false;
    this.#newLine = null;
    this.seen(head);
  }

  /** From `seq` on, which makes `count` messages, nothing is read, whatever is seen during this visit. */
  unreadFrom(seq: Seq, count: number): void {
    this.#keepUnread = true;
    this.#read = seq - 1;
    this.#newLine = { after: seq - 1, count };
    this.#tell(seq - 1);
  }

  /** Nobody looked when these came: the line stands before the first of them, unless it stands already. */
  missed(entries: readonly Entry[], me: MemberId): void {
    const unseen = entries.filter(
      ({ seq, author, body }) => seq > this.#read && author !== me && body.kind === "message",
    );
    const first = unseen[0];
    if (!first) return;
    const line = this.#newLine;
    this.#newLine =
      line && line.after >= this.#read
        ? { ...line, count: line.count + unseen.length }
        : { after: first.seq - 1, count: unseen.length };
  }
}
