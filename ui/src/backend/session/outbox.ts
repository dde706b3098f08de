/** The outbox: posts that the server has not acknowledged. They are sent in order, and again until the server answers. */

import { targetOf } from "../entry-kinds";
import { type Body, type Entry, type EntryId, limits, type RoomId, type WireError } from "../protocol";
import type { OutboxItem } from "../session-types";
import { isTransient } from "../wire-error";
import type { Effects } from "./effects";
import { earliest, takeSorted } from "./order";
import { retryAfter } from "./retry-after";

/** A post without an answer is sent again after this time. */
const resendIntervalMs = 10_000;
/** The pause after the first transient refusal. Each further one doubles it. */
const initialPauseMs = 500;
const maxPauseMs = 15_000;
/** A message waits this long for the next key of its edit. The time without a connection doesn't count. */
const editTimeoutMs = 60_000;

interface QueuedPost {
  /** Replaced and never mutated, because updates contain it. */
  item: OutboxItem;
  /** The time at which it was last sent on this connection. */
  sentAt?: number;
  /** The number of times that it was sent, on any connection, and got no answer. Unless it is 0, the log may have the post. */
  unanswered: number;
}

export class Outbox {
  /** The posts in the order in which the user wrote them, since a map keeps the order of insertion. */
  readonly #posts = new Map<EntryId, QueuedPost>();
  /** No post is sent before this time, so that posts behind a refused one do not overtake it. */
  #pausedUntil?: number;
  /** Pauses since the last acknowledgement or removal. */
  #pauses = 0;
  readonly #changedRooms = new Set<RoomId>();
  /** The edits and deletions that have been applied to posts here since the last report, by their rooms. */
  readonly #merged = new Map<RoomId, EntryId[]>();
  /**
   * The messages that the user is editing, and the times at which they are sent as they are. There is none without a
   * connection. They are not persisted, so that a device that ends holds nothing back.
   */
  readonly #edits = new Map<EntryId, number | undefined>();

  /** Loads the persisted posts. */
  load(items: readonly OutboxItem[]): void {
    for (const item of items) this.#pushUnanswered(item);
  }

  /** Appends a post of a device that has ended, and stores it for this one. */
  adopt(item: OutboxItem, effects: Effects): void {
    if (this.#pushUnanswered(item)) effects.save({ change: "outbox", ...item });
  }

  /**
   * Gives a post up to a device that has adopted it. While that one may send it, it is sent here as well, in the same form, so
   * that changes made here can follow it.
   */
  disown(id: EntryId, adopted: OutboxItem | undefined): void {
    if (!adopted) {
      this.#remove(id);
      return;
    }
    const item: OutboxItem = { ...adopted, sent: true };
    const post = this.#posts.get(id);
    if (!post) {
      this.#pushUnanswered(item);
      return;
    }
    post.item = isSending(post) ? item : { ...item, state: post.item.state };
    post.sentAt = undefined;
    post.unanswered = Math.max(1, post.unanswered);
    this.#changedRooms.add(item.room);
  }

  /** Appends a post. Returns false if its id is already in the outbox. */
  push(item: OutboxItem): boolean {
    return this.#pushSent(item, 0);
  }

  /** Returns whether a post that is appended now to a room is sent at once, if there is a connection. */
  sendsNext(now: number, room: RoomId): boolean {
    this.#expireEdits(now);
    const isPaused = this.#pausedUntil !== undefined && this.#pausedUntil > now;
    const isFull = this.#window().length >= limits.maxPostsInFlight;
    return !isPaused && !isFull && !this.#postsInEdit().some(({ item }) => item.room === room);
  }

  /** Keeps a message from being sent while the user edits it, if it can't be in the log. Without a connection there is no `now`. */
  startEdit(id: EntryId, now: number | undefined): void {
    this.#edits.set(id, now === undefined ? undefined : now + editTimeoutMs);
  }

  endEdit(id: EntryId): void {
    this.#edits.delete(id);
  }

  /**
   * Applies an edit or a deletion to a message that waits here and can't be in the log, so that the server gets only the
   * result. Returns false if it has to be posted: there is no such message, or the log may have it already. Of a refused
   * message that the log may have, it also begins sending again, since the amendment can only follow it.
   */
  merge(amendment: OutboxItem, effects: Effects): boolean {
    const target = targetOf(amendment.body);
    const post = target === null ? undefined : this.#posts.get(target);
    const result = post && amended(post.item.body, amendment.body);
    if (!target || !post || !result) return false;
    this.#edits.delete(target);
    if (post.unanswered > 0) {
      this.retry(target, effects);
      return false;
    }
    const { room } = post.item;
    if (result === "deleted") this.withdraw(target, effects);
    else {
      post.item = withSent({ ...post.item, body: result, state: { state: "sending" } }, false);
      effects.save({ change: "outbox", ...post.item });
      // They were refused with the message. Sent behind it, they would replace the newer text.
      this.#discardChanges(target, ({ kind }) => kind === "edit", effects);
    }
    this.#changedRooms.add(room);
    this.#merged.set(room, [...(this.#merged.get(room) ?? []), amendment.id]);
    return true;
  }

  /** Returns the number of posts that are being sent. Failed posts do not count. */
  waitingCount(): number {
    return this.#sending().length;
  }

  /** Sends a failed post again. */
  retry(id: EntryId, effects: Effects): void {
    const post = this.#posts.get(id);
    if (!post || isSending(post)) return;
    post.item = { ...post.item, state: { state: "sending" } };
    post.sentAt = undefined;
    this.#edits.delete(id);
    this.#changedRooms.add(post.item.room);
    effects.save({ change: "outbox", ...post.item });
  }

  /** Returns whether the post is being sent and may be in the log already, so that it can't be withdrawn. */
  mayBeCommitted(id: EntryId): boolean {
    const post = this.#posts.get(id);
    return post !== undefined && isSending(post) && post.unanswered > 0;
  }

  /** Returns the room of a post. */
  roomOf(id: EntryId): RoomId | undefined {
    return this.#posts.get(id)?.item.room;
  }

  /** Removes a post that the server will never have, with the changes of it. */
  withdraw(id: EntryId, effects: Effects): void {
    if (!this.#posts.has(id)) return;
    this.#discardChanges(id, () => true, effects);
    this.discard(id, effects);
  }

  discard(id: EntryId, effects: Effects): void {
    if (this.#remove(id)) effects.save({ change: "discarded", id });
  }

  /** Removes posts whose entries were just saved. The change `entries` has removed them from the disk. */
  acknowledgeSaved(entries: readonly Entry[]): void {
    for (const entry of entries) this.#remove(entry.id);
  }

  /** Removes posts whose entries are in the room's log, but were not saved. */
  acknowledgeUnsaved(entries: readonly Entry[], effects: Effects): void {
    for (const entry of entries) this.discard(entry.id, effects);
  }

  /** Handles the refusal of a post. Returns false if the post is not in the outbox. */
  refuse(now: number, id: EntryId, error: WireError, effects: Effects): boolean {
    const post = this.#posts.get(id);
    if (!post) return false;
    post.unanswered = Math.max(0, post.unanswered - 1);
    if (!isSending(post)) return true;
    if (isTransient(error.code)) {
      this.#pause(now, post.item.room, error, effects);
      return true;
    }
    post.item = withSent({ ...post.item, state: { state: "failed", error } }, post.unanswered > 0);
    post.sentAt = undefined;
    this.#changedRooms.add(post.item.room);
    effects.save({ change: "outbox", ...post.item });
    return true;
  }

  /** Stops counting what depends on the connection, which has ended: answers, and the time of edits. */
  disconnected(): void {
    this.#markUnsent();
    for (const id of this.#edits.keys()) this.#edits.set(id, undefined);
  }

  /** Marks all posts as not sent, since a connection that ended may have lost them. */
  #markUnsent(): void {
    for (const post of this.#posts.values()) post.sentAt = undefined;
  }

  /** Starts sending on a new connection. It ends a pause, which was for the last one. */
  resume(now: number): void {
    this.#markUnsent();
    this.#pausedUntil = undefined;
    for (const [id, until] of this.#edits) this.#edits.set(id, until ?? now + editTimeoutMs);
  }

  /** Sends the posts that are due, after it has been stored that they may be in the log. */
  send(now: number, effects: Effects): void {
    if (this.#pausedUntil !== undefined && this.#pausedUntil > now) return;
    this.#pausedUntil = undefined;
    this.#expireEdits(now);
    const isDue = ({ sentAt }: QueuedPost) => sentAt === undefined || sentAt + resendIntervalMs <= now;
    const due = this.#window().filter(isDue);
    for (const post of due) {
      post.sentAt = now;
      post.unanswered += 1;
      if (post.item.sent) continue;
      post.item = withSent(post.item, true);
      effects.save({ change: "outbox", ...post.item });
    }
    for (const { item } of due) {
      const { id, room, body } = item;
      effects.emit({ event: "post", data: { room, id, body } });
    }
  }

  /** Returns the next time at which `send` has something to do. */
  nextSend(): number | undefined {
    if (this.#pausedUntil !== undefined) return this.#pausedUntil;
    const sentAt = earliest(this.#window().map((post) => post.sentAt));
    const resendAt = sentAt === undefined ? undefined : sentAt + resendIntervalMs;
    return earliest([resendAt, ...this.#postsInEdit().map(({ item }) => this.#edits.get(item.id))]);
  }

  /** Reports the rooms whose posts have changed. */
  notifyChanges(effects: Effects): void {
    for (const room of takeSorted(this.#changedRooms)) {
      const items = [...this.#posts.values()].map((post) => post.item).filter((item) => item.room === room);
      const merged = this.#merged.get(room);
      this.#merged.delete(room);
      effects.notify({ update: "outbox", room, items, ...(merged ? { merged } : {}) });
    }
  }

  markAllChanged(): void {
    for (const { item } of this.#posts.values()) this.#changedRooms.add(item.room);
  }

  /**
   * Pauses after a transient refusal. The posts behind the refused one are sent again as well, which keeps their order. A pause
   * whose length the server names is not reported.
   */
  #pause(now: number, room: RoomId, error: WireError, effects: Effects): void {
    const wait = retryAfter(error);
    if (wait !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil ?? 0, now + wait);
    else if (this.#pausedUntil === undefined) {
      // All posts in flight are refused for the same reason: that counts once.
      this.#pausedUntil = now + Math.min(initialPauseMs * 2 ** Math.min(this.#pauses, 8), maxPauseMs);
      this.#pauses += 1;
      effects.notify({ update: "refused", event: "post", room, error });
    }
    this.#markUnsent();
  }

  /** Discards the changes of a post that fulfil the condition. */
  #discardChanges(of: EntryId, condition: (change: Body) => boolean, effects: Effects): void {
    const items = [...this.#posts.values()].map((post) => post.item);
    const changes = items.filter(({ body }) => targetOf(body) === of && condition(body));
    for (const change of changes) this.discard(change.id, effects);
  }

  /** Appends a post of an earlier session or of another device, which has no answer to it. */
  #pushUnanswered(item: OutboxItem): boolean {
    return this.#pushSent(item, item.sent ? 1 : 0);
  }

  #pushSent(item: OutboxItem, unanswered: number): boolean {
    if (this.#posts.has(item.id)) return false;
    this.#changedRooms.add(item.room);
    this.#posts.set(item.id, { item, unanswered });
    return true;
  }

  #remove(id: EntryId): boolean {
    const post = this.#posts.get(id);
    if (!post) return false;
    this.#posts.delete(id);
    this.#edits.delete(id);
    this.#changedRooms.add(post.item.room);
    this.#pauses = 0;
    return true;
  }

  #sending(): QueuedPost[] {
    return [...this.#posts.values()].filter(isSending);
  }

  /**
   * Returns the posts that may be in flight at the same time. What is behind a message that is being edited doesn't overtake it
   * in its room.
   */
  #window(): QueuedPost[] {
    const waitingRooms = new Set<RoomId>();
    const mayGo = this.#sending().filter((post) => {
      if (this.#isInEdit(post)) waitingRooms.add(post.item.room);
      return !waitingRooms.has(post.item.room);
    });
    return mayGo.slice(0, limits.maxPostsInFlight);
  }

  #postsInEdit(): QueuedPost[] {
    return [...this.#posts.values()].filter((post) => this.#isInEdit(post));
  }

  /** Returns whether a post waits for the user's edit. One that may be in the log doesn't: the edit can only follow it. */
  #isInEdit(post: QueuedPost): boolean {
    return isSending(post) && post.unanswered === 0 && this.#edits.has(post.item.id);
  }

  #expireEdits(now: number): void {
    for (const [id, until] of this.#edits) if (until !== undefined && until <= now) this.#edits.delete(id);
  }
}

function isSending(post: QueuedPost): boolean {
  return post.item.state.state === "sending";
}

/** Returns a post that may be in the log, or can't be. */
function withSent({ sent: _, ...item }: OutboxItem, isSent: boolean): OutboxItem {
  return isSent ? { ...item, sent: true } : item;
}

/** Returns a message as an amendment of it leaves it, or null if the two are something else. */
function amended(message: Body, amendment: Body): Body | "deleted" | null {
  if (message.kind !== "message") return null;
  switch (amendment.kind) {
    case "edit": {
      const { reply_to } = message;
      const { text, mentions } = amendment;
      return { kind: "message", text, ...(reply_to ? { reply_to } : {}), ...(mentions ? { mentions } : {}) };
    }
    case "delete":
      return "deleted";
    case "created":
    case "joined":
    case "left":
    case "member_renamed":
    case "room_renamed":
    case "topic":
    case "message":
    case "wiped":
    case "react":
      return null;
  }
}
