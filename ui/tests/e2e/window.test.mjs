/**
 * The real app in its real window, on a computer of its own.
 *
 * - the first run: a name, who is nearby, one click to host, and the card that lets others in shows a QR code and an address to type
 * - whoever types the address into a browser is seen to arrive
 * - after a restart it hosts again by itself, and everything is still there
 * - after a crash, too
 */

import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { skip as noServer } from "../foreign/server.mjs";
import { Desk, noWindow } from "./app-window.mjs";
import { Guest, noBrowser, openBrowser } from "./chat-page.mjs";
import { hostsWithoutWindow } from "./headless-server.mjs";
import { missing } from "./skip.mjs";
import { noNamespaces, twoComputers } from "./network-namespaces.mjs";

const skip = missing(noWindow, noBrowser, noServer, noNamespaces);
let network;
let office;
let browser;
let ada;
let address;

before(async () => {
  if (skip) return;
  network = twoComputers();
  office = await hostsWithoutWindow(network.guest, "Office");
  [ada, browser] = await Promise.all([Desk.at(network.host), openBrowser(network.guest.netns)]);
});
after(async () => {
  await browser?.close();
  await ada?.leaves();
  await office?.remove();
  network?.remove();
});

test("the first run: a name, one click, and others can come", { skip }, async () => {
  await ada.findsNearby("Office");
  await ada.isCalled("Ada");
  await ada.picture("first-run");
  await ada.hosts();
  address = await ada.readsOutAddress();
  assert.match(address, new RegExp(`^${network.host.address}:\\d+$`), "it can be typed into any browser nearby");
  await ada.says("Is this thing on?");
  await ada.seesSent("Is this thing on?");
});

test("whoever types the address into a browser is seen to arrive", { skip }, async () => {
  const guests = [];
  for (const name of ["Lea", "Sam"]) {
    const guest = await Guest.visits(browser, `http://${address}`, { name, width: 360, height: 720 });
    guests.push(guest);
    await ada.seesHereNow(name);
    await guest.sees("Is this thing on?");
    await guest.says(`It is! ${name} here.`);
    await ada.sees(`It is! ${name} here.`);
  }
  await ada.seesNothingUnread();
  await ada.picture("host");
  for (const guest of guests) await guest.leaves();
});

test("after a restart it hosts again, and everything is there", { skip }, async () => {
  await ada.quits();
  await ada.opens();
  await ada.isIn("Lobby");
  await ada.sees("Is this thing on?");
  await ada.says("It is, again.");
  await ada.seesSent("It is, again.");
  await ada.clicks("Let others in");
  assert.equal(await ada.readsOutAddress(), address, "at the address that was given away");
});

test("after a crash, too", { skip }, async () => {
  await ada.crashes();
  await ada.opens();
  await ada.isIn("Lobby");
  await ada.says("Still here.");
  await ada.seesSent("Still here.");
  assert.deepEqual(await ada.reads(/./), [
    "Is this thing on?",
    "It is! Lea here.",
    "It is! Sam here.",
    "It is, again.",
    "Still here.",
  ]);
});
