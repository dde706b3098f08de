/** The session machine with a socket, a clock and a disk: inputs go in one after the other, and each effect is done before the next. */

import type { Auth, Challenge, DeviceId, EntryId, ServerEvent, ServerId, WireError } from "../protocol";
import { Session } from "../session";
import type { Change, Effect, Input, Update } from "../session-types";
import type { Disk } from "./client-storage";
import { Transport } from "./transport";

export interface LiveSessionParts {
  origin: string;
  server: ServerId;
  disk: Disk;
  /** This tab's device, as it is now. */
  device(): DeviceId;
  met(challenge: Challenge, protocol: number): Promise<Auth | undefined>;
  up(update: Update): void;
  /** Something could not be written. */
  unkept(): void;
}

/** An attempt that takes longer may wait for what will never come. */
const oldMs = 2_000;

export class LiveSession {
  readonly #parts: LiveSessionParts;
  readonly #machine = new Session();
  /** The posts that are on the disk. */
  readonly #kept = new Set<EntryId>();
  #work: Promise<void> = Promise.resolve();
  #transport?: Transport;
  /** When the last attempt began. */
  #since = 0;
  #connecting?: ReturnType<typeof setTimeout>;
  #wake?: ReturnType<typeof setTimeout>;
  #stopped = false;

  constructor(parts: LiveSessionParts) {
    this.#parts = parts;
    void this.#queue(async () => {
      const outbox = await this.#outbox();
      for (const item of outbox) this.#kept.add(item.id);
      await this.#take({ input: "start", rooms: [], outbox });
    });
  }

  /** Resolves when all that follows from it is done. */
  input(input: Input): Promise<void> {
    return this.#queue(() => this.#take(input));
  }

  /** Takes over the posts of tabs that are gone. */
  adopt(): Promise<void> {
    return this.#queue(async () => {
      for (const { id, room, body, written } of await this.#outbox())
        if (!this.#kept.has(id)) await this.#take({ input: "command", command: "send", id, room, body, written });
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#connecting);
    clearTimeout(this.#wake);
    this.#transport?.close();
  }

  #queue(task: () => Promise<void>): Promise<void> {
    const done = this.#work.then(() => (this.#stopped ? undefined : task()));
    // Whoever asked for it is told of a failure; those who come after it are not.
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #take(input: Input): Promise<void> {
    // It doesn't go back when the wall clock does, and where it stops while the machine sleeps a nudge makes up for it.
    const now = Math.floor(performance.now());
    for (const effect of this.#machine.step(now, input)) await this.#do(effect);
  }

  async #do(effect: Effect): Promise<void> {
    if (this.#stopped) return;
    switch (effect.effect) {
      case "connect":
        this.#connect(effect.after_ms, effect.before_ms);
        break;
      case "close":
        this.#transport?.close();
        break;
      case "emit":
        this.#transport?.emit(effect.event, effect.data);
        break;
      case "save":
        await this.#save(effect).catch(() => this.#parts.unkept());
        break;
      case "load":
        void this.input({ input: "loaded", room: effect.room, range: effect.range, entries: [], later: [] });
        break;
      case "notify":
        this.#parts.up(effect);
        break;
      case "wake":
        clearTimeout(this.#wake);
        this.#wake = setTimeout(() => void this.input({ input: "tick" }), effect.after_ms);
    }
  }

  #connect(afterMs: number, beforeMs: number): void {
    if (this.#transport) {
      // An attempt goes on, unless a fresh one may be better: what was sent before a sleep is lost.
      if (beforeMs === 0 && Date.now() - this.#since > oldMs) this.#transport.close();
      return;
    }
    clearTimeout(this.#connecting);
    const wait = afterMs + Math.random() * (beforeMs - afterMs);
    this.#connecting = setTimeout(() => this.#open(), wait);
  }

  #open(): void {
    this.#since = Date.now();
    this.#transport = new Transport(this.#parts.origin, {
      met: (challenge, protocol) => this.#parts.met(challenge, protocol),
      opened: () => void this.input({ input: "opened" }),
      event: (name, data) => {
        if (!isServerEvent(name, data)) return;
        // What can't be read is a broken line, and a fresh one may be better.
        this.input({ input: "event", event: name, data } as Input).catch(() => this.#transport?.close());
      },
      closed: (error?: WireError) => {
        this.#transport = undefined;
        void this.input(error ? { input: "closed", error } : { input: "closed" });
      },
    });
  }

  /** Only the outbox: what a browser has not seen yet it gets from the server again. */
  async #save(change: Change): Promise<void> {
    const { disk, server, device } = this.#parts;
    switch (change.change) {
      case "outbox": {
        const { id, room, body, written, state } = change;
        this.#kept.add(id);
        return disk.keep(device(), server, { id, room, body, written, state });
      }
      case "outbox_state":
        return disk.keepState(change.id, change.state);
      case "discarded":
        return this.#drop([change.id]);
      case "entries":
        return this.#drop(change.entries.map((entry) => entry.id));
    }
  }

  async #drop(ids: EntryId[]): Promise<void> {
    const gone = ids.filter((id) => this.#kept.delete(id));
    if (gone.length > 0) await this.#parts.disk.drop(gone);
  }

  async #outbox() {
    const { disk, server, device } = this.#parts;
    try {
      return await disk.outbox(device(), server, Date.now());
    } catch {
      this.#parts.unkept();
      return [];
    }
  }
}

/** Events from later versions are not for this one. */
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
