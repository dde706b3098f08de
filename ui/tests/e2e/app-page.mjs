/** The app's page, as its user sees and uses it. */

import { By, Key } from "selenium-webdriver";
import { Elements, button, click, field, hasText, quote } from "./elements.mjs";

/** A subclass has the page's `driver`, and the `log` of the app. */
export class AppPage {
  #elements = new Elements(this);

  async seesText(text) {
    await this.#elements.finds(`the text “${text}”`, `//body//*[text()[${hasText(text)}]]`);
  }

  async seesNoText(text) {
    await this.#elements.seesGone(`the text “${text}”`, `//body//*[text()[${hasText(text)}]]`);
  }

  /**
   * Clicks a button that hides the window or ends the app. The driver would wait for the next frame, and there is none. The
   * app may end before the driver has answered, so the caller has to check that it did what the button says.
   */
  async clicksAway(name) {
    await this.#elements.does(`the button “${name}”`, button(name), (element) =>
      this.driver
        .executeScript((element) => void setTimeout(() => element.click()), element)
        .catch((error) => {
          if (error.name === "StaleElementReferenceError") throw error;
        }),
    );
  }

  /** Returns the width of the page in CSS pixels. */
  async pageWidth() {
    return this.driver.executeScript(() => innerWidth);
  }

  /** Returns a position in the window, within the first line of an element and near its start. */
  async positionOf(xpath) {
    const element = await this.#elements.finds(`the element ${xpath}`, xpath);
    return this.driver.executeScript((element) => {
      const { left, top } = element.getClientRects()[0];
      const { paddingLeft, paddingTop, fontSize } = getComputedStyle(element);
      const [x, y] = [left + Number.parseFloat(paddingLeft) + 12, top + Number.parseFloat(paddingTop)];
      return { x: Math.round(x), y: Math.round(y + Number.parseFloat(fontSize) / 2) };
    }, element);
  }

  /** Returns the place of a button on the page. */
  async placeOfButton(name) {
    const element = await this.#elements.finds(`the button “${name}”`, button(name));
    return element.getRect();
  }

  /** Returns the label of the field that has the focus. */
  async focusedLabel() {
    return this.driver.executeScript(() => document.activeElement.labels?.[0]?.innerText.trim());
  }

  /** Returns the text that Copy would copy. */
  async selectedText() {
    return this.driver.executeScript(() => getSelection().toString());
  }

  async positionOfDraft(room) {
    return this.positionOf(field(`Message to ${room}`));
  }

  async focusesDraft(room) {
    await this.#elements.does("the composer", field(`Message to ${room}`), click);
  }

  /** Returns the text of the composer. */
  async draft(room) {
    const element = await this.#elements.finds("the composer", field(`Message to ${room}`));
    return element.getProperty("value");
  }

  async seesDialog(title) {
    await this.#elements.finds(`the dialog “${title}”`, `//dialog//h2[${hasText(title)}]`);
  }

  async seesNoDialog() {
    await this.#elements.seesGone("the dialog", "//dialog");
  }

  async clicks(name) {
    await this.#elements.does(`the button “${name}”`, button(name), click);
  }

  async setsName(name) {
    await this.#elements.fills(field("Your name"), name);
    await this.#elements.finds(`the name ${name}`, field("Your name"), async (element) => {
      return (await element.getProperty("value")) === name;
    });
  }

  async hosts() {
    await this.clicks("Host on this network");
    await this.seesRoom("Lobby");
  }

  async triesAddress(address) {
    await this.#elements.fills(field("Join by address"), address, Key.ENTER);
  }

  async joinsByAddress(address) {
    await this.triesAddress(address);
    await this.seesRoom("Lobby");
  }

  static #nearby = (name) => `//section[h2[normalize-space()="Nearby"]]//button[${hasText(name)}]`;

  async seesNearby(name, limitMs) {
    await this.#elements.finds(`${name} nearby`, AppPage.#nearby(name), undefined, limitMs);
  }

  async seesNotNearby(name, limitMs) {
    await this.#elements.seesGone(`${name} nearby`, AppPage.#nearby(name), limitMs);
  }

  async createsRoom(name) {
    await this.clicks("Create a room");
    await this.#elements.fills(`//dialog//label[span[normalize-space()="Name"]]/input`, name, Key.ENTER);
    await this.seesRoom(name);
  }

  async opensRoom(room) {
    await this.#elements.does(`the room ${room}`, `//nav//button[${hasText(room)}]`, click);
    await this.#elements.finds(`the room ${room}`, `//main//h1[${hasText(room)}]`);
  }

  /** Opens the dialog that lists nearby servers. */
  async opensFindDialog() {
    await this.#elements.does(
      "the button that opens the dialog",
      `${button("Join another server")}|${button("Host or join")}`,
      click,
    );
  }

  async closesDialog() {
    await this.#elements.does("the dialog's close button", `//dialog${button("Close")}`, click);
  }

  async joinsNearby(name) {
    await this.#elements.does(`${name} nearby`, AppPage.#nearby(name), click);
    await this.seesRoom("Lobby");
  }

  async seesRoom(room) {
    await this.#elements.finds(`the room ${room}`, `//main//h1[${hasText(room)}]`);
    await this.#elements.finds("the composer", field(`Message to ${room}`));
  }

  static #sharePanel = `//aside[@aria-label="Let others in"]`;

  /** Returns the address that the share panel shows, as text and as a QR code. */
  async sharedAddress() {
    const address = `${AppPage.#sharePanel}//*[contains(@class, "address")]/span`;
    return this.#elements.finds("the address and its QR code", address, async (element) => {
      const text = await element.getText();
      const codes = await this.#elements.all(
        By.xpath(`${AppPage.#sharePanel}//*[@aria-label=${quote(`QR code of http://${text}`)}]`),
      );
      return codes.length === 1 && text;
    });
  }

  async seesHereNow(name) {
    await this.#elements.finds(`${name} here now`, `${AppPage.#sharePanel}//li[${hasText(name)}]`);
  }

  async types(text, room = "Lobby") {
    await this.#elements.does("the composer", field(`Message to ${room}`), (element) => element.sendKeys(text));
  }

  async says(text, room = "Lobby") {
    await this.types(text, room);
    await this.types(Key.ENTER, room);
  }

  static #message = (text) => `//*[@role="log"]//article[${hasText(text)}]`;
  static #sending = `.//span[normalize-space()="sending"]`;

  async sees(text, limitMs) {
    await this.#elements.finds(`“${text}”`, AppPage.#message(text), undefined, limitMs);
  }

  async seesSent(text) {
    await this.#elements.finds(`“${text}” sent`, `${AppPage.#message(text)}[not(${AppPage.#sending})]`);
  }

  async seesSending(text) {
    await this.#elements.finds(`“${text}” sending`, `${AppPage.#message(text)}[${AppPage.#sending}]`);
  }

  static #refusal = (text) => `${AppPage.#message(text)}//div[contains(@class, "failed")]`;

  async seesRefused(text, reason) {
    await this.#elements.finds(`“${text}” refused`, `${AppPage.#refusal(text)}[${hasText(reason)}]`);
  }

  /** Waits for a button of a refused message. */
  async seesRefusalButton(name, text) {
    await this.#elements.finds(`${name} for “${text}”`, `${AppPage.#refusal(text)}${button(name)}`);
  }

  async clicksRefusalButton(name, text) {
    await this.#elements.does(`${name} for “${text}”`, `${AppPage.#refusal(text)}${button(name)}`, click);
  }

  /** Waits until this message, and no other, shows its actions. */
  async seesActionsOnly(text) {
    const bar = '//*[@role="toolbar"]';
    await this.#elements.finds(`the actions of “${text}”`, `${AppPage.#message(text)}${bar}`, async () => {
      const bars = await this.#elements.all(By.xpath(`//*[@role="log"]${bar}`));
      return bars.length === 1;
    });
  }

  /** Returns the name above a message. */
  async authorOf(text) {
    const name = await this.#elements.finds(`the author of “${text}”`, `${AppPage.#message(text)}//header/*[1]`);
    return name.getProperty("textContent");
  }

  async seesNoButton(name) {
    await this.#elements.seesGone(`the button “${name}”`, button(name));
  }

  async seesGone(text) {
    await this.#elements.seesGone(`“${text}”`, AppPage.#message(text));
  }

  async seesTyping(name) {
    await this.#elements.finds(`${name} typing`, `//p[${hasText(name)} and ${hasText("is typing…")}]`);
  }

  async seesBanner(text) {
    await this.#elements.finds(`the banner “${text}”`, `//*[@role="status"][${hasText(text)}]`);
  }

  async seesNoUnread() {
    await this.#elements.seesGone("the unread count", `//nav//*[${hasText("unread")}]`);
  }

  async seesNoBanner() {
    await this.#elements.seesGone("the banner", `//main//*[@role="status"]/p`);
  }

  /** Returns the texts of the timeline that match, in order. */
  async messages(pattern) {
    const texts = await this.driver.executeScript(() =>
      [...document.querySelectorAll("[role=log] article .body")].map((body) => body.innerText),
    );
    return texts.map((text) => text.trim()).filter((text) => pattern.test(text));
  }

  async takesScreenshot(name) {
    await this.#elements.takesScreenshot(name);
  }
}
