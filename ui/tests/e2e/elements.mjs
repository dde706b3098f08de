/** Finds elements of the app's page as its user does, by their names and texts, and acts on them. */

import { By, Key } from "selenium-webdriver";
import { eventually, guardMs } from "../foreign/server.mjs";
import { saveScreenshot } from "./screenshots.mjs";

/** The time for a picture of a failure. WebKit's driver takes none of a page with a modal dialog, and never says so. */
const pictureTimeoutMs = 10_000;

export const quote = (text) => (text.includes('"') ? `'${text}'` : `"${text}"`);
export const button = (name) => `//button[@aria-label=${quote(name)} or normalize-space()=${quote(name)}]`;
export const field = (label) =>
  `//*[self::input or self::textarea][@aria-label=${quote(label)} or @id=//label[normalize-space()=${quote(label)}]/@for]`;
export const click = (element) => element.click();
export const hasText = (text) => `contains(normalize-space(), ${quote(text)})`;

export class Elements {
  #window;

  /** `window` has the driver, which may be another after a restart, and the log of the app. */
  constructor(window) {
    this.#window = window;
  }

  /** Returns the current elements. Searches again if the driver loses one because the page is rendered meanwhile. */
  async all(by) {
    for (const deadline = Date.now() + guardMs; ;) {
      try {
        return await this.#window.driver.findElements(by);
      } catch (error) {
        if (error.name !== "StaleElementReferenceError" || Date.now() > deadline) throw error;
      }
    }
  }

  /** Polls until `check` returns a truthy result for a visible element, and returns that result. */
  async finds(description, xpath, check = (element) => element, limitMs = guardMs) {
    const attempt = async () => {
      for (const element of await this.all(By.xpath(xpath))) {
        try {
          if (!(await element.isDisplayed())) continue;
          const result = await check(element);
          if (result) return result;
        } catch (error) {
          // The element was rendered again: the next attempt finds the new one.
          if (error.name !== "StaleElementReferenceError" && error.name !== "ElementNotInteractableError") throw error;
        }
      }
      return undefined;
    };
    return eventually(description, attempt, limitMs).catch(async (error) => {
      const body = this.#window.driver.findElement(By.css("body"));
      const text = await orAfter(pictureTimeoutMs, "(the page doesn't respond)", body.getText()).catch(
        () => "(there is no page)",
      );
      const picture = this.takesScreenshot(`failed-${description.replaceAll(/\W+/g, "-")}`);
      await orAfter(pictureTimeoutMs, undefined, picture).catch(() => undefined);
      throw new Error(`${error.message}\nvisible text:\n${text}\nlog:\n${this.#window.log}`, { cause: error });
    });
  }

  /** Performs an action on a visible element. */
  async does(description, xpath, act) {
    await this.finds(description, xpath, async (element) => {
      await act(element);
      return true;
    });
  }

  async seesGone(description, xpath, limitMs = guardMs) {
    const isGone = async () => (await this.all(By.xpath(xpath))).length === 0;
    await eventually(`${description} is gone`, isGone, limitMs);
  }

  async fills(xpath, text, ...keys) {
    await this.does(`the field for “${text}”`, xpath, async (element) => {
      await element.click();
      await element.sendKeys(Key.chord(Key.CONTROL, "a"), Key.BACK_SPACE);
      await element.sendKeys(text, ...keys);
    });
  }

  async takesScreenshot(name) {
    // Wait until all images are loaded and painted.
    await this.#window.driver.executeAsyncScript((done) => {
      const loaded = [...document.images].map((image) => image.decode());
      void Promise.allSettled(loaded).then(() => requestAnimationFrame(() => requestAnimationFrame(done)));
    });
    await saveScreenshot(name, Buffer.from(await this.#window.driver.takeScreenshot(), "base64"));
  }
}

/** Returns what a promise becomes, or `fallback` if that takes too long. */
async function orAfter(limitMs, fallback, promise) {
  let timer;
  const expired = new Promise((resolve) => (timer = setTimeout(resolve, limitMs, fallback)));
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
