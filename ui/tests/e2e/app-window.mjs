/** A person at the desktop app: the real window, on a computer of their own, and what they do and see there. */

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { By, Key } from "selenium-webdriver";
import { eventually } from "../foreign/server.mjs";
import { keepPicture } from "./screenshots.mjs";
import { openApp } from "./webdriver.mjs";

const binary = process.env.ICHAT_BIN;
/** Longer than anybody waits: what is not seen by then is not there. */
const patienceMs = 20_000;

function there(program) {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Why there can be no window, for `{ skip }`. */
export const noWindow =
  (!binary && "ICHAT_BIN does not name the app") ||
  (!process.env.DISPLAY && "there is no display: run this under `xvfb-run -a dbus-run-session --`") ||
  (!there("WebKitWebDriver") && "there is no WebKitWebDriver on this system");

const quoted = (text) => (text.includes('"') ? `'${text}'` : `"${text}"`);
const button = (name) => `//button[@aria-label=${quoted(name)} or normalize-space()=${quoted(name)}]`;
const field = (label) =>
  `//*[self::input or self::textarea][@aria-label=${quoted(label)} or @id=//label[normalize-space()=${quoted(label)}]/@for]`;
const click = (found) => found.click();
const saying = (text) => `contains(normalize-space(), ${quoted(text)})`;

export class Desk {
  #app;
  #data;
  #computer;
  #log = "";

  /** Somebody who has never started the app before. */
  static async at(computer) {
    const desk = new Desk();
    desk.#computer = computer;
    desk.#data = await mkdtemp(join(tmpdir(), "ichat-desk-"));
    await desk.opens();
    return desk;
  }

  async opens() {
    this.#app = await openApp({
      binary,
      dataDir: this.#data,
      display: process.env.DISPLAY,
      netns: this.#computer.netns,
      log: (text) => (this.#log += text),
    });
    await this.#app.driver.manage().window().setRect({ width: 1280, height: 800 });
  }

  /** Quits as the menu does. */
  async quits() {
    const app = this.#app;
    this.#app = undefined;
    await app?.close();
  }

  /** Is taken away in the middle of whatever happens: `kill -9`. */
  async crashes() {
    const app = this.#app;
    this.#app = undefined;
    await app?.kill();
  }

  /** Quits for good, and throws the data away. */
  async leaves() {
    await this.crashes();
    await rm(this.#data, { recursive: true, force: true });
  }

  get log() {
    return this.#log;
  }

  /** All that is there now. While the page is drawn anew the driver may lose what it has just found: then it looks again. */
  async #all(by) {
    for (const end = Date.now() + patienceMs; ;) {
      try {
        return await this.#app.driver.findElements(by);
      } catch (error) {
        if (error.name !== "StaleElementReferenceError" || Date.now() > end) throw error;
      }
    }
  }

  /** Asks until something in sight gives an answer that counts, and returns that. */
  async #finds(what, xpath, ask = (element) => element, withinMs = patienceMs) {
    const attempt = async () => {
      for (const element of await this.#all(By.xpath(xpath))) {
        try {
          if (!(await element.isDisplayed())) continue;
          const answer = await ask(element);
          if (answer) return answer;
        } catch (error) {
          // Drawn anew meanwhile: it is found again.
          if (error.name !== "StaleElementReferenceError" && error.name !== "ElementNotInteractableError") throw error;
        }
      }
      return undefined;
    };
    return eventually(what, withinMs, attempt).catch(async (error) => {
      await this.picture(`failed-${what.replaceAll(/\W+/g, "-")}`).catch(() => undefined);
      const text = await this.#app.driver.findElement(By.css("body")).getText();
      throw new Error(`${error.message}\nin sight:\n${text}\nlog:\n${this.#log}`, { cause: error });
    });
  }

  /** Does something with what is in sight. */
  async #does(what, xpath, act) {
    await this.#finds(what, xpath, async (found) => {
      await act(found);
      return true;
    });
  }

  async #gone(what, xpath, withinMs = patienceMs) {
    await eventually(`${what} is gone`, withinMs, async () => {
      return (await this.#all(By.xpath(xpath))).length === 0;
    });
  }

  async clicks(name) {
    await this.#does(`the button “${name}”`, button(name), click);
  }

  async #fills(xpath, text, ...more) {
    await this.#does(`the field for “${text}”`, xpath, async (found) => {
      await found.click();
      await found.sendKeys(Key.chord(Key.CONTROL, "a"), Key.BACK_SPACE);
      await found.sendKeys(text, ...more);
    });
  }

  async isCalled(name) {
    await this.#fills(field("Your name"), name);
    await this.#finds(`the name ${name}`, field("Your name"), async (found) => {
      return (await found.getProperty("value")) === name || undefined;
    });
  }

  async hosts() {
    await this.clicks("Host on this network");
    await this.isIn("Lobby");
  }

  async joinsByAddress(address) {
    await this.#fills(field("Address") + "|" + field("Join by address"), address, Key.ENTER);
    await this.isIn("Lobby");
  }

  static #near = (name) => `//section[@aria-labelledby="nearby"]//button[${saying(name)}]`;

  async findsNearby(name, withinMs) {
    await this.#finds(`${name} nearby`, Desk.#near(name), undefined, withinMs);
  }

  async findsNobodyNearby(name, withinMs) {
    await this.#gone(`${name} nearby`, Desk.#near(name), withinMs);
  }

  async createsRoom(name) {
    await this.clicks("Create a room");
    await this.#fills(`//dialog//label[span[normalize-space()="Name"]]/input`, name, Key.ENTER);
    await this.isIn(name);
  }

  async goesTo(room) {
    await this.#does(`the room ${room}`, `//nav//button[${saying(room)}]`, click);
    await this.#finds(`the room ${room}`, `//main//h1[${saying(room)}]`);
  }

  /** Opens the list of those nearby from within. */
  async looksForOthers() {
    await this.#does("the way to others", `${button("Join another server")}|${button("Host or join")}`, click);
  }

  async closesDialog() {
    await this.#does("the dialog's way out", `//dialog${button("Close")}`, click);
  }

  async joinsNearby(name) {
    await this.#does(`${name} nearby`, Desk.#near(name), click);
    await this.isIn("Lobby");
  }

  async isIn(room) {
    await this.#finds(`the room ${room}`, `//main//h1[${saying(room)}]`);
    await this.#finds(`the field to write in`, field(`Message to ${room}`));
  }

  static #card = `//aside[@aria-label="Let others in"]`;

  /** The address that the join card shows to type into any browser. */
  async readsOutAddress() {
    const code = `${Desk.#card}//*[@role="img"][starts-with(@aria-label, "QR code of http")]`;
    const address = await this.#finds("the address", `${Desk.#card}//*[contains(@class, "address")]/span`, (found) =>
      found.getText(),
    );
    const drawn = await this.#finds("the QR code", code, (found) => found.getAttribute("aria-label"));
    assert.ok(drawn.includes(address), `${drawn} leads to ${address}`);
    return address;
  }

  async seesHereNow(name) {
    await this.#finds(`${name} here now`, `${Desk.#card}//li[${saying(name)}]`);
  }

  async types(text, room = "Lobby") {
    await this.#does(`the field to write in`, field(`Message to ${room}`), (found) => found.sendKeys(text));
  }

  async says(text, room = "Lobby") {
    await this.types(text, room);
    await this.types(Key.ENTER, room);
  }

  static #message = (text) => `//*[@role="log"]//article[${saying(text)}]`;
  static #sending = `.//span[normalize-space()="sending"]`;

  async sees(text, withinMs) {
    await this.#finds(`“${text}”`, Desk.#message(text), undefined, withinMs);
  }

  async seesSent(text) {
    await this.#finds(`“${text}” sent`, `${Desk.#message(text)}[not(${Desk.#sending})]`);
  }

  async seesWaiting(text) {
    await this.#finds(`“${text}” waiting`, `${Desk.#message(text)}[${Desk.#sending}]`);
  }

  static #refusal = (text) => `${Desk.#message(text)}//div[contains(@class, "failed")]`;

  async seesRefused(text, reason) {
    await this.#finds(`“${text}” refused`, `${Desk.#refusal(text)}[${saying(reason)}]`);
  }

  /** One of the ways out for a message that was refused. */
  async isOffered(name, text) {
    await this.#finds(`${name} for “${text}”`, `${Desk.#refusal(text)}${button(name)}`);
  }

  async chooses(name, text) {
    await this.#does(`${name} for “${text}”`, `${Desk.#refusal(text)}${button(name)}`, click);
  }

  async seesNoLonger(text) {
    await this.#gone(`“${text}”`, Desk.#message(text));
  }

  async seesTyping(name) {
    await this.#finds(`${name} typing`, `//p[${saying(name)} and ${saying("is typing…")}]`);
  }

  async seesBanner(text) {
    await this.#finds(`the banner “${text}”`, `//*[@role="status"][${saying(text)}]`);
  }

  async seesNothingUnread() {
    await this.#gone("what is unread", `//nav//*[${saying("unread")}]`);
  }

  async seesNoBanner() {
    await this.#gone("the banner", `//main//*[@role="status"]/p`);
  }

  /** Everything that stands in the timeline, in its order, of those messages that fit. */
  async reads(fits) {
    const texts = await this.#app.driver.executeScript(() =>
      [...document.querySelectorAll("[role=log] article [dir=auto]")].map((body) => body.innerText),
    );
    return texts.map((text) => text.trim()).filter((text) => fits.test(text));
  }

  async picture(name) {
    // Everything has been loaded and drawn.
    await this.#app.driver.executeAsyncScript((done) => {
      const loaded = [...document.images].map((image) => image.decode());
      void Promise.allSettled(loaded).then(() => requestAnimationFrame(() => requestAnimationFrame(done)));
    });
    await keepPicture(name, Buffer.from(await this.#app.driver.takeScreenshot(), "base64"));
  }
}
