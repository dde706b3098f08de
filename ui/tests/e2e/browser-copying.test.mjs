/**
 * Selections of the timeline that are copied, in a real browser with a real server:
 * - a list is copied with its marks beside its texts, blank lines, and the markup of a list
 * - the timeline is copied without the labels of messages, and without the characters that isolate names
 * - the warning beside a name is copied apart from the name's mark
 * - a word, a line and a block of code in one item are copied alone
 * - from the middle of an item to another, the items that begin in the selection have marks
 * - items of an inner list are copied without the indentation of the outer one
 * - mentions in a copied list are kept
 * - where a program keeps the form, a part of a list is a list with its numbers, and a line of a paragraph is a line
 * - the text of a spoiler that is hidden is not copied, in any form; one that is shown is
 * - reactions, buttons and labels are not copied, in any form
 * - a block of code says when the browser doesn't copy it
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
async function copiesFrom(chat, message, first, last, type) {
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
  return copies(chat, type);
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

test("where the form is kept, a part of a list is a list", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(
    ada,
    "plan\n1. first\n2. the **second**\n   line\n5. https://a.example\n   - [x] done",
    "plan",
  );
  assert.equal(
    await copiesFrom(ada, message, "second", "done", "text/html"),
    '<ol dir="auto"><li value="2"><p><strong>second</strong><br>line</p></li>' +
      '<li value="5"><p><a dir="ltr" href="https://a.example/">https://a.example</a></p>' +
      "<ul><li>☑ <p>done</p></li></ul></li></ol>",
  );
  await message.getByText("first").click({ clickCount: 3 });
  assert.equal(await copies(ada, "text/html"), "<p>first</p>");
});

test("the text of a hidden spoiler is not copied", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(ada, "secrets\n- ask ||the password||\n- two", "secrets");
  const body = message.locator(".body");
  assert.equal(await copiesAll(ada, body), "secrets\n• ask \n• two");
  const hidden = await copiesAll(ada, body, "text/html");
  assert.ok(!hidden.includes("password") && hidden.includes("<li><p>ask </p></li>"), hidden);
  await message.getByRole("button", { name: "Hidden text: show it" }).click();
  assert.equal(await copiesAll(ada, body), "secrets\n• ask the password\n• two");
  assert.match(await copiesAll(ada, body, "text/html"), /<li><p>ask the password<\/p><\/li>/);
});

test("reactions, buttons and labels are not copied in any form", { skip }, async () => {
  const ada = await opens("Ada");
  await ada.createsRoom("Copies");
  const message = await says(ada, "poll\n- tea\n- coffee", "poll");
  await ada.seesSent("poll");
  await message.hover();
  await message.getByRole("button", { name: "React 👍" }).click();
  await message.getByRole("button", { name: /^👍 1/ }).waitFor();
  await message.hover();
  await message.getByRole("button", { name: "Reply", exact: true }).click();
  await ada.says("for tea");
  await ada.seesSent("for tea");
  const log = ada.page.getByRole("log");
  const shown = (text) => text.replaceAll(/\s+/g, " ").trim();
  assert.equal(
    shown(await copiesAll(ada, log)),
    "The room Copies was created Ada joined Ada poll • tea • coffee Ada for tea",
  );
  const html = await copiesAll(ada, log, "text/html");
  assert.equal(html.match(/<li>/g).length, 2, html);
  assert.ok(!/👍|<button|earlier|In reply/.test(html), html);
});

test("a block of code says when the browser doesn't copy it", { skip }, async () => {
  const ada = await opens("Ada");
  const message = await says(ada, "```js\nlet x;\n```", "let x");
  await ada.refusesClipboard();
  await message.getByRole("button", { name: "Copy code" }).click();
  await message.getByText("The browser didn’t let I-Chat copy that.").waitFor();
});

test("the warning beside a name is copied apart from the name's mark", { skip }, async () => {
  const [ada] = [await opens("Grace"), await pages.open("Grace")];
  const other = await pages.open("Grace");
  await other.says("- a list");
  const mark = ada.message("a list").last().getByText("also called");
  await mark.waitFor();
  const text = await copiesAll(ada, ada.message("a list").last(), "text/plain");
  assert.match(text, /\w{4} also called \W?Grace/);
});
