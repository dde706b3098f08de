/** A finger on a phone: taps and swipes, never a mouse. Text comes from the phone's keyboard, which has no Shift+Enter. */

import { button, timelineOf } from "../targets.mjs";

export const finger = {
  name: "touch",
  touch: true,

  async press(view, target) {
    await view.tab.tap(await view.point(target));
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

  startLine: (view) => view.tab.press("Enter"),
  send(view) {
    return this.press(view, button(/^(Send|Save)$/, { role: "main" }));
  },

  async turnTo(view, message) {
    await this.press(view, message);
  },

  closeDialog(view, dialog) {
    return this.press(view, { role: "button", name: "Close", within: dialog });
  },

  async scroll(view, distance) {
    await view.tab.swipe(await view.point(timelineOf()), -distance);
  },
};
