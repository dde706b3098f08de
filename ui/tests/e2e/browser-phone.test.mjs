/**
 * The page on a phone, in a real browser with a real server:
 * - a finger that rests on a mention, link, spoiler, quote or reaction opens the message's actions, and uses nothing else;
 *   a tap uses it
 * - the suggestions fit above the composer, whatever the keyboard leaves of the screen
 * - the way to new messages and its dismissal are as large as a finger needs
 * - so are the buttons and fields of the first visit, and those of the settings, also with compact spacing
 * - Back ends an edit before it leaves the room, also one whose text has changed, and typing changes no step of the history
 * - the box of a task is beside its text
 * - a name of the greatest length fits in the list of people, also with the mark of one that is taken
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

const phone = { width: 360, height: 740 };

/** Rests a finger on an element until the page shows something, and lifts it. */
async function rests({ page }, element, until) {
  const touch = await page.context().newCDPSession(page);
  await element.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await element.boundingBox();
  const touchPoints = [{ x: x + width / 2, y: y + height / 2 }];
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
  await until.waitFor();
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await touch.detach();
}

test("a finger that rests on a part of a message opens the actions", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  const ada = await pages.open("Ada", phone);
  const first = await bot.says("the first one");
  const body = { kind: "message", text: "@Ada ||secret|| https://plan.example", reply_to: first.id };
  const answer = { room: bot.lobby, id: crypto.randomUUID(), body };
  await bot.request("post", answer);
  const reaction = { kind: "react", to: answer.id, emoji: "🎉", on: true };
  await bot.request("post", { room: bot.lobby, id: crypto.randomUUID(), body: reaction });
  bot.disconnect();

  const message = ada.message("plan.example");
  const actions = ada.page.getByRole("dialog", { name: "Message actions" });
  const spoiler = message.getByRole("button", { name: "Hidden text: show it" });
  const reacted = message.getByRole("button", { name: /^🎉/ });
  const parts = {
    mention: message.getByRole("button", { name: "@Ada" }),
    spoiler,
    link: message.getByRole("link", { name: "https://plan.example" }),
    quote: message.getByRole("button", { name: /In reply to Bot/ }),
    reaction: reacted,
  };
  for (const [name, part] of Object.entries(parts)) {
    await rests(ada, part, actions);
    // What the lifted finger would have pressed is pressed before the page answers.
    assert.ok(await actions.isVisible(), `the actions stay after a press on the ${name}`);
    await ada.page.keyboard.press("Escape");
    await actions.waitFor({ state: "detached" });
  }
  assert.equal(await ada.page.getByRole("complementary").count(), 0, "the mention was not used");
  assert.equal(await reacted.getAttribute("aria-pressed"), "false", "the reaction was not used");
  assert.equal(ada.page.context().pages().length, 1, "the link was not used");

  await spoiler.tap();
  await message.getByText("secret").waitFor();
  await reacted.tap();
  await message.getByRole("button", { name: /^🎉/, pressed: true }).waitFor();
  await parts.mention.tap();
  await ada.page.getByRole("complementary", { name: "People" }).waitFor();
});

test("a long name fits in the list of people", { skip }, async () => {
  const name = "W".repeat(64);
  const bots = [];
  for (const text of ["the first", "the second"]) {
    const bot = await Member.connect(pages.server.url, { auth: { name } });
    await bot.says(text);
    bots.push(bot);
  }
  const ada = await pages.open("Ada", phone);
  await ada.page.getByRole("button", { name: /^People/ }).tap();
  const people = ada.page.getByRole("complementary", { name: "People" });
  const rows = people.getByRole("listitem").filter({ hasText: name });
  await rows.nth(1).waitFor();
  await ada.takesScreenshot("phone-long-name");
  const edges = await people.evaluate((panel) =>
    [...panel.querySelectorAll("*")].map((element) => Math.round(element.getBoundingClientRect().right)),
  );
  assert.ok(Math.max(...edges) <= phone.width, `${Math.max(...edges)}`);
  // All of the name is beside the dot.
  for (const row of await rows.all()) {
    const [dot, shown] = [row.getByRole("img"), row.locator(".name")];
    const [at, beside] = [await dot.boundingBox(), await shown.boundingBox()];
    assert.ok(beside.y < at.y + at.height && beside.x > at.x, JSON.stringify({ at, beside }));
    assert.ok(await shown.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth));
  }
  for (const bot of bots) bot.disconnect();
});

test("the box of a task is beside its text", { skip }, async () => {
  const ada = await pages.open("Ada", phone);
  await ada.says("- [ ] buy bread");
  const message = ada.message("buy bread");
  const [box, text] = [message.getByRole("checkbox"), message.getByText("buy bread")];
  await box.waitFor();
  const [boxAt, textAt] = [await box.boundingBox(), await text.boundingBox()];
  const middle = boxAt.y + boxAt.height / 2;
  assert.ok(middle > textAt.y && middle < textAt.y + textAt.height, JSON.stringify({ boxAt, textAt }));
  assert.ok(boxAt.height < textAt.height, JSON.stringify({ boxAt, textAt }));
});

test("the suggestions fit above the composer", { skip }, async () => {
  const ada = await pages.open("Ada", { ...phone, height: 400 });
  await ada.composer.fill("line 1\nline 2\nline 3\n:smi");
  const options = ada.page.getByRole("option");
  await eventually("there are many suggestions", async () => (await options.count()) > 5);
  const fits = async (option) => {
    const { y, height } = await option.boundingBox();
    return y >= 0 && y + height <= (await ada.composer.boundingBox()).y;
  };
  await eventually("the best one is in sight", () => fits(options.first()));
  await ada.composer.press("ArrowUp");
  await eventually("so is the last one, once it is selected", () => fits(options.last()));
  await ada.page.setViewportSize({ ...phone, height: 340 });
  await eventually("so it is where the screen becomes smaller", () => fits(options.last()));
  // A hint below the field moves it up.
  await ada.composer.fill(`${"a".repeat(15_880)}\n:sm`);
  await eventually("the best one is in sight", () => fits(options.first()));
  await ada.types("i");
  await ada.page.getByText("499 characters left").waitFor();
  await eventually("so it is above a hint", () => fits(options.first()));
});

test("the way to new messages and its dismissal are as large as a finger needs", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  const ada = await pages.open("Ada", phone);
  for (let i = 1; i <= 60; i++) await bot.says(`row ${i}.`);
  bot.disconnect();
  await ada.sees("row 60.");
  await ada.message("row 1.").getByText("row 1.").tap();
  const actions = ada.page.getByRole("dialog", { name: "Message actions" });
  await actions.getByRole("button", { name: "Mark unread from here" }).tap();
  await actions.waitFor({ state: "detached" });
  await ada.page.getByRole("button", { name: /^Jump to present/ }).tap();
  const buttons = [
    ada.page.getByRole("button", { name: /^60 new since/ }),
    ada.page.getByRole("button", { name: "Don’t go to the new messages" }),
    ada.page.getByRole("button", { name: /^Jump to present/ }),
  ];
  const sizes = [];
  for (const button of buttons.slice(0, 2)) sizes.push(await button.boundingBox());
  await ada.takesScreenshot("phone-new-above");
  await buttons[0].tap();
  sizes.push(await buttons[2].boundingBox());
  for (const { width, height } of sizes) assert.ok(width >= 44 && height >= 44, JSON.stringify(sizes));
});

test("buttons and fields are as high as a finger needs", { skip }, async () => {
  /** Returns the buttons and fields that are lower, except for links in a text. */
  const low = (chat) =>
    chat.page
      .locator(":is(.button, input:not([type=checkbox]), select):visible")
      .evaluateAll((all) =>
        all.map((element) => [element.outerHTML, element.offsetHeight]).filter(([, height]) => height < 44),
      );
  const newcomer = await pages.open(undefined, phone);
  await newcomer.page.getByRole("button", { name: "Join the chat" }).waitFor();
  assert.deepEqual(await low(newcomer), []);
  const ada = await pages.open("Ada", phone);
  await ada.page.getByRole("button", { name: "Servers and rooms" }).tap();
  await ada.page.getByRole("button", { name: "Settings" }).tap();
  await ada.page.getByLabel("Spacing").selectOption("Compact");
  assert.deepEqual(await low(ada), []);
});

test("Back ends an edit before it leaves the room", { skip }, async () => {
  const ada = await pages.open("Ada", phone);
  await ada.says("to be changed");
  await ada.seesSent("to be changed");
  await ada.message("to be changed").getByText("to be changed").tap();
  await ada.page.getByRole("dialog", { name: "Message actions" }).getByRole("button", { name: "Edit" }).tap();
  await ada.seesDraft("to be changed");
  // Safari refuses a page that replaces its step with each letter.
  const step = () => ada.page.evaluate(() => JSON.stringify(history.state));
  const before = await step();
  await ada.types(" twice");
  await ada.seesDraft("to be changed twice");
  assert.equal(await step(), before);
  await ada.page.goBack();
  await ada.seesDraft("");
  await ada.seesRoom("Lobby");
  assert.equal(await ada.page.getByText("Editing your message").count(), 0);
});
