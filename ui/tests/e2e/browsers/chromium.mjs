/** Tabs in Chromium, each in a profile of its own, driven by Playwright. */

import { join } from "node:path";
import { openBrowser } from "../chat-page.mjs";
import { waypoints } from "./touch.mjs";

export { browserUnavailable as chromiumUnavailable } from "../chat-page.mjs";

/** The messages that Chromium itself prints when a server can't be reached. */
const networkErrors = /WebSocket connection to|Failed to load resource|net::ERR_/;

export class Chromium {
  #browser;

  static async open() {
    const chromium = new Chromium();
    chromium.#browser = await openBrowser();
    return chromium;
  }

  /**
   * Opens an empty tab in a new profile.
   *
   * @param {object} [options]
   * @param {number} [options.width]
   * @param {number} [options.height]
   * @param {boolean} [options.touch] whether it is a phone
   * @param {boolean} [options.motion] whether things move in the page; if not, less time passes
   * @param {string} [options.files] a folder with the files of a page that replaces the server's
   * @param {string} [options.broken] the part of such a page that is broken on purpose
   */
  async opensTab({ width = 1280, height = 800, touch = false, motion = false, files, broken } = {}) {
    const context = await this.#browser.newContext({
      viewport: { width, height },
      locale: "en-GB",
      hasTouch: touch,
      isMobile: touch,
      reducedMotion: motion ? "no-preference" : "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    if (files) {
      await context.route(/:\d+\/(assets\/.*)?$/, (route) => {
        const path = new URL(route.request().url()).pathname;
        return route.fulfill({ path: join(files, path === "/" ? "index.html" : path) });
      });
    }
    if (broken) await context.addInitScript((part) => (globalThis.ichatBroken = part), broken);
    return new ChromiumTab(context, await context.newPage());
  }

  close() {
    return this.#browser.close();
  }
}

class ChromiumTab {
  /** Playwright's page, for what this class has no method for. */
  page;
  /** The errors that the page has reported. */
  problems = [];
  #context;

  constructor(context, page) {
    this.#context = context;
    this.page = page;
    page.on("pageerror", (error) => this.problems.push(`${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !networkErrors.test(message.text())) this.problems.push(message.text());
    });
  }

  goto(url) {
    return this.page.goto(url);
  }

  reload() {
    return this.page.reload();
  }

  evaluate(run, argument) {
    return this.page.evaluate(run, argument);
  }

  run(script) {
    return this.page.evaluate(script);
  }

  isNavigationError(error) {
    return /Execution context was destroyed|navigation/.test(error.message);
  }

  async hover({ x, y }) {
    await this.page.mouse.move(x, y);
  }

  async click({ x, y }) {
    await this.page.mouse.click(x, y);
  }

  async tap({ x, y }) {
    await this.page.touchscreen.tap(x, y);
  }

  async wheel({ x, y }, distance) {
    await this.page.mouse.move(x, y);
    await this.page.mouse.wheel(0, distance);
  }

  /** Drags a finger from one point to another. */
  async drag(from, to) {
    const session = await this.#context.newCDPSession(this.page);
    const touch = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points });
    await touch("touchStart", [from]);
    for (const point of waypoints(from, to)) await touch("touchMove", [point]);
    await touch("touchEnd", []);
    await session.detach();
  }

  /** Presses keys together, such as `Control+Shift+U`. */
  async press(keys) {
    await this.page.keyboard.press(keys);
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  /** Writes text without a key press for each character, as an input method does. */
  async insert(text) {
    await this.page.keyboard.insertText(text);
  }

  async resize(width, height) {
    await this.page.setViewportSize({ width, height });
  }

  screenshot() {
    return this.page.screenshot();
  }

  async close() {
    await this.#context.close();
  }
}
