import { countsAsUnreadFor, propertiesOf, targetOf } from "../backend/entry-kinds";
import type { Entry, EntryId, MemberId, Seq } from "../backend/protocol";
import type { KeyValueStorage } from "../shared/storage";

/** The most messages that are remembered. */
const maxMentions = 100;
/** The most messages without a mention that are remembered, in case an edit adds one. */
const maxOthers = 1_000;

/**
 * The newest messages of a room that mention the user. They are stored on this device, because it receives each entry once,
 * also across restarts.
 */
export class MentionCounter {
  readonly #key: string;
  readonly #storage: KeyValueStorage;
  #mentions: ReadonlyMap<EntryId, Seq>;
  /** The newest messages of others that don't mention the user. */
  readonly #others = new Map<EntryId, Seq>();

  constructor(key: string, storage: KeyValueStorage) {
    this.#key = key;
    this.#storage = storage;
    this.#mentions = $state.raw(read(storage.get(key)));
  }

  /**
   * Adds those entries that are others' messages and mention the user, also by an edit, and removes those that don't any more,
   * or have been deleted. `seqOf` finds a loaded message.
   */
  add(
    entries: readonly Entry[],
    me: MemberId,
    mentionsMe: (entry: Entry) => boolean,
    seqOf: (message: EntryId) => Seq | undefined,
  ): void {
    const mentions = new Map(this.#mentions);
    for (const entry of entries) {
      const { id, seq, author, body } = entry;
      const target = targetOf(body);
      if (target !== null && propertiesOf(body).effect === "erase") {
        mentions.delete(target);
        this.#others.delete(target);
      } else if (body.kind === "edit" && author !== me) {
        const edited = mentions.get(body.of) ?? this.#others.get(body.of) ?? seqOf(body.of);
        if (edited !== undefined) this.#classify(mentions, body.of, edited, mentionsMe(entry));
      } else if (countsAsUnreadFor(entry, me)) this.#classify(mentions, id, seq, mentionsMe(entry));
    }
    this.#set(mentions);
  }

  #classify(mentions: Map<EntryId, Seq>, id: EntryId, seq: Seq, mentionsMe: boolean): void {
    const [to, from] = mentionsMe ? [mentions, this.#others] : [this.#others, mentions];
    from.delete(id);
    to.set(id, seq);
    if (this.#others.size <= maxOthers) return;
    // Older messages arrive later when the user scrolls back.
    const [oldest] = [...this.#others].reduce((a, b) => (b[1] < a[1] ? b : a));
    this.#others.delete(oldest);
  }

  #set(mentions: ReadonlyMap<EntryId, Seq>): void {
    const known = this.#mentions;
    if (mentions.size === known.size && [...mentions.keys()].every((id) => known.has(id))) return;
    this.#mentions = new Map([...mentions].sort(([, a], [, b]) => a - b).slice(-maxMentions));
    this.#storage.set(this.#key, JSON.stringify([...this.#mentions]));
  }

  /** Returns the number of mentions behind a read marker. */
  countAfter(read: Seq): number {
    return [...this.#mentions.values()].filter((seq) => seq > read).length;
  }

  clear(): void {
    this.#mentions = new Map();
    this.#others.clear();
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
