import type { Entry, EntryId, RoomId, Seq } from "../backend/protocol";
import type { Command, LogRange } from "../backend/session-types";

/** The time after which a requested entry is given up. */
const entryTimeoutMs = 4000;

/** The room that is searched, and the way to request a part of its log. */
export interface SearchContext {
  room: RoomId;
  request: (command: Command) => void;
}

/** An entry that is waited for. */
interface AwaitedEntry {
  /** The id that the search names, if it names one. */
  id: EntryId | undefined;
  isWanted(entry: Entry): boolean;
  /** Ends the wait, with the entry if it has arrived. */
  finish(entry?: Entry): void;
}

/**
 * Searches a room for an entry, by its id or its time. Answers to requests arrive through the same path as live entries, so
 * this class sees all of them and picks out those that are waited for.
 */
export class EntryWaiter {
  readonly #awaited = new Set<AwaitedEntry>();

  /** Ends the waits for these entries. Without entries, nothing can be loaded: all waits end. */
  onEntries(entries: readonly Entry[]): void {
    for (const awaited of this.#awaited) {
      const entry = entries.find((entry) => awaited.isWanted(entry));
      if (entry || entries.length === 0) awaited.finish(entry);
    }
  }

  /**
   * Ends the search for an id that the server has refused. Without an id, the searches that name none end. Returns whether one
   * has ended.
   */
  onRefused(id?: EntryId): boolean {
    const refused = [...this.#awaited].filter((awaited) => awaited.id === id);
    for (const awaited of refused) awaited.finish();
    return refused.length > 0;
  }

  /** Returns the entry with this id, which may contain no time, or that of a clock that was wrong; null if it isn't found. */
  findById(id: EntryId, context: SearchContext): Promise<Entry | null> {
    return this.#load({ around: id, limit: 1 }, (entry) => entry.id === id, context, id);
  }

  /** Returns the entry with this `seq`, or null if it can't be loaded. Of a log that isn't known, the last one is 0. */
  findBySeq(seq: Seq, context: SearchContext): Promise<Entry | null> {
    if (seq < 1) return Promise.resolve(null);
    return this.#load({ after: seq - 1, limit: 1 }, (entry) => entry.seq === seq, context);
  }

  /**
   * Returns the first entry written at `time` or later, or the last one if all are earlier, by a binary search: times grow with
   * `seq`. Returns null if one can't be loaded.
   */
  async findByTime(time: number, context: SearchContext & { head: Seq }): Promise<Entry | null> {
    let [low, high] = [1, context.head];
    let found: Entry | null = null;
    while (low < high || found?.seq !== low) {
      const middle = Math.floor((low + high) / 2);
      const entry = await this.findBySeq(middle, context);
      if (!entry) return null;
      if (entry.at >= time || middle === context.head) [high, found] = [middle, entry];
      else low = middle + 1;
    }
    return found;
  }

  /** Requests a range, and returns the entry that is wanted when it arrives, or null after a timeout. */
  #load(
    range: LogRange,
    isWanted: (entry: Entry) => boolean,
    { room, request }: SearchContext,
    id?: EntryId,
  ): Promise<Entry | null> {
    return new Promise((resolve) => {
      const finish = (entry?: Entry) => {
        clearTimeout(timer);
        this.#awaited.delete(awaited);
        resolve(entry ?? null);
      };
      const awaited: AwaitedEntry = { id, isWanted, finish };
      const timer = setTimeout(finish, entryTimeoutMs);
      this.#awaited.add(awaited);
      request({ command: "history", room, range });
    });
  }
}
