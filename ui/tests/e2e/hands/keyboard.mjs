/**
 * Two hands on a keyboard, without a mouse. To press something, the keys first bring the focus to it. Every stop on the way
 * has to be visible and marked, and the focus is never lost to the page as a whole.
 */

import { strict as assert } from "node:assert";
import { eventually } from "../../foreign/server.mjs";
import { describeTarget } from "../browsers/view.mjs";
import { timelineOf } from "../targets.mjs";

/** More stops than any way through the page has. */
const maxStops = 300;
/** The time after which a focus that can't be seen won't be seen any more. */
const settlingLimitMs = 10_000;

export const keys = {
  name: "keyboard",
  touch: false,

  async press(view, target) {
    await reach(view, target);
    await view.tab.press("Enter");
  },

  async write(view, field, text) {
    await reach(view, field);
    await view.tab.type(text);
  },

  async clear(view, field) {
    await reach(view, field);
    await view.tab.press("Control+a");
    await view.tab.press("Delete");
  },

  startLine: (view) => view.tab.press("Shift+Enter"),
  send: (view) => view.tab.press("Enter"),

  async turnTo(view, message) {
    await reach(view, message);
  },

  closeDialog: (view) => view.tab.press("Escape"),

  async scroll(view, distance) {
    await reach(view, { role: "article", within: timelineOf(), isTabStop: true });
    const pages = Math.ceil(Math.abs(distance) / 500);
    for (let page = 0; page < pages; page++) await view.tab.press(distance < 0 ? "PageUp" : "PageDown");
  },
};

/** Brings the focus to an element: by Tab, and by arrow keys inside lists, toolbars and the timeline. */
export async function reach(view, target) {
  await view.sees(target);
  const way = [];
  let stuck = false;
  for (let stops = 0; stops < maxStops; stops++) {
    const focus = await settledFocus(view, target, stops > 0);
    way.push(focus.description);
    const recent = way.slice(-6).join(" → ");
    assert.ok(stops === 0 || !focus.isBody, `the focus is lost to the page after ${recent}`);
    assert.ok(stops === 0 || focus.isInSight, `the focused element is out of sight: ${recent}`);
    assert.ok(stops === 0 || focus.isMarked, `the focused element is not marked: ${recent}`);
    if (focus.onTarget) return;
    stuck = !stuck && stops > 0 && way.at(-1) === way.at(-2);
    // Inside an element of a list, arrow keys may do nothing: Tab leads out of it.
    if (focus.byArrow && !stuck) await view.tab.press(arrowOf(focus));
    else await view.tab.press(focus.after ? "Tab" : "Shift+Tab");
  }
  throw new Error(`the keyboard doesn't reach ${describeTarget(target)}: ${way.join(" → ")}`);
}

/** Describes the focus, once it is as it should be. If it never is, describes it as it is. */
async function settledFocus(view, target, isStop) {
  const isRight = ({ isBody, isInSight, isMarked }) => !isBody && isInSight && isMarked;
  let focus;
  await eventually(
    "the focus is visible",
    async () => {
      focus = await view.query("focus", target);
      return !isStop || isRight(focus);
    },
    settlingLimitMs,
  ).catch(() => undefined);
  return focus;
}

function arrowOf({ isRow, after }) {
  if (isRow) return after ? "ArrowRight" : "ArrowLeft";
  return after ? "ArrowDown" : "ArrowUp";
}
