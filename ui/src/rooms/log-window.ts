import type { Entry, EntryId, Seq } from "../backend/protocol";
import { Amendments, target, type Item } from "./fold";

/** Lines held at maxItems, lines kept when a page is placed afresh, and lines asked for at a time. */
export const maxItems = 200;
export const initialItems = 100;
export const pageSize = 60;

/** A page that is waited for: the one holding a place, or the one that reaches the room's end. */
export type Target = Seq | "present";

/**
 * The part of a room's log that is in memory: the entries `first..=last` without a gap, folded into lines.
 * It is bounded: what is far from the reader is dropped and loaded again when it is approached.
 */
export class LogWindow {
  items: readonly Item[] = [];
  first: Seq = 0;
  last: Seq = 0;
  target: Target | null = null;

  readonly #amendments = new Amendments();
  /** The raw entries behind `items`, so that a later amendment can fold anew. */
  readonly #entries = new Map<EntryId, Entry>();

  get empty(): boolean {
    return this.last === 0;
  }

  holds(seq: Seq): boolean {
    return !this.empty && seq >= this.first && seq <= this.last;
  }

  find(id: EntryId): Item | undefined {
    return this.#entries.has(id) ? this.items.find((item) => item.id === id) : undefined;
  }

  clear(): void {
    this.items = [];
    this.first = this.last = 0;
    this.target = null;
    this.#entries.clear();
    this.#amendments.clear();
  }

  /**
   * Takes a range of the log and what amends it, live or loaded. `head` is how far the log goes; `reader` the place that
   * is looked at. Returns whether anything changed.
   */
  apply(entries: readonly Entry[], later: readonly Entry[], head: Seq, reader: Seq): boolean {
    const amended = new Set<EntryId>();
    for (const entry of [...entries, ...later]) {
      const id = this.#amendments.add(entry);
      if (id !== null) amended.add(id);
    }
    const placed = this.#place(entries, head);
    if (!placed && ![...amended].some((id) => this.#entries.has(id))) return false;
    this.#refold(amended);
    this.#evict(reader);
    this.#amendments.trim((id) => this.#entries.has(id), 4 * maxItems);
    return true;
  }

  /** Keeps only the newest lines: for a room that is no longer looked at. */
  shrink(): void {
    if (this.items.length > initialItems) this.#keepOnly(this.items.slice(-initialItems));
  }

  #place(entries: readonly Entry[], head: Seq): boolean {
    const from = entries[0]?.seq;
    const to = entries.at(-1)?.seq;
    if (from === undefined || to === undefined) return false;
    const answers =
      this.target === "present" ? to >= head : this.target !== null && from <= this.target && this.target <= to;
    const touches = !this.empty && from <= this.last + 1 && to >= this.first - 1;
    if (this.target !== null ? answers && !touches : this.empty) {
      this.#replace(entries, this.target ?? "present");
    } else if (touches) {
      for (const entry of entries) this.#addEntry(entry);
      this.first = Math.min(this.first, from);
      this.last = Math.max(this.last, to);
    } else {
      return false;
    }
    if (answers) this.target = null;
    return true;
  }

  #replace(entries: readonly Entry[], centre: Target): void {
    let kept = entries;
    if (entries.length > initialItems) {
      const at = centre === "present" ? entries.length : entries.findIndex((entry) => entry.seq >= centre);
      const start =
        at < 0
          ? entries.length - initialItems
          : Math.min(Math.max(0, at - initialItems / 2), entries.length - initialItems);
      kept = entries.slice(start, start + initialItems);
    }
    this.#entries.clear();
    this.items = [];
    for (const entry of kept) this.#addEntry(entry);
    this.first = kept[0]?.seq ?? 0;
    this.last = kept.at(-1)?.seq ?? 0;
  }

  /** Amendments are folded, not held: a room of a thousand reactions to one message stays small. */
  #addEntry(entry: Entry): void {
    if (target(entry.body) === null) this.#entries.set(entry.id, entry);
  }

  /** Makes lines of the entries; a line that nothing changed stays the same object, so that it isn't drawn again. */
  #refold(amended: ReadonlySet<EntryId>): void {
    const before = new Map(this.items.map((item) => [item.id, item]));
    const items: Item[] = [];
    for (const [id, entry] of this.#entries) {
      const item = amended.has(id) || !before.has(id) ? this.#amendments.item(entry) : before.get(id);
      if (item) items.push(item);
    }
    this.items = items.sort((a, b) => a.seq - b.seq);
  }

  /** Drops what is over the limit, on the side that is farther from the reader. */
  #evict(reader: Seq): void {
    if (this.items.length <= maxItems) return;
    const at = this.items.findIndex((item) => item.seq >= reader);
    const nearEnd = at < 0 || at > this.items.length / 2;
    this.#keepOnly(nearEnd ? this.items.slice(-maxItems) : this.items.slice(0, maxItems));
  }

  #keepOnly(items: readonly Item[]): void {
    if (items[0] !== this.items[0]) this.first = items[0]?.seq ?? this.first;
    if (items.at(-1) !== this.items.at(-1)) this.last = items.at(-1)?.seq ?? this.last;
    this.items = items;
    for (const [id, entry] of this.#entries) {
      if (entry.seq < this.first || entry.seq > this.last) this.#entries.delete(id);
    }
  }
}
