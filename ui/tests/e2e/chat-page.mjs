/**
 * The page of a user in Chromium, in a browser profile of their own. For what needs Playwright; a path through the interface is
 * walked by a `User`, in all browsers.
 */

import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { eventually, guardMs } from "../foreign/server.mjs";
import { saveScreenshot } from "./screenshots.mjs";

export const chromiumPath = process.env.ICHAT_CHROMIUM ?? "/usr/bin/chromium";
/** The reason to skip tests that need a browser, or `false`. */
export const browserUnavailable = existsSync(chromiumPath)
  ? false
  : "no Chromium is installed (ICHAT_CHROMIUM names one)";

/** The most lines that are typed. Chromium types each into all others, which takes a minute for thousands. */
const maxTypedLines = 100;

/** Starts a headless Chromium, in a network namespace if one is given. */
export async function openBrowser(netns) {
  const folder = await mkdtemp(join(tmpdir(), "ichat-chromium-"));
  let executablePath = chromiumPath;
  if (netns) {
    executablePath = join(folder, "chromium");
    await writeFile(executablePath, `#!/bin/sh\nexec ip netns exec ${netns} ${chromiumPath} "$@"\n`);
    await chmod(executablePath, 0o755);
  }
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-smooth-scrolling"],
  });
  browser.once("disconnected", () => void rm(folder, { recursive: true, force: true }));
  return browser;
}

export class ChatPage {
  /** The current tab, for what this class has no method for. */
  page;
  #context;
  #hasTouch = false;

  /** Opens the page in a new browser profile, and joins the chat if a name is given. */
  static async open(browser, url, { name, width = 1280, height = 800, scheme = "light", ...options } = {}) {
    const chat = new ChatPage();
    chat.#hasTouch = width < 600;
    chat.#context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      locale: "en-GB",
      // No test waits for an animation.
      reducedMotion: "reduce",
      deviceScaleFactor: width < 600 ? 2 : 1,
      hasTouch: chat.#hasTouch,
      ...options,
    });
    chat.#context.setDefaultTimeout(guardMs);
    await chat.opensTab(url);
    if (name) await chat.joinsAs(name);
    return chat;
  }

  /** Opens another tab of the same profile, which becomes the current one. */
  async opensTab(url) {
    this.page = await this.#context.newPage();
    await this.page.goto(url);
  }

  async joinsAs(name) {
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByRole("button", { name: "Join the chat" }).click();
    await this.composer.waitFor();
  }

  get composer() {
    return this.page.getByRole("textbox", { name: /^Message to / });
  }
  get timeline() {
    return this.page.getByRole("log", { name: /^Messages in / });
  }
  get rooms() {
    return this.page.getByRole("navigation", { name: "Servers and rooms" });
  }

  async types(text) {
    await this.composer.pressSequentially(text);
  }

  async says(text) {
    if (text.split("\n").length > maxTypedLines) await this.#pastes(text);
    else await this.composer.fill(text);
    // Enter starts a new line on a touch screen.
    if (this.#hasTouch) await this.page.getByRole("button", { name: "Send", exact: true }).tap();
    else await this.composer.press("Enter");
  }

  /** Replaces the text of the composer at once. */
  async #pastes(text) {
    await this.composer.evaluate((field, pasted) => {
      field.value = pasted;
      field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
    }, text);
  }

  /** Stops the page's clock, which the test has installed, a moment ahead: later if the page learns of it too late. */
  async pausesClock() {
    for (let aheadMs = 100; ; aheadMs *= 2) {
      try {
        return await this.page.clock.pauseAt(await this.page.evaluate((ahead) => Date.now() + ahead, aheadMs));
      } catch (error) {
        if (!error.message.includes("to the past")) throw error;
      }
    }
  }

  /** Waits until the composer has exactly this text. */
  async seesDraft(text) {
    await eventually(`the draft is ${JSON.stringify(text)}`, async () => {
      return (await this.composer.inputValue()) === text;
    });
  }

  async seesFocusInComposer() {
    await eventually("the composer has the focus", () =>
      this.composer.evaluate((field) => field === document.activeElement),
    );
  }

  /** Returns the distance of the timeline from its end, in pixels. */
  async distanceFromEnd() {
    return this.timeline.evaluate((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight));
  }

  /** Waits until the end of the timeline is in sight; `when` completes the sentence. */
  async seesEnd(when) {
    await eventually(`the end is in sight ${when}`, async () => (await this.distanceFromEnd()) <= 1);
  }

  message(text) {
    return this.timeline.getByRole("article").filter({ hasText: text });
  }

  async sees(text) {
    await this.message(text).first().waitFor();
  }

  /** Waits until a message is shown as accepted by the server: neither *sending* nor *not sent*. */
  async seesSent(text) {
    await this.message(text)
      .filter({ hasNotText: /sending\s*$|Not sent/ })
      .first()
      .waitFor();
  }

  async seesSending(text) {
    await this.message(text).getByText("sending", { exact: true }).waitFor();
  }

  /** The error of a refused message, or of any message if no text is given, with its buttons. */
  refusal(text) {
    const rows = text === undefined ? this.timeline : this.message(text);
    return rows.locator("div.failed");
  }

  async seesRefused(text, reason) {
    await this.refusal(text).getByText(reason).first().waitFor();
  }

  async seesTyping(name) {
    await this.page.getByText(new RegExp(`${name}\\b.* is typing…`)).waitFor();
  }

  async seesNoTyping() {
    await this.page.getByText(/typing…/).waitFor({ state: "detached" });
  }

  async seesBanner(text) {
    await this.page.getByRole("status").filter({ hasText: text }).first().waitFor();
  }

  async seesNoBanner() {
    await this.page.getByText(/Not connected\.|Connecting…/).waitFor({ state: "detached" });
  }

  /** Returns the texts of the timeline that match, in order. */
  async messages(pattern) {
    const bodies = await this.timeline.locator("article .body").allInnerTexts();
    return bodies.map((text) => text.trim()).filter((text) => pattern.test(text));
  }

  async renamesTo(name) {
    await this.page.getByRole("button", { name: "Settings" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Settings" });
    await dialog.getByRole("textbox").fill(name);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
  }

  async createsRoom(name) {
    await this.page.getByRole("button", { name: "Create a room" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Create a room" });
    await dialog.getByLabel("Name", { exact: true }).fill(name);
    await dialog.getByRole("button", { name: "Create" }).click();
    await this.seesRoom(name);
  }

  async joinsRoom(name) {
    await this.page.getByRole("button", { name: "Browse rooms" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Browse rooms" });
    await dialog.getByRole("listitem").filter({ hasText: name }).getByRole("button", { name: "Join" }).click();
    await this.seesRoom(name);
  }

  room(name) {
    return this.rooms.getByRole("button", { name: new RegExp(`^${name}`) });
  }

  async opensRoom(name) {
    await this.room(name).click();
    await this.seesRoom(name);
  }

  async seesRoom(name) {
    await this.page.getByRole("heading", { level: 1, name }).waitFor();
    await this.composer.waitFor();
  }

  async reloads() {
    await this.page.reload();
    await this.composer.waitFor();
  }

  async closesTab() {
    await this.page.close({ runBeforeUnload: false });
  }

  /** Makes the browser refuse to copy anything, as some do. */
  async refusesClipboard() {
    await this.page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException("refused", "NotAllowedError"));
      document.execCommand = () => false;
    });
  }

  async takesScreenshot(name) {
    // Move the mouse away, so that nothing is hovered.
    await this.page.mouse.move(0, 0);
    // Animations are finished and the caret is hidden, so that the picture is always the same.
    await saveScreenshot(name, await this.page.screenshot({ animations: "disabled", caret: "hide" }));
  }

  async close() {
    await this.#context.close();
  }
}

/** Asserts that the matching messages in a user's timeline are exactly these, in this order. */
export async function assertMessages(user, pattern, expected) {
  await user.sees(expected.at(-1));
  assert.deepEqual(await user.messages(pattern), expected);
}
