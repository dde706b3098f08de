/**
 * The timeline by keyboard, in a real browser with a real server:
 * - Shift+Tab from the composer reaches the last message, and not a quote, link or button in it
 * - Tab and → lead from a message to its links and buttons, where its shortcuts work; ↑ leads on from there
 * - a shortcut that a message doesn't have writes nothing
 * - what is typed at a deleted message or an event is written into the composer, whole
 * - keys, jumps and addresses bring a message below the day's heading, which covers no text
 * - a message to a person who is chosen in the quick switcher is begun; a draft stays as it is, and the person is shown
 * - Shift+Tab to the day's heading leaves the timeline where it is
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

/** Describes the focused element. A row of the timeline is described by its text. */
const focused = ({ page }) =>
  page.evaluate(() => {
    const { activeElement: element } = document;
    const text = element.getAttribute("aria-label") ?? element.textContent.replace(/\s+/g, " ").trim();
    return { tag: element.localName, isRow: element.hasAttribute("data-row"), text };
  });

const hasFocus = (chat, what, matches) => {
  let found;
  return eventually(what, async () => matches((found = await focused(chat)))).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(found)}`, { cause: error });
  });
};

const rowHasFocus = (chat, text) =>
  hasFocus(chat, `the message ${text} has the focus`, (focus) => focus.isRow && focus.text.includes(text));

/** A room in which a bot has answered with a link, and Ada has seen it. */
async function openAnswered() {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  const ada = await pages.open("Ada");
  const question = await bot.says("Where is the plan?");
  const body = { kind: "message", text: "It is at https://plan.example/now", reply_to: question.id };
  await bot.request("post", { room: bot.lobby, id: crypto.randomUUID(), body });
  await ada.sees("It is at");
  bot.disconnect();
  await ada.composer.focus();
  return ada;
}

test("Shift+Tab from the composer reaches the last message", { skip }, async () => {
  const ada = await openAnswered();
  const { keyboard } = ada.page;
  await keyboard.press("Shift+Tab");
  await rowHasFocus(ada, "It is at");
  await keyboard.press("r");
  await ada.page.getByText("Replying to").waitFor();
  await ada.seesDraft("");
  await ada.composer.press("Escape");
  await keyboard.press("Shift+Tab");
  await rowHasFocus(ada, "It is at");
  await keyboard.press("+");
  await ada.page.getByRole("dialog", { name: "Emoji" }).waitFor();
});

test("what is typed at a deleted message is written into the composer, whole", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("Never mind");
  // Before it is sent, the key takes it back into the composer.
  await ada.seesSent("Never mind");
  await ada.page.getByRole("article").filter({ hasText: "Never mind" }).focus();
  await ada.page.keyboard.press("Delete");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  const deleted = ada.page.getByRole("article").filter({ hasText: "deleted" });
  await deleted.focus();
  await ada.page.keyboard.type("really?");
  await ada.seesDraft("really?");
});

test("the links and buttons of a message are reached from it, and its shortcuts work there", { skip }, async () => {
  const ada = await openAnswered();
  const { keyboard } = ada.page;
  await keyboard.press("Shift+Tab");
  await keyboard.press("ArrowRight");
  await hasFocus(ada, "the quote has the focus", ({ tag, text }) => tag === "button" && text.includes("Where is"));
  await keyboard.press("Tab");
  await hasFocus(ada, "the link has the focus", ({ tag }) => tag === "a");
  await keyboard.press("r");
  await ada.page.getByText("Replying to").waitFor();
  await ada.seesDraft("");
  await ada.composer.press("Escape");
  await keyboard.press("Shift+Tab");
  await keyboard.press("ArrowRight");
  await keyboard.press("ArrowLeft");
  await rowHasFocus(ada, "It is at");
  await keyboard.press("ArrowRight");
  await keyboard.press("ArrowUp");
  await rowHasFocus(ada, "Where is the plan?");
});

test("a shortcut that a message doesn't have writes nothing", { skip }, async () => {
  const ada = await openAnswered();
  const { keyboard } = ada.page;
  await keyboard.press("Shift+Tab");
  // It is somebody else's.
  for (const key of ["e", "Delete"]) await keyboard.press(key);
  await rowHasFocus(ada, "It is at");
  await keyboard.press("Home");
  await hasFocus(ada, "an event has the focus", ({ isRow, text }) => isRow && /joined|created/.test(text));
  await ada.seesDraft("");
  // An event has no shortcuts: any letter begins a message.
  await keyboard.type("recently");
  await ada.seesDraft("recently");
});

test("a message is brought below the day's heading", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  const sent = [];
  for (let n = 1; n <= 60; n++) sent.push(await bot.says(`note ${n} of the long list`));
  bot.disconnect();
  const ada = await pages.open("Ada");
  await ada.sees("note 60 of");
  const { keyboard } = ada.page;
  /** Returns the distance of the focused row from the lower edge of the heading, and whether text is under the heading. */
  const place = () =>
    ada.timeline.evaluate((log) => {
      const headings = [...log.querySelectorAll("h2")].map((heading) => heading.getBoundingClientRect());
      const { top, left, width } = log.getBoundingClientRect();
      const heading = headings.find((box) => Math.abs(box.top - top) < 1);
      const row = document.activeElement.getBoundingClientRect();
      const line = heading ? heading.top + heading.height / 2 : top;
      const hits = [0.05, 0.2, 0.5, 0.8].map((part) => document.elementFromPoint(left + part * width, line));
      return {
        below: heading ? row.top - heading.bottom : row.top - top,
        isTextCovered: heading !== undefined && hits.some((hit) => hit.closest("h2") === null),
      };
    });
  const isBelow = (after) =>
    eventually(`the row is below the heading after ${after}`, async () => {
      const { below, isTextCovered } = await place();
      return below >= 0 && !isTextCovered;
    });
  await ada.composer.focus();
  await keyboard.press("Shift+Tab");
  for (const key of ["PageUp", "PageUp", "ArrowUp", "ArrowUp", "ArrowUp", "PageDown", "PageUp", "Home", "End"]) {
    await keyboard.press(key);
    await isBelow(key);
  }
  await ada.page.evaluate((seq) => (location.hash = `${location.hash}/${seq}`), sent[20].seq);
  await rowHasFocus(ada, "note 21 of");
  await isBelow("an address");
});

test(
  "a message to a person who is chosen in the quick switcher is begun, but no draft is changed",
  { skip },
  async () => {
    const ben = await Member.connect(pages.server.url, { auth: { name: "Ben Okafor" } });
    const ada = await pages.open("Ada");
    await ben.says("I am here.");
    await ada.sees("I am here.");
    const choosesBen = async (consequence) => {
      await ada.page.keyboard.press("Control+k");
      const switcher = ada.page.getByRole("dialog", { name: "Go to a room or a person" });
      await switcher.getByRole("combobox").fill("@ben");
      await switcher.getByRole("option", { name: consequence }).waitFor();
      await ada.page.keyboard.press("Enter");
    };
    await choosesBen(/Ben Okafor.*mention in .*Lobby/);
    await ada.seesDraft("@Ben Okafor ");
    await ada.page.keyboard.type("first");
    await ada.seesDraft("@Ben Okafor first");
    await choosesBen(/Ben Okafor.*show among the people of .*Lobby/);
    await ada.page.getByRole("complementary", { name: "People" }).getByText("Ben Okafor").waitFor();
    await ada.seesDraft("@Ben Okafor first");
    await ada.composer.press("Enter");
    await ada.message("first").getByRole("button", { name: "@Ben Okafor" }).waitFor();
    ben.disconnect();
  },
);

// The last one, because the others want a room that is loaded as a whole.
test("Shift+Tab to the day's heading leaves the timeline where it is", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { protocol: 1, name: "Bot" } });
  await bot.saysAll(Array.from({ length: 80 }, (_, number) => `Line ${number + 1}`));
  await bot.says("The last line");
  bot.disconnect();
  const ada = await pages.open("Ada");
  await ada.sees("The last line");
  await ada.composer.focus();
  const { keyboard } = ada.page;
  await keyboard.press("Shift+Tab");
  await rowHasFocus(ada, "The last line");
  const place = () => ada.page.getByRole("log").evaluate((log) => log.scrollTop);
  const before = await place();
  await keyboard.press("Shift+Tab");
  await hasFocus(ada, "the day's heading has the focus", ({ text }) => /jump to a date/i.test(text));
  await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.equal(await place(), before);
});
