/** How many messages of others one room holds that the person has not seen. */

import type { Entry, MemberId, RoomSummary, Seq } from "../protocol";

/** How many messages are remembered, so that reading on or marking as unread counts exactly. */
const remembered = 1_000;

export class Unread {
  #read: Seq = 0;
  #count = 0;
  /** Up to here the count holds. */
  #counted: Seq = 0;
  /** Messages of others: all of those in `from..=upto`. */
  readonly #others = new Set<Seq>();
  #from: Seq;
  #upto: Seq;

  /** As it stood at `summary.head`, with entries held up to `last`. */
  constructor(summary: RoomSummary, last: Seq) {
    this.#from = last + 1;
    this.#upto = last;
    this.told(summary);
  }

  get read(): Seq {
    return this.#read;
  }

  get count(): number {
    return this.#count;
  }

  /** The server counted. */
  told(summary: RoomSummary): void {
    this.#read = summary.read;
    this.#count = summary.unread;
    this.#counted = summary.head.seq;
  }

  /** The room's range begins anew, with this entry as the next. */
  restart(next: Seq): void {
    this.#others.clear();
    this.#from = next;
    this.#upto = Math.max(0, next - 1);
  }

  /** The room's history is another one now, which goes up to `head`. */
  reset(head: Seq): void {
    this.restart(1);
    this.#read = Math.min(this.#read, head);
    this.#counted = head;
  }

  /** Counts again, if enough is known to count. */
  recount(): void {
    if (this.#isExactAfter(this.#read)) this.#count = this.#knownAfter(this.#read);
  }

  /** An entry that follows the last one. */
  applied(entry: Entry, me: MemberId): void {
    const own = entry.author === me;
    const message = !own && countsAsUnread(entry);
    this.#upto = entry.seq;
    if (message) {
      this.#others.add(entry.seq);
      if (this.#others.size > remembered) {
        const dropped = Math.min(...this.#others);
        this.#others.delete(dropped);
        this.#from = dropped + 1;
      }
    }
    if (entry.seq <= this.#counted) return;
    this.#counted = entry.seq;
    if (message && entry.seq > this.#read) this.#count += 1;
    // Who writes below the others' messages has seen them.
    if (own && entry.seq > this.#read) this.readTo(entry.seq);
  }

  /** Older entries, which end where the remembered ones begin or later. */
  lookedBack(entries: readonly Entry[], me: MemberId): void {
    const [first, last] = [entries[0], entries.at(-1)];
    if (!first || !last) return;
    if (first.seq >= this.#from || last.seq + 1 < this.#from) return;
    if (this.#others.size + entries.length > remembered) return;
    for (const entry of entries) {
      if (entry.seq >= this.#from) break;
      if (entry.author !== me && countsAsUnread(entry)) this.#others.add(entry.seq);
    }
    this.#from = first.seq;
  }

  /** The person has seen this entry, and none after it. */
  readTo(seq: Seq): void {
    const known = this.#knownAfter(seq);
    if (seq >= this.#counted) this.#count = 0;
    else if (this.#isExactAfter(seq)) this.#count = known;
    else if (seq >= this.#read) this.#count = Math.min(this.#count, this.#counted - seq);
    else this.#count = Math.max(this.#count, known);
    this.#read = seq;
  }

  #knownAfter(seq: Seq): number {
    let count = 0;
    for (const other of this.#others) if (other > seq) count += 1;
    return count;
  }

  #isExactAfter(seq: Seq): boolean {
    return seq + 1 >= this.#from && this.#upto >= this.#counted;
  }
}

function countsAsUnread(entry: Entry): boolean {
  return entry.body.kind === "message";
}
