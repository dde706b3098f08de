import type { Entry, EntryId, RoomId, Seq } from "../backend/protocol";
import type { Command } from "../backend/session-types";

/** The time after which a requested entry is given up. */
const entryTimeoutMs = 4000;

/** The room that is searched, and the way to request a part of its log. */
export interface SearchOptions {
  room: RoomId;
  request: (command: Command) => void;
}

/**
 * Waits for particular entries of a room, and searches for one by its id or its time. Answers to requests arrive through the same path
 * as live entries, so this class sees all of them and picks out those that are waited for.
 */
export class EntryWaiter {
  readonly #waiters = new Set<(entries: readonly Entry[]) => void>();

  /** Resolves the promises that wait for one of these entries. Without entries, nothing can be loaded: none waits longer. */
  onEntries(entries: readonly Entry[]): void {
    for (const waiter of this.#waiters) waiter(entries);
  }

  /** Calls `request` and returns the entry that is wanted when it arrives, or undefined after a timeout. */
  waitFor(isWanted: (entry: Entry) => boolean, request: () => void): Promise<Entry | undefined> {
    return new Promise((resolve) => {
      const finish = (entry?: Entry) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(entry);
      };
      const waiter = (entries: readonly Entry[]) => {
        const entry = entries.find(isWanted);
        if (entry || entries.length === 0) finish(entry);
      };
      const timer = setTimeout(finish, entryTimeoutMs);
      this.#waiters.add(waiter);
      request();
    });
  }

  /** Returns the `seq` of the entry with this id, which may contain no time, or that of a clock that was wrong. */
  async findById(id: EntryId, { room, request }: SearchOptions): Promise<Seq | null> {
    const range = { around: id, limit: 1 };
    const ask = () => request({ command: "history", room, range });
    return (await this.waitFor((entry) => entry.id === id, ask))?.seq ?? null;
  }

  /** Returns the `seq` of the first entry written at `time` or later, by a binary search: times grow with `seq`. */
  async findByTime(time: number, { room, head, request }: SearchOptions & { head: Seq }): Promise<Seq | null> {
    let [low, high] = [1, head];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const range = { after: middle - 1, limit: 1 };
      const ask = () => request({ command: "history", room, range });
      const entry = await this.waitFor(({ seq }) => seq === middle, ask);
      if (!entry) return null;
      if (entry.at < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
