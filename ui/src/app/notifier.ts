import type { Backend, Notice } from "../backend";
import { words } from "../shared/words";

/** How long a conversation stays quiet after it has made itself heard. */
const quietMs = 3000;

interface Conversation {
  count: number;
  latest: Notice | null;
}

/**
 * Tells of what came in while nobody looked: at once for the first message of a conversation, then at most one
 * notice in three seconds, which counts what came in between.
 */
export class Notifier {
  readonly #backend: Pick<Backend, "notify">;
  readonly #talking = new Map<string, Conversation>();

  constructor(backend: Pick<Backend, "notify">) {
    this.#backend = backend;
  }

  arrived(notice: Notice, count: number): void {
    const key = `${notice.server} ${notice.room}`;
    const talking = this.#talking.get(key);
    if (talking) {
      talking.count += count;
      talking.latest = notice;
      return;
    }
    this.#tell(notice, count);
    this.#talking.set(key, { count: 0, latest: null });
    setTimeout(() => this.#quietEnded(key), quietMs);
  }

  /** Somebody looks at the room now: what was held back for it is no news. */
  seen(server: string, room: string): void {
    const talking = this.#talking.get(`${server} ${room}`);
    if (talking) talking.latest = null;
  }

  #quietEnded(key: string): void {
    const talking = this.#talking.get(key);
    if (!talking?.latest) {
      this.#talking.delete(key);
      return;
    }
    this.#tell(talking.latest, talking.count);
    this.#talking.set(key, { count: 0, latest: null });
    setTimeout(() => this.#quietEnded(key), quietMs);
  }

  #tell(notice: Notice, count: number): void {
    this.#backend.notify({ ...notice, text: words.notice(count, notice.text) });
  }
}
