/**
 * Chatting on the page that a server serves, in a real browser with a real server:
 * - the page is painted before lazy components are loaded, at the first visit and later
 * - a new user chooses a name, writes and gets an answer; a keyboard begins in the name's field, a finger doesn't
 * - two users see each other typing
 * - a room that one user creates is found and joined by another
 * - messages in a room that is not open are counted, and are below the New line when it is opened
 * - a reload keeps the identity, the history and the draft
 * - a quoted message that isn't loaded is found by its id, which has no time, shown and highlighted
 * - HTML is shown as text: in a message, a member's name and a room's name
 * - texts that are shown at the same time don't cover each other
 * - a server without guests accepts a browser, which has a key, and tells others the reason
 */

import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { Server, eventually, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const maxBytesBeforePaint = 100_000;
/** A later visit connects at once, and a slow paint may come after the code for that and for the room. */
const maxBytesToConnect = 63_000;
const pages = usePages(skip);

/**
 * Waits until lazy components are loaded, and returns the bytes that were loaded before the first paint, as transferred, without the
 * font, for which no paint waits.
 */
function loadedBeforePaint(page) {
  return eventually("lazy components are loaded after the paint", async () => {
    const { before, after } = await page.evaluate(() => {
      const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity;
      const loaded = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
      const files = loaded.filter(({ name }) => /\/(assets\/.*(?<!\.woff2))?$/.test(new URL(name).pathname));
      // The icon may be requested twice.
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

test("the page is painted before lazy components are loaded", { skip }, async () => {
  const ada = await pages.open();
  const first = await loadedBeforePaint(ada.page);
  await ada.joinsAs("Ada");
  await ada.opensTab(pages.server.url);
  await ada.composer.waitFor();
  const second = await loadedBeforePaint(ada.page);
  assert.ok(first.before <= maxBytesBeforePaint, `${first.before} bytes before the paint`);
  assert.ok(second.before <= maxBytesBeforePaint + maxBytesToConnect, `${second.before} bytes before a later paint`);
});

test("a new user chooses a name, writes and gets an answer", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  await bot.subscribes(bot.lobby);
  const phone = await pages.open(undefined, { width: 360, height: 720 });
  const isFocused = (field) => field === document.activeElement;
  assert.equal(await phone.page.getByLabel("Your name").evaluate(isFocused), false, "the phone's keyboard would open");
  const ada = await pages.open();
  assert.ok(await ada.page.getByLabel("Your name").evaluate(isFocused));
  await ada.page.keyboard.type("Ada");
  await ada.page.keyboard.press("Enter");
  await ada.composer.waitFor();
  await ada.says("Is anybody here?");
  const received = await bot.sees("Is anybody here?");
  assert.doesNotMatch(received.author, /^guest-/, "a browser has a key");
  await bot.says("I am.");
  await ada.sees("I am.");
  await ada.seesSent("Is anybody here?");
  bot.disconnect();
});

test("two users see each other typing", { skip }, async () => {
  const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
  // A typing event may be lost, but not once both users are in the room.
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  await bot.says("Go!");
  await Promise.all([ada.sees("Go!"), ben.sees("Go!")]);
  bot.disconnect();
  await ada.types("Well");
  await ben.seesTyping("Ada");
  await ben.types("So");
  await ada.seesTyping("Ben");
  await ada.composer.press("Enter");
  await ben.sees("Well");
  await ben.seesNoTyping();
});

test("a room that one user creates is found and joined by another", { skip }, async () => {
  const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
  await ada.createsRoom("Workshop");
  await ben.joinsRoom("Workshop");
  await ben.says("Hello, workshop");
  await ada.sees("Hello, workshop");
  await ada.says("Welcome");
  await ben.sees("Welcome");
});

test("messages in a room that is not open are counted, and are below the New line", { skip }, async () => {
  const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
  await ada.says("I'm off to the garden");
  await ben.sees("I'm off to the garden");
  await ada.createsRoom("Garden");
  for (const text of ["Ada?", "The door bell rang.", "I'll go."]) {
    await ben.says(text);
    await ben.seesSent(text);
  }
  await ada.rooms.getByText("3 unread").waitFor();
  await eventually("the title has the count", async () => (await ada.page.title()).startsWith("(3)"));
  await ada.opensRoom("Lobby");
  await ada.sees("I'll go.");
  const lines = (await ada.timeline.innerText()).split("\n").map((line) => line.trim());
  const position = (text) => lines.indexOf(text);
  assert.ok(
    position("I'm off to the garden") < position("New") && position("New") < position("Ada?"),
    lines.join(" | "),
  );
  await ada.rooms.getByText("unread").waitFor({ state: "detached" });
  await eventually("the title has no count", async () => !(await ada.page.title()).startsWith("("));
});

test("a reload keeps the identity, the history and the draft", { skip }, async () => {
  const [ada, ben] = [await pages.open("Ada"), await pages.open("Ben")];
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

test("a quoted message that isn't loaded is found by its id", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  const room = randomUUID();
  await bot.request("create", { room, name: "Quotes" });
  await bot.subscribes(room);
  // Version 4, as most libraries make them.
  const quoted = await bot.says("the quoted message", { room, id: randomUUID() });
  await bot.saysAll(
    Array.from({ length: 450 }, (_, i) => `line ${i + 1}`),
    room,
  );
  const answer = { kind: "message", text: "the answer", reply_to: quoted.id };
  await bot.request("post", { room, id: randomUUID(), body: answer });
  const ada = await pages.open("Ada");
  await ada.joinsRoom("Quotes");
  await ada.sees("the answer");
  assert.equal(await ada.timeline.getByText("the quoted message").count(), 0);
  await ada.page.evaluate(() => {
    window.highlighted = [];
    document.addEventListener("animationstart", ({ animationName, target }) => {
      if (animationName.endsWith("flash")) window.highlighted.push(target.textContent);
    });
  });
  await ada.timeline.getByRole("button", { name: "An earlier message" }).click();
  await ada.sees("the quoted message");
  const isShown = () => {
    const row = document.activeElement;
    const { top, bottom } = row.getBoundingClientRect();
    const highlighted = window.highlighted.some((text) => text.includes("the quoted message"));
    return highlighted && row.textContent.includes("the quoted message") && top >= 0 && bottom <= innerHeight;
  };
  await ada.page.waitForFunction(isShown);
  bot.disconnect();
});

test("HTML is shown as text", { skip }, async () => {
  const html = `<img src=x onerror="document.title='broken in'"><b>bold</b><script>document.title='broken in'</script>`;
  const mallory = await Member.connect(pages.server.url, { auth: { name: "<i>Mallory</i>" } });
  const ada = await pages.open("Ada");
  await mallory.says(html);
  await mallory.says("Have a [look](javascript:document.title='broken in')");
  await ada.sees(html);
  await ada.sees("<i>Mallory</i>");
  await ada.sees("Have a");
  assert.equal(await ada.timeline.locator("img, b, i, script, a[href^=javascript]").count(), 0);
  await ada.createsRoom("<u>Room</u>");
  assert.equal(await ada.page.locator("u").count(), 0);
  assert.doesNotMatch(await ada.page.title(), /broken in/);
  mallory.disconnect();
});

test("texts that are shown at the same time don't cover each other", { skip }, async () => {
  const ada = await pages.open("Ada");
  for (const text of ["first", "second"]) {
    await ada.says(text);
    await ada.seesSent(text);
  }
  await ada.composer.press("ArrowUp");
  await ada.page.getByText("Editing your message").waitFor();
  await ada.composer.fill("changed");
  // The texts stay until the test has measured them.
  await ada.page.clock.install();
  await ada.pausesClock();
  await ada.message("first").press("r");
  await ada.message("first").press("c");
  const toasts = ["Save or cancel the edit first.", "Copied"].map((text) =>
    ada.page.locator("[popover]").filter({ hasText: text }),
  );
  for (const toast of toasts) await toast.waitFor();
  await eventually("the second is below the first", async () => {
    const [first, second] = await Promise.all(toasts.map((toast) => toast.boundingBox()));
    return second.y >= first.y + first.height;
  });
});

test("a server without guests accepts a browser, and tells others the reason", { skip }, async () => {
  const strict = await Server.launch("--no-guests");
  try {
    const ada = await pages.open("Ada", { url: strict.url });
    await ada.says("I have a key");
    await ada.seesSent("I have a key");
    await assert.rejects(Member.connect(strict.url), /no_guests: This server requires a key/);
  } finally {
    await strict.remove();
  }
});
