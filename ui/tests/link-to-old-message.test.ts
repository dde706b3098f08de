/**
 * A link to a message older than the newest page, against a real server (`ICHAT_SERVER_BIN`) and with IndexedDB:
 * - it leads there in any tab: the first one of a browser, where nothing is stored yet, another one, and a reloaded one
 */
import { v4 } from "uuid";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../src/backend/protocol";
import { AppState } from "../src/state/app-state.svelte";
import { Browser, stopTabs, Tab } from "./fixtures/browser";
import { DeviceStorage } from "./fixtures/storage";
import { eventually, guardMs, Server, serverUnavailable } from "./foreign/server.mjs";

const seq = 7;
const device = new DeviceStorage();

let server: Server;
let lobby: string;

/** Opens the link in a tab of this browser, as the page's start does. */
async function opensLink(browser: Browser, id = v4()): Promise<{ app: AppState; tab: Tab }> {
  Object.assign(globalThis, { indexedDB: browser.database });
  const tab = new Tab(browser, server.url, id);
  const app = new AppState(tab.backend, device);
  app.navigation.show({ server: null, room: lobby, seq });
  await app.start();
  return { app, tab };
}

async function seesAddressedMessage({ app }: { app: AppState }): Promise<void> {
  const log = () => app.navigation.room?.log;
  await eventually("the message or a failure", () => log()?.contains(seq) || log()?.failure);
  expect(log()?.failure ?? null).toBeNull();
  expect(log()?.jump).toMatchObject({ to: "message", seq });
}

describe.skipIf(serverUnavailable)("a link to an old message", { timeout: 2 * guardMs }, () => {
  beforeEach(async () => {
    server = await Server.launch();
    const bob = await new Browser().joins(server.url, "Bob");
    lobby = bob.hello?.lobby ?? "";
    for (let i = 1; i <= limits.maxPageEntries + 60; i++) await bob.says(`line ${i}`);
    await bob.hasEmptyOutbox();
    bob.close();
  });

  afterEach(async () => {
    stopTabs();
    await server.remove();
  });

  it("leads there in any tab: the first, another, and a reloaded one", async () => {
    const browser = new Browser();
    const first = await opensLink(browser);
    await eventually("a name is suggested", () => first.app.showsFirstRun);
    expect(await first.app.setName("Ada")).toBe(true);
    first.app.finishFirstRun();
    await seesAddressedMessage(first);
    const second = await opensLink(browser);
    await seesAddressedMessage(second);
    second.tab.close();
    const reloaded = await opensLink(browser, second.tab.tabId);
    await seesAddressedMessage(reloaded);
    for (const { tab } of [first, reloaded]) tab.close();
  });
});
