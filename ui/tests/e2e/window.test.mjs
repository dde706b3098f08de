/**
 * The app in its window, on a host of its own:
 * - at the first run the user enters a name, sees nearby servers, and hosts with one click; the share panel shows a QR code and
 *   an address to type
 * - users who open the address in a browser appear on the share panel
 * - after a restart it hosts again automatically, with all messages
 * - after a crash as well
 */

import { strict as assert } from "node:assert";
import { after, before } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { AppWindow, windowUnavailable } from "./app-window.mjs";
import { dependentCases } from "./cases.mjs";
import { ChatPage, browserUnavailable, openBrowser } from "./chat-page.mjs";
import { HeadlessServer } from "./headless-server.mjs";
import { skipReason } from "./skip.mjs";
import { namespacesUnavailable, createTwoHosts } from "./network-namespaces.mjs";

const skip = skipReason(windowUnavailable, browserUnavailable, serverUnavailable, namespacesUnavailable);
const test = dependentCases({ skip });
let network;
let office;
let browser;
let ada;
let address;

before(async () => {
  if (skip) return;
  network = createTwoHosts();
  office = await HeadlessServer.launch(network.second, "Office");
  [ada, browser] = await Promise.all([AppWindow.open(network.first), openBrowser(network.second.netns)]);
});
after(async () => {
  await browser?.close();
  await ada?.remove();
  await office?.remove();
  network?.remove();
});

test("at the first run the user enters a name and hosts with one click", async () => {
  await ada.seesNearby("Office");
  await ada.setsName("Ada");
  await ada.takesScreenshot("first-run");
  await ada.hosts();
  address = await ada.sharedAddress();
  assert.match(address, new RegExp(`^${network.first.address}:\\d+$`), "it works in any browser on the network");
  await ada.says("Is this thing on?");
  await ada.seesSent("Is this thing on?");
});

test("users who open the address in a browser appear on the share panel", async () => {
  const pages = [];
  for (const name of ["Lea", "Sam"]) {
    const chat = await ChatPage.open(browser, `http://${address}`, { name, width: 360, height: 720 });
    pages.push(chat);
    await ada.seesHereNow(name);
    await chat.sees("Is this thing on?");
    await chat.says(`It is! ${name} here.`);
    await ada.sees(`It is! ${name} here.`);
  }
  await ada.seesNoUnread();
  await ada.takesScreenshot("host");
  for (const chat of pages) await chat.close();
});

test("after a restart it hosts again, with all messages", async () => {
  await ada.quits();
  await ada.starts();
  await ada.seesRoom("Lobby");
  await ada.sees("Is this thing on?");
  await ada.says("It is, again.");
  await ada.seesSent("It is, again.");
  await ada.clicks("Let others in");
  assert.equal(await ada.sharedAddress(), address, "at the address that was shared");
});

test("after a crash it hosts again as well", async () => {
  await ada.crashes();
  await ada.starts();
  await ada.seesRoom("Lobby");
  await ada.says("Still here.");
  await ada.seesSent("Still here.");
  assert.deepEqual(await ada.messages(/./), [
    "Is this thing on?",
    "It is! Lea here.",
    "It is! Sam here.",
    "It is, again.",
    "Still here.",
  ]);
});
