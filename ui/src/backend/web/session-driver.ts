/** Drives a session: gives it inputs from the socket, the clock and the user one at a time, and performs its effects in order. */

import type { Auth, Body, Challenge, DeviceId, EntryId, RoomId, ServerId, WireError } from "../protocol";
import { Session } from "../session";
import type { Change, Command, Effect, Input, OutboxItem, Update } from "../session-types";
import type { ClientStorage, DisownedPost, PostToSave } from "./client-storage";
import { newId } from "../../shared/ids";
import { PacedLists } from "./paced-lists";
import { parseServerEvent } from "./server-events";
import { Transport } from "./transport";

interface SessionDriverOptions {
  address: string;
  server: ServerId;
  storage: ClientStorage;
  /** Returns this tab's current device. */
  device(): DeviceId;
  onChallenge(challenge: Challenge, protocol: number): Promise<Auth | undefined>;
  onUpdate(update: Update): void;
}

/** A post that another tab has adopted, and the change of it here that has to follow it. */
interface Disowned extends DisownedPost {
  amendment?: Command;
}

/** The age after which a nudge replaces a connection attempt: it may wait for packets that were lost during a sleep. */
const staleAttemptMs = 2_000;

/** The time for which changes of rooms that follow each other are collected, so that the list of rooms is made once for them. */
const roomBatchMs = 20;

export class SessionDriver {
  readonly #options: SessionDriverOptions;
  readonly #session = new Session();
  readonly #updates: PacedLists;
  /** The posts in storage. */
  readonly #storedPosts = new Map<EntryId, OutboxItem>();
  /** Resolves when all queued tasks have ended. */
  #queue: Promise<void> = Promise.resolve();
  #transport?: Transport;
  #attemptStarted = 0;
  #connectTimer?: ReturnType<typeof setTimeout>;
  #wakeTimer?: ReturnType<typeof setTimeout>;
  #stopped = false;
  /** Reports the changes of rooms, if nothing else follows them. */
  #roomTimer?: ReturnType<typeof setTimeout>;

  constructor(options: SessionDriverOptions) {
    this.#options = options;
    this.#updates = new PacedLists(options.onUpdate);
    void this.#enqueue(async () => {
      const outbox = await this.#loadOutbox("all");
      for (const item of outbox) this.#storedPosts.set(item.id, item);
      await this.#step({ input: "start", rooms: [], outbox });
    });
  }

  /** Gives the session an input. Resolves when all effects have been performed. */
  input(input: Input): Promise<void> {
    return this.#enqueue(() => this.#step(input));
  }

  /**
   * Adopts the posts of closed tabs. Those that the server has refused stay in storage until the next start shows them. Before
   * that it stores what could not be stored so far.
   */
  adoptPosts(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#giveUp(await this.#savePosts([]));
      for (const item of await this.#loadOutbox("waiting"))
        if (!this.#storedPosts.has(item.id)) await this.#step({ input: "adopt", ...item });
    });
  }

  /**
   * Connects soon, because the user writes. Has no effect while there is a connection or an attempt is under way. The
   * session ignores it when the server has refused the last attempt: then its time to wait counts.
   */
  hurry(): void {
    if (!this.#transport) void this.input({ input: "nudge" });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#wakeTimer);
    clearTimeout(this.#roomTimer);
    this.#updates.stop();
    this.#transport?.close();
  }

  /** Gives the session an input that nothing waits for. If it can't be processed, tries again with a new connection. */
  #post(input: Input): void {
    const transport = this.#transport;
    this.input(input).catch(() => transport?.close());
  }

  /** Does what `#post` does with a report of a transport, unless another one has replaced it before its turn comes. */
  #postFrom(transport: Transport, input: Input, hasNext = false): void {
    const step = async () => {
      if (!transport.isDropped) await this.#step(input, hasNext);
    };
    this.#enqueue(step).catch(() => transport.close());
  }

  /** Gives the session a change of a room. The list of rooms is made when another input follows, or after a short time. */
  #postRoomEvent(transport: Transport, input: Input): void {
    this.#roomTimer ??= setTimeout(() => {
      this.#roomTimer = undefined;
      this.#post({ input: "tick" });
    }, roomBatchMs);
    this.#postFrom(transport, input, true);
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(() => (this.#stopped ? undefined : task()));
    // A failure rejects the caller's promise, but must not reject those of later tasks.
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #step(input: Input, hasNext = false): Promise<void> {
    const disowned: Disowned[] = [];
    const edited = editedBy(input);
    let failure: { error: unknown } | undefined;
    const run = async (task: () => Promise<void>) => {
      try {
        await task();
      } catch (error) {
        // The session counts on the other effects: it asks only once for the time at which it is to be woken.
        failure ??= { error };
      }
    };
    // Unlike the wall clock, this clock never goes back. It may stop while the machine sleeps, but then a nudge follows.
    const effects = this.#session.step(Math.floor(performance.now()), input, hasNext);
    for (let i = 0, end; i < effects.length; i = end) {
      end = endOfSaves(effects, i);
      const items = effects.slice(i, end).flatMap((effect) => savedItem(effect) ?? []);
      const effect = effects[i];
      if (items.length > 0) await run(async () => void disowned.push(...(await this.#savePosts(items, edited))));
      else if (input.input === "command" && effect?.effect === "save" && effect.change === "discarded")
        await run(async () => void disowned.push(...(await this.#withdraw(effect.id))));
      // The form in which another tab sends it follows.
      else if (effect && !disowned.some(({ id }) => isPostOf(effect, id))) await run(() => this.#perform(effect));
    }
    await this.#giveUp(disowned);
    if (failure) throw failure.error;
  }

  /** Leaves posts to the tabs that have adopted them. The changes that were made to them here follow them. */
  async #giveUp(disowned: readonly Disowned[]): Promise<void> {
    for (const { id, item, amendment } of disowned) {
      if (!item) this.#storedPosts.delete(id);
      await this.#step({ input: "disowned", id, ...(item ? { item } : {}) });
      if (amendment) await this.#step({ input: "command", ...amendment });
    }
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
        return this.#updates.add(effect);
      case "wake":
        clearTimeout(this.#wakeTimer);
        this.#wakeTimer = setTimeout(() => this.#post({ input: "tick" }), effect.after_ms);
    }
  }

  #connect(afterMs: number, beforeMs: number): void {
    if (this.#transport) {
      // Keep the current attempt, unless the new one shall start at once and the current one may be stale.
      if (beforeMs > 0 || Date.now() - this.#attemptStarted <= staleAttemptMs) return;
      // To the session it is one attempt, which goes on.
      this.#transport.drop();
      return this.#openTransport();
    }
    clearTimeout(this.#connectTimer);
    const delay = afterMs + Math.random() * (beforeMs - afterMs);
    this.#connectTimer = setTimeout(() => this.#openTransport(), delay);
  }

  #openTransport(): void {
    this.#attemptStarted = Date.now();
    const transport = new Transport(this.#options.address, {
      onChallenge: (challenge, protocol) => this.#options.onChallenge(challenge, protocol),
      onOpen: () => this.#postFrom(transport, { input: "opened" }),
      onEvent: (name, data) => {
        const event = parseServerEvent(name, data);
        if (event?.event === "room") this.#postRoomEvent(transport, { input: "event", ...event });
        else if (event) this.#postFrom(transport, { input: "event", ...event });
      },
      onClose: (error?: WireError) => {
        this.#transport = undefined;
        this.#post(error ? { input: "closed", error } : { input: "closed" });
      },
    });
    this.#transport = transport;
  }

  /** Saves changes of the outbox. Other changes are not saved: a browser gets the rooms from the server every time. */
  async #save(change: Change): Promise<void> {
    switch (change.change) {
      case "outbox":
        return; // Saved already, together with its neighbours.
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

  /** Saves posts, of which the user has edited one. */
  async #savePosts(items: readonly OutboxItem[], edited?: EntryId): Promise<Disowned[]> {
    const { storage, server, device } = this.#options;
    const posts = items.map((item) => ({
      item,
      isStored: this.#storedPosts.has(item.id),
      isEdited: item.id === edited,
    }));
    for (const item of items) this.#storedPosts.set(item.id, item);
    const disowned = await storage.savePosts(device(), server, posts);
    return disowned.map(({ id, item, wanted }) => ({ id, item, amendment: editOf(wanted, item) }));
  }

  /** Deletes a post that was not sent here. If another tab may have sent it, its deletion follows. */
  async #withdraw(id: EntryId): Promise<Disowned[]> {
    const stored = this.#storedPosts.get(id);
    if (!stored) return [];
    const { storage, device } = this.#options;
    const disowned = await storage.withdrawPost(device(), id);
    const isMessage = stored.body.kind === "message" && stored.state.state === "sending";
    if (disowned && isMessage) return [{ ...disowned, amendment: amend(stored.room, { kind: "delete", of: id }) }];
    if (!disowned?.item) this.#storedPosts.delete(id);
    return disowned ? [disowned] : [];
  }

  async #deletePosts(ids: EntryId[]): Promise<void> {
    const stored = ids.filter((id) => this.#storedPosts.delete(id));
    if (stored.length > 0) await this.#options.storage.deletePosts(stored);
  }

  async #loadOutbox(adopt: "all" | "waiting"): Promise<OutboxItem[]> {
    const { storage, server, device } = this.#options;
    return storage.loadOutbox(device(), server, Date.now(), adopt);
  }
}

/** Returns the end of a run of saved posts that begins at an index, or the next index. */
function endOfSaves(effects: readonly Effect[], begin: number): number {
  let end = begin;
  while (end < effects.length && savedItem(effects[end])) end += 1;
  return Math.max(end, begin + 1);
}

function savedItem(effect: Effect | undefined): OutboxItem | undefined {
  if (effect?.effect !== "save" || effect.change !== "outbox") return undefined;
  const { effect: _, change: __, ...item } = effect;
  return item;
}

const isPostOf = (effect: Effect, id: EntryId) =>
  effect.effect === "emit" && effect.event === "post" && effect.data.id === id;

/** Returns the edit that makes a message what was wanted here. */
function editOf({ item, isEdited }: PostToSave, adopted: OutboxItem | undefined): Command | undefined {
  const { id, room, body } = item;
  if (!isEdited || body.kind !== "message") return undefined;
  const { text, mentions } = body;
  const isSame = adopted?.body.kind === "message" && adopted.body.text === text;
  return isSame ? undefined : amend(room, { kind: "edit", of: id, text, ...(mentions ? { mentions } : {}) });
}

/** Returns the message that a command edits. */
const editedBy = (input: Input): EntryId | undefined =>
  input.input === "command" && input.command === "send" && input.body.kind === "edit" ? input.body.of : undefined;

const amend = (room: RoomId, body: Body): Command => ({
  command: "send",
  room,
  id: newId(),
  body,
  written: Date.now(),
});
