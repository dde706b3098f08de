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
  readonly #backend: Pick<Backend, "notify">;
  readonly #recent = new Map<string, RecentRoom>();

  constructor(backend: Pick<Backend, "notify">) {
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

  /** Drops the pending notification of a room, because the user sees the room now. */
  clear(server: ServerId, room: RoomId): void {
    const key = keyOf(server, room);
    if (this.#recent.has(key)) this.#recent.set(key, { count: 0, latest: null });
  }

  #notify(key: string, notification: MessageNotification, count: number): void {
    this.#backend.notify({ ...notification, text: strings.notification(count, notification.text) });
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
