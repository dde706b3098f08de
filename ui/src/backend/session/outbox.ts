/** Posts that are not acknowledged yet: sent in their order, again and again until the server has answered. */

import { type Entry, type EntryId, limits, type RoomId, type WireError } from "../protocol";
import type { OutboxItem } from "../session-types";
import { isTransient } from "../wire-error";
import { drained, earliest } from "./order";
import type { Out } from "./effects";

/** A post without an answer is sent again after this. */
const sendAgainMs = 10_000;
/** How long to wait after the first passing refusal; each one more doubles it. */
const pauseMs = 500;
/** The longest such wait. */
const pauseCapMs = 15_000;

interface Waiting {
  /** Replaced, never changed: it is handed out. */
  item: OutboxItem;
  /** When it was sent on this connection. */
  sent?: number;
}

export class Outbox {
  /** A map goes through its values as they were added: in the order in which they were written. */
  readonly #posts = new Map<EntryId, Waiting>();
  /** After a passing refusal nothing is sent until then: posts behind the refused one must not overtake it. */
  #pausedUntil?: number;
  #refusals = 0;
  readonly #changed = new Set<RoomId>();

  restore(items: readonly OutboxItem[]): void {
    for (const item of items) this.push(item);
  }

  /** Takes a new post; false if it is there already. */
  push(item: OutboxItem): boolean {
    if (this.#posts.has(item.id)) return false;
    this.#changed.add(item.room);
    this.#posts.set(item.id, { item });
    return true;
  }

  /** How many wait to be acknowledged. */
  get waiting(): number {
    return this.#sending().length;
  }

  retry(id: EntryId, out: Out): void {
    const post = this.#posts.get(id);
    if (!post || isSending(post)) return;
    post.item = { ...post.item, state: { state: "sending" } };
    post.sent = undefined;
    this.#changed.add(post.item.room);
    out.save({ change: "outbox_state", id, state: { state: "sending" } });
  }

  /** Whether the post is on its way, so that it can't be taken back. */
  isUnderWay(id: EntryId): boolean {
    const post = this.#posts.get(id);
    return post !== undefined && isSending(post) && post.sent !== undefined;
  }

  discard(id: EntryId, out: Out): void {
    if (this.#remove(id)) out.save({ change: "discarded", id });
  }

  /** These stand in the part of the log that has just been saved, and left the outbox on disk with that. */
  acknowledge(entries: readonly Entry[]): void {
    for (const entry of entries) this.#remove(entry.id);
  }

  /** These stand in the log, but are not saved. */
  acknowledgeUnsaved(entries: readonly Entry[], out: Out): void {
    for (const entry of entries) this.discard(entry.id, out);
  }

  /** The server refused a post. Whether it was one of ours. */
  refused(now: number, id: EntryId, error: WireError, out: Out): boolean {
    const post = this.#posts.get(id);
    if (!post) return false;
    if (!isSending(post)) return true;
    if (isTransient(error.code)) {
      // Those behind it go again as well, so that the order stays. A burst of refusals is one refusal.
      if (this.#pausedUntil === undefined) {
        this.#pausedUntil = now + Math.min(pauseMs * 2 ** Math.min(this.#refusals, 8), pauseCapMs);
        this.#refusals += 1;
        out.up({ update: "refused", event: "post", room: post.item.room, error });
      }
      this.forgetSent();
      return true;
    }
    post.item = { ...post.item, state: { state: "failed", error } };
    post.sent = undefined;
    this.#changed.add(post.item.room);
    out.save({ change: "outbox_state", id, state: { state: "failed", error } });
    return true;
  }

  /** What was sent on a connection may not have arrived. */
  forgetSent(): void {
    for (const post of this.#posts.values()) post.sent = undefined;
  }

  /** A new connection: what was refused in passing on the last one is tried at once. */
  resume(): void {
    this.forgetSent();
    this.#pausedUntil = undefined;
  }

  /** Sends what may be sent now. */
  send(now: number, out: Out): void {
    if (this.#pausedUntil !== undefined && this.#pausedUntil > now) return;
    this.#pausedUntil = undefined;
    for (const post of this.#inFlight()) {
      if (post.sent !== undefined && post.sent + sendAgainMs > now) continue;
      post.sent = now;
      const { id, room, body } = post.item;
      out.emit({ event: "post", data: { room, id, body } });
    }
  }

  /** When to send again. */
  due(): number | undefined {
    if (this.#pausedUntil !== undefined) return this.#pausedUntil;
    const sent = earliest(this.#inFlight().map((post) => post.sent));
    return sent === undefined ? undefined : sent + sendAgainMs;
  }

  /** Tells the rooms whose posts changed. */
  tell(out: Out): void {
    for (const room of drained(this.#changed)) {
      const items = [...this.#posts.values()].map((post) => post.item).filter((item) => item.room === room);
      out.up({ update: "outbox", room, items });
    }
  }

  /** Tells all of them. */
  refresh(): void {
    for (const { item } of this.#posts.values()) this.#changed.add(item.room);
  }

  #remove(id: EntryId): boolean {
    const post = this.#posts.get(id);
    if (!post) return false;
    this.#posts.delete(id);
    this.#changed.add(post.item.room);
    this.#refusals = 0;
    return true;
  }

  #sending(): Waiting[] {
    return [...this.#posts.values()].filter(isSending);
  }

  #inFlight(): Waiting[] {
    return this.#sending().slice(0, limits.maxPostsInFlight);
  }
}

function isSending(post: Waiting): boolean {
  return post.item.state.state === "sending";
}
