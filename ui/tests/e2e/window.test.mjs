/**
 * The real app in its real window, on a computer of its own.
 *
 * - the first run: a name, one click, and the card that lets others in shows a QR code and an address to type
 * - after a restart it hosts again by itself, and everything is still there
 * - after a crash, too
 */

import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { Desk, noWindow } from "./desk.mjs";
import { missing } from "./missing.mjs";
import { noNamespaces, twoComputers } from "./namespaces.mjs";

const skip = missing(noWindow, noNamespaces);
let network;
let ada;
let address;

before(async () => {
  if (skip) return;
  network = twoComputers();
  ada = await Desk.at(network.host);
});
after(async () => {
  await ada?.leaves();
  network?.remove();
});

test("the first run: a name, one click, and others can come", { skip }, async () => {
  await ada.isCalled("Ada");
  await ada.picture("first-run");
  await ada.hosts();
  address = await ada.readsOutAddress();
  assert.match(address, new RegExp(`^${network.host.address}:\\d+$`), "it can be typed into any browser nearby");
  await ada.says("Is this thing on?");
  await ada.seesSent("Is this thing on?");
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
  assert.deepEqual(await ada.reads(/./), ["Is this thing on?", "It is, again.", "Still here."]);
});
