/**
 * Accessibility of the page: axe-core finds no violation, in both colour schemes, on a desktop and on a phone:
 * - the first visit
 * - a room with all kinds of messages, and a message with its actions
 * - a phone: the room, the list of rooms, and nothing wider than the screen
 * - the side panels
 * - the quick switcher and the list of people
 * - every dialog
 *
 * On a phone, the largest text fits in the screen, and is remembered; compact spacing moves messages closer together.
 *
 * In forced colours, the composer is marked while it has the focus, and only then.
 */

import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const axe = skip ? "" : await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pages = usePages(skip, fillLobby);
/** The other rules of axe don't depend on colours. */
const colourRules = ["color-contrast", "link-in-text-block"];

const conversation = [
  ["Lea", "Morning! Is the projector in room 4 free at ten?"],
  ["Sam", "It is. Switch it on *twice*, the first time it only warms up."],
  ["Lea", "Thanks. I put the numbers for **March** beside the old ones:\n\n- visitors: 1,204\n- returning: 418"],
  ["Noor", "مرحبا، أنا في الطريق"],
  ["Sam", "For the demo, one line is enough:\n\n```sh\ncurl -s http://192.168.1.7:4242/api/hello\n```"],
  ["Noor", "I'll be there in ten minutes 🎉\nKeep me a seat, @Lea."],
];

/** Fills the lobby with a conversation. */
async function fillLobby(server) {
  const members = new Map();
  for (const [name, text] of conversation) {
    if (!members.has(name)) members.set(name, await Member.connect(server.url, { auth: { name } }));
    const { id } = await members.get(name).says(text);
    const sam = members.get("Sam");
    if (name === "Noor") await sam.request("post", { room: sam.lobby, id: crypto.randomUUID(), body: react(id) });
  }
}

const react = (to) => ({ kind: "react", to, emoji: "👍", on: true });

/** Checks what is on the screen in both colour schemes, and takes a screenshot in those that have a name for one. */
async function assertAccessible(chat, state, screenshots = {}) {
  await assertNoViolation(chat, `${state}, dark`, { colorScheme: "dark", runOnly: colourRules });
  if (screenshots.dark) await chat.takesScreenshot(screenshots.dark);
  await assertNoViolation(chat, `${state}, light`, { colorScheme: "light" });
  if (screenshots.light) await chat.takesScreenshot(screenshots.light);
}

/** In the timeline, which is one tab stop, arrow keys lead to code and tables that scroll. That axe doesn't see. */
const isReachedByArrows = (rule, { html }) => rule === "scrollable-region-focusable" && html.includes("data-skipped=");

async function assertNoViolation({ page }, state, { colorScheme, runOnly }) {
  await page.emulateMedia({ colorScheme });
  // Elements that fade in don't have their final colours yet.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const options = { resultTypes: ["violations"], ...(runOnly && { runOnly }) };
  const { violations } = await page.evaluate((options) => globalThis.axe.run(options), options);
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes
      .filter((node) => !isReachedByArrows(id, node))
      .map(({ html, any }) => `${id}: ${help}\n  ${html}\n  ${any.map(({ message }) => message).join("; ")}`),
  );
  assert.equal(found.length, 0, `${state}:\n${found.join("\n")}`);
}

test("the first visit", { skip }, async () => {
  const chat = await pages.open();
  await chat.page.getByLabel("Your name").fill("Ada");
  const screenshots = { dark: "browser-first-visit-dark", light: "browser-first-visit-light" };
  await assertAccessible(chat, "the first visit", screenshots);
});

test("a room", { skip }, async () => {
  const chat = await pages.open("Ada");
  await chat.sees("Keep me a seat");
  await chat.says("Two seats are left.");
  await chat.seesSent("Two seats are left.");
  await assertAccessible(chat, "a room", { dark: "talk", light: "browser-room-light" });
  await chat.message("Two seats are left.").last().hover();
  await chat.page.getByRole("toolbar", { name: "Message actions" }).waitFor();
  await assertAccessible(chat, "a message with its actions");
  await chat.page.getByRole("button", { name: "React", exact: true }).click();
  await chat.page.getByRole("dialog").waitFor();
  await assertAccessible(chat, "choosing a reaction");
});

test("a phone", { skip }, async () => {
  const chat = await pages.open("Zoë", { width: 360, height: 720 });
  await chat.sees("Keep me a seat");
  await chat.says("On my way, too.");
  await chat.seesSent("On my way, too.");
  await assertAccessible(chat, "a phone", { dark: "browser-phone-dark", light: "phone" });
  assert.equal(
    await chat.page.evaluate(() => document.documentElement.scrollWidth),
    360,
    "the page is as wide as the screen",
  );
  await chat.page.getByRole("button", { name: "Servers and rooms" }).click();
  await chat.room("Lobby").waitFor();
  const screenshots = { dark: "browser-phone-rooms-dark", light: "browser-phone-rooms-light" };
  await assertAccessible(chat, "the list of rooms on a phone", screenshots);
});

test("the side panels", { skip }, async () => {
  const chat = await pages.open("Mia");
  for (const [button, title] of [
    ["People", "People"],
    ["Let others in", "Let others in"],
  ]) {
    await chat.page.getByRole("button", { name: button }).click();
    await chat.page.getByRole("complementary", { name: title }).waitFor();
    const name = `browser-${title.toLowerCase().replaceAll(" ", "-")}`;
    await assertAccessible(chat, title, { dark: `${name}-dark`, light: `${name}-light` });
  }
});

test("the quick switcher and the list of people", { skip }, async () => {
  const chat = await pages.open("Tim");
  const { page } = chat;
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("@");
  await page.getByRole("option", { name: "Noor" }).waitFor();
  await assertAccessible(chat, "the people in the switcher");
  await page.getByRole("combobox").fill("@sa");
  await page.getByRole("option", { name: "Noor" }).waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await eventually("a message to the person is begun", async () =>
    (await chat.composer.inputValue()).startsWith("@Sam"),
  );
  await page.keyboard.press("Control+.");
  const people = page.getByRole("complementary", { name: "People" });
  await people.getByText("Sam").first().waitFor();
  await assertAccessible(chat, "the list of people");
});

test("every dialog", { skip }, async () => {
  const chat = await pages.open("Ada");
  const { page } = chat;
  await chat.createsRoom("Room of dialogs");
  const dialogs = {
    "Create a room": () => page.getByRole("button", { name: "Create a room" }).click(),
    "Browse rooms": () => page.getByRole("button", { name: "Browse rooms" }).click(),
    "Room name and topic": () => page.getByRole("button", { name: "Room name and topic" }).click(),
    "Leave “": () => page.getByRole("button", { name: "Leave room" }).click(),
    Settings: () => page.getByRole("button", { name: "Settings" }).click(),
    "Go to a room": () => page.keyboard.press("Control+k"),
    Keyboard: () => page.keyboard.press("Control+/"),
    "Jump to a date": () => page.getByRole("button", { name: "Today: jump to a date" }).click(),
  };
  for (const [name, open] of Object.entries(dialogs)) {
    await open();
    const dialog = page.getByRole("dialog", { name });
    await dialog.waitFor();
    await assertAccessible(chat, name);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }
});

test("the largest text fits in a phone's screen, and compact spacing is closer", { skip }, async () => {
  const chat = await pages.open("Eve", { width: 360, height: 740 });
  const { page } = chat;
  await chat.sees("Keep me a seat");
  const sizes = () =>
    page.evaluate(() => {
      const [message] = document.querySelectorAll("[data-message]");
      return {
        text: parseFloat(getComputedStyle(message).fontSize),
        gap: parseFloat(getComputedStyle(message).marginBlockStart),
        wider: document.documentElement.scrollWidth - innerWidth,
      };
    });
  const before = await sizes();
  const openSettings = async () => {
    await page.getByRole("button", { name: "Servers and rooms" }).click();
    await page.getByRole("button", { name: "Settings" }).click();
  };
  await openSettings();
  await page.getByLabel("Text size").selectOption("Largest");
  await page.getByLabel("Spacing").selectOption("Compact");
  const dialog = await page.getByRole("dialog", { name: "Settings" }).evaluate((element) => {
    const { left, right } = element.getBoundingClientRect();
    return { left, right, wider: element.scrollWidth - element.clientWidth };
  });
  assert.ok(dialog.left >= 0 && dialog.right <= 360 && dialog.wider === 0, JSON.stringify(dialog));
  await page.reload();
  await chat.sees("Keep me a seat");
  const after = await sizes();
  assert.equal(after.text, 1.5 * before.text);
  assert.ok(after.gap < before.gap, `${after.gap} < ${before.gap}`);
  assert.equal(after.wider, 0);
  await chat.takesScreenshot("browser-phone-largest-text");
});

test("in forced colours, the composer is marked while it has the focus", { skip }, async () => {
  const chat = await pages.open("Ida");
  const { page } = chat;
  await page.emulateMedia({ forcedColors: "active" });
  /** Returns whether the field or something around it has an outline. */
  const isMarked = () =>
    chat.composer.evaluate((field) => {
      for (let element = field; element; element = element.parentElement)
        if (getComputedStyle(element).outlineStyle !== "none") return true;
      return false;
    });
  await page.getByRole("button", { name: "Settings" }).focus();
  assert.equal(await isMarked(), false, "without the focus");
  await chat.composer.focus();
  assert.equal(await isMarked(), true, "with the focus");
});
