/** Drives a session: gives it inputs from the socket, the clock and the user one at a time, and performs its effects in order. */

import type { Auth, Challenge, DeviceId, EntryId, ServerEvent, ServerId, WireError } from "../protocol";
import { Session } from "../session";
import type { Change, Effect, Input, OutboxItem, Update } from "../session-types";
import type { ClientStorage } from "./client-storage";
import { Transport } from "./transport";

interface SessionDriverOptions {
  origin: string;
  server: ServerId;
  storage: ClientStorage;
  /** Returns this tab's current device. */
  device(): DeviceId;
  onChallenge(challenge: Challenge, protocol: number): Promise<Auth | undefined>;
  onUpdate(update: Update): void;
}

/** The age after which a nudge replaces a connection attempt: it may wait for packets that were lost during a sleep. */
const staleAttemptMs = 2_000;

export class SessionDriver {
  readonly #options: SessionDriverOptions;
  readonly #session = new Session();
  /** The posts in storage. */
  readonly #storedPosts = new Set<EntryId>();
  /** Resolves when all queued tasks have ended. */
  #queue: Promise<void> = Promise.resolve();
  #transport?: Transport;
  #attemptStarted = 0;
  #connectTimer?: ReturnType<typeof setTimeout>;
  #wakeTimer?: ReturnType<typeof setTimeout>;
  #stopped = false;

  constructor(options: SessionDriverOptions) {
    this.#options = options;
    void this.#enqueue(async () => {
      const outbox = await this.#loadOutbox();
      for (const item of outbox) this.#storedPosts.add(item.id);
      await this.#step({ input: "start", rooms: [], outbox });
    });
  }

  /** Gives the session an input. Resolves when all effects have been performed. */
  input(input: Input): Promise<void> {
    return this.#enqueue(() => this.#step(input));
  }

  /** Adopts the posts of closed tabs. Those that the server has refused stay in storage until the next start shows them. */
  adoptPosts(): Promise<void> {
    return this.#enqueue(async () => {
      for (const item of await this.#loadOutbox())
        if (item.state.state === "sending" && !this.#storedPosts.has(item.id))
          await this.#step({ input: "adopt", ...item });
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#wakeTimer);
    this.#transport?.close();
  }

  /** Gives the session an input that nothing waits for. If it can't be processed, tries again with a new connection. */
  #post(input: Input): void {
    const transport = this.#transport;
    this.input(input).catch(() => transport?.close());
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(() => (this.#stopped ? undefined : task()));
    // A failure rejects the caller's promise, but must not reject those of later tasks.
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #step(input: Input): Promise<void> {
    // Unlike the wall clock, this clock never goes back. It may stop while the machine sleeps, but then a nudge follows.
    const now = Math.floor(performance.now());
    let failure: { error: unknown } | undefined;
    for (const effect of this.#session.step(now, input)) {
      try {
        await this.#perform(effect);
      } catch (error) {
        // The session counts on the other effects: it asks only once for the time at which it is to be woken.
        failure ??= { error };
      }
    }
    if (failure) throw failure.error;
  }

  async #perform(effect: Effect): Promise<void> {
    if (this.#stopped) return;
    switch (effect.effect) {
      case "connect":
        return this.#connect(effect.after_ms, effect.before_ms);
      case "close":
        return this.#transport?.close();
      case "emit":
        return this.#transport?.emit(effect.event, effect.data);
      case "save":
        return this.#save(effect);
      case "load":
        // A browser has no replica, so the session requests the range from the server.
        this.#post({ input: "loaded", room: effect.room, range: effect.range, entries: [], later: [] });
        return;
      case "notify":
        return this.#options.onUpdate(effect);
      case "wake":
        clearTimeout(this.#wakeTimer);
        this.#wakeTimer = setTimeout(() => this.#post({ input: "tick" }), effect.after_ms);
    }
  }

  #connect(afterMs: number, beforeMs: number): void {
    if (this.#transport) {
      // Keep the current attempt, unless the new one shall start at once and the current one may be stale.
      if (beforeMs === 0 && Date.now() - this.#attemptStarted > staleAttemptMs) this.#transport.close();
      return;
    }
    clearTimeout(this.#connectTimer);
    const delay = afterMs + Math.random() * (beforeMs - afterMs);
    this.#connectTimer = setTimeout(() => this.#openTransport(), delay);
  }

  #openTransport(): void {
    this.#attemptStarted = Date.now();
    this.#transport = new Transport(this.#options.origin, {
      onChallenge: (challenge, protocol) => this.#options.onChallenge(challenge, protocol),
      onOpen: () => this.#post({ input: "opened" }),
      onEvent: (name, data) => {
        if (!isServerEvent(name, data)) return;
        this.#post({ input: "event", event: name, data } as Input);
      },
      onClose: (error?: WireError) => {
        this.#transport = undefined;
        this.#post(error ? { input: "closed", error } : { input: "closed" });
      },
    });
  }

  /** Saves changes of the outbox. Other changes are not saved: a browser gets the rooms from the server every time. */
  async #save(change: Change): Promise<void> {
    const { storage, server, device } = this.#options;
    switch (change.change) {
      case "outbox": {
        const { id, room, body, written, state } = change;
        this.#storedPosts.add(id);
        return storage.savePost(device(), server, { id, room, body, written, state });
      }
      case "outbox_state":
        return storage.savePostState(change.id, change.state);
      case "discarded":
        return this.#deletePosts([change.id]);
      case "entries":
        return this.#deletePosts(change.entries.map((entry) => entry.id));
      case "reset":
      case "room":
      case "members":
      case "read":
        return;
    }
  }

  async #deletePosts(ids: EntryId[]): Promise<void> {
    const stored = ids.filter((id) => this.#storedPosts.delete(id));
    if (stored.length > 0) await this.#options.storage.deletePosts(stored);
  }

  #loadOutbox(): Promise<OutboxItem[]> {
    const { storage, server, device } = this.#options;
    return storage.loadOutbox(device(), server, Date.now());
  }
}

/** Returns whether this version knows an event. Events of later versions are ignored. */
function isServerEvent(name: string, data: unknown): boolean {
  return Object.hasOwn(serverEvents, name) && typeof data === "object" && data !== null;
}

const serverEvents: Record<ServerEvent["event"], true> = {
  hello: true,
  entries: true,
  page: true,
  reset: true,
  heads: true,
  rooms: true,
  room: true,
  members: true,
  presence: true,
  typing: true,
  read: true,
  refused: true,
  closing: true,
};
