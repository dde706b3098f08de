import type { Entry, RoomId, Seq } from "../backend/protocol";
import type { Command } from "../backend/session-types";

/** How long an entry that was asked for is waited for, in milliseconds. */
const entryTimeoutMs = 4000;

interface SearchOptions {
  room: RoomId;
  head: Seq;
  request: (command: Command) => void;
}

/** Answers come in by the one way by which all entries do; here those wait who asked for a particular one. */
export class EntryWaiter {
  readonly #waiting = new Set<(entries: readonly Entry[]) => void>();

  resolve(entries: readonly Entry[]): void {
    for (const waiter of this.#waiting) waiter(entries);
  }

  /** Asks, and waiter until the entry at `seq` comes in; undefined when it doesn't. */
  waitFor(seq: Seq, request: () => void): Promise<Entry | undefined> {
    return new Promise((resolve) => {
      const done = (entry?: Entry) => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve(entry);
      };
      const waiter = (entries: readonly Entry[]) => {
        const entry = entries.find((candidate) => candidate.seq === seq);
        if (entry) done(entry);
      };
      const timer = setTimeout(done, entryTimeoutMs);
      this.#waiting.add(waiter);
      request();
    });
  }

  /** The place of the first entry that was written at `time` or later: a search by halves, since times grow with places. */
  async findByTime(time: number, { room, head, request }: SearchOptions): Promise<Seq | null> {
    let [low, high] = [1, head];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const range = { after: middle - 1, limit: 1 };
      const entry = await this.waitFor(middle, () => request({ command: "history", room, range }));
      if (!entry) return null;
      if (entry.at < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
