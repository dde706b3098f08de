import type { Backend, MessageNotification } from "../backend";
import type { RoomId, ServerId } from "../backend/protocol";
import { strings } from "../shared/strings";

/** The minimum time between two notifications of one room. */
const notificationIntervalMs = 3000;

/** A room that was notified about recently, and what has arrived since. */
interface RecentRoom {
  count: number;
  latest: MessageNotification | null;
}

/**
 * Notifies about new messages, with a rate limit per room: the first message at once, then at most one notification every
 * three seconds, which counts the messages that arrived in between.
 */
export class Notifier {
  readonly #backend: Pick<Backend, "notify" | "withdrawNotification">;
  readonly #recent = new Map<string, RecentRoom>();
  /** The rooms with a notification that may still be on the screen. */
  readonly #shown = new Map<string, MessageNotification>();

  constructor(backend: Pick<Backend, "notify" | "withdrawNotification">) {
    this.#backend = backend;
  }

  add(notification: MessageNotification, count: number): void {
    const key = keyOf(notification.server, notification.room);
    const recent = this.#recent.get(key);
    if (recent) {
      recent.count += count;
      recent.latest = notification;
      return;
    }
    this.#notify(key, notification, count);
  }

  /** Drops the pending notification of a room and withdraws the shown one, because the user has seen the room. */
  clear(server: ServerId, room: RoomId): void {
    const key = keyOf(server, room);
    if (this.#shown.delete(key)) this.#backend.withdrawNotification(server, room);
    if (this.#recent.has(key)) this.#recent.set(key, { count: 0, latest: null });
  }

  /** Clears the rooms that have been read, perhaps on another device. */
  clearRead(isRead: (server: ServerId, room: RoomId) => boolean): void {
    const pending = [...this.#recent.values()].flatMap(({ latest }) => latest ?? []);
    for (const { server, room } of [...this.#shown.values(), ...pending])
      if (isRead(server, room)) this.clear(server, room);
  }

  #notify(key: string, notification: MessageNotification, count: number): void {
    this.#backend.notify({ ...notification, text: strings.notification(count, notification.text) });
    this.#shown.set(key, notification);
    this.#recent.set(key, { count: 0, latest: null });
    setTimeout(() => this.#onIntervalEnd(key), notificationIntervalMs);
  }

  #onIntervalEnd(key: string): void {
    const recent = this.#recent.get(key);
    if (recent?.latest) this.#notify(key, recent.latest, recent.count);
    else this.#recent.delete(key);
  }
}

const keyOf = (server: ServerId, room: RoomId) => `${server} ${room}`;
