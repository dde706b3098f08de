/**
 * Delivery when the server, the page or the connection goes away, in a real browser with a real server:
 * - messages written while the server is dead are shown as sending, and arrive once, in order, when it is back
 * - unsent messages of a closed page arrive once when the page is opened again
 * - two tabs of one user show the same messages, each once
 * - a text that is too long is not sent, and the page shows by how much
 * - a change of a message that was deleted meanwhile goes back to the composer
 * - a refused change shows the reason, with Retry, Copy and Discard, and says when the browser doesn't copy it
 * - a refused message shows the reason, also after a reload; Delete removes it for good, and Retry sends it once the reason is
 *   gone: its room, which was left, can be joined where it is shown
 * - a server whose disk is full says so, loses nothing, and accepts the messages when there is space again
 * - after a sleep, and when the network is back, missed messages arrive within 5 s over a connection that died silently
 * - after a long outage the connection is back as soon as the user presses *Try now*, or writes
 * - nothing moves when a message changes from sending to sent
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable, assertMessages } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";
import { ToastLog } from "./toast-log.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
/** `MAX_TEXT_BYTES` in `crates/protocol/src/limits.rs`. */
const maxTextBytes = 16_384;
const pages = usePages(skip);

test("messages written while the server is dead arrive once, in order, when it is back", { skip }, async () => {
  const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
  const written = Array.from({ length: 5 }, (_, n) => `storm ${n + 1}`);
  await ada.says(written[0]);
  await ben.sees(written[0]);
  await pages.server.stop("SIGKILL");
  await ada.seesBanner("Not connected");
  for (const text of written.slice(1)) await ada.says(text);
  for (const text of written.slice(1)) await ada.seesSending(text);
  await ada.seesBanner("4 messages wait to be sent");
  await pages.server.start();
  await ada.seesNoBanner();
  for (const text of written) await ada.seesSent(text);
  await assertMessages(ben, /^storm/, written);
  await assertMessages(ada, /^storm/, written);
});

test("unsent messages of a closed page arrive once when the page is opened again", { skip }, async () => {
  const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
  await ada.says("patience 1");
  await ben.sees("patience 1");
  await pages.server.stop("SIGKILL");
  await ada.seesBanner("Not connected");
  await ada.says("patience 2");
  await ada.says("patience 3");
  await ada.seesSending("patience 3");
  await ada.closesTab();
  await pages.server.start();
  await ada.opensTab(pages.server.url);
  await ada.seesSent("patience 3");
  const all = ["patience 1", "patience 2", "patience 3"];
  await assertMessages(ada, /^patience/, all);
  await assertMessages(ben, /^patience/, all);
});

test("two tabs of one user show the same messages", { skip }, async () => {
  const ada = await pages.open("Ada");
  const first = ada.page;
  await ada.says("in the first tab");
  await ada.seesSent("in the first tab");
  await ada.opensTab(pages.server.url);
  await ada.says("in the second tab");
  await ada.seesSent("in the second tab");
  await assertMessages(ada, /tab$/, ["in the first tab", "in the second tab"]);
  ada.page = first;
  await ada.seesSent("in the second tab");
  await assertMessages(ada, /tab$/, ["in the first tab", "in the second tab"]);
});

test("a text that is too long is not sent, and the page shows by how much", { skip }, async () => {
  const ada = await pages.open("Ada");
  const page = ada.page;
  await ada.composer.fill("ä".repeat(maxTextBytes / 2) + "!!");
  await page.getByText("Too long: shorten it by about 2 characters.").waitFor();
  assert.ok(await page.getByRole("button", { name: "Send" }).isDisabled());
  await ada.composer.press("Enter");
  assert.notEqual(await ada.composer.inputValue(), "", "the text is still there");
  await ada.composer.press("Backspace");
  await ada.composer.press("Backspace");
  await page.getByText("Too long").waitFor({ state: "detached" });
  await ada.composer.press("Enter");
  await ada.seesSent("äää");
});

test("a change of a message that was deleted meanwhile goes back to the composer", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("about to be deleted");
  await ada.seesSent("about to be deleted");
  // One tab edits the message while it is offline, another deletes it.
  const offline = ada.page;
  const link = await NetworkLink.of(offline);
  await offline.reload();
  await ada.sees("about to be deleted");
  await link.cut();
  await ada.seesBanner("Not connected");
  await ada.message("about to be deleted").hover();
  await ada.message("about to be deleted").getByRole("button", { name: "Edit" }).click();
  await ada.composer.fill("about to be improved");
  await ada.composer.press("Enter");
  await ada.sees("about to be improved");

  await ada.opensTab(pages.server.url);
  await ada.message("about to be deleted").hover();
  await ada.message("about to be deleted").getByRole("button", { name: "Delete" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await ada.sees("Message deleted");

  ada.page = offline;
  link.restore();
  await ada.sees("Message deleted");
  await ada.seesDraft("about to be improved");
  await ada.refusal().waitFor({ state: "detached" });
});

test("a refused change shows the reason, with Retry, Copy and Discard", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.createsRoom("Attic");
  await ada.says("to be improved");
  await ada.seesSent("to be improved");
  // One tab edits the message while it is offline, another leaves the room.
  const offline = ada.page;
  const link = await NetworkLink.of(offline);
  await offline.reload();
  await ada.opensRoom("Attic");
  await ada.sees("to be improved");
  await link.cut();
  await ada.seesBanner("Not connected");
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("to be improved");
  await ada.composer.fill("improved");
  await ada.composer.press("Enter");
  await ada.seesDraft("");

  await ada.opensTab(pages.server.url);
  await ada.opensRoom("Attic");
  await ada.page.getByRole("button", { name: "Leave room" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Leave room" }).click();
  await ada.room("Attic").waitFor({ state: "detached" });

  ada.page = offline;
  link.restore();
  await ada.seesRefused("improved", /^Your change was not saved: .+\./);
  for (const name of ["Retry", "Copy", "Discard"]) await ada.refusal().getByRole("button", { name }).waitFor();
  // The text is about to be lost, so a browser that doesn't copy it must not go unnoticed.
  const toasts = await ToastLog.of(ada.page);
  await ada.refusesClipboard();
  await ada.refusal().getByRole("button", { name: "Copy" }).click();
  await toasts.sees(/^The browser didn’t let I-Chat copy that\./);
  await ada.refusal().getByRole("button", { name: "Discard" }).click();
  await ada.refusal().waitFor({ state: "detached" });
});

test("a refused message shows the reason, also after a reload", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.createsRoom("Kitchen");
  await ada.says("in time");
  await ada.seesSent("in time");
  const offline = ada.page;
  const link = await NetworkLink.of(offline);
  await offline.reload();
  await ada.opensRoom("Kitchen");
  await ada.sees("in time");
  await link.cut();
  await ada.seesBanner("Not connected");
  for (const text of ["too late 1", "too late 2"]) await ada.says(text);
  await ada.seesBanner("2 messages wait to be sent");

  await ada.opensTab(pages.server.url);
  await ada.opensRoom("Kitchen");
  await ada.page.getByRole("button", { name: "Leave room" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Leave room" }).click();
  await ada.room("Kitchen").waitFor({ state: "detached" });

  ada.page = offline;
  link.restore();
  await ada.seesRefused("too late 1", /^Not sent: .+\./);
  await ada.seesRefused("too late 2", /^Not sent: .+\./);
  await ada.page.getByRole("status").filter({ hasText: "Not sent" }).waitFor({ state: "attached" });
  await ada.takesScreenshot("refused");
  await offline.reload();
  await ada.room("A room you are not in").getByText("2 not sent").waitFor({ state: "attached" });
  // Only the room's own name is suggested: "A room you are not in" is none.
  await ada.opensRoom("Lobby");
  await ada.composer.fill("#");
  const suggestions = ada.page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await suggestions.filter({ hasText: "Kitchen" }).waitFor();
  assert.doesNotMatch((await suggestions.allInnerTexts()).join(), /A room you are not in/);
  await ada.composer.fill("");
  await ada.room("A room you are not in").click();
  await ada.seesRefused("too late 1", /^Not sent: .+\./);

  await ada.refusal("too late 1").getByRole("button", { name: "Delete" }).click();
  await ada.message("too late 1").waitFor({ state: "detached" });
  const notice = ada.page.getByRole("status").filter({ hasText: "You are not in this room." });
  await notice.getByRole("button", { name: "Join" }).click();
  await ada.sees("in time");
  await notice.waitFor({ state: "detached" });
  await ada.says("after it");
  await ada.seesSent("after it");
  await ada.refusal("too late 2").getByRole("button", { name: "Retry" }).click();
  await ada.seesSent("too late 2");
  await offline.reload();
  await ada.opensRoom("Kitchen");
  await assertMessages(ada, /late|time|after/, ["in time", "after it", "too late 2"]);
});

test("a server whose disk is full says so, and accepts the messages when there is space again", { skip }, async () => {
  const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
  await ada.says("room 1");
  await ben.sees("room 1");
  pages.server.fillDisk();
  await ada.says("room 2");
  await ada.says("room 3");
  await ada.seesSending("room 3");
  await ada.seesBanner(/can’t write to its disk\. Trying again by itself… 2 messages wait to be sent\./);
  await ada.takesScreenshot("disk-full");
  pages.server.clearDisk();
  await assertMessages(ben, /^room/, ["room 1", "room 2", "room 3"]);
  await ada.seesSent("room 3");
  await ada.page.getByRole("status").getByText("disk").waitFor({ state: "detached" });
});

const wakeUps = {
  // While a machine sleeps, `performance.now()` and all timers stop, but the wall clock does not.
  "after a sleep": () => {
    const now = Date.now;
    Date.now = () => now() + 600_000;
  },
  "when the network is back": () => void dispatchEvent(new Event("online")),
};
for (const [when, wake] of Object.entries(wakeUps)) {
  test(`${when}, missed messages arrive within 5 s over a connection that died silently`, { skip }, async () => {
    const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
    const link = await NetworkLink.of(ada.page);
    await ada.page.clock.install();
    await ada.page.reload();
    await ben.says(`good night ${when}`);
    await ada.sees(`good night ${when}`);
    // From here on the page's time passes in the loop only. The keep-alive would need more than twice as long.
    await ada.pausesClock();
    link.dropPackets();
    await ben.says(`missed ${when}`);
    await ben.seesSent(`missed ${when}`);
    await ada.page.evaluate(wake);
    for (let ms = 0; ms < 5_000; ms += 50) await ada.page.clock.runFor(50);
    await ada.sees(`missed ${when}`);
    await ada.page.clock.resume();
    await ada.says(`good morning ${when}`);
    await ben.sees(`good morning ${when}`);
  });
}

const hurries = {
  "presses Try now": (ada) => ada.page.getByRole("button", { name: "Try now" }).click(),
  writes: (ada) => ada.types("Is"),
};
for (const [what, hurry] of Object.entries(hurries)) {
  test(`after a long outage the connection is back as soon as the user ${what}`, { skip }, async () => {
    const ada = await pages.open("Ada");
    const link = await NetworkLink.of(ada.page);
    await ada.page.clock.install();
    await ada.page.reload();
    await ada.composer.waitFor();
    await link.cut();
    await ada.seesBanner("The server can’t be reached");
    // From here on the page's time passes in the loop only. The next attempt would be made after 4 s or more.
    await ada.pausesClock();
    link.restore();
    await hurry(ada);
    const banner = ada.page.getByText("The server can’t be reached");
    for (let ms = 0; ms < 2_000 && (await banner.isVisible()); ms += 20) await ada.page.clock.runFor(20);
    assert.equal(await banner.isVisible(), false);
    await ada.page.clock.resume();
    await ada.says(`I am back: who ${what}`);
    await ada.seesSent(`I am back: who ${what}`);
  });
}

test("nothing moves when a message changes from sending to sent", { skip }, async () => {
  const ada = await pages.open("Ada");
  const link = await NetworkLink.of(ada.page);
  await ada.page.reload();
  await ada.says("steady 1");
  await ada.seesSent("steady 1");
  await link.cut();
  await ada.seesBanner("Not connected");
  await ada.says("steady 2");
  await ada.seesSending("steady 2");
  const height = () => ada.message("steady 2").evaluate((row) => [row.offsetHeight, row.parentElement.offsetHeight]);
  const sending = await height();
  link.restore();
  await ada.seesSent("steady 2");
  assert.deepEqual(await height(), sending);
});

/** A tab's connection to the server, which can be cut while other tabs stay connected. */
class NetworkLink {
  #isUp = true;
  #sockets = new Set();
  #dropPackets = [];

  static async of(page) {
    const link = new NetworkLink();
    await page.routeWebSocket(/socket\.io/, (socket) => {
      if (!link.#isUp) return void socket.close();
      const server = socket.connectToServer();
      let drops = false;
      link.#dropPackets.push(() => (drops = true));
      socket.onMessage((message) => void (drops || server.send(message)));
      server.onMessage((message) => void (drops || socket.send(message)));
      link.#sockets.add(socket);
    });
    await page.route(/socket\.io|api\/hello/, (route) => (link.#isUp ? route.continue() : route.abort()));
    return link;
  }

  async cut() {
    this.#isUp = false;
    for (const socket of this.#sockets) await socket.close();
  }

  /** Drops all packets of the current connections silently, without closing them. */
  dropPackets() {
    for (const drop of this.#dropPackets.splice(0)) drop();
  }

  restore() {
    this.#isUp = true;
  }
}
