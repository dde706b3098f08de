/**
 * Completion of a word that is being written, in a real browser with a real server:
 * - Enter sends what was typed, unless a suggestion was chosen or the text can only mean one
 * - Enter accepts the best emoji, and sends a smiley
 * - of two people with the same name, the chosen one is mentioned; one message can mention both, also after a part is
 *   removed and brought back
 * - a suggested name is shown whole beside the warning that somebody else has it
 * - a shortcode typed in full becomes the emoji, and undo brings it back
 * - the emoji picker finds every emoji by its name, and Enter without a name picks none
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

test("Enter sends what was typed, unless a suggestion was chosen", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.createsRoom("Team 1");
  const options = ada.page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await ada.types("we are #1");
  await options.filter({ hasText: "Team 1" }).waitFor();
  await ada.composer.press("Enter");
  await ada.seesSent("we are #1");
  await ada.seesDraft("");

  await ada.types("#te");
  await ada.composer.press("Enter");
  await ada.seesDraft("#Team 1 ");
  await ada.composer.fill("");
  await ada.types("see #");
  await ada.composer.press("ArrowDown");
  await ada.composer.press("Enter");
  await ada.seesDraft("see #Lobby ");
  await ada.types("and #1");
  await ada.composer.press("Tab");
  await ada.seesDraft("see #Lobby and #Team 1 ");
  await ada.types("#te");
  await ada.composer.press("Escape");
  await options.first().waitFor({ state: "detached" });
  await ada.types("a");
  assert.equal(await options.count(), 0, "the closed list stays closed while the word goes on");
  await ada.composer.press("Enter");
  await ada.seesSent("see #Lobby and #Team 1 #tea");
});

test("Enter accepts the best emoji, and sends a smiley", { skip }, async () => {
  const ada = await pages.open("Ada");
  const options = ada.page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await ada.types("ok :thu");
  await options.filter({ hasText: ":thunder_cloud_and_rain:" }).waitFor();
  assert.equal(await options.first().getAttribute("aria-selected"), "true");
  await ada.composer.press("Enter");
  await ada.seesDraft("ok 👍");
  await ada.composer.fill("");
  await ada.types(":thunder_c");
  await options.filter({ hasText: "⛈️" }).waitFor();
  await ada.composer.press("Tab");
  await ada.seesDraft("⛈️");
  await ada.composer.fill("");
  await ada.types("ha :)");
  await ada.composer.press("Enter");
  await ada.seesSent("ha :)");
  await ada.types("like :thu");
  await options.first().waitFor();
  await ada.composer.press("Escape");
  await options.first().waitFor({ state: "detached" });
  await ada.composer.press("Enter");
  await ada.seesSent("like :thu");
});

test("of two people with the same name, the chosen one is mentioned", { skip }, async () => {
  const [ada, first, second] = [await pages.open("Ada"), await pages.open("Sam"), await pages.open("Sam")];
  for (const [sam, text] of [
    [first, "I am Sam"],
    [second, "I am Sam, too"],
  ]) {
    await sam.says(text);
    await ada.sees(text);
  }
  const options = ada.page.getByRole("listbox", { name: "Suggestions" }).getByRole("option", { name: /^Sam/ });
  // The last speaker is listed first.
  for (const [number, mentioned, other] of [
    [0, second, first],
    [1, first, second],
  ]) {
    await ada.types("@sam");
    await eventually("both are suggested", async () => (await options.count()) === 2);
    await options.nth(number).click();
    await ada.types(`, number ${number}`);
    await ada.composer.press("Enter");
    const isMe = (chat) => chat.message(`number ${number}`).locator(".mention").getAttribute("class");
    assert.match(await isMe(mentioned), /\bme\b/);
    assert.doesNotMatch(await isMe(other), /\bme\b/);
  }
  for (const number of [1, 0]) {
    await ada.types("@sam");
    await eventually("both are suggested", async () => (await options.count()) === 2);
    await options.nth(number).click();
  }
  await ada.types("both");
  // The first is removed, and undo brings it back.
  for (const key of ["Home", ...Array(5).fill("Shift+ArrowRight"), "Delete"]) await ada.composer.press(key);
  await ada.seesDraft("@Sam both");
  await ada.composer.press("Control+z");
  await ada.seesDraft("@Sam @Sam both");
  await ada.composer.press("Enter");
  for (const [chat, mentioned] of [
    [first, 0],
    [second, 1],
  ]) {
    const mentions = chat.message("both").locator(".mention");
    await mentions.nth(1).waitFor();
    const classes = await mentions.evaluateAll((all) => all.map((mention) => mention.classList.contains("me")));
    assert.deepEqual(classes, [mentioned === 0, mentioned === 1]);
    const keys = await mentions.locator(".key").allTextContents();
    assert.equal(new Set(keys).size, 2, `the mentions are told apart: ${keys}`);
  }
});

test("a suggested name is shown whole beside the warning that somebody else has it", { skip }, async () => {
  const [eve] = [await pages.open("Eve"), await pages.open("Ada Lovelace"), await pages.open("Ada Lovelace")];
  await eve.page.setViewportSize({ width: 360, height: 640 });
  await eve.types("@ada");
  const options = eve.page.getByRole("listbox", { name: "Suggestions" }).getByRole("option", { name: /^Ada Lovelace/ });
  await eventually("both are suggested, one with a warning", async () => {
    const texts = await options.allTextContents();
    return texts.length === 2 && texts.some((text) => text.includes("also called"));
  });
  const cut = await options
    .locator("bdi")
    .evaluateAll((names) => names.map((bdi) => bdi.scrollWidth > bdi.clientWidth));
  assert.deepEqual(cut, [false, false]);
  await eve.takesScreenshot("suggested-namesakes");
});

test("a shortcode typed in full becomes the emoji", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("done :tada: :+1: :smile:");
  await ada.seesDraft("done 🎉 👍 😄");
  await ada.composer.press("Control+z");
  await ada.seesDraft("done 🎉 👍 :smile:");
  await ada.composer.fill("");
  // One of the many that are loaded when they are needed.
  await ada.types(":otter");
  await ada.page.getByRole("option", { name: "🦦" }).waitFor();
  await ada.types(": `:tada:` 10:30:");
  await ada.seesDraft("🦦 `:tada:` 10:30:");
});

test("the emoji picker finds every emoji by its name", { skip }, async () => {
  const ada = await pages.open("Ada");
  const { page } = ada;
  await ada.types("a b");
  await ada.composer.press("ArrowLeft");
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  const picker = page.getByRole("dialog", { name: "Emoji" });
  await page.keyboard.press("Enter");
  await picker.waitFor();
  await page.keyboard.type("red envelope");
  await picker.getByRole("button", { name: "red envelope" }).waitFor();
  await page.keyboard.press("Enter");
  await picker.waitFor({ state: "detached" });
  await ada.seesDraft("a 🧧b");
  await ada.seesFocusInComposer();
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  await page.keyboard.type("no such thing");
  await picker.getByText("No emoji is called that.").waitFor();
  await page.keyboard.press("Escape");
  await picker.waitFor({ state: "detached" });
});
