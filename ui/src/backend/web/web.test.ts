/**
 * The browser's back end against a real server (`ICHAT_SERVER_BIN`), with IndexedDB, in tabs that are closed, reloaded and
 * duplicated:
 * - at the first visit a name is suggested, and the user stays invisible until they have chosen one
 * - a post is sent, received and acknowledged; the next visit is by the same person, who sees it
 * - a post written while the server restarts arrives once
 * - a reload keeps the outbox: its posts arrive once, in order, from the same device
 * - two tabs are one person with two devices, and see the same
 * - two tabs opened at once at the first visit are one person
 * - the posts of a closed tab are sent by the next tab that starts, or by one that is open
 * - a post that the server refuses for good is never sent again, also after a reload, and keeps its reason
 * - a name changed in one tab is shown by the other, and used from its next connection on
 * - a misleading name is refused before it is stored
 * - a browser that stores nothing works, and says so once
 * - another server at the same address gets no posts that were written for the first
 */

import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { v4, v7 } from "uuid";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, Server, serverUnavailable } from "../../../tests/foreign/server.mjs";
import type { BackendEvent } from "../index";
import type { Entry, Hello, RoomId, ServerId } from "../protocol";
import type { ConnectionStatus, OutboxItem, Update } from "../session-types";
import { WebBackend } from "./backend";
import type { BrowserEnv } from "./browser-env";

const timeoutMs = 15_000;
const openTabs: Tab[] = [];

/** A browser with a database of its own, or with one that can't be opened. */
class Browser {
  readonly database: IDBFactory | undefined;
  /** The lobby of the server that was joined, for tabs that have not been online yet. */
  lobby: RoomId | undefined;

  constructor(database: IDBFactory | undefined = new IDBFactory()) {
    this.database = database;
  }

  async opens(url: string, tab = v4()): Promise<Tab> {
    Object.assign(globalThis, { indexedDB: this.database });
    const opened = new Tab(this, url, tab);
    openTabs.push(opened);
    await opened.backend.start((event) => opened.events.push(event));
    return opened;
  }

  /** Opens a tab, chooses a name and waits for the connection. */
  async joins(url: string, name: string): Promise<Tab> {
    const tab = await this.opens(url);
    await tab.backend.setName(name);
    await tab.becomes("online");
    this.lobby = tab.hello?.lobby;
    return tab;
  }
}

class Tab implements BrowserEnv {
  readonly backend = new WebBackend(this);
  readonly events: BackendEvent[] = [];
  readonly origin: string;
  readonly tabId: string;
  readonly #browser: Browser;
  #onPageHide: () => void = () => undefined;
  #onPageRestored: () => void = () => undefined;
  #nudge: () => void = () => undefined;
  unread = 0;
  readonly notificationPermission = { get: () => "insecure" as const, request: () => Promise.resolve(false) };

  constructor(browser: Browser, origin: string, tab: string) {
    this.#browser = browser;
    this.origin = origin;
    this.tabId = tab;
  }

  onNudge(nudge: () => void) {
    this.#nudge = nudge;
  }
  onPageHide(callback: () => void) {
    this.#onPageHide = callback;
  }
  onPageRestored(callback: () => void) {
    this.#onPageRestored = callback;
  }
  setUnread(unread: number) {
    this.unread = unread;
  }
  notify() {
    // Node has no notifications.
  }
  withdrawNotification() {
    // Nor is there one to withdraw.
  }

  /** Closes the tab, which releases its lease. */
  close() {
    this.#onPageHide();
    this.backend.stop();
  }

  async reload(): Promise<Tab> {
    this.close();
    return this.#browser.opens(this.origin, this.tabId);
  }

  /** Renews the lease, as a timer does, or the page's return from the browser's cache. */
  renewsLease() {
    this.#onPageRestored();
  }

  becomesVisible() {
    this.#nudge();
  }

  updates<K extends Update["update"]>(kind: K): Extract<Update, { update: K }>[] {
    const updates = this.events.flatMap((event) => (event.event === "session" ? [event.update] : []));
    return updates.filter((update) => update.update === kind) as Extract<Update, { update: K }>[];
  }

  get profile() {
    const event = this.events.find((event) => event.event === "profile");
    if (!event) throw new Error("no profile event");
    return event;
  }

  get server(): ServerId | undefined {
    return this.events.findLast((event) => event.event === "servers")?.servers[0]?.id;
  }

  get hello(): Hello | undefined {
    return this.updates("hello").at(-1);
  }

  get connection(): ConnectionStatus["state"] | undefined {
    return this.updates("connection").at(-1)?.state;
  }

  get outbox(): OutboxItem[] {
    return this.updates("outbox").at(-1)?.items ?? [];
  }

  get entries(): Entry[] {
    const all = this.updates("entries").flatMap(({ entries }) => entries);
    return [...new Map(all.map((entry) => [entry.id, entry])).values()].sort((a, b) => a.seq - b.seq);
  }

  get texts(): string[] {
    return this.entries.flatMap(({ body }) => (body.kind === "message" ? [body.text] : []));
  }

  becomes(state: ConnectionStatus["state"]) {
    return eventually(`the connection is ${state}`, timeoutMs, () => this.connection === state);
  }

  /** Writes a message. Resolves when it is stored, not when it is sent. */
  async says(text: string) {
    const hello = this.hello;
    const server = await eventually("the server is known", timeoutMs, () => this.server);
    const room = hello?.lobby ?? this.#browser.lobby;
    if (room === undefined) throw new Error("no server was joined");
    const body = { kind: "message", text } as const;
    await this.backend.command(server, { command: "send", room, id: v7(), body, written: Date.now() });
  }

  sees(text: string): Promise<Entry> {
    const found = () => this.entries.find(({ body }) => body.kind === "message" && body.text === text);
    return eventually(`"${text}" is seen`, timeoutMs, found);
  }

  hasEmptyOutbox() {
    return eventually("the outbox is empty", timeoutMs, () => this.outbox.length === 0);
  }
}

let server: Server;

describe.skipIf(serverUnavailable)("the browser's back end", { timeout: 40_000 }, () => {
  beforeEach(async () => {
    server = await Server.launch();
  });

  afterEach(async () => {
    for (const tab of openTabs.splice(0)) tab.backend.stop();
    await server.remove();
  });

  test("at the first visit a name is suggested, and the user stays invisible until they have chosen one", async () => {
    const ada = await new Browser().opens(server.url);
    expect(ada.profile.first_run).toBe(true);
    expect(ada.profile.name).toMatch(/^[A-Z]\w+ [A-Z]\w+$/);
    await eventually("the server is known", timeoutMs, () => ada.server);
    expect(ada.updates("connection")).toEqual([]);
    await ada.backend.setName("Ada");
    await ada.becomes("online");
    expect(ada.hello?.name).toBe("Ada");
    const again = await ada.reload();
    expect(again.profile).toMatchObject({ name: "Ada", first_run: false });
  });

  test("a post is sent, received and acknowledged; the next visit is by the same person", async () => {
    const browser = new Browser();
    const ada = await browser.joins(server.url, "Ada");
    const bob = await new Browser().joins(server.url, "Bob");
    await ada.says("hi");
    expect(ada.updates("outbox")[0]?.items[0]?.state.state).toBe("sending");
    const seen = await bob.sees("hi");
    expect(seen).toEqual(await ada.sees("hi"));
    expect(seen.author).toBe(ada.hello?.me);
    await ada.hasEmptyOutbox();
    ada.close();
    const again = await browser.opens(server.url);
    expect((await again.sees("hi")).author).toBe(again.hello?.me);
    expect(again.hello?.me).toBe(ada.hello?.me);
    expect(again.updates("outbox")).toEqual([]);
  });

  test("a post written while the server restarts arrives once", async () => {
    const ada = await new Browser().joins(server.url, "Ada");
    await ada.says("before");
    await ada.sees("before");
    await server.stop("SIGKILL");
    await ada.says("meanwhile 1");
    await ada.says("meanwhile 2");
    await ada.becomes("reconnecting");
    await server.start();
    await ada.sees("meanwhile 2");
    await ada.hasEmptyOutbox();
    const bob = await new Browser().joins(server.url, "Bob");
    await bob.sees("meanwhile 2");
    expect(bob.texts).toEqual(["before", "meanwhile 1", "meanwhile 2"]);
  });

  test("a reload keeps the outbox: its posts arrive once, in order, from the same device", async () => {
    const ada = await new Browser().joins(server.url, "Ada");
    await server.stop();
    await ada.becomes("reconnecting");
    for (const text of ["1", "2", "3"]) await ada.says(text);
    const second = await ada.reload();
    await second.says("4");
    const third = await second.reload();
    await eventually("all four are in the outbox", timeoutMs, () => third.outbox.length === 4);
    await server.start();
    third.becomesVisible();
    await third.sees("4");
    await third.hasEmptyOutbox();
    const bob = await new Browser().joins(server.url, "Bob");
    await bob.sees("4");
    expect(bob.texts).toEqual(["1", "2", "3", "4"]);
    expect(new Set(bob.entries.filter(({ author }) => author === ada.hello?.me).map(({ device }) => device)).size).toBe(
      1,
    );
  });

  test("two tabs are one person with two devices, and see the same", async () => {
    const browser = new Browser();
    const first = await browser.joins(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.becomes("online");
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
    await Promise.all([first.becomes("online"), second.becomes("online")]);
    expect(first.hello?.me).toBe(second.hello?.me);
  });

  test("the posts of a closed tab are sent by the next tab that starts", async () => {
    const browser = new Browser();
    const ada = await browser.joins(server.url, "Ada");
    await server.stop();
    await ada.becomes("reconnecting");
    await ada.says("left behind");
    ada.close();
    await server.start();
    const next = await browser.opens(server.url);
    await next.sees("left behind");
    await next.hasEmptyOutbox();
  });

  test("the posts of a closed tab are sent by one that is open", async () => {
    const browser = new Browser();
    const first = await browser.joins(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.becomes("online");
    await server.stop();
    await first.becomes("reconnecting");
    await first.says("left behind");
    second.renewsLease();
    await second.says("its own");
    expect(second.outbox.map(({ body }) => body)).toEqual([{ kind: "message", text: "its own" }]);
    first.close();
    second.renewsLease();
    await eventually("the post is adopted", timeoutMs, () => second.outbox.length === 2);
    await server.start();
    second.becomesVisible();
    await second.sees("left behind");
    await second.hasEmptyOutbox();
    expect(second.texts.sort()).toEqual(["its own", "left behind"]);
  });

  test("a post that the server refuses for good is never sent again, also after a reload, and keeps its reason", async () => {
    const browser = new Browser();
    const ada = await browser.joins(server.url, "Ada");
    // The interface replaces halves of characters before it comes to this.
    await ada.says("half \ud83d");
    const isRefused = (tab: Tab) => () => tab.outbox.find(({ state }) => state.state === "failed");
    const refused = await eventually("the post is refused", timeoutMs, isRefused(ada));
    expect(refused.state).toMatchObject({
      error: { code: "bad_request", message: expect.stringMatching(/half of a character/) },
    });
    const second = await browser.opens(server.url);
    await second.becomes("online");
    ada.close();
    second.renewsLease();
    const again = await ada.reload();
    await again.becomes("online");
    await again.says("whole");
    await again.sees("whole");
    expect(again.outbox).toEqual([refused]);
    expect(again.updates("refused")).toEqual([]);
    expect(second.outbox).toEqual([]);
  });

  test("a name changed in one tab is shown by the other, and used from its next connection on", async () => {
    const browser = new Browser();
    const first = await browser.joins(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.becomes("online");
    await second.backend.setName("Ada Lovelace");
    const shown = () => first.events.findLast((event) => event.event === "profile")?.name === "Ada Lovelace";
    await eventually("the first shows the new name", timeoutMs, shown);
    await server.stop();
    await first.becomes("reconnecting");
    await server.start();
    first.becomesVisible();
    await eventually("the first is back", timeoutMs, () => first.updates("hello").length === 2);
    expect(first.hello?.name).toBe("Ada Lovelace");
  });

  test("a misleading name is refused before it is stored", async () => {
    const ada = await new Browser().opens(server.url);
    await expect(ada.backend.setName("Ad\u202Ea")).rejects.toMatchObject({ code: "bad_request" });
    expect((await ada.reload()).profile.first_run).toBe(true);
  });

  test("a browser that stores nothing works, and says so once", async () => {
    const broken = { open: () => { throw new DOMException("not here", "SecurityError"); } }; // prettier-ignore
    const ada = await new Browser(broken as unknown as IDBFactory).joins(server.url, "Ada");
    await ada.says("hi");
    await ada.says("hi again");
    await ada.sees("hi again");
    await ada.hasEmptyOutbox();
    const errors = ada.updates("refused");
    expect(errors.map(({ error }) => error.code)).toEqual(["storage"]);
    expect(errors[0]?.error.message).toMatch(/keep nothing/);
  });

  test("another server at the same address gets no posts that were written for the first", async () => {
    const ada = await new Browser().joins(server.url, "Ada");
    const first = ada.server;
    await server.stop();
    await ada.becomes("reconnecting");
    await ada.says("for the first");
    await server.remove();
    await server.start();
    ada.becomesVisible();
    await eventually("the other server is known", timeoutMs, () => ada.server !== first);
    await ada.becomes("online");
    await ada.says("for the second");
    await ada.sees("for the second");
    const bob = await new Browser().joins(server.url, "Bob");
    await bob.sees("for the second");
    expect(bob.texts).toEqual(["for the second"]);
  });
});
