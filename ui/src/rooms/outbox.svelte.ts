import type { Body, EntryId, MemberId } from "../backend/protocol";
import type { OutboxItem } from "../backend/session-types";
import { newId } from "../shared/ids";
import { overlay, target, type Item } from "./fold";

/** A message of one's own that the log doesn't hold yet. */
export interface Waiting {
  item: Item;
  state: "sending" | "failed";
  error?: string;
}

/** What this device wrote to a room and the server doesn't have yet: shown at once, by every state it may be in. */
export class Outbox {
  #items: readonly OutboxItem[] = $state.raw([]);
  /** Made here and not yet in the back end's own list. */
  readonly #unconfirmed = new Set<EntryId>();
  /** Dropped here and perhaps still in the back end's own list. */
  readonly #discarded = new Set<EntryId>();

  constructor(private readonly me: () => MemberId) {}

  /** The back end's list: the truth about everything but what it hasn't heard of yet. */
  set(items: readonly OutboxItem[]): void {
    for (const { id } of items) this.#unconfirmed.delete(id);
    const unheard = this.#items.filter(({ id }) => this.#unconfirmed.has(id));
    this.#items = [...items.filter(({ id }) => !this.#discarded.has(id)), ...unheard];
  }

  add(room: string, body: Body): OutboxItem {
    const item: OutboxItem = { id: newId(), room, body, written: Date.now(), state: { state: "sending" } };
    this.#unconfirmed.add(item.id);
    this.#items = [...this.#items, item];
    return item;
  }

  /** The back end did not even take it. */
  failed(id: EntryId, message: string): void {
    this.#state(id, { state: "failed", error: { code: "other", message } });
  }

  retry(id: EntryId): void {
    this.#state(id, { state: "sending" });
  }

  discard(id: EntryId): void {
    this.#unconfirmed.delete(id);
    this.#discarded.add(id);
    this.#items = this.#items.filter((item) => item.id !== id);
  }

  /** The log holds these now. */
  arrived(holds: (id: EntryId) => boolean): void {
    if (!this.#items.some(({ id }) => holds(id))) return;
    for (const { id } of this.#items) if (holds(id)) this.#unconfirmed.delete(id);
    this.#items = this.#items.filter(({ id }) => !holds(id));
  }

  messages(): readonly Waiting[] {
    return this.#items.flatMap(({ id, body, written, state }) => {
      if (body.kind !== "message") return [];
      const item = {
        seq: Number.MAX_SAFE_INTEGER,
        id,
        author: this.me(),
        at: written,
        body,
        text: body.text,
        edited: false,
        deleted: false,
        reactions: [],
      };
      return [{ item, state: state.state, error: state.state === "failed" ? state.error.message : undefined }];
    });
  }

  /** The lines with one's own pending edits, deletions and reactions laid over them. */
  over(items: readonly Item[]): readonly Item[] {
    const pending = this.#items.filter(({ body }) => target(body) !== null);
    if (pending.length === 0) return items;
    return items.map((item) => {
      let shown = item;
      for (const { id, body, state } of pending) {
        if (target(body) !== item.id) continue;
        const failed = state.state === "failed";
        shown = {
          ...(failed ? shown : overlay(shown, body, this.me())),
          pending: failed ? { id, error: state.error.message } : { id },
        };
      }
      return shown;
    });
  }

  #state(id: EntryId, state: OutboxItem["state"]): void {
    this.#items = this.#items.map((item) => (item.id === id ? { ...item, state } : item));
  }
}
