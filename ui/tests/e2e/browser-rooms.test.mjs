/**
 * Finding and creating rooms, in a real browser with a real server:
 * - text can be selected beyond a dialog's edge; a click beside the dialog closes it
 * - a dialog that is opened in the moment in which another one closes stays open
 * - a room that can't be created without a connection keeps its name and topic, and is created when the connection is back
 * - the list of rooms comes with the connection
 * - without a connection, the list of people doesn't say that nobody is there
 * - a room's name after a # leads to the room, also one that the reader is not in
 * - a room with unread mentions is marked and named so, and the title counts them
 */

import { strict as assert } from "node:assert";
import { after, afterEach, before, test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { eventually, Server, serverUnavailable } from "../foreign/server.mjs";
import { ChatPage, browserUnavailable, openBrowser } from "./chat-page.mjs";
import { Link } from "./link.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
let browser;
let server;
const opened = [];

before(async () => {
  if (skip) return;
  [browser, server] = await Promise.all([openBrowser(), Server.launch("--name", "Office")]);
});
afterEach(async () => {
  for (const part of opened.splice(0)) await part.close();
});
after(async () => {
  await browser?.close();
  await server?.remove();
});

/** Opens a page whose connection the test can cut. */
async function openPage(name) {
  const link = await Link.to(Number(new URL(server.url).port));
  const chat = await ChatPage.open(browser, link.url, { name });
  opened.push(chat, link);
  return { chat, link };
}

test("text can be selected beyond a dialog's edge", { skip }, async () => {
  const { chat } = await openPage("Ada");
  const { mouse } = chat.page;
  await chat.page.getByRole("button", { name: "Create a room" }).click();
  const dialog = chat.page.getByRole("dialog", { name: "Create a room" });
  const name = dialog.getByLabel("Name", { exact: true });
  await name.fill("Lunch");
  const [field, edge] = [await name.boundingBox(), await dialog.boundingBox()];
  await mouse.move(field.x + 40, field.y + field.height / 2);
  await mouse.down();
  await mouse.move(edge.x - 40, field.y + field.height / 2, { steps: 5 });
  await mouse.up();
  assert.equal(await name.inputValue(), "Lunch");
  assert.ok(await dialog.isVisible());
  await mouse.click(edge.x - 40, edge.y + 40);
  await dialog.waitFor({ state: "detached" });
});

test("a dialog that is opened in the moment in which another one closes stays open", { skip }, async () => {
  const { chat } = await openPage("Ada");
  await chat.page.getByRole("button", { name: "Settings" }).click();
  await chat.page.getByRole("dialog", { name: "Settings" }).waitFor();
  // Faster than a browser reports that a dialog has closed.
  await chat.page.evaluate(() => {
    document.querySelector("dialog [aria-label='Close']").click();
    document.querySelector("nav [aria-label='Create a room']").click();
  });
  const dialog = chat.page.getByRole("dialog", { name: "Create a room" });
  await dialog.waitFor();
  // By the next paint, all reports have arrived.
  await chat.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.ok(await dialog.isVisible());
  await dialog.getByLabel("Name", { exact: true }).fill("Lunch");
});

test("nobody is called absent without a connection", { skip }, async () => {
  const ben = await ChatPage.open(browser, server.url, { name: "Ben" });
  opened.push(ben);
  const { chat, link } = await openPage("Ada");
  await chat.page.getByRole("button", { name: "People" }).click();
  const people = chat.page.getByRole("complementary", { name: "People" });
  await people.getByText("Ben", { exact: true }).waitFor();
  link.cut();
  await people.getByText(/no connection/).waitFor();
  await people.getByText("Ben", { exact: true }).waitFor();
  assert.equal(await people.getByText(/^Not here/).count(), 0);
  link.restore();
  await people.getByText(/^Online · /).waitFor();
});

test("a room that can't be created keeps its name and topic", { skip }, async () => {
  const { chat, link } = await openPage("Ada");
  await chat.page.getByRole("button", { name: "Create a room" }).click();
  const dialog = chat.page.getByRole("dialog", { name: "Create a room" });
  await dialog.getByLabel("Name", { exact: true }).fill("Lunch");
  await dialog.getByLabel("Topic (optional)").fill("Where to go");
  link.cut();
  await chat.page.getByText(/Trying again by itself/).waitFor();
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await dialog.getByText(/no connection/).waitFor();
  assert.equal(await dialog.getByLabel("Topic (optional)").inputValue(), "Where to go");
  link.restore();
  await chat.page.getByText(/Trying again by itself/).waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await chat.page.getByRole("heading", { name: "Lunch" }).waitFor();
  await dialog.waitFor({ state: "detached" });
});

test("what was looked for without a connection comes with it", { skip }, async () => {
  const bot = await Member.connect(server.url, { auth: { name: "Bot" } });
  const id = crypto.randomUUID();
  await bot.request("create", { room: id, name: "Garden" });
  const { chat, link } = await openPage("Ada");
  link.cut();
  await chat.page.getByText(/Trying again by itself/).waitFor();
  await chat.page.getByRole("button", { name: "Browse rooms" }).click();
  const dialog = chat.page.getByRole("dialog", { name: "Browse rooms" });
  await dialog.getByText(/no connection/).waitFor();
  link.restore();
  await dialog.getByText("Garden", { exact: true }).waitFor();
  bot.disconnect();
});

test("a room's name after a # leads to the room", { skip }, async () => {
  const { chat: ada } = await openPage("Ada");
  const { chat: ben } = await openPage("Ben");
  await ada.createsRoom("Tea kitchen");
  await ada.opensRoom("Lobby");
  await ada.types("see #tea");
  await ada.composer.press("Enter");
  await ada.composer.press("Enter");
  await ada.seesSent("see #Tea kitchen");
  const link = (chat) => chat.timeline.getByRole("link", { name: "#Tea kitchen" });
  assert.match(await link(ada).getAttribute("href"), /^#\/room\/[^/]+$/);
  await link(ada).click();
  await ada.seesRoom("Tea kitchen");
  await ada.page.goBack();
  await ada.seesRoom("Lobby");

  // Ben is not in the room.
  await link(ben).click();
  await ben.page.getByText("You are not in “Tea kitchen”.").waitFor();
  await ben.page.getByRole("button", { name: "Join", exact: true }).click();
  await ben.seesRoom("Tea kitchen");
});

test("a room with unread mentions is marked and named so", { skip }, async () => {
  const { chat: ada } = await openPage("Mona");
  const { chat: ben } = await openPage("Ben");
  await ada.createsRoom("Mona's room");
  for (const text of ["nobody in particular", "@Mona: lunch?", "@Mona!"]) {
    await ben.says(text);
    await ben.seesSent(text);
  }
  await ada.rooms.getByText("3 unread, 2 mention you").waitFor();
  await eventually("the title counts the mentions", 5_000, async () => (await ada.page.title()).startsWith("(2 @)"));
  await ada.takesScreenshot("mentions");
  await ada.reloads();
  await ada.rooms.getByText("3 unread, 2 mention you").waitFor();
  await ada.opensRoom("Lobby");
  await ada.rooms.getByText("unread").waitFor({ state: "detached" });
  await eventually("the title counts nothing", 5_000, async () => !(await ada.page.title()).startsWith("("));
});
