/**
 * Talking from the page that the server serves, in a real browser, with the real server.
 *
 * - the page is painted before what can wait is loaded, be it on the first visit or on another
 * - a first visitor picks a name, is heard, and is answered
 * - two visitors see each other typing
 * - a room that one makes is found and joined by the other
 * - what is said in a room that nobody looks at is counted, and stands under the New line when it is opened
 * - a reload finds the same person, the same history and the draft
 * - HTML is text, be it in a message, in a name or in a room's name
 * - a server without guests lets a browser in, which has a key, and tells others why not
 */

import { strict as assert } from "node:assert";
import { after, afterEach, before, test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { Server, eventually, skip as noServer } from "../foreign/server.mjs";
import { Guest, noBrowser, openBrowser } from "./chat-page.mjs";
import { missing } from "./skip.mjs";

const skip = missing(noServer, noBrowser);
const mostBytesBeforePaint = 120_000;
let browser;
let server;
const here = [];

async function visits(name, options) {
  const guest = await Guest.visits(browser, server.url, { name, ...options });
  here.push(guest);
  return guest;
}

/** What was asked for before the page was first painted, in bytes as they came, once more has been asked for after it. */
function loadsWhatCanWait(page) {
  return eventually("what can wait is loaded after the paint", 10_000, async () => {
    const { before, after } = await page.evaluate(() => {
      const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity;
      const loaded = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
      const files = loaded.filter(({ name }) => /\/(assets\/.*)?$/.test(new URL(name).pathname));
      // The icon may be asked for twice.
      const bytes = (of) =>
        [...new Map(of.map((file) => [file.name, file.encodedBodySize])).values()].reduce((sum, size) => sum + size, 0);
      return {
        before: bytes(files.filter(({ startTime }) => startTime < paint)),
        after: bytes(files.filter(({ startTime }) => startTime >= paint)),
      };
    });
    return after > 0 && { before };
  });
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

test("the page is painted before what can wait is loaded", { skip }, async () => {
  const ada = await visits();
  const first = await loadsWhatCanWait(ada.page);
  await ada.entersAs("Ada");
  await ada.opens(server.url);
  await ada.composer.waitFor();
  const second = await loadsWhatCanWait(ada.page);
  for (const { before } of [first, second])
    assert.ok(before <= mostBytesBeforePaint, `${before} bytes before the paint`);
});

test("a first visitor picks a name, is heard, and is answered", { skip }, async () => {
  const bot = await Member.connect(server.url, { auth: { name: "Bot" } });
  await bot.follows(bot.lobby);
  const ada = await visits("Ada");
  await ada.says("Is anybody here?");
  const heard = await bot.sees("Is anybody here?");
  assert.doesNotMatch(heard.author, /^guest-/, "a browser's person has a key");
  await bot.says("I am.");
  await ada.sees("I am.");
  await ada.seesSent("Is anybody here?");
  bot.leave();
});

test("two visitors see each other typing", { skip }, async () => {
  const [ada, ben] = [await visits("Ada"), await visits("Ben")];
  // That somebody types may be lost, but not once both are in the room.
  const bot = await Member.connect(server.url, { auth: { name: "Bot" } });
  await bot.says("Go!");
  await Promise.all([ada.sees("Go!"), ben.sees("Go!")]);
  bot.leave();
  await ada.types("Well");
  await ben.seesTyping("Ada");
  await ben.types("So");
  await ada.seesTyping("Ben");
  await ada.composer.press("Enter");
  await ben.sees("Well");
  await ben.seesNobodyTyping();
});

test("a room that one makes is found and joined by the other", { skip }, async () => {
  const [ada, ben] = [await visits("Ada"), await visits("Ben")];
  await ada.createsRoom("Workshop");
  await ben.joinsRoom("Workshop");
  await ben.says("Hello, workshop");
  await ada.sees("Hello, workshop");
  await ada.says("Welcome");
  await ben.sees("Welcome");
});

test("what is said in a room that nobody looks at is counted, and stands under the New line", { skip }, async () => {
  const [ada, ben] = [await visits("Ada"), await visits("Ben")];
  await ada.says("I'm off to the garden");
  await ben.sees("I'm off to the garden");
  await ada.createsRoom("Garden");
  for (const text of ["Ada?", "The door bell rang.", "I'll go."]) {
    await ben.says(text);
    await ben.seesSent(text);
  }
  await ada.rooms.getByText("3 unread").waitFor();
  await eventually("the tab counts", 5_000, async () => (await ada.page.title()).startsWith("(3)"));
  await ada.goesTo("Lobby");
  await ada.sees("I'll go.");
  const lines = (await ada.timeline.innerText()).split("\n").map((line) => line.trim());
  const at = (text) => lines.indexOf(text);
  assert.ok(at("I'm off to the garden") < at("New") && at("New") < at("Ada?"), lines.join(" | "));
  await ada.rooms.getByText("unread").waitFor({ state: "detached" });
  await eventually("the tab counts no more", 5_000, async () => !(await ada.page.title()).startsWith("("));
});

test("a reload finds the same person, the same history and the draft", { skip }, async () => {
  const [ada, ben] = [await visits("Ada"), await visits("Ben")];
  await ada.says("Before the reload");
  await ben.sees("Before the reload");
  await ada.types("Half a sent");
  await ada.reloads();
  await ada.sees("Before the reload");
  assert.equal(await ada.composer.inputValue(), "Half a sent");
  await ada.types("ence");
  await ada.composer.press("Enter");
  await ben.sees("Half a sentence");
  await ben.page.getByRole("button", { name: "People" }).click();
  const people = ben.page.getByRole("complementary", { name: "People" });
  await people.getByText("Online · 2").waitFor();
});

test("HTML is text", { skip }, async () => {
  const bomb = `<img src=x onerror="document.title='broken in'"><b>bold</b><script>document.title='broken in'</script>`;
  const mallory = await Member.connect(server.url, { auth: { name: "<i>Mallory</i>" } });
  const ada = await visits("Ada");
  await mallory.says(bomb);
  await mallory.says("Have a [look](javascript:document.title='broken in')");
  await ada.sees(bomb);
  await ada.sees("<i>Mallory</i>");
  await ada.sees("Have a");
  assert.equal(await ada.timeline.locator("img, b, i, script, a[href^=javascript]").count(), 0);
  await ada.createsRoom("<u>Room</u>");
  assert.equal(await ada.page.locator("u").count(), 0);
  assert.doesNotMatch(await ada.page.title(), /broken in/);
  mallory.leave();
});

test("a server without guests lets a browser in, and tells others why not", { skip }, async () => {
  const strict = await Server.start("--no-guests");
  try {
    const ada = await Guest.visits(browser, strict.url, { name: "Ada" });
    here.push(ada);
    await ada.says("I have a key");
    await ada.seesSent("I have a key");
    await assert.rejects(Member.connect(strict.url), /no_guests: This server lets nobody in without a key/);
  } finally {
    await strict.remove();
  }
});
