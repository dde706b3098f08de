/**
 * A person with a browser, and with one kind of hand: what they do and see. For everything that all browsers can do; what needs
 * Playwright (several tabs, requests that fail) is tested with a `ChatPage`.
 */

import { strict as assert } from "node:assert";
import { View } from "./browsers/view.mjs";
import * as t from "./targets.mjs";

const screens = {
  mouse: { width: 1280, height: 800 },
  touch: { width: 360, height: 740, touch: true, motion: true },
};

export class User {
  world;
  view;
  hand;

  /** Opens a tab as the hand needs it; `screen` has what is to be different. */
  static async open(world, browser, hand, screen) {
    const user = new User();
    user.world = world;
    user.hand = hand;
    user.view = new View(await browser.opensTab({ ...(screens[hand.name] ?? screens.mouse), ...screen }));
    return user;
  }

  async opens(path = "/") {
    await this.view.tab.goto(this.world.link.url + path);
  }

  async arrives(name) {
    await this.opens();
    await this.joinsAs(name);
  }

  async joinsAs(name) {
    await this.writesInto(t.field("Your name"), name);
    await this.presses(t.button("Join the chat"));
    await this.sees(t.composerOf());
  }

  // Hands.

  async presses(target) {
    await this.hand.press(this.view, target);
  }

  /** Replaces the text of a field. */
  async writesInto(field, text) {
    await this.view.sees(field);
    const [value] = await this.view.query("values", field);
    if (value) await this.hand.clear(this.view, field);
    await this.hand.write(this.view, field, text);
  }

  /** Presses keys, whatever the focus is on. */
  async strikes(keys) {
    await this.view.tab.press(keys);
  }

  scrolls(distance) {
    return this.hand.scroll(this.view, distance);
  }

  // Eyes.

  sees(target) {
    return this.view.sees(target);
  }

  seesGone(target) {
    return this.view.seesGone(target);
  }

  /** Waits until a message is in sight. */
  seesMessage(text) {
    return this.view.seesInSight(t.message(text));
  }

  /** Waits until a message is shown as accepted by the server. */
  async seesSent(text) {
    await this.view.sees(t.message(text));
    await this.view.seesGone({ text: "sending", within: t.message(text) });
    assert.ok(!(await this.view.shows({ text: /Not sent/, within: t.message(text) })), "it is not sent");
  }

  // Writing.

  async writes(text) {
    await this.hand.write(this.view, t.composerOf(), text);
  }

  async writesLines(lines) {
    for (const [index, line] of lines.entries()) {
      if (index > 0) await this.hand.startLine(this.view);
      if (index === 0) await this.writes(line);
      else await this.view.tab.type(line);
    }
  }

  async sends() {
    await this.hand.send(this.view);
  }

  async says(text) {
    await this.writes(text);
    await this.sends();
  }

  // Messages.

  /** Performs one of the actions of a message. The less common ones are in a menu, where a finger finds all. */
  async acts(text, action) {
    const target = t.message(text);
    const menu = t.dialogOf("Message actions");
    await this.hand.turnTo(this.view, target);
    const [more, direct] = [t.button("More actions", target), t.button(action, target)];
    await this.view.waits("there are actions", async () => {
      return (await this.view.shows(menu)) || (await this.view.shows(more));
    });
    if (await this.view.shows(direct)) return this.presses(direct);
    if (!(await this.view.shows(menu))) await this.presses(more);
    await this.presses(t.button(action, menu));
  }

  // Rooms.

  /** Shows the list of rooms, which is a drawer on a phone. */
  async opensSidebar() {
    const menu = { ...t.button("Show servers and rooms"), expanded: false };
    if (await this.view.shows(menu)) await this.presses(menu);
    await this.sees(t.sidebar);
  }

  async opensRoom(name) {
    await this.opensSidebar();
    await this.presses(t.roomButton(name));
    await this.seesRoom(name);
  }

  async seesRoom(name) {
    await this.sees(t.heading(name));
    await this.sees(t.composerOf(name));
  }

  /** Presses one of the buttons for the room. On a phone most are in a menu. */
  async pressesRoomButton(name) {
    const [direct, menu] = [t.button(name), "More about this room"];
    if (await this.view.shows(direct)) return this.presses(direct);
    await this.presses(t.button(menu));
    await this.presses(t.button(name, t.dialogOf(menu)));
  }

  async createsRoom(name) {
    await this.opensSidebar();
    await this.presses(t.button("Create a room"));
    const dialog = t.dialogOf("Create a room");
    await this.writesInto(t.field("Name", dialog), name);
    await this.presses(t.button("Create", dialog));
    await this.seesRoom(name);
  }

  async leaves() {
    await this.view.tab.close();
  }
}
