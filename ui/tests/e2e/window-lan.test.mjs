/**
 * Two hosts on a network, each with the app in its window, and a browser on the second. The hosts are network namespaces. The
 * cases of a network build on each other.
 *
 * The app hosts:
 * - the other app finds it within seconds, and joins with one click
 * - a browser joins by the shared address, and the host sees who has joined
 * - all three chat, and see each other typing
 * - a user who quits and comes back finds the history
 * - a crashed host disappears from the nearby servers, and connected users see that it is gone
 * - messages written meanwhile arrive once when the host is back, which hosts again automatically
 *
 * The server without a window hosts:
 * - an app and a browser join by address, and chat
 */

import { strict as assert } from "node:assert";
import { after, before, describe } from "node:test";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { AppWindow, windowUnavailable } from "./app-window.mjs";
import { dependentCases } from "./cases.mjs";
import { ChatPage, browserUnavailable, openBrowser, assertMessages } from "./chat-page.mjs";
import { HeadlessServer } from "./headless-server.mjs";
import { skipReason } from "./skip.mjs";
import { namespacesUnavailable, createTwoHosts } from "./network-namespaces.mjs";

const skip = skipReason(windowUnavailable, browserUnavailable, serverUnavailable, namespacesUnavailable);

/** mDNS takes about a second to find a host, and five to notice a crash. The rest is a margin for a busy machine. */
const foundTimeoutMs = 5_000;
const goneTimeoutMs = 8_000;

describe("the app hosts", { skip }, () => {
  let network;
  let ada;
  let ben;
  let browser;
  let cleo;
  let address;
  const test = dependentCases();

  before(async () => {
    network = createTwoHosts();
    ada = await AppWindow.open(network.first);
    await ada.setsName("Ada");
    await ada.hosts();
    address = await ada.sharedAddress();
    [ben, browser] = await Promise.all([AppWindow.open(network.second), openBrowser(network.second.netns)]);
  });
  after(async () => {
    await browser?.close();
    await ben?.remove();
    await ada?.remove();
    network?.remove();
  });

  test("the other app finds it within seconds, and joins with one click", async () => {
    await ben.setsName("Ben");
    await ben.seesNearby("Ada", foundTimeoutMs);
    await ben.joinsNearby("Ada");
    await ada.seesHereNow("Ben");
    await ben.says("hello from the next table");
    await ada.sees("hello from the next table");
  });

  test("a browser joins by the shared address", async () => {
    cleo = await ChatPage.open(browser, `http://${address}`, { name: "Cleo", width: 360, height: 720 });
    await cleo.sees("hello from the next table");
    await ada.seesHereNow("Cleo");
  });

  test("all three chat, and see each other typing", async () => {
    await ada.types("Who wants");
    await Promise.all([ben.seesTyping("Ada"), cleo.seesTyping("Ada")]);
    await ada.says(" tea?");
    await Promise.all([ben.sees("Who wants tea?"), cleo.sees("Who wants tea?")]);
    await cleo.types("Me");
    await Promise.all([ada.seesTyping("Cleo"), ben.seesTyping("Cleo")]);
    await cleo.says("Me!");
    await Promise.all([ada.sees("Me!"), ben.sees("Me!")]);
    await ben.types("Coffee");
    await Promise.all([ada.seesTyping("Ben"), cleo.seesTyping("Ben")]);
    await ben.says(", please");
    const all = ["hello from the next table", "Who wants tea?", "Me!", "Coffee, please"];
    for (const user of [ada, ben, cleo]) await assertMessages(user, /./, all);
  });

  test("a user who quits and comes back finds the history", async () => {
    await ben.quits();
    await ada.says("Ben is away for a moment");
    await cleo.sees("Ben is away for a moment");
    await ben.starts();
    await ben.sees("Who wants tea?");
    await ben.sees("Ben is away for a moment");
    await ben.seesNoBanner();
  });

  test("a crashed host disappears from the nearby servers, and connected users see that it is gone", async () => {
    await ben.opensFindDialog();
    await ben.seesNearby("Ada", foundTimeoutMs);
    await ada.crashes();
    await ben.seesNotNearby("Ada", goneTimeoutMs);
    await ben.closesDialog();
    await Promise.all([ben.seesBanner("Trying again by itself"), cleo.seesBanner("Trying again by itself")]);
  });

  test("messages written meanwhile arrive once when the host is back", async () => {
    await ben.says("meanwhile 1");
    await ben.says("meanwhile 2");
    await ben.seesSending("meanwhile 2");
    await cleo.says("meanwhile 3");
    await cleo.seesSending("meanwhile 3");
    await ada.starts();
    await ada.seesRoom("Lobby");
    for (const user of [ben, cleo]) await user.seesNoBanner();
    for (const user of [ada, ben, cleo]) for (const n of [1, 2, 3]) await user.seesSent(`meanwhile ${n}`);
    const order = await ada.messages(/^meanwhile/);
    assert.deepEqual(order.toSorted(), ["meanwhile 1", "meanwhile 2", "meanwhile 3"], "each once");
    assert.ok(order.indexOf("meanwhile 1") < order.indexOf("meanwhile 2"), "in the order in which they were written");
    for (const user of [ben, cleo]) assert.deepEqual(await user.messages(/^meanwhile/), order);
  });
});

describe("the server without a window hosts", { skip }, () => {
  let network;
  let server;
  let ben;
  let browser;
  const test = dependentCases();

  before(async () => {
    network = createTwoHosts();
    server = await HeadlessServer.launch(network.first, "Cellar");
    [ben, browser] = await Promise.all([AppWindow.open(network.second), openBrowser(network.second.netns)]);
  });
  after(async () => {
    await browser?.close();
    await ben?.remove();
    await server?.remove();
    network?.remove();
  });

  test("an app and a browser join by address, and chat", async () => {
    await ben.setsName("Ben");
    await ben.seesNearby("Cellar", foundTimeoutMs);
    await ben.joinsByAddress(server.address);
    const cleo = await ChatPage.open(browser, `http://${server.address}`, { name: "Cleo" });
    await cleo.says("It is cold down here");
    await ben.sees("It is cold down here");
    await ben.says("I bring a jacket");
    await cleo.sees("I bring a jacket");
    await eventually(
      "both show the same order",
      async () => {
        const [first, second] = [await ben.messages(/./), await cleo.messages(/./)];
        return first.length === 2 && first.join() === second.join();
      },
      5_000,
    );
  });
});
