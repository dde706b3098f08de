/**
 * The browser's back end against the real server (`ICHAT_SERVER_BIN`), with IndexedDB, in tabs that are closed, reloaded and copied.
 *
 * - the first visit: a made-up name, and nobody is seen before a name is chosen
 * - a post is sent, received by others, and acknowledged; the next visit is by the same person, and sees it
 * - a post made while the server is killed and back arrives once, by itself
 * - a reload with a full outbox: what was waiting arrives once, in order, from the same device
 * - two tabs are one person with two devices, and see each other
 * - two tabs opened at once at the first visit are one person
 * - what a closed tab left is sent by the next one that starts, and by one that is open
 * - another name, chosen in one tab, is the other's too from its next connection on
 * - a name that can't be shown is refused before it is kept
 * - a browser that keeps nothing works, and says so once
 * - another server at the same address gets nothing of what was meant for the first
 */

import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { v4, v7 } from "uuid";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, Server, skip } from "../../../tests/foreign/server.mjs";
import type { BackendEvent } from "../index";
import type { Entry, Hello, ServerId } from "../protocol";
import type { ConnectionStatus, OutboxItem, Update } from "../session-types";
import { WebBackend } from "./backend";
import type { Page } from "./browser-env";

const withinMs = 15_000;
const open: Tab[] = [];

/** A browser with its database, or one that lends none. */
class Browser {
  readonly database: IDBFactory | undefined;

  constructor(database: IDBFactory | undefined = new IDBFactory()) {
    this.database = database;
  }

  async opens(url: string, tab = v4()): Promise<Tab> {
    Object.assign(globalThis, { indexedDB: this.database });
    const opened = new Tab(this, url, tab);
    open.push(opened);
    await opened.backend.start((event) => opened.heard.push(event));
    return opened;
  }

  /** Somebody who has chosen a name, and is in. */
  async visits(url: string, name: string): Promise<Tab> {
    const tab = await this.opens(url);
    await tab.backend.setName(name);
    await tab.is("online");
    return tab;
  }
}

class Tab implements Page {
  readonly backend = new WebBackend(this);
  readonly heard: BackendEvent[] = [];
  readonly origin: string;
  readonly tab: string;
  readonly #browser: Browser;
  #leave: () => void = () => undefined;
  #back: () => void = () => undefined;
  #nudge: () => void = () => undefined;
  unread = 0;

  constructor(browser: Browser, origin: string, tab: string) {
    this.#browser = browser;
    this.origin = origin;
    this.tab = tab;
  }

  onNudge(nudge: () => void) {
    this.#nudge = nudge;
  }
  onLeave(leave: () => void) {
    this.#leave = leave;
  }
  onReturn(back: () => void) {
    this.#back = back;
  }
  setUnread(unread: number) {
    this.unread = unread;
  }
  notify() {
    // A test has no desktop.
  }

  /** The tab is closed: its lease goes back, and everything stops. */
  close() {
    this.#leave();
    this.backend.stop();
  }

  async reload(): Promise<Tab> {
    this.close();
    return this.#browser.opens(this.origin, this.tab);
  }

  /** Time passes, or the page comes back from the browser's cache: it looks after its lease. */
  comesBack() {
    this.#back();
  }

  lookedAt() {
    this.#nudge();
  }

  updates<K extends Update["update"]>(kind: K): Extract<Update, { update: K }>[] {
    const updates = this.heard.flatMap((event) => (event.event === "session" ? [event.update] : []));
    return updates.filter((update) => update.update === kind) as Extract<Update, { update: K }>[];
  }

  get profile() {
    const event = this.heard.find((event) => event.event === "profile");
    if (!event) throw new Error("no profile was told");
    return event;
  }

  get server(): ServerId | undefined {
    return this.heard.findLast((event) => event.event === "servers")?.servers[0]?.id;
  }

  get hello(): Hello | undefined {
    return this.updates("hello").at(-1);
  }

  get connection(): ConnectionStatus["state"] | undefined {
    return this.updates("connection").at(-1)?.state;
  }

  get waiting(): OutboxItem[] {
    return this.updates("outbox").at(-1)?.items ?? [];
  }

  get entries(): Entry[] {
    const all = this.updates("entries").flatMap(({ entries }) => entries);
    return [...new Map(all.map((entry) => [entry.id, entry])).values()].sort((a, b) => a.seq - b.seq);
  }

  get texts(): string[] {
    return this.entries.flatMap(({ body }) => (body.kind === "message" ? [body.text] : []));
  }

  is(state: ConnectionStatus["state"]) {
    return eventually(`the connection is ${state}`, withinMs, () => this.connection === state);
  }

  /** Resolves when it is safe, not when it is sent. */
  async says(text: string) {
    const hello = this.hello;
    const server = await eventually("the server is known", withinMs, () => this.server);
    const room = hello?.lobby ?? lobby;
    const body = { kind: "message", text } as const;
    await this.backend.command(server, { command: "send", room, id: v7(), body, written: Date.now() });
  }

  sees(text: string): Promise<Entry> {
    const found = () => this.entries.find(({ body }) => body.kind === "message" && body.text === text);
    return eventually(`"${text}" is seen`, withinMs, found);
  }

  hasNothingWaiting() {
    return eventually("nothing waits", withinMs, () => this.waiting.length === 0);
  }
}

/** The lobby of the server of this test, for tabs that have not been online. */
let lobby = "";
let server: Server;

describe.skipIf(skip)("the browser's back end", { timeout: 40_000 }, () => {
  beforeEach(async () => {
    server = await Server.start();
  });

  afterEach(async () => {
    for (const tab of open.splice(0)) tab.backend.stop();
    await server.remove();
  });

  test("the first visit: a made-up name, and nobody is seen before a name is chosen", async () => {
    const ada = await new Browser().opens(server.url);
    expect(ada.profile.first_run).toBe(true);
    expect(ada.profile.name).toMatch(/^[A-Z]\w+ [A-Z]\w+$/);
    await eventually("the server is known", withinMs, () => ada.server);
    expect(ada.updates("connection")).toEqual([]);
    await ada.backend.setName("Ada");
    await ada.is("online");
    expect(ada.hello?.name).toBe("Ada");
    const again = await ada.reload();
    expect(again.profile).toMatchObject({ name: "Ada", first_run: false });
  });

  test("a post is sent, received and acknowledged; the next visit is by the same person", async () => {
    const browser = new Browser();
    const ada = await browser.visits(server.url, "Ada");
    const bob = await new Browser().visits(server.url, "Bob");
    await ada.says("hi");
    expect(ada.updates("outbox")[0]?.items[0]?.state.state).toBe("sending");
    const seen = await bob.sees("hi");
    expect(seen).toEqual(await ada.sees("hi"));
    expect(seen.author).toBe(ada.hello?.me);
    await ada.hasNothingWaiting();
    ada.close();
    const again = await browser.opens(server.url);
    expect((await again.sees("hi")).author).toBe(again.hello?.me);
    expect(again.hello?.me).toBe(ada.hello?.me);
    expect(again.updates("outbox")).toEqual([]);
  });

  test("a post made while the server is killed and back arrives once, by itself", async () => {
    const ada = await new Browser().visits(server.url, "Ada");
    await ada.says("before");
    await ada.sees("before");
    await server.down("SIGKILL");
    await ada.says("meanwhile 1");
    await ada.says("meanwhile 2");
    await ada.is("reconnecting");
    await server.up();
    await ada.sees("meanwhile 2");
    await ada.hasNothingWaiting();
    const bob = await new Browser().visits(server.url, "Bob");
    await bob.sees("meanwhile 2");
    expect(bob.texts).toEqual(["before", "meanwhile 1", "meanwhile 2"]);
  });

  test("a reload with a full outbox: what was waiting arrives once, in order, from the same device", async () => {
    const ada = await new Browser().visits(server.url, "Ada");
    lobby = ada.hello?.lobby ?? "";
    await server.down();
    await ada.is("reconnecting");
    for (const text of ["1", "2", "3"]) await ada.says(text);
    const second = await ada.reload();
    await second.says("4");
    const third = await second.reload();
    await eventually("all four wait", withinMs, () => third.waiting.length === 4);
    await server.up();
    third.lookedAt();
    await third.sees("4");
    await third.hasNothingWaiting();
    const bob = await new Browser().visits(server.url, "Bob");
    await bob.sees("4");
    expect(bob.texts).toEqual(["1", "2", "3", "4"]);
    expect(new Set(bob.entries.filter(({ author }) => author === ada.hello?.me).map(({ device }) => device)).size).toBe(
      1,
    );
  });

  test("two tabs are one person with two devices, and see each other", async () => {
    const browser = new Browser();
    const first = await browser.visits(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.is("online");
    expect(second.hello?.me).toBe(first.hello?.me);
    expect(second.hello?.device).not.toBe(first.hello?.device);
    await first.says("from the first");
    await second.says("from the second");
    await Promise.all(
      [first, second].map((tab) => Promise.all([tab.sees("from the first"), tab.sees("from the second")])),
    );
    expect(first.texts).toEqual(second.texts);
    expect(second.updates("outbox").flatMap(({ items }) => items.map(({ body }) => body))).toEqual([
      { kind: "message", text: "from the second" },
    ]);
  });

  test("two tabs opened at once at the first visit are one person", async () => {
    const browser = new Browser();
    const [first, second] = await Promise.all([browser.opens(server.url), browser.opens(server.url)]);
    expect(first.profile.name).toBe(second.profile.name);
    expect(first.profile.device).not.toBe(second.profile.device);
    await first.backend.setName("Ada");
    await second.backend.setName("Ada");
    await Promise.all([first.is("online"), second.is("online")]);
    expect(first.hello?.me).toBe(second.hello?.me);
  });

  test("what a closed tab left is sent by the next one that starts", async () => {
    const browser = new Browser();
    const ada = await browser.visits(server.url, "Ada");
    await server.down();
    await ada.is("reconnecting");
    await ada.says("left behind");
    ada.close();
    await server.up();
    const next = await browser.opens(server.url);
    await next.sees("left behind");
    await next.hasNothingWaiting();
  });

  test("what a closed tab left is sent by one that is open", async () => {
    const browser = new Browser();
    const first = await browser.visits(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.is("online");
    await server.down();
    await first.is("reconnecting");
    await first.says("left behind");
    second.comesBack();
    await second.says("its own");
    expect(second.waiting.map(({ body }) => body)).toEqual([{ kind: "message", text: "its own" }]);
    first.close();
    second.comesBack();
    await eventually("the post is adopted", withinMs, () => second.waiting.length === 2);
    await server.up();
    second.lookedAt();
    await second.sees("left behind");
    await second.hasNothingWaiting();
    expect(second.texts.sort()).toEqual(["its own", "left behind"]);
  });

  test("another name, chosen in one tab, is the other's too from its next connection on", async () => {
    const browser = new Browser();
    const first = await browser.visits(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.is("online");
    await second.backend.setName("Ada Lovelace");
    await server.down();
    await first.is("reconnecting");
    await server.up();
    first.lookedAt();
    await eventually("the first is back", withinMs, () => first.updates("hello").length === 2);
    expect(first.hello?.name).toBe("Ada Lovelace");
  });

  test("a name that can't be shown is refused before it is kept", async () => {
    const ada = await new Browser().opens(server.url);
    await expect(ada.backend.setName("Ad\u202Ea")).rejects.toMatchObject({ code: "bad_request" });
    expect((await ada.reload()).profile.first_run).toBe(true);
  });

  test("a browser that keeps nothing works, and says so once", async () => {
    const broken = { open: () => { throw new DOMException("not here", "SecurityError"); } }; // prettier-ignore
    const ada = await new Browser(broken as unknown as IDBFactory).visits(server.url, "Ada");
    await ada.says("hi");
    await ada.says("hi again");
    await ada.sees("hi again");
    await ada.hasNothingWaiting();
    const told = ada.updates("refused");
    expect(told.map(({ error }) => error.code)).toEqual(["storage"]);
    expect(told[0]?.error.message).toMatch(/keep nothing/);
  });

  test("another server at the same address gets nothing of what was meant for the first", async () => {
    const ada = await new Browser().visits(server.url, "Ada");
    const first = ada.server;
    await server.down();
    await ada.is("reconnecting");
    await ada.says("for the first");
    await server.remove();
    await server.up();
    ada.lookedAt();
    await eventually("the other server is known", withinMs, () => ada.server !== first);
    await ada.is("online");
    await ada.says("for the second");
    await ada.sees("for the second");
    const bob = await new Browser().visits(server.url, "Bob");
    await bob.sees("for the second");
    expect(bob.texts).toEqual(["for the second"]);
  });
});
