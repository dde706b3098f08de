/**
 * What happens to messages when the server, the page or the connection goes away, in a real browser with the real server.
 *
 * - what is written while the server is dead waits in sight, and arrives once, in order, by itself, when it is back
 * - what waits in a page that is closed arrives once when the page is opened again
 * - two tabs of one person show the same, and what one of them wrote stands there once
 * - a text that is too long is not sent, and says by how much
 * - what the server refuses stands there with the reason and with Retry, Copy and Delete
 */

import { strict as assert } from "node:assert";
import { after, afterEach, before, test } from "node:test";
import { Server, skip as noServer } from "../foreign/server.mjs";
import { Guest, noBrowser, openBrowser, readsInOrder } from "./guest.mjs";
import { missing } from "./missing.mjs";

const skip = missing(noServer, noBrowser);
let browser;
let server;
const here = [];

async function visits(name) {
  const guest = await Guest.visits(browser, server.url, { name });
  here.push(guest);
  return guest;
}

before(async () => {
  if (skip) return;
  [browser, server] = await Promise.all([openBrowser(), Server.start("--name", "Office")]);
});
afterEach(async () => {
  for (const guest of here.splice(0)) await guest.leaves();
});
after(async () => {
  await browser?.close();
  await server?.remove();
});

test("what is written while the server is dead arrives once, in order, by itself", { skip }, async () => {
  const [ada, ben] = [await visits("Ada"), await visits("Ben")];
  const written = Array.from({ length: 5 }, (_, n) => `storm ${n + 1}`);
  await ada.says(written[0]);
  await ben.sees(written[0]);
  await server.down("SIGKILL");
  await ada.seesBanner("Not connected");
  for (const text of written.slice(1)) await ada.says(text);
  for (const text of written.slice(1)) await ada.seesWaiting(text);
  await ada.seesBanner("4 messages wait to be sent");
  await server.up();
  await ada.seesNoBanner();
  for (const text of written) await ada.seesSent(text);
  await readsInOrder(ben, /^storm/, written);
  await readsInOrder(ada, /^storm/, written);
});

test("what waits in a page that is closed arrives once when the page is opened again", { skip }, async () => {
  const [ada, ben] = [await visits("Ada"), await visits("Ben")];
  await ada.says("patience 1");
  await ben.sees("patience 1");
  await server.down("SIGKILL");
  await ada.seesBanner("Not connected");
  await ada.says("patience 2");
  await ada.says("patience 3");
  await ada.seesWaiting("patience 3");
  await ada.closesTab();
  await server.up();
  await ada.opens(server.url);
  await ada.seesSent("patience 3");
  const all = ["patience 1", "patience 2", "patience 3"];
  await readsInOrder(ada, /^patience/, all);
  await readsInOrder(ben, /^patience/, all);
});

test("two tabs of one person show the same", { skip }, async () => {
  const ada = await visits("Ada");
  const first = ada.page;
  await ada.says("in the first tab");
  await ada.seesSent("in the first tab");
  await ada.opens(server.url);
  await ada.says("in the second tab");
  await ada.seesSent("in the second tab");
  await readsInOrder(ada, /tab$/, ["in the first tab", "in the second tab"]);
  ada.page = first;
  await ada.seesSent("in the second tab");
  await readsInOrder(ada, /tab$/, ["in the first tab", "in the second tab"]);
});

test("a text that is too long is not sent, and says by how much", { skip }, async () => {
  const ada = await visits("Ada");
  const page = ada.page;
  const { limits } = await page.evaluate(() => fetch("/api/hello").then((answer) => answer.json()));
  const bytes = limits?.text_bytes ?? 16_384;
  await ada.composer.fill("ä".repeat(bytes / 2) + "!!");
  await page.getByText("Too long by 2 bytes.").waitFor();
  assert.ok(await page.getByRole("button", { name: "Send" }).isDisabled());
  await ada.composer.press("Enter");
  assert.notEqual(await ada.composer.inputValue(), "", "nothing is lost");
  await ada.composer.press("Backspace");
  await ada.composer.press("Backspace");
  await page.getByText("Too long").waitFor({ state: "detached" });
  await ada.composer.press("Enter");
  await ada.seesSent("äää");
});

test("what the server refuses stands there with the reason and what to do", { skip }, async () => {
  const ada = await visits("Ada");
  await ada.says("about to be deleted");
  await ada.seesSent("about to be deleted");
  // The edit is written by a tab that doesn't know yet that another has deleted the message.
  const offline = ada.page;
  const line = await Line.of(offline);
  await offline.reload();
  await ada.sees("about to be deleted");
  await line.cut();
  await ada.seesBanner("Not connected");
  await ada.message("about to be deleted").hover();
  await ada.message("about to be deleted").getByRole("button", { name: "Edit" }).click();
  await ada.composer.fill("about to be improved");
  await ada.composer.press("Enter");
  await ada.sees("about to be improved");

  await ada.opens(server.url);
  await ada.message("about to be deleted").hover();
  await ada.message("about to be deleted").getByRole("button", { name: "Delete" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await ada.sees("Message deleted");

  ada.page = offline;
  line.mend();
  const refusal = ada.timeline.getByRole("alert");
  await refusal.getByText(/^Your change was not saved: .+\./).waitFor();
  for (const name of ["Retry", "Copy", "Delete"]) await refusal.getByRole("button", { name }).waitFor();
  await refusal.getByRole("button", { name: "Delete" }).click();
  await refusal.waitFor({ state: "detached" });
});

/** A tab's way to the server, which can be cut while other tabs keep theirs. */
class Line {
  #whole = true;
  #sockets = new Set();

  static async of(page) {
    const line = new Line();
    await page.routeWebSocket(/socket\.io/, (socket) => {
      if (!line.#whole) return void socket.close();
      socket.connectToServer();
      line.#sockets.add(socket);
    });
    await page.route(/socket\.io|api\/hello/, (route) => (line.#whole ? route.continue() : route.abort()));
    return line;
  }

  async cut() {
    this.#whole = false;
    for (const socket of this.#sockets) await socket.close();
  }

  mend() {
    this.#whole = true;
  }
}
