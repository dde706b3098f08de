import { countsAsUnreadFor, propertiesOf, targetOf } from "../backend/entry-kinds";
import type { Entry, EntryId, MemberId, Seq } from "../backend/protocol";
import type { KeyValueStorage } from "../shared/storage";

/** The most messages that are remembered. */
const maxMentions = 100;

/**
 * The newest messages of a room that mention the user. They are stored on this device, because it receives each entry once,
 * also across restarts.
 */
export class MentionCounter {
  readonly #key: string;
  readonly #storage: KeyValueStorage;
  #mentions: ReadonlyMap<EntryId, Seq>;

  constructor(key: string, storage: KeyValueStorage) {
    this.#key = key;
    this.#storage = storage;
    this.#mentions = $state.raw(read(storage.get(key)));
  }

  /** Adds those entries that are others' messages and mention the user, and removes those that have been deleted. */
  add(entries: readonly Entry[], me: MemberId, mentionsMe: (entry: Entry) => boolean): void {
    const added = entries.filter((entry) => countsAsUnreadFor(entry, me) && mentionsMe(entry));
    const deleted = entries.flatMap(({ body }) =>
      propertiesOf(body).effect === "erase" ? (targetOf(body) ?? []) : [],
    );
    const isNew = added.some(({ id }) => !this.#mentions.has(id));
    if (!isNew && !deleted.some((id) => this.#mentions.has(id))) return;
    const mentions = new Map([...this.#mentions, ...added.map(({ id, seq }) => [id, seq] as const)]);
    for (const id of deleted) mentions.delete(id);
    this.#mentions = new Map([...mentions].sort(([, a], [, b]) => a - b).slice(-maxMentions));
    this.#storage.set(this.#key, JSON.stringify([...this.#mentions]));
  }

  /** Returns the number of mentions behind a read marker. */
  countAfter(read: Seq): number {
    return [...this.#mentions.values()].filter((seq) => seq > read).length;
  }

  clear(): void {
    this.#mentions = new Map();
    this.#storage.set(this.#key, null);
  }
}

function read(stored: string | null): ReadonlyMap<EntryId, Seq> {
  try {
    return new Map(JSON.parse(stored ?? "[]") as [EntryId, Seq][]);
  } catch {
    return new Map();
  }
}
