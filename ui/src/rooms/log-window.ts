import { targetOf } from "../backend/entry-kinds";
import type { Entry, EntryId, Seq } from "../backend/protocol";
import { Amendments, type Item } from "./fold";

/** The most items in memory: several times what a tall window shows, so that both ends can be loaded ahead. */
export const maxItems = 300;
/** The items kept when the window moves to another place or the room is closed. */
const initialItems = 100;
/** The entries requested at a time. */
export const pageSize = 60;

/**
 * A place that the window is to move to: an entry, or the end of the log. The end is that of the moment of the request:
 * if the log grows while the answer is on its way, the rest is loaded afterwards.
 */
export type Target = { seq: Seq } | { end: Seq };

/**
 * The part of a room's log that is in memory: the entries `first..=last` without a gap, folded into items.
 * Its size is bounded: items far from the reader are dropped, and loaded again when the reader approaches them.
 */
export class LogWindow {
  items: readonly Item[] = [];
  first: Seq = 0;
  last: Seq = 0;
  target: Target | null = null;

  readonly #amendments = new Amendments();
  /** The entries behind `items`, kept so that later amendments can be folded into them. */
  readonly #entries = new Map<EntryId, Entry>();

  get isEmpty(): boolean {
    return this.last === 0;
  }

  /** `true` if loading more at one end drops items at the other. */
  get isFull(): boolean {
    return this.items.length >= maxItems;
  }

  contains(seq: Seq): boolean {
    return !this.isEmpty && seq >= this.first && seq <= this.last;
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
   * Applies a range of the log, live or loaded, and the later entries that amend it. `reader` is the entry at the reader's
   * position; when the range contains the target, that is where the reader goes. Returns whether anything changed.
   */
  apply(entries: readonly Entry[], later: readonly Entry[], reader: Seq): boolean {
    const { target } = this;
    const amended = new Set<EntryId>();
    for (const entry of [...entries, ...later]) {
      const id = this.#amendments.add(entry);
      if (id !== null) amended.add(id);
    }
    const inserted = this.#insert(entries);
    if (!inserted && ![...amended].some((id) => this.#entries.has(id))) return false;
    this.#refold(amended);
    this.#evict(target !== null && this.target === null ? seqOf(target) : reader);
    this.#amendments.trim((id) => this.#entries.has(id), 4 * maxItems);
    return true;
  }

  /** Keeps only the newest items, for a room that is no longer open. */
  shrink(): void {
    if (this.items.length > initialItems) this.#keepOnly(this.items.slice(-initialItems));
  }

  /** Inserts a range that adjoins the window, or that contains the target. Any other range would leave a gap. */
  #insert(entries: readonly Entry[]): boolean {
    const from = entries[0]?.seq;
    const to = entries.at(-1)?.seq;
    if (from === undefined || to === undefined) return false;
    const { target } = this;
    const hitsTarget = target !== null && ("end" in target ? to >= target.end : from <= target.seq && target.seq <= to);
    const adjoins = !this.isEmpty && from <= this.last + 1 && to >= this.first - 1;
    if (target !== null ? hitsTarget && !adjoins : this.isEmpty) {
      this.#replace(entries, target ? seqOf(target) : Number.MAX_SAFE_INTEGER);
    } else if (adjoins) {
      for (const entry of entries) this.#addEntry(entry);
      this.first = Math.min(this.first, from);
      this.last = Math.max(this.last, to);
    } else {
      return false;
    }
    if (hitsTarget) this.target = null;
    return true;
  }

  #replace(entries: readonly Entry[], centre: Seq): void {
    let kept = entries;
    if (entries.length > initialItems) {
      const at = entries.findIndex((entry) => entry.seq >= centre);
      const lastStart = entries.length - initialItems;
      const start = at < 0 ? lastStart : Math.min(Math.max(0, at - initialItems / 2), lastStart);
      kept = entries.slice(start, start + initialItems);
    }
    this.#entries.clear();
    this.items = [];
    for (const entry of kept) this.#addEntry(entry);
    this.first = kept[0]?.seq ?? 0;
    this.last = kept.at(-1)?.seq ?? 0;
  }

  /** Adds an entry. Amendments are only folded, so that a thousand reactions to one message take no space. */
  #addEntry(entry: Entry): void {
    if (targetOf(entry.body) === null) this.#entries.set(entry.id, entry);
  }

  /** Makes items of the entries. An unchanged item stays the same object, so that it isn't rendered again. */
  #refold(amended: ReadonlySet<EntryId>): void {
    const before = new Map(this.items.map((item) => [item.id, item]));
    const items: Item[] = [];
    for (const [id, entry] of this.#entries) {
      const item = amended.has(id) || !before.has(id) ? this.#amendments.item(entry) : before.get(id);
      if (item) items.push(item);
    }
    this.items = items.sort((a, b) => a.seq - b.seq);
  }

  /** Drops the items above the limit, at the end that is farther from the reader. */
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

/** Returns the position around which items are kept for a target. */
const seqOf = (target: Target): Seq => ("seq" in target ? target.seq : Number.MAX_SAFE_INTEGER);
