/** The part of one room's log that the client has: a range without a gap, and live entries that wait beyond a gap. */

import { type Entry, type Epoch, type Head, limits, type Page, type RoomId, type Seq } from "../protocol";
import type { Effects } from "./effects";

/** A request without an answer is sent again after this time. */
const requestTimeoutMs = 5_000;
/** The number of entries beyond a gap that a room keeps. Further ones are requested when the gap is closed. */
const maxPendingPerRoom = 256;
/** The same for all rooms together. */
export const maxPending = 4_096;

/** A request for entries that is under way: any number of pages answer a `sync`, one page answers a `history`. */
interface Request {
  event: "sync" | "history";
  retryAt: number;
}

/** The entries of a page that extend the range. */
interface NewEntries {
  /** Entries that end where the range began. */
  below: Entry[];
  /** Entries that begin where the range ended, or all of a new range. Pending entries that now follow are included. */
  above: Entry[];
}

/** The known part of a room's log: `first..=last`. */
export class Log {
  /** Undefined while nothing is known, not even that the log is empty. */
  #epoch?: Epoch;
  #first: Seq = 0;
  #last: Seq = 0;
  /** The log's last entry on the server, as far as known. */
  #head: Seq = 0;
  /** Live entries that arrived beyond a gap. */
  #pendingBeyondGap = new Map<Seq, Entry>();
  #pendingEpoch?: Epoch;
  #request?: Request;

  /** Creates a log from what the replica has. An impossible range counts as nothing. */
  static persisted(epoch: Epoch, first: Seq, last: Seq): Log {
    const log = new Log();
    if (last === 0 || last > limits.maxSeq || first > last) return log;
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

  get awaitsHistory(): boolean {
    return this.#request?.event === "history";
  }

  /** Returns the room's head as far as known, or `otherwise` while nothing is known. */
  headOr(otherwise: Head): Head {
    if (this.#epoch === undefined) return otherwise;
    return { epoch: this.#epoch, seq: Math.max(this.#head, this.#last) };
  }

  /** Returns the position from which the server continues in a `sync`. */
  cursor(): Head | null {
    return this.#epoch === undefined ? null : { epoch: this.#epoch, seq: this.#last };
  }

  /** Returns the time at which the request under way is sent again. */
  retryAt(): number | undefined {
    return this.#request?.retryAt;
  }

  /** Forgets the request under way, because a new connection does not answer it. */
  forgetRequest(): void {
    this.#request = undefined;
  }

  expectSync(now: number): void {
    this.#request = { event: "sync", retryAt: now + requestTimeoutMs };
  }

  /** `true` if entries are missing at the end of the range. */
  get isBehind(): boolean {
    return this.#epoch === undefined || this.#head > this.#last || this.#pendingBeyondGap.size > 0;
  }

  /** Drops everything. */
  clear(): void {
    this.#epoch = undefined;
    this.#first = this.#last = this.#head = 0;
    this.#pendingBeyondGap.clear();
    this.#pendingEpoch = undefined;
    this.#request = undefined;
  }

  /** Takes over the server's head if it continues the range. Returns false if it contradicts the range. */
  updateHead(head: Head): boolean {
    if (this.#epoch !== undefined && (this.#epoch !== head.epoch || head.seq < this.#last)) return false;
    this.#head = head.seq;
    return true;
  }

  pendingCount(): number {
    return this.#pendingBeyondGap.size;
  }

  /** Adds live entries. Returns those that extend the range, in order. At most `space` further ones are kept beyond a gap. */
  addLive(epoch: Epoch, entries: readonly Entry[], space: number): Entry[] {
    const maxPendingHere = Math.min(maxPendingPerRoom, this.#pendingBeyondGap.size + space);
    if (this.#pendingEpoch !== epoch) {
      this.#pendingBeyondGap.clear();
      this.#pendingEpoch = epoch;
    }
    const added: Entry[] = [];
    for (const entry of entries) {
      if (entry.seq > limits.maxSeq || entry.seq <= this.#last) continue;
      this.#head = Math.max(this.#head, entry.seq);
      if (this.#epoch !== undefined && entry.seq === this.#last + 1) {
        this.#last = entry.seq;
        added.push(entry, ...this.#takePending());
      } else if (this.#pendingBeyondGap.size < maxPendingHere) {
        this.#pendingBeyondGap.set(entry.seq, entry);
      }
    }
    this.#clearRequestIfComplete();
    return added;
  }

  /** Adds a page that adjoins or overlaps the range, or becomes the range. The caller has checked the page and its epoch. */
  addPage(page: Page): NewEntries {
    const added: NewEntries = { below: [], above: [] };
    const isEmptyLog = this.#epoch === undefined && page.head.seq === 0;
    if (page.entries.length === 0 && !isEmptyLog) return added;
    const lowest = page.entries[0]?.seq ?? 1;
    const highest = page.entries.at(-1)?.seq ?? 0;
    if (this.#epoch === undefined) {
      // Only the newest page can become the range: any other would leave a gap above itself.
      if (highest !== page.head.seq) return added;
      if (this.#pendingEpoch !== undefined && this.#pendingEpoch !== page.head.epoch) this.#pendingBeyondGap.clear();
      this.#pendingEpoch = this.#epoch = page.head.epoch;
      [this.#first, this.#last] = [lowest, highest];
      added.above = [...page.entries];
    } else {
      if (lowest < this.#first && highest + 1 >= this.#first) {
        added.below = page.entries.filter((entry) => entry.seq < this.#first);
        this.#first = lowest;
      }
      if (highest > this.#last && lowest <= this.#last + 1) {
        added.above = page.entries.filter((entry) => entry.seq > this.#last);
        this.#last = highest;
      }
    }
    // Live entries may have arrived since the server read the page.
    this.#head = Math.max(page.head.seq, this.#last);
    added.above.push(...this.#takePending());
    if (added.above.length > 0 && this.awaitsHistory) this.#request = undefined;
    this.#clearRequestIfComplete();
    return added;
  }

  /** Restarts the timeout of a sync, whose pages arrive one after the other. */
  extendSyncTimeout(now: number): void {
    if (this.#request?.event === "sync") this.expectSync(now);
  }

  /** Requests the missing entries, unless such a request is under way. */
  requestMissing(now: number, room: RoomId, effects: Effects): void {
    if (this.#request && this.#request.retryAt <= now) this.#request = undefined;
    if (this.#request || !this.isBehind) return;
    if (this.#epoch === undefined) {
      this.requestSync(now, room, effects);
      return;
    }
    this.#request = { event: "history", retryAt: now + requestTimeoutMs };
    effects.emit({ event: "history", data: { room, before: this.#firstPending(), after: this.#last } });
  }

  /** Requests a sync. The server compares the cursor with its log, and answers with the missing pages or with a reset. */
  requestSync(now: number, room: RoomId, effects: Effects): void {
    if (this.#request?.event === "sync" && this.#request.retryAt > now) return;
    this.expectSync(now);
    effects.emit({ event: "sync", data: { rooms: { [room]: this.cursor() } } });
  }

  /** Removes the pending entries that now follow the range, and extends the range by them. */
  #takePending(): Entry[] {
    const taken: Entry[] = [];
    for (let seq = this.#firstPending(); seq !== undefined && seq <= this.#last + 1; seq = this.#firstPending()) {
      const entry = this.#pendingBeyondGap.get(seq);
      this.#pendingBeyondGap.delete(seq);
      if (entry && seq > this.#last) {
        this.#last = seq;
        taken.push(entry);
      }
    }
    return taken;
  }

  #firstPending(): Seq | undefined {
    return this.#pendingBeyondGap.size > 0 ? Math.min(...this.#pendingBeyondGap.keys()) : undefined;
  }

  #clearRequestIfComplete(): void {
    if (!this.isBehind) this.#request = undefined;
  }
}
