/**
 * Two computers on a network, with the real app in a real window on each, and a browser on the second. The computers are
 * network namespaces joined by a cable. The cases of a network build on each other.
 *
 * With the app as the host:
 * - the other computer's app finds it within seconds, and joins with one click
 * - a browser joins by the address that the host reads out, and the host sees who has come
 * - all three talk, and see each other typing
 * - who quits and comes back finds the history
 * - a host that crashes disappears from the list of those nearby, and who is connected is told
 * - what is written meanwhile waits, and arrives once when the host is back, which hosts by itself
 *
 * With the server without a window as the host:
 * - an app joins by address, a browser too, and they talk
 */

import { strict as assert } from "node:assert";
import { after, before, describe, test } from "node:test";
import { eventually, skip as noServer } from "../foreign/server.mjs";
import { Desk, noWindow } from "./app-window.mjs";
import { Guest, noBrowser, openBrowser, readsInOrder } from "./chat-page.mjs";
import { hostsWithoutWindow } from "./headless-server.mjs";
import { missing } from "./skip.mjs";
import { noNamespaces, twoComputers } from "./network-namespaces.mjs";

const skip = missing(noWindow, noBrowser, noServer, noNamespaces);

/** mDNS takes about a second each way; a crashed host is gone within five. The rest is for a busy machine. */
const foundWithinMs = 5_000;
const goneWithinMs = 8_000;

describe("the app hosts", { skip }, () => {
  let network;
  let ada;
  let ben;
  let browser;
  let cleo;
  let address;

  before(async () => {
    network = twoComputers();
    ada = await Desk.at(network.host);
    await ada.isCalled("Ada");
    await ada.hosts();
    address = await ada.readsOutAddress();
    [ben, browser] = await Promise.all([Desk.at(network.guest), openBrowser(network.guest.netns)]);
  });
  after(async () => {
    await browser?.close();
    await ben?.leaves();
    await ada?.leaves();
    network?.remove();
  });

  test("the other computer's app finds it within seconds, and joins with one click", async () => {
    await ben.isCalled("Ben");
    await ben.findsNearby("Ada", foundWithinMs);
    await ben.joinsNearby("Ada");
    await ada.seesHereNow("Ben");
    await ben.says("hello from the next table");
    await ada.sees("hello from the next table");
  });

  test("a browser joins by the address that the host reads out", async () => {
    cleo = await Guest.visits(browser, `http://${address}`, { name: "Cleo", width: 360, height: 720 });
    await cleo.sees("hello from the next table");
    await ada.seesHereNow("Cleo");
  });

  test("all three talk, and see each other typing", async () => {
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
    for (const person of [ada, ben, cleo]) await readsInOrder(person, /./, all);
  });

  test("who quits and comes back finds the history", async () => {
    await ben.quits();
    await ada.says("Ben is away for a moment");
    await cleo.sees("Ben is away for a moment");
    await ben.opens();
    await ben.sees("Who wants tea?");
    await ben.sees("Ben is away for a moment");
    await ben.seesNoBanner();
  });

  test("a host that crashes disappears from those nearby, and who is connected is told", async () => {
    await ben.looksForOthers();
    await ben.findsNearby("Ada", foundWithinMs);
    await ada.crashes();
    await ben.findsNobodyNearby("Ada", goneWithinMs);
    await ben.closesDialog();
    await Promise.all([ben.seesBanner("Trying again by itself"), cleo.seesBanner("Trying again by itself")]);
  });

  test("what is written meanwhile arrives once when the host is back", async () => {
    await ben.says("meanwhile 1");
    await ben.says("meanwhile 2");
    await ben.seesWaiting("meanwhile 2");
    await cleo.says("meanwhile 3");
    await cleo.seesWaiting("meanwhile 3");
    await ada.opens();
    await ada.isIn("Lobby");
    for (const person of [ben, cleo]) await person.seesNoBanner();
    for (const person of [ada, ben, cleo]) for (const n of [1, 2, 3]) await person.seesSent(`meanwhile ${n}`);
    const order = await ada.reads(/^meanwhile/);
    assert.deepEqual(order.toSorted(), ["meanwhile 1", "meanwhile 2", "meanwhile 3"], "each once");
    assert.ok(order.indexOf("meanwhile 1") < order.indexOf("meanwhile 2"), "in the order in which they were written");
    for (const person of [ben, cleo]) assert.deepEqual(await person.reads(/^meanwhile/), order);
  });
});

describe("the server without a window hosts", { skip }, () => {
  let network;
  let server;
  let ben;
  let browser;

  before(async () => {
    network = twoComputers();
    server = await hostsWithoutWindow(network.host, "Cellar");
    [ben, browser] = await Promise.all([Desk.at(network.guest), openBrowser(network.guest.netns)]);
  });
  after(async () => {
    await browser?.close();
    await ben?.leaves();
    await server?.remove();
    network?.remove();
  });

  test("an app joins by address, a browser too, and they talk", async () => {
    await ben.isCalled("Ben");
    await ben.findsNearby("Cellar", foundWithinMs);
    await ben.joinsByAddress(server.address);
    const cleo = await Guest.visits(browser, `http://${server.address}`, { name: "Cleo" });
    await cleo.says("It is cold down here");
    await ben.sees("It is cold down here");
    await ben.says("I bring a jacket");
    await cleo.sees("I bring a jacket");
    await eventually("both stand in the same order", 5_000, async () => {
      const [one, other] = [await ben.reads(/./), await cleo.reads(/./)];
      return one.length === 2 && one.join() === other.join();
    });
  });
});
