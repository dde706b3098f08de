/** A finger on a phone: taps and swipes, never a mouse. Text comes from the phone's keyboard, which has no Shift+Enter. */

import { button, timelineOf } from "../targets.mjs";
import { pointer } from "./pointer.mjs";

export const finger = {
  ...pointer,
  name: "touch",
  touch: true,

  async press(view, target) {
    await view.tab.tap(await view.point(target));
  },

  startLine: (view) => view.tab.press("Enter"),
  send(view) {
    return this.press(view, button(/^(Send|Save)$/, { role: "main" }));
  },

  async turnTo(view, message) {
    await this.press(view, message);
  },

  async scroll(view, distance) {
    await view.tab.swipe(await view.point(timelineOf()), -distance);
  },
};
