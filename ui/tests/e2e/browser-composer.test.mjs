/**
 * Writing, in a real browser with a real server:
 * - the newest messages stay in sight while a long message is typed or pasted, and while others post
 * - Enter sends what was typed, unless a suggestion was chosen or the text can only mean one
 * - Enter accepts the best emoji, and sends a smiley
 * - in a code block without an end Enter starts a new line, and Ctrl+Enter sends
 * - of two people with the same name, the chosen one is mentioned
 * - an edit that leaves nothing asks whether to delete the message
 * - an input method's Enter sends nothing and accepts nothing
 * - a shortcode typed in full becomes the emoji, and undo brings it back
 * - the emoji picker finds every emoji by its name, and Enter without a name picks none
 * - on a touch screen Enter starts a new line, and the button sends and keeps the keyboard
 * - shortcuts work on a Russian layout, and typing anywhere writes
 * - formatting keys and lists
 * - a draft is the same in two tabs, survives a reload, is marked in the list of rooms, and never returns after it was sent
 * - a draft whose sending the browser has forgotten is dropped
 * - the message that is answered or edited is shown, and a click on it jumps there
 * - who has begun to write goes on writing when a jump ends
 * - a message can be corrected in its middle
 * - a dropped file doesn't replace the page; dropped text is written
 * - a browser whose storage is silent, blocked or full works from memory and says so once
 * - a new day begins at midnight, and by the server's clock
 * - the counter appears before the limit
 * - a notice covers neither the newest message nor the composer, and the composer's hint is one line
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

/** Returns the distance of the timeline from its end, in pixels. */
const distanceFromEnd = (chat) =>
  chat.timeline.evaluate((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight));

const seesEnd = (chat, when) =>
  eventually(`the end is in sight ${when}`, 5_000, async () => (await distanceFromEnd(chat)) <= 1);

async function hasDraft(chat, text) {
  await eventually(
    `the draft is ${JSON.stringify(text)}`,
    5_000,
    async () => (await chat.composer.inputValue()) === text,
  );
}

/** Waits until the focus is in the composer. */
const writes = (chat) =>
  eventually("the composer has the focus", 5_000, () =>
    chat.composer.evaluate((field) => field === document.activeElement),
  );

async function fillRoom(bot, count) {
  for (let i = 1; i <= count; i++) await bot.says(`line ${i}`);
}

test("the newest messages stay in sight while a long message is written", { skip }, async () => {
  const bot = await Member.connect(pages.server.url, { auth: { name: "Bot" } });
  await fillRoom(bot, 40);
  const ada = await pages.open("Ada");
  await ada.sees("line 40");
  await seesEnd(ada, "at first");
  for (let line = 1; line <= 6; line++) {
    await ada.types(`line of mine ${line}`);
    await ada.composer.press("Shift+Enter");
    await seesEnd(ada, `after line ${line}`);
  }
  await ada.types("abc");
  await bot.says("meanwhile");
  await ada.sees("meanwhile");
  await seesEnd(ada, "after somebody else has posted");
  await ada.composer.evaluate((field) => {
    field.select();
    document.execCommand("insertText", false, Array.from({ length: 40 }, (_, i) => `pasted ${i}`).join("\n"));
  });
  await seesEnd(ada, "after a paste");
  await bot.says("and again");
  await ada.sees("and again");
  await seesEnd(ada, "after another message");
  await ada.composer.fill("");
  await seesEnd(ada, "after everything was deleted");
  assert.equal(await ada.page.getByRole("button", { name: "Jump to present" }).count(), 0);
  bot.disconnect();
});

test("where the field can't fit its content, it grows all the same", { skip }, async () => {
  const ada = await pages.open("Ada");
  const heights = async () => {
    await ada.composer.fill("one");
    const [one, end] = [await ada.composer.evaluate((field) => field.clientHeight), await distanceFromEnd(ada)];
    await ada.composer.fill("one\ntwo\nthree\n");
    const four = await ada.composer.evaluate((field) => field.clientHeight);
    return { grown: four - one, moved: (await distanceFromEnd(ada)) - end };
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

test("Enter sends what was typed, unless a suggestion was chosen", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.createsRoom("Team 1");
  const options = ada.page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await ada.types("we are #1");
  await options.filter({ hasText: "Team 1" }).waitFor();
  await ada.composer.press("Enter");
  await ada.seesSent("we are #1");
  await hasDraft(ada, "");

  await ada.types("#te");
  await ada.composer.press("Enter");
  await hasDraft(ada, "#Team 1 ");
  await ada.composer.fill("");
  await ada.types("see #");
  await ada.composer.press("ArrowDown");
  await ada.composer.press("Enter");
  await hasDraft(ada, "see #Lobby ");
  await ada.types("and #1");
  await ada.composer.press("Tab");
  await hasDraft(ada, "see #Lobby and #Team 1 ");
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
  await hasDraft(ada, "ok 👍");
  await ada.composer.fill("");
  await ada.types(":thunder_c");
  await options.filter({ hasText: "⛈️" }).waitFor();
  await ada.composer.press("Tab");
  await hasDraft(ada, "⛈️");
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

test("in a code block without an end Enter starts a new line", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("```js");
  await ada.composer.press("Enter");
  await ada.types("- x;");
  await ada.composer.press("Enter");
  await hasDraft(ada, "```js\n- x;\n");
  await ada.types("```");
  await ada.composer.press("Enter");
  await hasDraft(ada, "");
  await ada.timeline.locator("pre").filter({ hasText: "- x;" }).waitFor();
  await ada.types("```");
  await ada.composer.press("Enter");
  await ada.types("sent as it is");
  await ada.composer.press("Control+Enter");
  await ada.timeline.locator("pre").filter({ hasText: "sent as it is" }).waitFor();
  await hasDraft(ada, "");
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
  // Who spoke last is first.
  for (const [number, mentioned, other] of [
    [0, second, first],
    [1, first, second],
  ]) {
    await ada.types("@sam");
    await eventually("both are suggested", 5_000, async () => (await options.count()) === 2);
    await options.nth(number).click();
    await ada.types(`, number ${number}`);
    await ada.composer.press("Enter");
    const isMe = (chat) => chat.message(`number ${number}`).locator(".mention").getAttribute("class");
    assert.match(await isMe(mentioned), /\bme\b/);
    assert.doesNotMatch(await isMe(other), /\bme\b/);
  }
});

test("an edit that leaves nothing asks whether to delete the message", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("not so good");
  await ada.seesSent("not so good");
  const question = ada.page.getByRole("dialog", { name: "Delete this message?" });
  await ada.composer.press("ArrowUp");
  await hasDraft(ada, "not so good");
  await ada.composer.fill(" ");
  await ada.composer.press("Enter");
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  await ada.page.getByText("Editing your message").waitFor();
  await ada.page.getByRole("button", { name: "Save", exact: true }).click();
  await question.getByRole("button", { name: "Delete" }).click();
  await ada.sees("Message deleted");
  await ada.page.getByText("Editing your message").waitFor({ state: "detached" });
  await hasDraft(ada, "");
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
  await hasDraft(ada, "#lob");
  await ada.composer.fill("");
  await cdp.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
  await hasDraft(ada, "にほ");
  await cdp.send("Input.insertText", { text: "日本" });
  await hasDraft(ada, "日本");
  await ada.composer.press("Enter");
  await ada.seesSent("日本");
});

test("a shortcode typed in full becomes the emoji", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("done :tada: :+1: :smile:");
  await hasDraft(ada, "done 🎉 👍 😄");
  await ada.composer.press("Control+z");
  await hasDraft(ada, "done 🎉 👍 :smile:");
  await ada.composer.fill("");
  // One of the many that are loaded when they are needed.
  await ada.types(":otter");
  await ada.page.getByRole("option", { name: "🦦" }).waitFor();
  await ada.types(": `:tada:` 10:30:");
  await hasDraft(ada, "🦦 `:tada:` 10:30:");
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
  await hasDraft(ada, "a 🧧b");
  await writes(ada);
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  await page.keyboard.type("no such thing");
  await picker.getByText("No emoji is called that.").waitFor();
  await page.keyboard.press("Escape");
  await picker.waitFor({ state: "detached" });
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
  await hasDraft(ada, "one\ntwo");
  assert.equal(await ada.composer.getAttribute("enterkeyhint"), "enter");
  await ada.page.getByRole("button", { name: "Send", exact: true }).tap();
  await ada.seesSent("two");
  await writes(ada);
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
  await hasDraft(ada, "Hello r");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Close" }).click();
  await page.keyboard.type("e");
  await hasDraft(ada, "Hello re");
  await ada.composer.press("Enter");
  await ada.seesSent("Hello re");

  // A click on a message doesn't make letters commands; going there by keyboard does.
  await ada.message("Hello re").click();
  await page.keyboard.type("really");
  await hasDraft(ada, "really");
  await ada.composer.fill("");
  await ada.message("Hello re").focus();
  await page.keyboard.press("r");
  await page.getByText("Replying to").waitFor();
  await hasDraft(ada, "");
  await page.keyboard.press("Escape");
});

test("formatting keys and lists", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("bold");
  await ada.composer.press("Control+a");
  await ada.composer.press("Control+b");
  await hasDraft(ada, "**bold**");
  await ada.composer.press("Control+b");
  await hasDraft(ada, "bold");
  await ada.composer.press("Control+i");
  await hasDraft(ada, "*bold*");
  await ada.composer.press("Control+z");
  await ada.composer.fill("");
  await ada.types("1. milk");
  await ada.composer.press("Shift+Enter");
  await ada.types("tea");
  await ada.composer.press("Shift+Enter");
  await ada.composer.press("Shift+Enter");
  await hasDraft(ada, "1. milk\n2. tea\n");
});

test("a draft is the same in two tabs, and never returns after it was sent", { skip }, async () => {
  const ada = await pages.open("Ada");
  const first = ada.page;
  await ada.opensTab(pages.server.url);
  const second = ada.page;
  await ada.composer.waitFor();
  await ada.types("from the second");
  ada.page = first;
  await hasDraft(ada, "from the second");
  await ada.composer.fill("from the first");
  ada.page = second;
  await hasDraft(ada, "from the first");
  await ada.reloads();
  await hasDraft(ada, "from the first");
  await ada.composer.press("Enter");
  await ada.seesSent("from the first");
  ada.page = first;
  await hasDraft(ada, "");
  await ada.reloads();
  await ada.sees("from the first");
  await hasDraft(ada, "");
});

test("a draft is marked in the list of rooms", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("not finished");
  await ada.createsRoom("Draft room");
  await ada.room("Lobby").getByText("Draft", { exact: true }).waitFor();
  await ada.opensRoom("Lobby");
  await hasDraft(ada, "not finished");
  await ada.composer.press("Enter");
  await ada.opensRoom("Draft room");
  await ada.room("Lobby").getByText("Draft", { exact: true }).waitFor({ state: "detached" });
});

test("a draft whose sending the browser has forgotten is dropped", { skip }, async () => {
  const ada = await pages.open("Ada");
  const stored = () =>
    ada.page.evaluate(() => Object.entries({ ...localStorage }).filter(([key]) => key.startsWith("draft ")));
  await ada.types("sent before the cra");
  const beforeTheCrash = await stored();
  await ada.types("sh");
  await ada.composer.press("Enter");
  await ada.seesSent("sent before the crash");
  // Browsers write this storage some seconds later. A crash in between leaves the old state.
  await ada.page.evaluate(
    (entries) => entries.forEach(([key, value]) => localStorage.setItem(key, value)),
    beforeTheCrash,
  );
  await ada.reloads();
  await ada.sees("sent before the crash");
  await hasDraft(ada, "");
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
  await writes(ada);
  await ada.page.getByRole("button", { name: "Jump to present" }).click();
  await seesEnd(ada, "after the jump");
  await context.click();
  await eventually("the message is in sight", 5_000, () =>
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
  await hasDraft(ada, "I do. Promised.");
  await ada.composer.press("Enter");
  await ada.sees("I do. Promised.");
  await hasDraft(ada, "");
  bot.disconnect();
});

test("who has begun to write goes on writing when a jump ends", { skip }, async () => {
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
  await hasDraft(ada, "What I wanted to say");
  await link.close();
});

test("a message can be corrected in its middle", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("Lunch at nun today");
  await ada.seesSent("Lunch at nun today");
  await ada.composer.press("ArrowUp");
  await hasDraft(ada, "Lunch at nun today");
  for (let i = 0; i < " today".length + 1; i++) await ada.composer.press("ArrowLeft");
  await ada.composer.press("Backspace");
  await ada.types("oo");
  await hasDraft(ada, "Lunch at noon today");
  await ada.composer.press("Enter");
  await ada.sees("Lunch at noon today");
});

test("a dropped file doesn't replace the page; dropped text is written", { skip }, async () => {
  const ada = await pages.open("Ada");
  const drop = (kind) =>
    ada.timeline.evaluate((log, kind) => {
      const dataTransfer = new DataTransfer();
      if (kind === "file") dataTransfer.items.add(new File(["x"], "holiday.png", { type: "image/png" }));
      else dataTransfer.setData("text/plain", "dropped words");
      const event = (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
      return [log.dispatchEvent(event("dragover")), log.dispatchEvent(event("drop"))];
    }, kind);
  assert.deepEqual(await drop("file"), [false, false], "the browser would open the file");
  await ada.page.getByText("Files can’t be sent yet").waitFor();
  assert.deepEqual(await drop("text"), [false, false]);
  await hasDraft(ada, "dropped words");
});

for (const [kind, breakStorage, notice] of [
  ["silent", () => (IDBRequest.prototype.addEventListener = () => undefined), /doesn’t answer/],
  [
    "blocked",
    () => {
      const refuse = () => {
        throw new DOMException("blocked", "SecurityError");
      };
      for (const name of ["indexedDB", "localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get: refuse });
    },
    /keep nothing|storage is full/,
  ],
  [
    "full",
    () => {
      Storage.prototype.setItem = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
    },
    /storage is full/,
  ],
]) {
  test(`a browser whose storage is ${kind} works from memory and says so once`, { skip }, async () => {
    const ada = await pages.open();
    await ada.page.addInitScript(breakStorage);
    await ada.page.reload();
    await ada.joinsAs("Ada");
    await ada.types("from memory");
    await ada.createsRoom(`Memory ${kind}`);
    await ada.opensRoom("Lobby");
    await hasDraft(ada, "from memory");
    await ada.composer.press("Enter");
    await ada.seesSent("from memory");
    const notices = ada.page.getByRole("alert").getByText(notice);
    await notices.waitFor();
    assert.equal(await notices.count(), 1);
    await ada.says("and once more");
    await ada.seesSent("and once more");
    assert.equal(
      await ada.page
        .getByRole("alert")
        .getByText(/keep nothing|storage is full|doesn’t answer/)
        .count(),
      1,
    );
  });
}

test("a new day begins at midnight, and by the server's clock", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("said today");
  await ada.seesSent("said today");
  const day = (name) => ada.timeline.getByRole("button", { name: `${name}: jump to a date` });
  await day("Today").waitFor();
  const tomorrow = Date.now() + 86_400_000;
  await ada.page.clock.setSystemTime(tomorrow);
  await ada.page.evaluate(() => dispatchEvent(new Event("focus")));
  await day("Yesterday").waitFor();

  // This computer's clock is wrong from the beginning.
  const ben = await pages.open();
  await ben.page.clock.setSystemTime(tomorrow + 86_400_000);
  await ben.joinsAs("Ben");
  await ben.says("said by a wrong clock");
  await ben.seesSent("said by a wrong clock");
  await ben.timeline.getByRole("button", { name: "Today: jump to a date" }).waitFor();
  assert.equal(await ben.timeline.getByRole("button", { name: /: jump to a date$/ }).count(), 1);
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

for (const [width, height] of [
  [360, 720],
  [1280, 800],
]) {
  test(`a notice covers neither the newest message nor the composer, ${width} px wide`, { skip }, async () => {
    const ada = await pages.open("Ada", { width, height });
    for (let i = 1; i <= 30; i++) await ada.says(`line ${i}`);
    await ada.seesSent("line 30");
    await ada.timeline.evaluate((log) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "holiday.png", { type: "image/png" }));
      log.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    });
    const notice = await ada.page.getByText("Files can’t be sent yet").boundingBox();
    const newest = await ada.message("line 30").last().boundingBox();
    assert.ok(notice.y + notice.height < newest.y, JSON.stringify({ notice, newest }));

    const fieldHeight = () => ada.composer.evaluate((field) => field.clientHeight);
    const short = await fieldHeight();
    if (width < 600) await ada.page.getByRole("button", { name: "Show servers and rooms" }).tap();
    await ada.createsRoom("A room with a name that is too long for a phone");
    assert.equal(await fieldHeight(), short);
  });
}
