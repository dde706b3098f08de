import type { Backend, MessageNotification } from "../backend";
import { strings } from "../shared/strings";

/** How long a conversation stays quiet after it has made itself heard. */
const notificationIntervalMs = 3000;

interface Conversation {
  count: number;
  latest: MessageNotification | null;
}

/**
 * Tells of what came in while nobody looked: at once for the first message of a conversation, then at most one
 * notification in three seconds, which counts what came in between.
 */
export class Notifier {
  readonly #backend: Pick<Backend, "notify">;
  readonly #conversations = new Map<string, Conversation>();

  constructor(backend: Pick<Backend, "notify">) {
    this.#backend = backend;
  }

  arrived(notification: MessageNotification, count: number): void {
    const key = `${notification.server} ${notification.room}`;
    const conversation = this.#conversations.get(key);
    if (conversation) {
      conversation.count += count;
      conversation.latest = notification;
      return;
    }
    this.#show(notification, count);
    this.#conversations.set(key, { count: 0, latest: null });
    setTimeout(() => this.#onIntervalEnd(key), notificationIntervalMs);
  }

  /** Somebody looks at the room now: what was held back for it is no news. */
  clear(server: string, room: string): void {
    const conversation = this.#conversations.get(`${server} ${room}`);
    if (conversation) conversation.latest = null;
  }

  #onIntervalEnd(key: string): void {
    const conversation = this.#conversations.get(key);
    if (!conversation?.latest) {
      this.#conversations.delete(key);
      return;
    }
    this.#show(conversation.latest, conversation.count);
    this.#conversations.set(key, { count: 0, latest: null });
    setTimeout(() => this.#onIntervalEnd(key), notificationIntervalMs);
  }

  #show(notification: MessageNotification, count: number): void {
    this.#backend.notify({ ...notification, text: strings.notification(count, notification.text) });
  }
}
