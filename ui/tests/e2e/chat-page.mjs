/** A person with nothing but a browser: Chromium, a profile of their own, and what they do and see. */

import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { keepPicture } from "./screenshots.mjs";

const chromiumPath = process.env.ICHAT_CHROMIUM ?? "/usr/bin/chromium";
/** Why there is no browser, for `{ skip }`. */
export const noBrowser = existsSync(chromiumPath) ? false : "no Chromium is installed (ICHAT_CHROMIUM names one)";

/** Longer than anybody waits: what is not seen by then is not there. */
const patienceMs = 20_000;

/** Chromium without a screen, inside a network namespace if one is given. */
export async function openBrowser(netns) {
  const folder = await mkdtemp(join(tmpdir(), "ichat-chromium-"));
  let executablePath = chromiumPath;
  if (netns) {
    executablePath = join(folder, "chromium");
    await writeFile(executablePath, `#!/bin/sh\nexec ip netns exec ${netns} ${chromiumPath} "$@"\n`);
    await chmod(executablePath, 0o755);
  }
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  browser.once("disconnected", () => void rm(folder, { recursive: true, force: true }));
  return browser;
}

export class Guest {
  /** The tab, for what has no word of its own here. */
  page;
  #context;

  /** A first visit, or with a name also the first step inside. */
  static async visits(browser, url, { name, width = 1280, height = 800, scheme = "light" } = {}) {
    const guest = new Guest();
    guest.#context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      locale: "en-GB",
      deviceScaleFactor: width < 600 ? 2 : 1,
      hasTouch: width < 600,
    });
    guest.#context.setDefaultTimeout(patienceMs);
    await guest.opens(url);
    if (name) await guest.entersAs(name);
    return guest;
  }

  /** Another tab of the same profile; what is done from now on is done there. */
  async opens(url) {
    this.page = await this.#context.newPage();
    await this.page.goto(url);
  }

  async entersAs(name) {
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
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  message(text) {
    return this.timeline.getByRole("article").filter({ hasText: text });
  }

  async sees(text) {
    await this.message(text).first().waitFor();
  }

  /** Sees it as a message that the server has: neither *sending* nor *not sent*. */
  async seesSent(text) {
    await this.message(text)
      .filter({ hasNotText: /sending\s*$|Not sent/ })
      .first()
      .waitFor();
  }

  async seesWaiting(text) {
    await this.message(text).getByText("sending", { exact: true }).waitFor();
  }

  /** Why something was refused, and what can be done about it. */
  refusal(text) {
    const rows = text === undefined ? this.timeline : this.message(text);
    return rows.locator("div.failed");
  }

  async seesRefused(text, reason) {
    await this.refusal(text).getByText(reason).first().waitFor();
  }

  async seesTyping(name) {
    await this.page.getByText(new RegExp(`${name}.? is typing…`)).waitFor();
  }

  async seesNobodyTyping() {
    await this.page.getByText(/typing…/).waitFor({ state: "detached" });
  }

  async seesBanner(text) {
    await this.page.getByRole("status").filter({ hasText: text }).first().waitFor();
  }

  async seesNoBanner() {
    await this.page.getByText(/Not connected\.|Connecting…/).waitFor({ state: "detached" });
  }

  /** Everything that stands in the timeline, in its order, of those messages that fit. */
  async reads(fits) {
    const bodies = await this.timeline.locator("article [dir=auto]").allInnerTexts();
    return bodies.map((text) => text.trim()).filter((text) => fits.test(text));
  }

  async createsRoom(name) {
    await this.page.getByRole("button", { name: "Create a room" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Create a room" });
    await dialog.getByLabel("Name", { exact: true }).fill(name);
    await dialog.getByRole("button", { name: "Create" }).click();
    await this.isIn(name);
  }

  async joinsRoom(name) {
    await this.page.getByRole("button", { name: "Browse rooms" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Browse rooms" });
    await dialog.getByRole("listitem").filter({ hasText: name }).getByRole("button", { name: "Join" }).click();
    await this.isIn(name);
  }

  room(name) {
    return this.rooms.getByRole("button", { name: new RegExp(`^${name}`) });
  }

  async goesTo(name) {
    await this.room(name).click();
    await this.isIn(name);
  }

  async isIn(name) {
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

  async picture(name) {
    // Nothing is under the mouse.
    await this.page.mouse.move(0, 0);
    // What fades in has faded in, and the caret does not blink.
    await keepPicture(name, await this.page.screenshot({ animations: "disabled", caret: "hide" }));
  }

  async leaves() {
    await this.#context.close();
  }
}

/** The messages that fit stand there once each, in this order. */
export async function readsInOrder(guest, fits, expected) {
  await guest.sees(expected.at(-1));
  assert.deepEqual(await guest.reads(fits), expected);
}
