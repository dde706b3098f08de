/** The unread count of one room: the messages of other members after the read marker. */

import { countsAsUnreadFor, propertiesOf } from "../entry-kinds";
import type { Entry, MemberId, RoomSummary, Seq } from "../protocol";

/** The number of message positions that are remembered, so that moving the read marker counts exactly. */
const maxRemembered = 1_000;

/**
 * The read marker of a room and the count that follows from it.
 *
 * The count starts as the server's. It becomes exact where the positions of the others' messages are known, and is the best
 * bound otherwise.
 */
export class Unread {
  /** The read marker: the last entry that the user has seen. */
  #read: Seq = 0;
  #count = 0;
  /** The last entry that `#count` covers. */
  #countedTo: Seq = 0;
  /** The positions of all messages of other members in `#from..=#to`. */
  readonly #others = new Set<Seq>();
  #from: Seq;
  #to: Seq;

  /** Starts with the server's count as of `summary.head`, and a log that reaches up to `last`. */
  constructor(summary: RoomSummary, last: Seq) {
    this.#from = last + 1;
    this.#to = last;
    this.applyServerSummary(summary);
  }

  get read(): Seq {
    return this.#read;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes over the server's marker and count. */
  applyServerSummary(summary: RoomSummary): void {
    this.#read = summary.read;
    this.#count = summary.unread;
    this.#countedTo = summary.head.seq;
  }

  /** Forgets the known positions. `next` is the first entry of the new range. */
  restart(next: Seq): void {
    this.#others.clear();
    this.#from = next;
    this.#to = Math.max(0, next - 1);
  }

  /** Starts over for a new history of the room, which ends at `head`. */
  reset(head: Seq): void {
    this.restart(1);
    this.#read = Math.min(this.#read, head);
    this.#countedTo = head;
  }

  /** Counts again if all positions after the marker are known. */
  recount(): void {
    if (this.#isExactAfter(this.#read)) this.#count = this.#knownAfter(this.#read);
  }

  /** Adds the entry that follows the last one. */
  append(entry: Entry, me: MemberId): void {
    const counts = countsAsUnreadFor(entry, me);
    this.#to = entry.seq;
    if (counts) {
      this.#others.add(entry.seq);
      if (this.#others.size > maxRemembered) {
        const dropped = Math.min(...this.#others);
        this.#others.delete(dropped);
        this.#from = dropped + 1;
      }
    }
    if (entry.seq <= this.#countedTo) return;
    this.#countedTo = entry.seq;
    if (counts && entry.seq > this.#read) this.#count += 1;
    // A user who posts below other messages has seen them. The server also writes entries about the user by itself, for
    // example after a change of name.
    const isPosted = entry.author === me && propertiesOf(entry.body).writer !== "server";
    if (isPosted && entry.seq > this.#read) this.readTo(entry.seq);
  }

  /** Adds older entries, if they reach the known positions without a gap. */
  extendBack(entries: readonly Entry[], me: MemberId): void {
    const [first, last] = [entries[0], entries.at(-1)];
    if (!first || !last) return;
    if (first.seq >= this.#from || last.seq + 1 < this.#from) return;
    if (this.#others.size + entries.length > maxRemembered) return;
    for (const entry of entries) {
      if (entry.seq >= this.#from) break;
      if (countsAsUnreadFor(entry, me)) this.#others.add(entry.seq);
    }
    this.#from = first.seq;
  }

  /** Moves the read marker, forwards or back. */
  readTo(seq: Seq): void {
    const known = this.#knownAfter(seq);
    if (seq >= this.#countedTo) this.#count = 0;
    else if (this.#isExactAfter(seq)) this.#count = known;
    else if (seq >= this.#read) this.#count = Math.min(this.#count, this.#countedTo - seq);
    else this.#count = Math.max(this.#count, known);
    this.#read = seq;
  }

  #knownAfter(seq: Seq): number {
    let count = 0;
    for (const other of this.#others) if (other > seq) count += 1;
    return count;
  }

  #isExactAfter(seq: Seq): boolean {
    return seq + 1 >= this.#from && this.#to >= this.#countedTo;
  }
}
