/** A finger on a phone: taps and swipes, never a mouse. Text comes from the phone's keyboard, which has no Shift+Enter. */

import { button, timelineOf } from "../targets.mjs";
import { pointer } from "./pointer.mjs";

/** The longest way of a finger over a phone's timeline. */
const maxDragPx = 400;
/** The taps after which something can't be pressed. */
const maxTaps = 3;

export const finger = {
  ...pointer,
  name: "touch",
  touch: true,

  /** Taps again, as people do, if the tap has only stopped a page that still moved. */
  async press(view, target) {
    for (let tap = 0; tap < maxTaps; tap++) {
      const point = await view.point(target);
      const before = await view.query("clicks");
      await view.tab.tap(point);
      // A page that was opened by the tap has other clicks.
      if (await view.query("clicksAfter", before)) return;
    }
    throw new Error(`${maxTaps} taps have pressed nothing`);
  },

  startLine: (view) => view.tab.press("Enter"),
  send(view) {
    return this.press(view, button(/^(Send|Save)$/, { role: "main" }));
  },

  async turnTo(view, message) {
    await this.press(view, message);
  },

  /**
   * Drags the timeline again and again, as far as a finger gets on the screen. Waits until the page, which the finger throws,
   * has come to rest.
   */
  async scroll(view, distance) {
    const { x, y } = await view.point(timelineOf());
    for (let left = Math.abs(distance); left > 0; left -= maxDragPx) {
      const drag = (Math.sign(distance) * Math.min(left, maxDragPx)) / 2;
      await view.tab.drag({ x, y: y + drag }, { x, y: y - drag });
    }
    await view.query("rests");
  },
};
