/** How much of one room's log is held: a range without a gap, and what waits beyond a gap. */

import type { Entry, Epoch, Head, Page, RoomId, Seq } from "../protocol";
import type { Out } from "./effects";

/** The largest sequence number that JavaScript keeps exact; a larger one is a broken or hostile server. */
export const seqMax = Number.MAX_SAFE_INTEGER;
/** What was asked for is asked for again after this. */
const askAgainMs = 5_000;
/** Entries of a room that wait beyond a gap; more are asked for when the gap is closed. */
const heldMost = 256;
/** The same, over all rooms. */
export const heldInAll = 4_096;

/** A `sync` brings any number of pages, a `history` one. */
interface Asked {
  for: "sync" | "history";
  again: number;
}

/** The parts of a page that are new. */
export interface Placed {
  /** They end where the range began. */
  below: Entry[];
  /** They begin where the range ended, or are all that is held. */
  above: Entry[];
}

export class Log {
  /** Undefined: nothing is held, not even that the log is empty. */
  #epoch?: Epoch;
  #first: Seq = 0;
  #last: Seq = 0;
  /** How far the log goes, as far as known. */
  #head: Seq = 0;
  /** Beyond a gap. Of `heldEpoch`, if that is known. */
  #held = new Map<Seq, Entry>();
  #heldEpoch?: Epoch;
  #asked?: Asked;

  static restored(epoch: Epoch, first: Seq, last: Seq): Log {
    const log = new Log();
    if (last === 0 || last > seqMax || first > last) return log;
    log.#epoch = epoch;
    log.#first = Math.max(first, 1);
    log.#last = last;
    log.#head = last;
    return log;
  }

  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  get first(): Seq {
    return this.#first;
  }

  get last(): Seq {
    return this.#last;
  }

  /** How far the room goes, as far as known. */
  head(otherwise: Head): Head {
    if (this.#epoch === undefined) return otherwise;
    return { epoch: this.#epoch, seq: Math.max(this.#head, this.#last) };
  }

  /** What is told to the server so that it sends what is missing. */
  cursor(): Head | null {
    return this.#epoch === undefined ? null : { epoch: this.#epoch, seq: this.#last };
  }

  /** When to ask again. */
  due(): number | undefined {
    return this.#asked?.again;
  }

  /** What was asked on a connection is not answered on the next. */
  forgetAsked(): void {
    this.#asked = undefined;
  }

  expectSync(now: number): void {
    this.#asked = { for: "sync", again: now + askAgainMs };
  }

  /** Whether the range is behind what is known of the log. */
  get isBehind(): boolean {
    return this.#epoch === undefined || this.#head > this.#last || this.#held.size > 0;
  }

  /** Drops everything; the newest page will come. */
  reset(now: number): void {
    this.#epoch = undefined;
    this.#first = this.#last = this.#head = 0;
    this.#held.clear();
    this.#heldEpoch = undefined;
    this.expectSync(now);
  }

  /** The server told how far the log goes. Whether that fits what is held. */
  learnHead(head: Head): boolean {
    if (this.#epoch !== undefined && (this.#epoch !== head.epoch || head.seq < this.#last)) return false;
    this.#head = head.seq;
    return true;
  }

  /** How many entries wait beyond a gap. */
  get held(): number {
    return this.#held.size;
  }

  /**
   * Takes entries from the live stream; returns those that now follow the range, in order.
   * No more than `space` are held beyond a gap.
   */
  take(epoch: Epoch, entries: readonly Entry[], space: number): Entry[] {
    const most = Math.min(heldMost, this.#held.size + space);
    if (this.#heldEpoch !== epoch) {
      this.#held.clear();
      this.#heldEpoch = epoch;
    }
    const applied: Entry[] = [];
    for (const entry of entries) {
      if (entry.seq > seqMax || entry.seq <= this.#last) continue;
      this.#head = Math.max(this.#head, entry.seq);
      if (this.#epoch !== undefined && entry.seq === this.#last + 1) {
        this.#last = entry.seq;
        applied.push(entry, ...this.#drain());
      } else if (this.#held.size < most) {
        this.#held.set(entry.seq, entry);
      }
    }
    this.#settle();
    return applied;
  }

  /**
   * Takes what is new of a page that adjoins or overlaps the range, or becomes the range.
   * The caller has checked the page and its epoch.
   */
  place(page: Page): Placed {
    const placed: Placed = { below: [], above: [] };
    const isEmptyLog = this.#epoch === undefined && page.head.seq === 0;
    if (page.entries.length === 0 && !isEmptyLog) return placed;
    const lowest = page.entries[0]?.seq ?? 1;
    const highest = page.entries.at(-1)?.seq ?? 0;
    if (this.#epoch === undefined) {
      // Only the newest page can be the range: anything else would leave a gap above itself.
      if (highest !== page.head.seq) return placed;
      if (this.#heldEpoch !== undefined && this.#heldEpoch !== page.head.epoch) this.#held.clear();
      this.#heldEpoch = this.#epoch = page.head.epoch;
      [this.#first, this.#last] = [lowest, highest];
      placed.above = [...page.entries];
    } else {
      if (lowest < this.#first && highest + 1 >= this.#first) {
        placed.below = page.entries.filter((entry) => entry.seq < this.#first);
        this.#first = lowest;
      }
      if (highest > this.#last && lowest <= this.#last + 1) {
        placed.above = page.entries.filter((entry) => entry.seq > this.#last);
        this.#last = highest;
      }
    }
    // Live entries may have come since the page was read.
    this.#head = Math.max(page.head.seq, this.#last);
    placed.above.push(...this.#drain());
    if (placed.above.length > 0 && this.#asked?.for === "history") this.#asked = undefined;
    this.#settle();
    return placed;
  }

  /** The pages of a sync come one after the other: the wait begins anew with each. */
  progressed(now: number): void {
    if (this.#asked?.for === "sync") this.expectSync(now);
  }

  /** Asks for what is missing, unless that is under way. */
  ask(now: number, room: RoomId, out: Out): void {
    if (this.#asked && this.#asked.again <= now) this.#asked = undefined;
    if (this.#asked || !this.isBehind) return;
    if (this.#epoch === undefined) {
      this.sync(now, room, out);
      return;
    }
    this.#asked = { for: "history", again: now + askAgainMs };
    out.emit({ event: "history", data: { room, before: this.#lowestHeld(), after: this.#last } });
  }

  /** Lets the server judge what is held: it answers with what is missing, or with a reset. */
  sync(now: number, room: RoomId, out: Out): void {
    if (this.#asked?.for === "sync" && this.#asked.again > now) return;
    this.expectSync(now);
    out.emit({ event: "sync", data: { rooms: { [room]: this.cursor() } } });
  }

  /** What waited and now follows the range. */
  #drain(): Entry[] {
    const drained: Entry[] = [];
    for (let seq = this.#lowestHeld(); seq !== undefined && seq <= this.#last + 1; seq = this.#lowestHeld()) {
      const entry = this.#held.get(seq);
      this.#held.delete(seq);
      if (entry && seq > this.#last) {
        this.#last = seq;
        drained.push(entry);
      }
    }
    return drained;
  }

  #lowestHeld(): Seq | undefined {
    return this.#held.size > 0 ? Math.min(...this.#held.keys()) : undefined;
  }

  #settle(): void {
    if (!this.isBehind) this.#asked = undefined;
  }
}
