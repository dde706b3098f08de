/** A hand on a mouse, with the other on the keyboard for text. */

import { timelineOf } from "../targets.mjs";

export const mouse = {
  name: "mouse",
  touch: false,

  async press(view, target) {
    await view.tab.click(await view.point(target));
  },

  async write(view, field, text) {
    await this.press(view, field);
    await view.tab.type(text);
  },

  async clear(view, field) {
    await this.press(view, field);
    await view.tab.press("Control+a");
    await view.tab.press("Delete");
  },

  startLine: (view) => view.tab.press("Shift+Enter"),
  send: (view) => view.tab.press("Enter"),

  /** Makes the actions of a message appear. */
  async turnTo(view, message) {
    await view.tab.hover(await view.point(message));
  },

  closeDialog(view, dialog) {
    return this.press(view, { role: "button", name: "Close", within: dialog });
  },

  /** Scrolls the timeline by a number of pixels; up if it is negative. */
  async scroll(view, distance) {
    await view.tab.wheel(await view.point(timelineOf()), distance);
  },
};
