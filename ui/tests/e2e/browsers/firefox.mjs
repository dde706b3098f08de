/** Tabs in Firefox, each in a profile of its own, driven by Puppeteer over WebDriver BiDi. */

import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { typedKeys } from "./key-names.mjs";
import { waypoints } from "./touch.mjs";

const firefoxPath = process.env.ICHAT_FIREFOX ?? "/usr/bin/firefox-esr";
/** The reason to skip tests that need Firefox, or `false`. */
export const firefoxUnavailable = existsSync(firefoxPath) ? false : "no Firefox is installed (ICHAT_FIREFOX names one)";

/** The messages that Firefox itself prints when a server can't be reached. */
const networkErrors = /can’t establish a connection|was interrupted while the page was loading|NetworkError/;

/**
 * The event that ends a navigation. Puppeteer would miss a later `load` if the page changes its address before it, which our
 * page does as soon as it has connected: Firefox then counts the load to another navigation.
 */
const loaded = { waitUntil: "domcontentloaded" };

export class Firefox {
  #browser;

  /**
   * @param {object} [options]
   * @param {boolean} [options.touch] whether it is a phone
   */
  static async open({ touch = false } = {}) {
    // A coarse pointer (1), or a fine one (2) that hovers (4).
    const pointers = touch ? 1 : 6;
    const firefox = new Firefox();
    firefox.#browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: firefoxPath,
      headless: true,
      extraPrefsFirefox: {
        "intl.accept_languages": "en-GB, en",
        // The window counts as focused although there is no desktop.
        "focusmanager.testmode": true,
        "ui.primaryPointerCapabilities": pointers,
        "ui.allPointerCapabilities": pointers,
        // Otherwise it depends on the hardware.
        "dom.w3c_touch_events.enabled": touch ? 1 : 0,
        // A tap is two commands, between which a busy computer lets time pass. It stays a tap, as no path rests a finger.
        "apz.max_tap_time": 60_000,
        "ui.click_hold_context_menus.delay": 60_000,
      },
    });
    return firefox;
  }

  /** Opens an empty tab in a new profile. */
  async opensTab({ width = 1280, height = 800 } = {}) {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport({ width, height });
    return new FirefoxTab(context, page);
  }

  close() {
    return this.#browser.close();
  }
}

class FirefoxTab {
  /** The errors that the page has reported. */
  problems = [];
  #context;
  #page;

  constructor(context, page) {
    this.#context = context;
    this.#page = page;
    page.on("pageerror", (error) => this.problems.push(`${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !networkErrors.test(message.text())) this.problems.push(message.text());
    });
  }

  goto(url) {
    return this.#page.goto(url, loaded);
  }

  reload() {
    return this.#page.reload(loaded);
  }

  evaluate(run, argument) {
    return this.#page.evaluate(run, argument);
  }

  run(script) {
    return this.#page.evaluate(script);
  }

  isNavigationError(error) {
    return /navigat|no such frame|context|realm|Frame/i.test(error.message);
  }

  async hover({ x, y }) {
    await this.#page.mouse.move(x, y);
  }

  async click({ x, y }) {
    await this.#page.mouse.click(x, y);
  }

  async tap({ x, y }) {
    await this.#page.touchscreen.tap(x, y);
  }

  /** Drags a finger from one point to another. */
  async drag(from, to) {
    const touch = await this.#page.touchscreen.touchStart(from.x, from.y);
    for (const { x, y } of waypoints(from, to)) await touch.move(x, y);
    await touch.end();
  }

  async wheel({ x, y }, distance) {
    await this.#page.mouse.move(x, y);
    await this.#page.mouse.wheel({ deltaY: distance });
  }

  /** Presses keys together, such as `Control+Shift+U`. */
  async press(keys) {
    const { modifiers, key } = typedKeys(keys);
    for (const modifier of modifiers) await this.#page.keyboard.down(modifier);
    await this.#page.keyboard.press(key);
    for (const modifier of modifiers.reverse()) await this.#page.keyboard.up(modifier);
  }

  async type(text) {
    await this.#page.keyboard.type(text);
  }

  async resize(width, height) {
    await this.#page.setViewport({ width, height });
  }

  screenshot() {
    return this.#page.screenshot();
  }

  async close() {
    await this.#context.close();
  }
}
