/**
 * Writing, in a real browser with a real server:
 * - the newest messages stay in sight while a long message is typed or pasted, and while others post
 * - where the field can't fit its content, it grows all the same
 * - in a code block without an end Enter starts a new line, and Ctrl+Enter sends
 * - an edit that leaves nothing asks whether to delete the message
 * - ↑ in an emptied edit of another message says what to do first
 * - an input method's Enter sends nothing and accepts nothing
 * - on a touch screen Enter starts a new line, and the button sends and keeps the keyboard
 * - shortcuts work on a Russian layout, and typing anywhere writes
 * - formatting keys and lists, also with the markers typed by hand
 * - the message that is answered or edited is shown, and a click on it jumps there
 * - a change that is abandoned by Esc or × can be taken up again
 * - a jump doesn't take the focus from somebody who writes
 * - a message can be corrected in its middle
 * - a dropped file doesn't replace the page; dropped text is written
 * - the counter appears before the limit
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { Link } from "./link.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";
import { ToastLog } from "./toast-log.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

async function fillRoom(bot, count) {
  for (let i = 1; i <= count; i++) await bot.says(`line ${i}`);
}

test("the newest messages stay in sight while a long message is written", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  await fillRoom(bot, 40);
  const ada = await pages.open("Ada");
  await ada.sees("line 40");
  await ada.seesEnd("at first");
  for (let line = 1; line <= 6; line++) {
    await ada.types(`line of mine ${line}`);
    await ada.composer.press("Shift+Enter");
    await ada.seesEnd(`after line ${line}`);
  }
  await ada.types("abc");
  await bot.says("meanwhile");
  await ada.sees("meanwhile");
  await ada.seesEnd("after somebody else has posted");
  await ada.composer.evaluate((field) => {
    field.select();
    document.execCommand("insertText", false, Array.from({ length: 40 }, (_, i) => `pasted ${i}`).join("\n"));
  });
  await ada.seesEnd("after a paste");
  await bot.says("and again");
  await ada.sees("and again");
  await ada.seesEnd("after another message");
  await ada.composer.fill("");
  await ada.seesEnd("after everything was deleted");
  assert.equal(await ada.page.getByRole("button", { name: "Jump to present" }).count(), 0);
  bot.disconnect();
});

test("where the field can't fit its content, it grows all the same", { skip }, async () => {
  const ada = await pages.open("Ada");
  const heights = async () => {
    await ada.composer.fill("one");
    const [one, end] = [await ada.composer.evaluate((field) => field.clientHeight), await ada.distanceFromEnd()];
    await ada.composer.fill("one\ntwo\nthree\n");
    const four = await ada.composer.evaluate((field) => field.clientHeight);
    return { grown: four - one, moved: (await ada.distanceFromEnd()) - end };
  };
  const fitted = await heights();
  // As in browsers without `field-sizing`, which get these rules from `@supports`.
  await ada.composer.evaluate((field) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      textarea { field-sizing: fixed !important; }
      .${[...field.parentElement.classList].join(".")}::after { content: attr(data-text); visibility: hidden; overflow: hidden; }`);
    document.adoptedStyleSheets.push(sheet);
  });
  assert.deepEqual(await heights(), fitted);
  assert.ok(fitted.grown > 50, JSON.stringify(fitted));
});

test("in a code block without an end Enter starts a new line", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("```js");
  await ada.composer.press("Enter");
  await ada.types("- x;");
  await ada.composer.press("Enter");
  await ada.seesDraft("```js\n- x;\n");
  await ada.types("```");
  await ada.composer.press("Enter");
  await ada.seesDraft("");
  await ada.timeline.locator("pre").filter({ hasText: "- x;" }).waitFor();
  await ada.types("```");
  await ada.composer.press("Enter");
  await ada.types("sent as it is");
  await ada.composer.press("Control+Enter");
  await ada.timeline.locator("pre").filter({ hasText: "sent as it is" }).waitFor();
  await ada.seesDraft("");
});

test("an edit that leaves nothing asks whether to delete the message", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("not so good");
  await ada.seesSent("not so good");
  const question = ada.page.getByRole("dialog", { name: "Delete this message?" });
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("not so good");
  await ada.composer.fill(" ");
  await ada.composer.press("Enter");
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  await ada.page.getByText("Editing your message").waitFor();
  await ada.page.getByRole("button", { name: "Save", exact: true }).click();
  await question.getByRole("button", { name: "Delete" }).click();
  await ada.sees("Message deleted");
  await ada.page.getByText("Editing your message").waitFor({ state: "detached" });
  await ada.seesDraft("");
});

test("↑ in an emptied edit of another message says what to do first", { skip }, async () => {
  const ada = await pages.open("Ada");
  const toasts = await ToastLog.of(ada.page);
  for (const text of ["an older one", "the newest one"]) {
    await ada.says(text);
    await ada.seesSent(text);
  }
  await ada.message("an older one").hover();
  await ada.message("an older one").getByRole("button", { name: "Edit", exact: true }).click();
  await ada.seesDraft("an older one");
  await ada.composer.fill("");
  await ada.composer.press("ArrowUp");
  await toasts.sees(/^Save or cancel the edit first\./);
  await ada.seesDraft("");
});

test("an input method's Enter sends nothing and accepts nothing", { skip }, async () => {
  const ada = await pages.open("Ada");
  const cdp = await ada.page.context().newCDPSession(ada.page);
  await ada.types("#lob");
  await ada.page.getByRole("option", { name: "Lobby" }).waitFor();
  const press = (fields) =>
    ada.composer.evaluate(
      (field, fields) =>
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...fields })),
      fields,
    );
  assert.equal(await press({ isComposing: true }), true);
  assert.equal(await press({ keyCode: 229 }), true);
  await ada.seesDraft("#lob");
  await ada.composer.fill("");
  await cdp.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
  await ada.seesDraft("にほ");
  await cdp.send("Input.insertText", { text: "日本" });
  await ada.seesDraft("日本");
  await ada.composer.press("Enter");
  await ada.seesSent("日本");
});

test("on a touch screen Enter starts a new line, and the button sends", { skip }, async () => {
  const ada = await pages.open(undefined, { width: 360, height: 720 });
  const assertReadable = async (field) => {
    const size = await field.evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
    assert.ok(size >= 16, `${size} px: Safari would zoom in`);
  };
  await assertReadable(ada.page.getByLabel("Your name"));
  await ada.joinsAs("Ada");
  await assertReadable(ada.composer);
  await ada.composer.tap();
  await ada.types("one");
  await ada.composer.press("Enter");
  await ada.types("two");
  await ada.seesDraft("one\ntwo");
  assert.equal(await ada.composer.getAttribute("enterkeyhint"), "enter");
  await ada.page.getByRole("button", { name: "Send", exact: true }).tap();
  await ada.seesSent("two");
  await ada.seesFocusInComposer();
});

test("shortcuts work on a Russian layout, and typing anywhere writes", { skip }, async () => {
  const ada = await pages.open("Ada");
  const { page } = ada;
  await page.keyboard.press("Escape");
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Input.dispatchKeyEvent", { type: "keyDown", modifiers: 2, key: "л", code: "KeyK", windowsVirtualKeyCode: 75 }); // prettier-ignore
  await page.getByRole("dialog", { name: "Go to a room" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  await ada.timeline.click({ position: { x: 5, y: 5 } });
  await page.keyboard.type("Hello r");
  await ada.seesDraft("Hello r");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Close" }).click();
  await page.keyboard.type("e");
  await ada.seesDraft("Hello re");
  await ada.composer.press("Enter");
  await ada.seesSent("Hello re");

  // A click on a message doesn't make letters commands; going there by keyboard does.
  await ada.message("Hello re").click();
  await page.keyboard.type("really");
  await ada.seesDraft("really");
  await ada.composer.fill("");
  await ada.message("Hello re").focus();
  await page.keyboard.press("r");
  await page.getByText("Replying to").waitFor();
  await ada.seesDraft("");
  await page.keyboard.press("Escape");
});

test("formatting keys and lists", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("bold");
  await ada.composer.press("Control+a");
  await ada.composer.press("Control+b");
  await ada.seesDraft("**bold**");
  await ada.composer.press("Control+b");
  await ada.seesDraft("bold");
  await ada.composer.press("Control+i");
  await ada.seesDraft("*bold*");
  await ada.composer.press("Control+z");
  await ada.composer.fill("");
  await ada.types("1. milk");
  await ada.composer.press("Shift+Enter");
  await ada.types("tea");
  await ada.composer.press("Shift+Enter");
  await ada.composer.press("Shift+Enter");
  await ada.seesDraft("1. milk\n2. tea\n");
  // Who types the markers by hand gets each once, whether or not the list goes on by itself.
  for (const [first, second, list] of [
    ["1. milk", "2. tea", "1. milk\n2. tea"],
    ["- milk", "- tea", "- milk\n- tea"],
  ]) {
    await ada.composer.fill("");
    await ada.types(first);
    await ada.composer.press("Shift+Enter");
    await ada.types(second);
    await ada.seesDraft(list);
  }
});

test("the message that is answered or edited is shown", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  const ada = await pages.open("Ada");
  await bot.says("Who brings the cake?");
  await ada.sees("Who brings the cake?");
  await fillRoom(bot, 60);
  await ada.sees("line 60");
  await ada.message("Who brings the cake?").last().focus();
  await ada.page.keyboard.press("r");
  const context = ada.page.getByTitle("Show the message");
  await context.filter({ hasText: "Replying to" }).filter({ hasText: "Who brings the cake?" }).waitFor();
  await ada.seesFocusInComposer();
  await ada.page.getByRole("button", { name: "Jump to present" }).click();
  await ada.seesEnd("after the jump");
  await context.click();
  await eventually("the message is in sight", () =>
    ada
      .message("Who brings the cake?")
      .last()
      .evaluate((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      }),
  );
  await ada.composer.focus();
  await ada.composer.press("Escape");
  await ada.says("I do.");
  await ada.seesSent("I do.");
  await ada.composer.press("ArrowUp");
  await context.filter({ hasText: "Editing your message" }).filter({ hasText: "I do." }).waitFor();
  assert.match(await ada.message("I do.").last().getAttribute("class"), /\bediting\b/);
  await ada.types(" Promised.");
  await ada.reloads();
  await ada.seesDraft("I do. Promised.");
  await ada.composer.press("Enter");
  await ada.sees("I do. Promised.");
  await ada.seesDraft("");
  bot.disconnect();
});

test("a change that is abandoned by Esc or × can be taken up again", { skip }, async () => {
  const ada = await pages.open("Ada");
  const { page } = ada;
  await ada.says("At noon.");
  await ada.seesSent("At noon.");
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("At noon.");
  await ada.types(" By the fountain.");
  await ada.composer.press("Escape");
  await ada.seesDraft("");
  await ada.composer.press("Control+z");
  await ada.seesDraft("At noon. By the fountain.");
  await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
  // What is typed after that is undone by the browser, in as many steps as it likes.
  await ada.types(" Or not.");
  for (let i = 0; i < " Or not.".length && (await ada.composer.inputValue()) !== "At noon. By the fountain."; i++)
    await ada.composer.press("Control+z");
  await ada.seesDraft("At noon. By the fountain.");
  await page.getByRole("button", { name: "Stop editing" }).click();
  await ada.seesDraft("");
  await page.getByRole("button", { name: "Undo" }).click();
  await ada.seesDraft("At noon. By the fountain.");
  await ada.seesFocusInComposer();
  await ada.composer.press("Enter");
  await ada.sees("At noon. By the fountain.");
});

test("a jump doesn't take the focus from somebody who writes", { skip }, async () => {
  const link = await Link.to(pages.server.port);
  const ada = await pages.open("Ada", { url: link.url });
  await ada.page.getByRole("button", { name: "Today: jump to a date" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "Jump to a date" });
  const go = dialog.getByRole("button", { name: "Go" });
  await go.waitFor();
  link.pause();
  await go.click();
  await dialog.waitFor({ state: "detached" });
  await ada.composer.click();
  await ada.types("What I");
  link.resume();
  await ada.page.waitForURL(/#.*\/1$/);
  await ada.page.keyboard.type(" wanted to say");
  await ada.seesDraft("What I wanted to say");
  await link.close();
});

test("a message can be corrected in its middle", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("Lunch at nun today");
  await ada.seesSent("Lunch at nun today");
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("Lunch at nun today");
  for (let i = 0; i < " today".length + 1; i++) await ada.composer.press("ArrowLeft");
  await ada.composer.press("Backspace");
  await ada.types("oo");
  await ada.seesDraft("Lunch at noon today");
  await ada.composer.press("Enter");
  await ada.sees("Lunch at noon today");
});

test("a dropped file doesn't replace the page; dropped text is written", { skip }, async () => {
  const ada = await pages.open("Ada");
  const toasts = await ToastLog.of(ada.page);
  const drop = (kind) =>
    ada.timeline.evaluate((log, kind) => {
      const dataTransfer = new DataTransfer();
      if (kind === "file") dataTransfer.items.add(new File(["x"], "holiday.png", { type: "image/png" }));
      else dataTransfer.setData("text/plain", "dropped words");
      const event = (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
      return [log.dispatchEvent(event("dragover")), log.dispatchEvent(event("drop"))];
    }, kind);
  assert.deepEqual(await drop("file"), [false, false], "the browser would open the file");
  await toasts.sees(/^Files can’t be sent yet/);
  assert.deepEqual(await drop("text"), [false, false]);
  await ada.seesDraft("dropped words");
});

test("the counter appears before the limit", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.composer.fill("a".repeat(16_264));
  await ada.page.getByText("120 characters left").waitFor();
  await ada.composer.fill("a".repeat(16_424));
  await ada.page.getByText("Too long: shorten it by about 40 characters.").waitFor();
  await ada.composer.fill("a".repeat(1_000));
  await ada.page.getByText("Too long").waitFor({ state: "detached" });
});
