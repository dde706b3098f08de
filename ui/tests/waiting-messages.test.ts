/**
 * Messages that wait to be sent, with the session of a browser behind the room:
 * - an edit of a message that was never sent changes it at its place; only the result is sent
 * - ↑ edits the newest message, also one that waits
 * - a withdrawn message that was never sent disappears, and is not sent
 * - its text becomes the draft again, with its reply, unless there is another draft
 * - a message that may have been sent is changed and deleted in the log
 * - an edit that was begun while the message waited becomes an ordinary one when it was sent meanwhile
 * - the edit of a message is reported only while that waits
 * - a refused message can be changed, and is sent again
 * - the edit of a message ends when that is withdrawn
 */
import { beforeEach, describe, expect, it } from "vitest";
import type { Body, ClientEvent, Entry, EntryId } from "../src/backend/protocol";
import { Session } from "../src/backend/session";
import type { Command, Input } from "../src/backend/session-types";
import { ComposerState } from "../src/chat/composer-state.svelte";
import { Drafts } from "../src/rooms/drafts.svelte";
import { RoomState } from "../src/rooms/room-state.svelte";
import { Clock } from "../src/shared/clock.svelte";
import { hello } from "./fixtures/app";
import { DeviceStorage } from "./fixtures/storage";

/** Alice's room with a session, and a server that takes posts when the test lets it. */
class Waiting {
  readonly #session = new Session();
  readonly #head = { epoch: "e", seq: 0 };
  readonly #summary = { id: "lobby", name: "Lobby", topic: "", members: 1, joined: true, read: 0, unread: 0 };
  #now = 1000;
  /** The events that the session has emitted on this connection. */
  emitted: ClientEvent[] = [];
  readonly log: Entry[] = [];
  /** The commands of the interface. */
  readonly commands: Command[] = [];
  readonly room = new RoomState(
    { ...this.#summary, head: this.#head },
    {
      clock: new Clock(),
      server: "server",
      storage: new DeviceStorage(),
      me: () => "alice",
      nameOf: () => undefined,
      isWatched: () => true,
      isOnline: () => true,
      showNotice: () => undefined,
      command: (command) => {
        this.commands.push(command);
        return Promise.resolve(this.#step({ input: "command", ...command }));
      },
    },
  );
  readonly composer = new ComposerState("server", this.room, new Drafts(new DeviceStorage()));

  constructor() {
    this.#step({ input: "start", rooms: [], outbox: [] });
    this.connect();
    this.room.open();
  }

  connect(): void {
    this.#step({ input: "opened" });
    const rooms = [{ ...this.#summary, head: this.#headNow }];
    const data = { ...hello, rooms, limits: { ...hello.limits, heads_interval_ms: 5000 } };
    this.#step({ input: "event", event: "hello", data });
  }

  disconnect(): void {
    this.emitted = [];
    this.#step({ input: "closed" });
  }

  /** The bodies of the posts on this connection. */
  get posted(): Body[] {
    return this.#posts.map(({ data }) => data.body);
  }

  /** Commits what has been posted and isn't in the log yet, and sends it to the client. */
  commit(): void {
    const known = new Set(this.log.map(({ id }) => id));
    for (const { data } of this.#posts.filter(({ data }) => !known.has(data.id))) {
      this.log.push({ seq: this.log.length + 1, id: data.id, author: "alice", device: "d", at: 0, body: data.body });
    }
    const data = { room: "lobby", head: this.#headNow, entries: this.log };
    this.#step({ input: "event", event: "page", data });
  }

  refuse(id: EntryId): void {
    const error = { code: "not_joined" as const, message: "Join first." };
    this.#step({ input: "event", event: "refused", data: { event: "post", room: "lobby", id, error } });
  }

  get waiting(): string[] {
    return this.room.pendingMessages.map(({ item }) => item.text);
  }

  /** Returns the newest message that waits. */
  get last() {
    const item = this.room.pendingMessages.at(-1)?.item;
    if (!item) throw new Error("nothing waits");
    return item;
  }

  get shown(): (string | null)[] {
    return this.room.items.map(({ text, deleted }) => (deleted ? null : text));
  }

  says(text: string): void {
    this.composer.text = text;
    this.composer.send();
  }

  get #headNow() {
    return { epoch: "e", seq: this.log.length };
  }

  get #posts() {
    return this.emitted.filter((event) => event.event === "post");
  }

  #step(input: Input): void {
    this.#now += 10;
    for (const effect of this.#session.step(this.#now, input)) {
      if (effect.effect === "emit") this.emitted.push(effect);
      else if (effect.effect === "load")
        this.#step({ input: "loaded", room: effect.room, range: effect.range, entries: [], later: [] });
      else if (effect.effect === "notify" && effect.update === "outbox")
        this.room.outbox.set(effect.items, effect.merged);
      else if (effect.effect === "notify" && effect.update === "entries")
        this.room.apply(effect.entries, effect.later ?? [], effect.head);
    }
  }
}

describe("a message that waits", () => {
  let fixture: Waiting;
  beforeEach(() => {
    fixture = new Waiting();
    fixture.commit();
    fixture.disconnect();
  });

  /** Connects, and lets the server answer. */
  const goOnline = () => {
    fixture.connect();
    fixture.commit();
  };

  it("is changed at its place", () => {
    for (const text of ["one", "two", "three"]) fixture.says(text);
    const [, two] = fixture.room.pendingMessages;
    if (!two) throw new Error("two waits");
    fixture.composer.edit(two.item);
    fixture.says("2");
    expect(fixture.waiting).toEqual(["one", "2", "three"]);
    goOnline();
    expect(fixture.posted.map((body) => "text" in body && body.text)).toEqual(["one", "2", "three"]);
    expect(fixture.shown).toEqual(["one", "2", "three"]);
    expect(fixture.waiting).toEqual([]);
    expect(fixture.room.items.map(({ edited, pending }) => [edited, pending])).toContainEqual([false, undefined]);
  });

  it("is what ↑ edits, if it is the newest", () => {
    goOnline();
    fixture.says("sent");
    fixture.commit();
    fixture.disconnect();
    expect(fixture.room.lastOwnMessage?.text).toBe("sent");
    fixture.says("waits");
    expect(fixture.room.lastOwnMessage?.text).toBe("waits");
    fixture.room.withdraw(fixture.last.id);
    expect(fixture.room.lastOwnMessage?.text).toBe("sent");
  });

  it("is not sent when it is withdrawn", () => {
    for (const text of ["one", "oops", "three"]) fixture.says(text);
    const oops = fixture.room.pendingMessages[1]?.item;
    fixture.room.withdraw(oops?.id ?? "");
    expect(fixture.waiting).toEqual(["one", "three"]);
    goOnline();
    expect(fixture.posted.length).toBe(2);
    expect(fixture.shown).toEqual(["one", "three"]);
    expect(fixture.room.outbox.isEmpty).toBe(true);
  });

  it("becomes the draft again, unless there is another one", () => {
    const { composer } = fixture;
    goOnline();
    fixture.says("question");
    fixture.commit();
    fixture.disconnect();
    const [question] = fixture.room.items;
    if (!question) throw new Error("it was sent");
    composer.reply(question);
    fixture.says("oops");
    composer.text = "something else";
    expect(composer.takeBack(fixture.last)).toBe(false);
    expect(composer.text).toBe("something else");
    composer.text = "";
    expect(composer.takeBack(fixture.last)).toBe(true);
    expect([composer.text, composer.replyTo]).toEqual(["oops", question.id]);
  });

  it("is changed and deleted in the log if it may have been sent", () => {
    fixture.connect();
    fixture.says("one");
    fixture.says("two");
    fixture.disconnect();
    const [one, two] = fixture.room.pendingMessages.map(({ item }) => item);
    if (!one || !two) throw new Error("both wait");
    fixture.composer.edit(one);
    fixture.says("1");
    fixture.room.withdraw(two.id);
    expect(fixture.room.pendingMessages.map(({ item }) => [item.text, item.deleted])).toEqual([
      ["1", false],
      ["", true],
    ]);
    goOnline();
    expect(fixture.posted.map(({ kind }) => kind)).toEqual(["message", "message", "edit", "delete"]);
    expect(fixture.shown).toEqual(["1", null]);
    expect(fixture.room.outbox.isEmpty).toBe(true);
  });

  it("is edited as usual if it was sent meanwhile", () => {
    fixture.says("draft of it");
    fixture.composer.edit(fixture.last);
    fixture.composer.text = "final";
    goOnline();
    expect(fixture.composer.text).toBe("final");
    fixture.composer.send();
    fixture.commit();
    expect(fixture.log.map(({ body }) => body.kind)).toEqual(["message", "edit"]);
    expect(fixture.shown).toEqual(["final"]);
  });

  it("is reported to be edited only while it waits", () => {
    const { composer, room } = fixture;
    fixture.disconnect();
    fixture.says("one");
    const { id } = fixture.last;
    composer.edit(fixture.last);
    expect(composer.waitingEdit).toBe(id);
    room.sendEditing(id, true);
    room.sendEditing(id, false);
    fixture.connect();
    fixture.commit();
    expect([composer.editing, composer.waitingEdit]).toEqual([id, undefined]);
    for (const on of [true, false]) room.sendEditing(id, on);
    expect(fixture.commands.filter(({ command }) => command === "editing")).toEqual([
      { command: "editing", id, on: true },
      { command: "editing", id, on: false },
    ]);
  });

  it("can be changed after it was refused", () => {
    fixture.says("too early");
    const { id } = fixture.last;
    fixture.connect();
    fixture.refuse(id);
    expect(fixture.room.pendingMessages[0]).toMatchObject({ state: "failed", error: "Join first." });
    fixture.composer.edit(fixture.last);
    fixture.says("in time");
    expect(fixture.room.pendingMessages[0]).toMatchObject({ state: "sending", item: { id, text: "in time" } });
    expect(fixture.posted.at(-1)).toEqual({ kind: "message", text: "in time" });
    fixture.refuse(id);
    fixture.room.withdraw(id);
    expect(fixture.room.outbox.isEmpty).toBe(true);
  });

  it("is not edited any more when it is withdrawn", () => {
    const { composer } = fixture;
    fixture.says("one");
    composer.text = "draft";
    composer.edit(fixture.last);
    composer.stopEditing(fixture.last);
    expect([composer.editing, composer.text]).toEqual([undefined, "draft"]);
    composer.text = "";
    composer.edit(fixture.last);
    composer.text = "one more";
    expect(composer.takeBack(fixture.last)).toBe(true);
    expect([composer.editing, composer.text]).toEqual([undefined, "one more"]);
  });
});
