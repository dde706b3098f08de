/**
 * What the app's window says of messages when the server goes away or refuses them, with the real server on another computer.
 *
 * - what is written while the server is dead waits in sight and is counted, also after the app was started anew; it arrives
 *   once, in order, by itself, when the server is back
 * - a server whose disk is full says so, and takes what waits when there is room again
 * - a message that the server refuses stands there with the reason, and with Retry, Copy and Delete, also after the app was
 *   started anew; Delete removes it for good
 */

import { after, before, test } from "node:test";
import { skip as noServer } from "../foreign/server.mjs";
import { Desk, noWindow } from "./app-window.mjs";
import { Guest, noBrowser, openBrowser, readsInOrder } from "./chat-page.mjs";
import { hostsWithoutWindow } from "./headless-server.mjs";
import { missing } from "./skip.mjs";
import { noNamespaces, twoComputers } from "./network-namespaces.mjs";

const skip = missing(noWindow, noBrowser, noServer, noNamespaces);
let network;
let office;
let browser;
let ada;
let ben;

before(async () => {
  if (skip) return;
  network = twoComputers();
  office = await hostsWithoutWindow(network.guest, "Office");
  [ada, browser] = await Promise.all([Desk.at(network.host), openBrowser(network.guest.netns)]);
  await ada.isCalled("Ada");
  await ada.joinsByAddress(office.address);
  ben = await Guest.visits(browser, `http://${office.address}`, { name: "Ben" });
});
after(async () => {
  await ben?.leaves();
  await browser?.close();
  await ada?.leaves();
  await office?.remove();
  network?.remove();
});

test("what is written while the server is dead waits in sight, and arrives once", { skip }, async () => {
  await ada.says("storm 1");
  await ada.seesSent("storm 1");
  await ben.sees("storm 1");
  await office.down("SIGKILL");
  await ada.seesBanner("Not connected");
  for (const text of ["storm 2", "storm 3"]) await ada.says(text);
  for (const text of ["storm 2", "storm 3"]) await ada.seesWaiting(text);
  await ada.seesBanner("2 messages wait to be sent");
  await ada.picture("window-waiting");
  await ada.quits();
  await ada.opens();
  await ada.seesBanner("2 messages wait to be sent");
  await ada.seesWaiting("storm 3");
  await office.up();
  await ada.seesSent("storm 3");
  await ada.seesNoBanner();
  await readsInOrder(ben, /^storm/, ["storm 1", "storm 2", "storm 3"]);
});

test("a server whose disk is full says so, and takes what waits when there is room again", { skip }, async () => {
  office.fillsDisk();
  await ada.says("full 1");
  await ada.seesWaiting("full 1");
  await ada.seesBanner("can’t write to its disk");
  await ada.picture("window-disk-full");
  office.clearsDisk();
  await ada.seesSent("full 1");
  await ada.seesNoBanner();
  await readsInOrder(ben, /^full/, ["full 1"]);
});

test("a message that the server refuses waits for a word, also after a new start", { skip }, async () => {
  const earlier = await office.backsUp();
  await ada.createsRoom("Kitchen");
  await ada.says("in time", "Kitchen");
  await ada.seesSent("in time");
  await office.down("SIGKILL");
  await ada.seesBanner("Not connected");
  for (const text of ["too late 1", "too late 2"]) await ada.says(text, "Kitchen");
  await ada.seesWaiting("too late 2");
  // In the backup there is no kitchen yet.
  await office.restores(earlier);
  await office.up();
  await ada.seesRefused("too late 1", "Not sent:");
  await ada.seesRefused("too late 2", "Not sent:");
  await ada.picture("window-refused");
  await ada.quits();
  await ada.opens();
  await ada.goesTo("A room you are not in");
  for (const name of ["Retry", "Copy", "Delete"]) await ada.isOffered(name, "too late 1");
  await ada.chooses("Delete", "too late 1");
  await ada.seesNoLonger("too late 1");
  await ada.seesRefused("too late 2", "Not sent:");
});
