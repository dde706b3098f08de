/**
 * Selections of the timeline that are copied, in a real browser with a real server:
 * - a list is copied with its marks beside its texts, blank lines, and the markup of a list
 * - the timeline is copied without the labels of messages, and without the characters that isolate names
 * - a word, a line and a block of code in one item are copied alone
 * - from the middle of an item to another, the items that begin in the selection have marks
 * - items of an inner list are copied without the indentation of the outer one
 * - mentions in a copied list are kept
 * - hidden text in a copied list is copied only once it is shown, also as markup
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

async function opens(name) {
  const chat = await pages.open(name);
  await chat.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  return chat;
}

/** Sends a text and returns its message. */
async function says(chat, text, shown) {
  await chat.says(text);
  const message = chat.message(shown).last();
  await message.waitFor();
  return message;
}

/** Copies what is selected. */
async function copies(chat, type = "text/plain") {
  await chat.page.keyboard.press("Control+c");
  return chat.page.evaluate(async (type) => {
    const [item] = await navigator.clipboard.read();
    return (await item.getType(type)).text();
  }, type);
}

/** Copies the content of an element. */
async function copiesAll(chat, locator, type) {
  await locator.evaluate((node) => getSelection().selectAllChildren(node));
  return copies(chat, type);
}

/** Copies from the first letter of one part of a message to the last of another. */
async function copiesFrom(chat, message, first, last) {
  await message.evaluate(
    (element, [first, last]) => {
      const texts = document.createTreeWalker(element.querySelector(".body"), NodeFilter.SHOW_TEXT);
      const found = [];
      while (texts.nextNode()) found.push(texts.currentNode);
      const from = found.find((text) => text.data.includes(first));
      const to = found.find((text) => text.data.includes(last));
      const range = new Range();
      range.setStart(from, from.data.indexOf(first));
      range.setEnd(to, to.data.indexOf(last) + last.length);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    },
    [first, last],
  );
  return copies(chat);
}

test("a list is copied as it is read", { skip }, async () => {
  const ada = await opens("Ada");
  await says(ada, "to buy\n\n\n- one **big** cake\n- two\n  1. deep\n- [x] done", "to buy");
  await ada.composer.press("ArrowUp");
  await ada.composer.press("End");
  await ada.composer.pressSequentially("!");
  await ada.composer.press("Enter");
  const message = ada.message("to buy");
  await message.getByText("(edited)").waitFor();
  const body = message.locator(".body");
  assert.equal(await copiesAll(ada, body), "to buy\n\n\n• one big cake\n• two\n  1. deep\n☑ done!");
  const html = await copiesAll(ada, body, "text/html");
  assert.match(html, /<strong[^>]*>big<\/strong>/);
  assert.ok(html.includes("☑ ") && !html.includes("•"), html);
});

test("the timeline is copied without labels and characters that isolate names", { skip }, async () => {
  const ada = await opens("Ada");
  await says(ada, "at home\n- two\n- three", "at home");
  await says(ada, "end of the list", "end of the list");
  const all = (await copiesAll(ada, ada.page.getByRole("log"))).split("\n");
  assert.ok(all.includes("• two"), all.join("\n"));
  // Messages of other tests have such characters in their texts.
  const own = all.slice(all.lastIndexOf("at home")).join("\n");
  assert.ok(own.includes("end of the list") && !/[\u2066-\u2069]|edited/.test(own), JSON.stringify(own));
  const joined = await copiesAll(ada, ada.page.locator("[data-row]:not([data-message])").first());
  assert.match(joined, /Ada .*joined/);
  assert.ok(!/[\u2066-\u2069]/.test(joined), JSON.stringify(joined));
});

test("a word, a line and a block of code in one item are copied alone", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(ada, "hosts\n- address 192.168.1.7\n- gateway\n  ```\n  rm x\n  ```", "hosts");
  assert.equal(await copiesFrom(ada, message, "192.168.1.7", "192.168.1.7"), "192.168.1.7");
  await message.getByText("gateway").dblclick();
  assert.equal(await copies(ada), "gateway");
  await message.getByText("address").click({ clickCount: 3 });
  assert.equal(await copies(ada), "address 192.168.1.7");
  assert.equal(await copiesAll(ada, message.locator("pre code")), "rm x");
});

test("from one item to another, the items that begin in the selection have marks", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(ada, "steps\n1. first one\n2. second one\n3. third", "steps");
  assert.equal(await copiesFrom(ada, message, "one", "second"), "one\n2. second");
  assert.equal(await copiesFrom(ada, message, "first", "second one"), "1. first one\n2. second one");
  assert.equal(await copiesFrom(ada, message, "steps", "first"), "steps\n1. first");
});

test("items of an inner list are copied without the indentation of the outer one", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(ada, "fruit\n- red\n  - apple\n  - cherry", "fruit");
  assert.equal(await copiesFrom(ada, message, "apple", "cherry"), "• apple\n• cherry");
  assert.equal(await copiesFrom(ada, message, "red", "apple"), "• red\n  • apple");
});

test("mentions in a copied list are kept", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(ada, "who\n- ask @Ada\n- and wait", "who");
  await message.getByRole("button", { name: "@Ada" }).waitFor();
  const body = message.locator(".body");
  assert.equal(await copiesAll(ada, body), "who\n• ask @Ada\n• and wait");
  assert.match(await copiesAll(ada, body, "text/html"), /@Ada/);
});

test("hidden text in a copied list is copied only once it is shown", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(ada, "ending\n- it was ||the butler||\n- in the library", "ending");
  const body = message.locator(".body");
  for (const type of ["text/plain", "text/html"]) {
    const copied = await copiesAll(ada, body, type);
    assert.ok(copied.includes("it was") && !copied.includes("butler"), copied);
  }
  await message.getByRole("button", { name: "Hidden text: show it" }).click();
  for (const type of ["text/plain", "text/html"]) assert.match(await copiesAll(ada, body, type), /butler/);
});
