/** The desktop app in its real window, on a host of its own. */

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { By, Key } from "selenium-webdriver";
import { eventually } from "../foreign/server.mjs";
import { isInstalled } from "./programs.mjs";
import { saveScreenshot } from "./screenshots.mjs";
import { openApp } from "./webdriver.mjs";

const binary = process.env.ICHAT_BIN;
const timeoutMs = 60_000;

/** The reason to skip tests that need the app's window, or `false`. */
export const windowUnavailable =
  (!binary && "ICHAT_BIN does not name the app") ||
  (!process.env.DISPLAY && "there is no display: run this under `xvfb-run -a dbus-run-session --`") ||
  (!isInstalled("WebKitWebDriver") && "there is no WebKitWebDriver on this system");

const quote = (text) => (text.includes('"') ? `'${text}'` : `"${text}"`);
const button = (name) => `//button[@aria-label=${quote(name)} or normalize-space()=${quote(name)}]`;
const field = (label) =>
  `//*[self::input or self::textarea][@aria-label=${quote(label)} or @id=//label[normalize-space()=${quote(label)}]/@for]`;
const click = (element) => element.click();
const hasText = (text) => `contains(normalize-space(), ${quote(text)})`;

export class AppWindow {
  #app;
  #data;
  #host;
  #env;
  #display;
  #frozen = [];
  #log = "";

  /** Starts the app with an empty data folder, and with these environment variables besides those of the test. */
  static async open(host, { env = {}, display = process.env.DISPLAY, dataDir } = {}) {
    const window = new AppWindow();
    window.#host = host;
    window.#env = env;
    window.#display = display;
    window.#data = dataDir ?? (await mkdtemp(join(tmpdir(), "ichat-app-")));
    await window.starts();
    return window;
  }

  async starts() {
    this.#app = await openApp({
      binary,
      dataDir: this.#data,
      display: this.#display,
      netns: this.#host.netns,
      env: this.#env,
      log: (text) => (this.#log += text),
    });
    await this.#app.driver.manage().window().setRect({ width: 1280, height: 800 });
  }

  /** Quits the app as its menu does. */
  async quits() {
    const app = this.#app;
    this.#app = undefined;
    await app?.close();
  }

  /** Kills the app. */
  async crashes() {
    const app = this.#app;
    this.#app = undefined;
    await app?.kill();
    for (const pid of this.#frozen.splice(0)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended with the app.
      }
    }
  }

  /** Kills the app and deletes its data. */
  async remove() {
    await this.crashes();
    // WebKit's helper processes may write to the folder for a moment after the app has ended.
    await rm(this.#data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  get log() {
    return this.#log;
  }

  get driver() {
    return this.#app.driver;
  }

  get pid() {
    return this.#app.pid;
  }

  /** Waits until the app has ended, and what was started with it. */
  async ends() {
    await this.#app.ended();
    await this.quits();
  }

  async seesText(text) {
    await this.#finds(`the text “${text}”`, `//body//*[text()[${hasText(text)}]]`);
  }

  async seesNoText(text) {
    await this.#seesGone(`the text “${text}”`, `//body//*[text()[${hasText(text)}]]`);
  }

  /** Returns whether the app has ended. */
  async hasEnded() {
    return !(await this.#app.isRunning());
  }

  /** Kills the process that draws the page. */
  crashesPage() {
    for (const pid of this.#pageProcesses()) process.kill(pid, "SIGKILL");
  }

  /** Stops the process that draws the page from responding. */
  freezesPage() {
    this.#frozen = this.#pageProcesses();
    for (const pid of this.#frozen) process.kill(pid, "SIGSTOP");
  }

  #pageProcesses() {
    const listed = execFileSync("ps", ["-o", "pid=,comm=", "--ppid", String(this.pid)], { encoding: "utf8" });
    return listed
      .split("\n")
      .filter((line) => line.includes("WebKitWebProces"))
      .map((line) => Number.parseInt(line, 10));
  }

  /** Presses keys with the focus on the page. They may end the app, and the driver with it. */
  async presses(keys) {
    try {
      await this.#app.driver.switchTo().activeElement().sendKeys(keys);
    } catch (error) {
      if (await this.#app.isRunning()) throw error;
    }
  }

  async clicksInDialog(name) {
    await this.#does(`the button “${name}” of the dialog`, `//dialog${button(name)}`, click);
  }

  /** Returns the width of the page in CSS pixels. */
  async pageWidth() {
    return this.#app.driver.executeScript(() => innerWidth);
  }

  /** Returns a position on the screen, within the first line of an element and near its start. */
  async positionOf(xpath) {
    const element = await this.#finds(`the element ${xpath}`, xpath);
    return this.#app.driver.executeScript((element) => {
      const { left, top } = element.getClientRects()[0];
      const { paddingLeft, paddingTop, fontSize } = getComputedStyle(element);
      const [x, y] = [left + Number.parseFloat(paddingLeft) + 12, top + Number.parseFloat(paddingTop)];
      return { x: Math.round(screenX + x), y: Math.round(screenY + y + Number.parseFloat(fontSize) / 2) };
    }, element);
  }

  async positionOfDraft(room) {
    return this.positionOf(field(`Message to ${room}`));
  }

  /** Returns the text of the composer. */
  async draft(room) {
    return this.#finds("the composer", field(`Message to ${room}`), async (element) => ({
      text: await element.getProperty("value"),
    })).then(({ text }) => text);
  }

  async seesDialog(title) {
    await this.#finds(`the dialog “${title}”`, `//dialog//h2[${hasText(title)}]`);
  }

  /** Returns the current elements. Searches again if the driver loses one because the page is rendered meanwhile. */
  async #all(by) {
    for (const deadline = Date.now() + timeoutMs; ;) {
      try {
        return await this.#app.driver.findElements(by);
      } catch (error) {
        if (error.name !== "StaleElementReferenceError" || Date.now() > deadline) throw error;
      }
    }
  }

  /** Polls until `check` returns a truthy result for a visible element, and returns that result. */
  async #finds(description, xpath, check = (element) => element, limitMs = timeoutMs) {
    const attempt = async () => {
      for (const element of await this.#all(By.xpath(xpath))) {
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
    return eventually(description, limitMs, attempt).catch(async (error) => {
      await this.takesScreenshot(`failed-${description.replaceAll(/\W+/g, "-")}`).catch(() => undefined);
      const text = await this.#app.driver.findElement(By.css("body")).getText();
      throw new Error(`${error.message}\nvisible text:\n${text}\nlog:\n${this.#log}`, { cause: error });
    });
  }

  /** Performs an action on a visible element. */
  async #does(description, xpath, act) {
    await this.#finds(description, xpath, async (element) => {
      await act(element);
      return true;
    });
  }

  async #seesGone(description, xpath, limitMs = timeoutMs) {
    await eventually(`${description} is gone`, limitMs, async () => {
      return (await this.#all(By.xpath(xpath))).length === 0;
    });
  }

  async clicks(name) {
    await this.#does(`the button “${name}”`, button(name), click);
  }

  async #fills(xpath, text, ...keys) {
    await this.#does(`the field for “${text}”`, xpath, async (element) => {
      await element.click();
      await element.sendKeys(Key.chord(Key.CONTROL, "a"), Key.BACK_SPACE);
      await element.sendKeys(text, ...keys);
    });
  }

  async setsName(name) {
    await this.#fills(field("Your name"), name);
    await this.#finds(`the name ${name}`, field("Your name"), async (element) => {
      return (await element.getProperty("value")) === name;
    });
  }

  async hosts() {
    await this.clicks("Host on this network");
    await this.seesRoom("Lobby");
  }

  async joinsByAddress(address) {
    await this.#fills(field("Join by address"), address, Key.ENTER);
    await this.seesRoom("Lobby");
  }

  static #nearby = (name) => `//section[@aria-labelledby="nearby"]//button[${hasText(name)}]`;

  async seesNearby(name, limitMs) {
    await this.#finds(`${name} nearby`, AppWindow.#nearby(name), undefined, limitMs);
  }

  async seesNotNearby(name, limitMs) {
    await this.#seesGone(`${name} nearby`, AppWindow.#nearby(name), limitMs);
  }

  async createsRoom(name) {
    await this.clicks("Create a room");
    await this.#fills(`//dialog//label[span[normalize-space()="Name"]]/input`, name, Key.ENTER);
    await this.seesRoom(name);
  }

  async opensRoom(room) {
    await this.#does(`the room ${room}`, `//nav//button[${hasText(room)}]`, click);
    await this.#finds(`the room ${room}`, `//main//h1[${hasText(room)}]`);
  }

  /** Opens the dialog that lists nearby servers. */
  async opensFindDialog() {
    await this.#does(
      "the button that opens the dialog",
      `${button("Join another server")}|${button("Host or join")}`,
      click,
    );
  }

  async closesDialog() {
    await this.#does("the dialog's close button", `//dialog${button("Close")}`, click);
  }

  async joinsNearby(name) {
    await this.#does(`${name} nearby`, AppWindow.#nearby(name), click);
    await this.seesRoom("Lobby");
  }

  async seesRoom(room) {
    await this.#finds(`the room ${room}`, `//main//h1[${hasText(room)}]`);
    await this.#finds("the composer", field(`Message to ${room}`));
  }

  static #sharePanel = `//aside[@aria-label="Let others in"]`;

  /** Returns the address that the share panel shows. */
  async sharedAddress() {
    const code = `${AppWindow.#sharePanel}//*[@role="img"][starts-with(@aria-label, "QR code of http")]`;
    const address = await this.#finds(
      "the address",
      `${AppWindow.#sharePanel}//*[contains(@class, "address")]/span`,
      (element) => element.getText(),
    );
    const label = await this.#finds("the QR code", code, (element) => element.getAttribute("aria-label"));
    assert.ok(label.includes(address), `${label} contains ${address}`);
    return address;
  }

  async seesHereNow(name) {
    await this.#finds(`${name} here now`, `${AppWindow.#sharePanel}//li[${hasText(name)}]`);
  }

  async types(text, room = "Lobby") {
    await this.#does("the composer", field(`Message to ${room}`), (element) => element.sendKeys(text));
  }

  async says(text, room = "Lobby") {
    await this.types(text, room);
    await this.types(Key.ENTER, room);
  }

  static #message = (text) => `//*[@role="log"]//article[${hasText(text)}]`;
  static #sending = `.//span[normalize-space()="sending"]`;

  async sees(text, limitMs) {
    await this.#finds(`“${text}”`, AppWindow.#message(text), undefined, limitMs);
  }

  async seesSent(text) {
    await this.#finds(`“${text}” sent`, `${AppWindow.#message(text)}[not(${AppWindow.#sending})]`);
  }

  async seesSending(text) {
    await this.#finds(`“${text}” sending`, `${AppWindow.#message(text)}[${AppWindow.#sending}]`);
  }

  static #refusal = (text) => `${AppWindow.#message(text)}//div[contains(@class, "failed")]`;

  async seesRefused(text, reason) {
    await this.#finds(`“${text}” refused`, `${AppWindow.#refusal(text)}[${hasText(reason)}]`);
  }

  /** Waits for a button of a refused message. */
  async seesRefusalButton(name, text) {
    await this.#finds(`${name} for “${text}”`, `${AppWindow.#refusal(text)}${button(name)}`);
  }

  async clicksRefusalButton(name, text) {
    await this.#does(`${name} for “${text}”`, `${AppWindow.#refusal(text)}${button(name)}`, click);
  }

  async seesGone(text) {
    await this.#seesGone(`“${text}”`, AppWindow.#message(text));
  }

  async seesTyping(name) {
    await this.#finds(`${name} typing`, `//p[${hasText(name)} and ${hasText("is typing…")}]`);
  }

  async seesBanner(text) {
    await this.#finds(`the banner “${text}”`, `//*[@role="status"][${hasText(text)}]`);
  }

  async seesNoUnread() {
    await this.#seesGone("the unread count", `//nav//*[${hasText("unread")}]`);
  }

  async seesNoBanner() {
    await this.#seesGone("the banner", `//main//*[@role="status"]/p`);
  }

  /** Returns the texts of the timeline that match, in order. */
  async messages(pattern) {
    const texts = await this.#app.driver.executeScript(() =>
      [...document.querySelectorAll("[role=log] article .body")].map((body) => body.innerText),
    );
    return texts.map((text) => text.trim()).filter((text) => pattern.test(text));
  }

  async takesScreenshot(name) {
    // Wait until all images are loaded and painted.
    await this.#app.driver.executeAsyncScript((done) => {
      const loaded = [...document.images].map((image) => image.decode());
      void Promise.allSettled(loaded).then(() => requestAnimationFrame(() => requestAnimationFrame(done)));
    });
    await saveScreenshot(name, Buffer.from(await this.#app.driver.takeScreenshot(), "base64"));
  }
}
