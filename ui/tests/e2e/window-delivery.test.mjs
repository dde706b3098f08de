/**
 * Delivery in the app's window when the server goes away or refuses messages, with a real server on another host:
 * - messages written while the server is dead are shown as sending and counted, also after a restart of the app; they arrive
 *   once, in order, when the server is back
 * - a server whose disk is full says so, and accepts the messages when there is space again
 * - a refused message shows the reason, with Retry, Copy and Delete, also after a restart of the app; Delete removes it for good
 */

import { after, before } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { AppWindow, windowUnavailable } from "./app-window.mjs";
import { dependentCases } from "./cases.mjs";
import { ChatPage, browserUnavailable, openBrowser, assertMessages } from "./chat-page.mjs";
import { HeadlessServer } from "./headless-server.mjs";
import { skipReason } from "./skip.mjs";
import { namespacesUnavailable, createTwoHosts } from "./network-namespaces.mjs";

const skip = skipReason(windowUnavailable, browserUnavailable, serverUnavailable, namespacesUnavailable);
const test = dependentCases({ skip });
let network;
let office;
let browser;
let ada;
let ben;

before(async () => {
  if (skip) return;
  network = createTwoHosts();
  office = await HeadlessServer.launch(network.second, "Office");
  [ada, browser] = await Promise.all([AppWindow.open(network.first), openBrowser(network.second.netns)]);
  await ada.setsName("Ada");
  await ada.joinsByAddress(office.address);
  ben = await ChatPage.open(browser, `http://${office.address}`, { name: "Ben" });
});
after(async () => {
  await ben?.close();
  await browser?.close();
  await ada?.remove();
  await office?.remove();
  network?.remove();
});

test("messages written while the server is dead arrive once, in order, when it is back", async () => {
  await ada.says("storm 1");
  await ada.seesSent("storm 1");
  await ben.sees("storm 1");
  await office.stop("SIGKILL");
  await ada.seesBanner("Not connected");
  for (const text of ["storm 2", "storm 3"]) await ada.says(text);
  for (const text of ["storm 2", "storm 3"]) await ada.seesSending(text);
  await ada.seesBanner("2 messages wait to be sent");
  await ada.takesScreenshot("window-waiting");
  await ada.quits();
  await ada.starts();
  await ada.seesBanner("2 messages wait to be sent");
  await ada.seesSending("storm 3");
  office.start();
  await ada.seesSent("storm 3");
  await ada.seesNoBanner();
  await assertMessages(ben, /^storm/, ["storm 1", "storm 2", "storm 3"]);
});

test("a server whose disk is full says so, and accepts the messages when there is space again", async () => {
  office.fillDisk();
  await ada.says("full 1");
  await ada.seesSending("full 1");
  await ada.seesBanner("can’t write to its disk");
  await ada.takesScreenshot("window-disk-full");
  office.clearDisk();
  await ada.seesSent("full 1");
  await ada.seesNoBanner();
  await assertMessages(ben, /^full/, ["full 1"]);
});

test("a refused message shows the reason, also after a restart of the app", async () => {
  const backup = office.backUp();
  await ada.createsRoom("Kitchen");
  await ada.says("in time", "Kitchen");
  await ada.seesSent("in time");
  await office.stop("SIGKILL");
  await ada.seesBanner("Not connected");
  for (const text of ["too late 1", "too late 2"]) await ada.says(text, "Kitchen");
  await ada.seesSending("too late 2");
  // The backup doesn't contain the room.
  office.restore(backup);
  office.start();
  await ada.seesRefused("too late 1", "Not sent:");
  await ada.seesRefused("too late 2", "Not sent:");
  await ada.takesScreenshot("window-refused");
  await ada.quits();
  await ada.starts();
  await ada.opensRoom("A room you are not in");
  for (const name of ["Retry", "Copy", "Delete"]) await ada.seesRefusalButton(name, "too late 1");
  await ada.clicksRefusalButton("Delete", "too late 1");
  await ada.seesGone("too late 1");
  await ada.seesRefused("too late 2", "Not sent:");
});
