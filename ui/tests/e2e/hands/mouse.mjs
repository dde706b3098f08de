/** A hand on a mouse, with the other on the keyboard for text. */

import { timelineOf } from "../targets.mjs";
import { pointer } from "./pointer.mjs";

export const mouse = {
  ...pointer,
  name: "mouse",
  touch: false,

  async press(view, target) {
    await view.tab.click(await view.point(target));
  },

  startLine: (view) => view.tab.press("Shift+Enter"),
  send: (view) => view.tab.press("Enter"),

  /** Makes the actions of a message appear. */
  async turnTo(view, message) {
    await view.tab.hover(await view.point(message));
  },

  /** Scrolls the timeline by a number of pixels; up if it is negative. */
  async scroll(view, distance) {
    await view.tab.wheel(await view.point(timelineOf()), distance);
  },
};
