import { type AmendingBody, isAmending, propertiesOf, targetOf } from "../backend/entry-kinds";
import type { Body, Entry, EntryId, MemberId } from "../backend/protocol";
import type { OutboxItem } from "../backend/session-types";
import type { Clock } from "../shared/clock.svelte";
import { newId } from "../shared/ids";
import { applyChange, type Item } from "./fold";

/** One of the user's messages that is not in the log yet. */
export interface PendingMessage {
  item: Item;
  state: "sending" | "failed";
  error?: string;
}

/** Returns whether a body changes the room, such as its name or topic. Such a post has no row of its own in the timeline. */
export function isRoomChange(body: Body): boolean {
  const { effect, isTarget } = propertiesOf(body);
  return effect === null && !isTarget;
}

/** The posts of this device to one room that the server has not accepted yet. They are shown at once, with their state. */
export class Outbox {
  #items: readonly OutboxItem[] = $state.raw([]);
  /** Posts that the user has discarded. The back end's list may still contain them. */
  #discarded: ReadonlySet<EntryId> = $state.raw(new Set());
  readonly #visible = $derived(this.#items.filter(({ id }) => !this.#discarded.has(id)));
  /** Posts that the back end's list does not contain yet. */
  readonly #unconfirmed = new Set<EntryId>();

  constructor(
    private readonly me: () => MemberId,
    private readonly clock: Clock,
  ) {}

  /**
   * Sets the back end's list, which is authoritative for all posts that the back end has received. It has applied the posts
   * in `merged` to those that they change.
   */
  set(items: readonly OutboxItem[], merged: readonly EntryId[] = []): void {
    for (const id of [...items.map((item) => item.id), ...merged]) this.#unconfirmed.delete(id);
    const unconfirmed = this.#items.filter(({ id }) => this.#unconfirmed.has(id));
    this.#items = [...items, ...unconfirmed];
  }

  add(room: string, body: Body): OutboxItem {
    const item: OutboxItem = {
      id: newId(this.clock.correctedNow),
      room,
      body,
      written: Date.now(),
      state: { state: "sending" },
    };
    this.#unconfirmed.add(item.id);
    this.#items = [...this.#items, item];
    return item;
  }

  get isEmpty(): boolean {
    return this.#visible.length === 0;
  }

  get sending(): readonly OutboxItem[] {
    return this.#visible.filter(({ state }) => state.state === "sending");
  }

  /** The refused posts, which stay until the user retries or discards them. */
  get failed(): readonly OutboxItem[] {
    return this.#visible.filter(({ state }) => state.state === "failed");
  }

  /** The changes that the server has refused because there is nothing to change any more. */
  get orphanedChanges(): readonly (OutboxItem & { body: AmendingBody })[] {
    return this.failed.filter(isOrphanedChange);
  }

  /** Marks a post as failed because the back end did not accept it. */
  markFailed(id: EntryId, message: string): void {
    this.#setState(id, { state: "failed", error: { code: "other", message } });
  }

  /** Marks a post as sending again, in its old position. Returns it if the back end has never received it. */
  retry(id: EntryId): OutboxItem | undefined {
    this.#setState(id, { state: "sending" });
    return this.#unconfirmed.has(id) ? this.#items.find((item) => item.id === id) : undefined;
  }

  /** Hides a post and returns a function that shows it again in its old position. */
  discard(id: EntryId): () => void {
    this.#discarded = new Set([...this.#discarded, id]);
    return () => (this.#discarded = new Set([...this.#discarded].filter((other) => other !== id)));
  }

  /** Removes the posts that are in the log now. */
  removeCommitted(isInLog: (id: EntryId) => boolean): void {
    if (!this.#items.some(({ id }) => isInLog(id))) return;
    for (const { id } of this.#items) if (isInLog(id)) this.#unconfirmed.delete(id);
    this.#items = this.#items.filter(({ id }) => !isInLog(id));
  }

  /** Returns the refused changes that a later one of the user's has replaced, which is in the log now. */
  replacedBy(entries: readonly Entry[]): EntryId[] {
    const failed = this.failed;
    if (failed.length === 0) return [];
    const own = entries.filter(({ author }) => author === this.me());
    return failed
      .filter(({ id, body }) => own.some((later) => later.id > id && replaces(later.body, body)))
      .map(({ id }) => id);
  }

  /** The messages, with the changes that the user has made to them since. One that was just withdrawn is not shown. */
  pendingMessages(): readonly PendingMessage[] {
    const changes = this.#visible.filter(({ body }) => isAmending(body));
    return this.#visible.flatMap(({ id, body, written, state }) => {
      if (body.kind !== "message") return [];
      const message: Item = {
        seq: Number.MAX_SAFE_INTEGER,
        id,
        author: this.me(),
        at: this.clock.serverTime(written),
        body,
        isMessage: true,
        replyTo: body.reply_to,
        text: body.text,
        mentions: body.mentions,
        edited: false,
        deleted: false,
        reactions: [],
      };
      const item = changes.reduce((shown, change) => this.#applyChange(shown, change), message);
      if (item.deleted && item.pending && this.#unconfirmed.has(item.pending.id)) return [];
      return [{ item, state: state.state, error: state.state === "failed" ? state.error.message : undefined }];
    });
  }

  /** Applies the user's pending edits, deletions and reactions to the items of the log. */
  applyPendingChanges(items: readonly Item[]): readonly Item[] {
    const changes = this.#visible.filter(({ body }) => isAmending(body));
    if (changes.length === 0) return items;
    return items.map((item) => changes.reduce((shown, change) => this.#applyChange(shown, change), item));
  }

  #applyChange(item: Item, { id, body, state }: OutboxItem): Item {
    if (!isAmending(body) || targetOf(body) !== item.id) return item;
    if (state.state === "failed") return { ...item, pending: { id, body, error: state.error.message } };
    // A refused change stays visible until the user has retried or discarded it.
    const pending = item.pending?.error ? item.pending : { id, body };
    return { ...applyChange(item, body, this.me()), pending };
  }

  #setState(id: EntryId, state: OutboxItem["state"]): void {
    this.#items = this.#items.map((item) => (item.id === id ? { ...item, state } : item));
  }
}

function isOrphanedChange(item: OutboxItem): item is OutboxItem & { body: AmendingBody } {
  return isAmending(item.body) && item.state.state === "failed" && item.state.error.code === "unknown_entry";
}

/**
 * Returns whether an earlier change doesn't matter any more. Ids sort by age, and the caller compares them. A deletion
 * replaces nothing: the refused edit has a text that the user may want to copy.
 */
function replaces(later: Body, earlier: Body): boolean {
  if (!isAmending(later) || !isAmending(earlier) || targetOf(later) !== targetOf(earlier)) return false;
  return collapseValue(later) === collapseValue(earlier);
}

const collapseValue = (body: AmendingBody): string => (body.kind === "react" ? `react ${body.emoji}` : body.kind);
