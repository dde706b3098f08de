import type { Body, EntryId, MemberId } from "../backend/protocol";
import type { OutboxItem } from "../backend/session-types";
import { newId } from "../shared/ids";
import { overlay, target, type Item } from "./fold";

/** A message of one's own that the log doesn't hold yet. */
export interface PendingMessage {
  item: Item;
  state: "sending" | "failed";
  error?: string;
}

/** What this device wrote to a room and the server doesn't have yet: shown at once, by every state it may be in. */
export class Outbox {
  #items: readonly OutboxItem[] = $state.raw([]);
  /** Dropped here and perhaps still in the back end's own list. */
  #discarded: ReadonlySet<EntryId> = $state.raw(new Set());
  readonly #shown = $derived(this.#items.filter(({ id }) => !this.#discarded.has(id)));
  /** Made here and not yet in the back end's own list. */
  readonly #unconfirmed = new Set<EntryId>();

  constructor(private readonly me: () => MemberId) {}

  /** The back end's list: the truth about everything but what it hasn't heard of yet. */
  set(items: readonly OutboxItem[]): void {
    for (const { id } of items) this.#unconfirmed.delete(id);
    const unconfirmed = this.#items.filter(({ id }) => this.#unconfirmed.has(id));
    this.#items = [...items, ...unconfirmed];
  }

  add(room: string, body: Body): OutboxItem {
    const item: OutboxItem = { id: newId(), room, body, written: Date.now(), state: { state: "sending" } };
    this.#unconfirmed.add(item.id);
    this.#items = [...this.#items, item];
    return item;
  }

  get isEmpty(): boolean {
    return this.#shown.length === 0;
  }

  /** What the server may take any moment. */
  get sending(): readonly OutboxItem[] {
    return this.#shown.filter(({ state }) => state.state === "sending");
  }

  /** What waits for a person's word. */
  get failed(): readonly OutboxItem[] {
    return this.#shown.filter(({ state }) => state.state === "failed");
  }

  /** The back end did not even take it. */
  markFailed(id: EntryId, message: string): void {
    this.#state(id, { state: "failed", error: { code: "other", message } });
  }

  /** Shows it sending again, in its old place; returns it if the back end has never had it. */
  retry(id: EntryId): OutboxItem | undefined {
    this.#state(id, { state: "sending" });
    return this.#unconfirmed.has(id) ? this.#items.find((item) => item.id === id) : undefined;
  }

  /** Takes it out of sight; returns what brings it back where it was. */
  discard(id: EntryId): () => void {
    this.#discarded = new Set([...this.#discarded, id]);
    return () => (this.#discarded = new Set([...this.#discarded].filter((other) => other !== id)));
  }

  /** The log holds these now. */
  removeCommitted(holds: (id: EntryId) => boolean): void {
    if (!this.#items.some(({ id }) => holds(id))) return;
    for (const { id } of this.#items) if (holds(id)) this.#unconfirmed.delete(id);
    this.#items = this.#items.filter(({ id }) => !holds(id));
  }

  messages(): readonly PendingMessage[] {
    return this.#shown.flatMap(({ id, body, written, state }) => {
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
  applyPendingChanges(items: readonly Item[]): readonly Item[] {
    const pending = this.#shown.filter(({ body }) => target(body) !== null);
    if (pending.length === 0) return items;
    return items.map((item) => {
      let shown = item;
      for (const { id, body, state } of pending) {
        if (target(body) !== item.id) continue;
        if (state.state === "failed") shown = { ...shown, pending: { id, body, error: state.error.message } };
        // What was refused stays in sight until a person has dealt with it.
        else
          shown = { ...overlay(shown, body, this.me()), pending: shown.pending?.error ? shown.pending : { id, body } };
      }
      return shown;
    });
  }

  #state(id: EntryId, state: OutboxItem["state"]): void {
    this.#items = this.#items.map((item) => (item.id === id ? { ...item, state } : item));
  }
}
