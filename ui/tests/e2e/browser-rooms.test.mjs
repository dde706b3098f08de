/**
 * Finding and creating rooms, in a real browser with a real server:
 * - text can be selected beyond a dialog's edge; a click beside the dialog closes it
 * - a dialog that is opened in the moment in which another one closes stays open
 * - without a connection, the list of people doesn't say that nobody is there
 * - a room that can't be created without a connection keeps its name and topic, and is created when the connection is back
 * - a topic that breaks a rule is refused at its own field, where it stays, for a new room and for one that is changed
 * - the list of rooms comes with the connection
 * - a click at the end of a search field leaves its text, in every browser
 * - a room's name after a # leads to the room, also one that the reader is not in
 * - rooms of names that look alike show a piece of their addresses wherever one is chosen
 * - each of two rooms with the same name can be linked in a message
 * - the way to new messages is offered until all of them were seen, or it is dismissed
 * - the place that is read in a room is kept while another room is visited, whatever is written meanwhile
 * - a mention that tells nobody says so: of somebody who isn't in the room, and of everyone
 * - a room with unread mentions is marked and named so, and the title counts them
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { Link } from "./link.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

/** Opens Ada's page with a connection that the test can cut. */
async function openAda(t) {
  const link = await Link.to(pages.server.port);
  t.after(() => link.close());
  return { ada: await pages.open("Ada", { url: link.url }), link };
}

test("text can be selected beyond a dialog's edge", { skip }, async (t) => {
  const { ada } = await openAda(t);
  const { mouse } = ada.page;
  await ada.page.getByRole("button", { name: "Create a room" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "Create a room" });
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

test("a dialog that is opened in the moment in which another one closes stays open", { skip }, async (t) => {
  const { ada } = await openAda(t);
  await ada.page.getByRole("button", { name: "Settings" }).click();
  await ada.page.getByRole("dialog", { name: "Settings" }).waitFor();
  // Faster than a browser reports that a dialog has closed.
  await ada.page.evaluate(() => {
    document.querySelector("dialog [aria-label='Close']").click();
    document.querySelector("nav [aria-label='Create a room']").click();
  });
  const dialog = ada.page.getByRole("dialog", { name: "Create a room" });
  await dialog.waitFor();
  // By the next paint, all reports have arrived.
  await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.ok(await dialog.isVisible());
  await dialog.getByLabel("Name", { exact: true }).fill("Lunch");
});

test("without a connection, the list of people doesn't say that nobody is there", { skip }, async (t) => {
  await pages.open("Ben");
  const { ada, link } = await openAda(t);
  await ada.page.getByRole("button", { name: "People" }).click();
  const people = ada.page.getByRole("complementary", { name: "People" });
  await people.getByText("Ben", { exact: true }).waitFor();
  link.cut();
  await people.getByText(/no connection/).waitFor();
  await people.getByText("Ben", { exact: true }).waitFor();
  assert.equal(await people.getByText(/^Not here/).count(), 0);
  link.restore();
  await people.getByText(/^Online · /).waitFor();
});

test("a room that can't be created keeps its name and topic", { skip }, async (t) => {
  const { ada, link } = await openAda(t);
  await ada.page.getByRole("button", { name: "Create a room" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "Create a room" });
  await dialog.getByLabel("Name", { exact: true }).fill("Lunch");
  await dialog.getByLabel("Topic (optional)").fill("Where to go");
  link.cut();
  await ada.page.getByText(/Trying again by itself/).waitFor();
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await dialog.getByText(/no connection/).waitFor();
  assert.equal(await dialog.getByLabel("Topic (optional)").inputValue(), "Where to go");
  link.restore();
  await ada.page.getByText(/Trying again by itself/).waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await ada.page.getByRole("heading", { name: "Lunch" }).waitFor();
  await dialog.waitFor({ state: "detached" });
});

test("a topic that breaks a rule is refused at its own field, where it stays", { skip }, async () => {
  const ada = await pages.open("Ada");
  const isRefused = async (dialog, topic, reason) => {
    const [nameField, topicField] = [dialog.getByLabel("Name", { exact: true }), dialog.getByLabel("Topic (optional)")];
    await topicField.fill(topic);
    await topicField.press("Enter");
    await dialog.getByText(reason).waitFor();
    const described = await topicField.getAttribute("aria-describedby");
    assert.equal(await dialog.locator(`[id="${described}"]`).textContent(), reason);
    assert.ok(await topicField.evaluate((field) => field === document.activeElement));
    const invalid = [nameField, topicField].map((field) => field.getAttribute("aria-invalid"));
    assert.deepEqual(await Promise.all(invalid), ["false", "true"]);
    assert.equal(await topicField.inputValue(), topic);
    await topicField.fill("Where to go");
    await dialog.getByText(reason).waitFor({ state: "detached" });
  };
  await ada.page.getByRole("button", { name: "Create a room" }).click();
  const creation = ada.page.getByRole("dialog", { name: "Create a room" });
  await creation.getByLabel("Name", { exact: true }).fill("Supper");
  await isRefused(creation, "a\u2028b", "A topic is one line of text.");
  await isRefused(creation, "x".repeat(257), "A topic has at most 256 characters.");
  await creation.getByRole("button", { name: "Create", exact: true }).click();
  await ada.seesRoom("Supper");
  await ada.page.getByText("Where to go", { exact: true }).first().waitFor();

  await ada.page.getByRole("button", { name: "Room name and topic" }).click();
  const change = ada.page.getByRole("dialog", { name: "Room name and topic" });
  await isRefused(change, "turned \u202Eround", "A topic can't contain direction-changing characters.");
});

test("the list of rooms comes with the connection", { skip }, async (t) => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  const id = crypto.randomUUID();
  await bot.request("create", { room: id, name: "Garden" });
  const { ada, link } = await openAda(t);
  link.cut();
  await ada.page.getByText(/Trying again by itself/).waitFor();
  await ada.page.getByRole("button", { name: "Browse rooms" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "Browse rooms" });
  await dialog.getByText(/no connection/).waitFor();
  link.restore();
  await dialog.getByText("Garden", { exact: true }).waitFor();
  bot.disconnect();
});

test("a click at the end of a search field leaves its text", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.page.getByRole("button", { name: "Browse rooms" }).click();
  const field = ada.page.getByRole("searchbox");
  await field.fill("kitchen");
  const { width, height } = await field.boundingBox();
  await field.click({ position: { x: width - 16, y: height / 2 } });
  assert.equal(await field.inputValue(), "kitchen");
});

test("a room's name after a # leads to the room", { skip }, async () => {
  const ada = await pages.open("Ada");
  const ben = await pages.open("Ben");
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

test("rooms of names that look alike show a piece of their addresses", { skip }, async () => {
  const ada = await pages.open("Ada");
  const { page } = ada;
  const names = ["Kitchen", "Kit\u0441hen"];
  await ada.createsRoom("Attic");
  for (const name of names) await ada.createsRoom(name);
  const ids = [];
  for (const name of names) {
    await ada.room(name).click();
    await ada.seesRoom(name);
    ids.push(await page.evaluate(() => location.hash.split("/").at(-1)));
  }
  const marks = ids.map((id) => id.slice(-4));
  assert.notEqual(...marks);
  const seesMarks = async (rows) => {
    for (const [index, name] of names.entries())
      await rows.filter({ hasText: `${name} address ends in ${marks[index]}` }).waitFor();
    assert.equal(await rows.filter({ hasText: "address ends in" }).count(), names.length);
  };
  await seesMarks(ada.rooms.getByRole("listitem"));
  await page.getByRole("heading", { level: 1, name: `${names[1]} address ends in ${marks[1]}` }).waitFor();
  assert.match(await page.locator("form").innerText(), new RegExp(`Write to\\s+${names[1]}[^]*${marks[1]}`));
  await page.getByLabel(`Message to ${names[1]}, address ends in ${marks[1]}`).waitFor();
  await ada.types("#kit");
  await seesMarks(page.getByRole("option"));
  await ada.composer.fill("");
  await page.keyboard.press("Control+k");
  await seesMarks(page.getByRole("dialog").getByRole("option"));
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Browse rooms" }).click();
  await seesMarks(page.getByRole("dialog").getByRole("listitem"));
});

test("each of two rooms with the same name can be linked", { skip }, async () => {
  const ada = await pages.open("Ada");
  const { page } = ada;
  const ids = [];
  for (let n = 0; n < 2; n++) {
    const before = page.url();
    await ada.createsRoom("Lunch club");
    // Both have the same heading.
    await eventually("the new room is open", () => page.url() !== before);
    ids.push(page.url().split("/").at(-1));
  }
  for (const id of ids) {
    await ada.types("#lun");
    await page
      .getByRole("option")
      .filter({ hasText: id.slice(-4) })
      .click();
  }
  await ada.types("are two");
  await ada.composer.press("Enter");
  const links = ada.message("are two").locator("a.room");
  await links.nth(1).waitFor();
  const targets = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href").split("/").at(-1)));
  assert.deepEqual(targets, ids);
});

test("the place that is read in a room is kept while another room is visited", { skip }, async () => {
  const ben = await pages.open("Ben");
  const ada = await pages.open("Ada");
  await ben.createsRoom("Library");
  await ada.joinsRoom("Library");
  await ada.opensRoom("Lobby");
  for (let i = 0; i < 25; i++) await ben.says(`shelf ${i}${"\nand more".repeat(8)}`);
  await ada.opensRoom("Library");
  await ada.sees("shelf 24");
  await ada.page.getByRole("button", { name: /^Jump to present/ }).click();
  const place = () =>
    ada.timeline.evaluate((log) => {
      const { top } = log.getBoundingClientRect();
      const rows = [...log.querySelectorAll("article")].map((row) => ({ row, box: row.getBoundingClientRect() }));
      const { row, box } = rows.find(({ box }) => box.bottom > top + 40);
      return `${row.innerText.split("\n").find((line) => line.startsWith("shelf"))} at ${Math.round(box.top - top)}`;
    });
  await ada.timeline.hover();
  await ada.page.mouse.wheel(0, -1457);
  await ada.page.getByRole("button", { name: /^Jump to present/ }).waitFor();
  const before = await place();
  await ben.opensRoom("Lobby");
  await ben.says("news in the lobby");
  await ada.opensRoom("Lobby");
  await ada.sees("news in the lobby");
  await ben.opensRoom("Library");
  await ben.says("meanwhile in the library");
  await ada.room("Library").getByText("unread").waitFor();
  await ada.opensRoom("Library");
  await eventually("the place is the same", async () => (await place()) === before);
  await ada.page.getByRole("button", { name: /^Jump to present/ }).click();
  await ada.sees("meanwhile in the library");
});

test("a mention that tells nobody says so", { skip }, async () => {
  const cleo = await pages.open("Cleo");
  const ada = await pages.open("Ada");
  await ada.createsRoom("Cellar");
  await cleo.says("I am in the lobby only");
  await ada.types("@Cleo: are you there?");
  await ada.page
    .getByRole("status")
    .filter({ hasText: /Cleo.* isn’t in this room and won’t be told/ })
    .waitFor();
  await ada.takesScreenshot("absent-mention");
  await cleo.joinsRoom("Cellar");
  await ada.page.getByText("won’t be told").waitFor({ state: "detached" });
  await ada.composer.fill("@everyone: lunch!");
  await ada.page.getByRole("status").filter({ hasText: "@everyone tells nobody" }).waitFor();
});

test("a room with unread mentions is marked and named so", { skip }, async () => {
  const ada = await pages.open("Mona");
  const ben = await pages.open("Ben");
  await ada.createsRoom("Mona's room");
  for (const text of ["nobody in particular", "@Mona: lunch?", "@Mona!"]) {
    await ben.says(text);
    await ben.seesSent(text);
  }
  await ada.rooms.getByText("3 unread, 2 mention you").waitFor();
  await eventually("the title counts the mentions", async () => (await ada.page.title()).startsWith("(2 @)"));
  await ada.takesScreenshot("mentions");
  await ada.reloads();
  await ada.rooms.getByText("3 unread, 2 mention you").waitFor();
  await ada.opensRoom("Lobby");
  await ada.rooms.getByText("unread").waitFor({ state: "detached" });
  await eventually("the title counts nothing", async () => !(await ada.page.title()).startsWith("("));
});

test("the way to new messages is offered until all of them were seen, or it is dismissed", { skip }, async () => {
  const ben = await pages.open("Ben");
  const ada = await pages.open("Ada");
  await ben.createsRoom("Orchard");
  await ben.says("before");
  await ada.joinsRoom("Orchard");
  await ada.says("I have read it");
  await ben.sees("I have read it");
  const way = ada.page.getByRole("button", { name: /^\d+ new/ });
  const line = ada.timeline.getByText("New", { exact: true });

  await ada.opensRoom("Lobby");
  for (const text of ["missed one", "missed two"]) await ben.says(text);
  await ada.opensRoom("Orchard");
  await ada.sees("missed two");
  await eventually("they are read", async () => !/\d/.test(await ada.page.title()));
  for (let i = 0; i < 40; i++) await ben.says(`live ${i}`);
  await ada.sees("live 39");
  await eventually("the line is above", async () => (await line.boundingBox()).y < 0);
  assert.equal(await way.count(), 0);

  await ada.opensRoom("Lobby");
  // So many that those at the beginning and at the end are not on screen together.
  for (let i = 0; i < 12; i++) await ben.says(`many ${i}${"\nand more".repeat(12)}`);
  await ada.opensRoom("Orchard");
  await ada.page.getByRole("button", { name: /^Jump to present/ }).click();
  await way.waitFor();
  await ada.takesScreenshot("new-above");
  await ada.page.getByRole("button", { name: "Don’t go to the new messages" }).click();
  await way.waitFor({ state: "detached" });
  assert.equal(await line.count(), 0);
});
