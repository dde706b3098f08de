import type { Entry, RoomId, Seq } from "../backend/protocol";
import type { Command } from "../backend/session-types";

/** How long an entry that was asked for is waited for, in milliseconds. */
const patience = 4000;

interface Search {
  room: RoomId;
  head: Seq;
  ask: (command: Command) => void;
}

/** Answers come in by the one way by which all entries do; here those wait who asked for a particular one. */
export class Arrivals {
  readonly #waiting = new Set<(entries: readonly Entry[]) => void>();

  take(entries: readonly Entry[]): void {
    for (const waits of this.#waiting) waits(entries);
  }

  /** Asks, and waits until the entry at `seq` comes in; undefined when it doesn't. */
  of(seq: Seq, ask: () => void): Promise<Entry | undefined> {
    return new Promise((resolve) => {
      const done = (entry?: Entry) => {
        clearTimeout(timer);
        this.#waiting.delete(waits);
        resolve(entry);
      };
      const waits = (entries: readonly Entry[]) => {
        const entry = entries.find((candidate) => candidate.seq === seq);
        if (entry) done(entry);
      };
      const timer = setTimeout(done, patience);
      this.#waiting.add(waits);
      ask();
    });
  }

  /** The place of the first entry that was written at `time` or later: a search by halves, since times grow with places. */
  async find(time: number, { room, head, ask }: Search): Promise<Seq | null> {
    let [low, high] = [1, head];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const load = { after: middle - 1, limit: 1 };
      const entry = await this.of(middle, () => ask({ command: "history", room, load }));
      if (!entry) return null;
      if (entry.at < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
