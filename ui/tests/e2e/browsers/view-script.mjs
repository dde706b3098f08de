/**
 * A page as a person sees it, by roles and names. The functions run in the page; `view.mjs` calls them.
 *
 * A target is a plain object: `{ role, name, expanded, label, key, text, hasText, within, nth, isTabStop }`. A name, label or text is
 * a whole string or a regular expression; a label is that of a field without a role; a key is that of a row. While a modal dialog is open, only what is inside it is there, because
 * the rest is inert.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { installMovement } from "./movement-script.mjs";

const library = join(
  dirname(createRequire(import.meta.url).resolve("@testing-library/dom/package.json")),
  "dist/@testing-library/dom.umd.min.js",
);

/** Returns the script that makes `ichatView` in a page. */
export function viewScript() {
  return `${readFileSync(library, "utf8")}\n;(${install})();(${installMovement})();`;
}

function install() {
  const { queryAllByLabelText, queryAllByRole, queryAllByText } = globalThis.TestingLibraryDom;
  /** The time between two heartbeats of the page. */
  const heartbeatMs = 50;
  /** The most frames that something may move before it is pressed. */
  const maxMovingFrames = 120;
  /** The frames, and the time in which the page could work, after which a tap has pressed nothing. */
  const maxTapFrames = 30;
  const maxTapMs = 1_000;
  /** The frames after which the wheel won't scroll any more. */
  const maxWheelFrames = 30;
  /** The time after which a step through the session history won't come any more. */
  const maxTraversalMs = 1_000;
  /** Widgets in which arrow keys move the focus. */
  const composites = "[role=toolbar], [role=listbox], [role=menu], [role=grid], [role=radiogroup], [role=log]";
  const problems = [];
  let worked = 0;
  let lastBeat = performance.now();
  setInterval(() => {
    const now = performance.now();
    worked += Math.min(2 * heartbeatMs, now - lastBeat);
    lastBeat = now;
  }, heartbeatMs);

  /** The steps through the session history that the browser was told to make and hasn't made yet. */
  let traversals = 0;
  const go = history.go.bind(history);
  history.go = (steps) => {
    traversals += 1;
    go(steps);
  };
  addEventListener("popstate", () => (traversals = Math.max(0, traversals - 1)), true);

  let clicks = 0;
  addEventListener("click", () => (clicks += 1), true);

  addEventListener("error", (event) => problems.push(String(event.message)));
  addEventListener("unhandledrejection", (event) => problems.push(String(event.reason)));

  const normalized = (text) => text.replace(/\s+/g, " ").trim();
  const matcher = (value) => (typeof value === "object" ? new RegExp(value.source, value.flags) : value);
  const contains = (text, wanted) => (wanted instanceof RegExp ? wanted.test(text) : text.includes(normalized(wanted)));

  /** Returns whether no modal dialog makes an element inert. */
  function isReachable(element) {
    const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
    return modal === undefined || modal.contains(element);
  }

  /** Returns the timeline, also while a dialog is over it. */
  function timeline() {
    return document.querySelector("[role=log]");
  }

  function isShown(element) {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  }

  /** Returns whether assistive technology finds an element: nothing hides it, and no modal dialog makes it inert. */
  function isThere(element) {
    return isReachable(element) && isShown(element) && element.closest('[aria-hidden="true"]') === null;
  }

  /**
   * Returns the elements with a role and name that are there. Names are computed last, and those of labelled elements not at all,
   * because in a long timeline that takes most of the time.
   */
  function byRole(container, { role, name, expanded }) {
    const found = queryAllByRole(container, role, { hidden: true, expanded }).filter(isThere);
    if (name === undefined) return found;
    const wanted = matcher(name);
    return found.filter((element) => {
      const label = element.hasAttribute("aria-labelledby") ? null : element.getAttribute("aria-label");
      if (label) return wanted instanceof RegExp ? wanted.test(normalized(label)) : normalized(label) === wanted;
      return queryAllByRole(element.parentElement, role, { hidden: true, name: wanted }).includes(element);
    });
  }

  function findIn(container, target) {
    if (target.key !== undefined) return [...container.querySelectorAll(`[data-key="${CSS.escape(target.key)}"]`)];
    if (target.label !== undefined) return queryAllByLabelText(container, matcher(target.label), { selector: "input" });
    return target.role ? byRole(container, target) : queryAllByText(container, matcher(target.text));
  }

  function all(target) {
    const containers = target.within ? all(target.within) : [document.body];
    const found = containers.flatMap((container) => findIn(container, target));
    const text = target.hasText === undefined ? undefined : matcher(target.hasText);
    const shown = [...new Set(found)].filter(
      (element) =>
        isReachable(element) &&
        isShown(element) &&
        (text === undefined || contains(normalized(element.textContent), text)),
    );
    if (target.isTabStop) return shown.filter((element) => element.tabIndex >= 0);
    return target.nth === undefined ? shown : shown.slice(target.nth, target.nth + 1);
  }

  /** Returns the part of an element that no scroll container and no edge of the window cuts off. */
  function visiblePart(element) {
    const rect = element.getBoundingClientRect();
    let [left, top, right, bottom] = [rect.left, rect.top, rect.right, rect.bottom];
    const clip = (box) => {
      left = Math.max(left, box.left);
      top = Math.max(top, box.top);
      right = Math.min(right, box.right);
      bottom = Math.min(bottom, box.bottom);
    };
    for (let parent = element.parentElement; parent; parent = parent.parentElement) {
      if (getComputedStyle(parent).overflow !== "visible") clip(parent.getBoundingClientRect());
      if (getComputedStyle(parent).position === "fixed") break;
    }
    clip({ left: 0, top: 0, right: innerWidth, bottom: innerHeight });
    return { left, top, width: right - left, height: bottom - top };
  }

  const fractions = [0.5, 0.25, 0.75, 0.1, 0.9];

  /** Returns a point of the element that nothing covers, its centre if possible, or undefined. */
  function openPoint(element) {
    const { left, top, width, height } = visiblePart(element);
    if (width < 2 || height < 2) return undefined;
    for (const fy of fractions) {
      for (const fx of fractions) {
        const [x, y] = [left + width * fx, top + height * fy];
        const hit = document.elementFromPoint(x, y);
        if (hit && (element.contains(hit) || hit.closest("label")?.control === element)) return { x, y };
      }
    }
    return undefined;
  }

  function isInSight(element) {
    const { height } = element.getBoundingClientRect();
    const part = visiblePart(element);
    return part.height >= Math.min(height, innerHeight / 2) - 2 && openPoint(element) !== undefined;
  }

  function describe(element) {
    if (!element) return "nothing";
    const label = element.getAttribute("aria-label") ?? normalized(element.textContent).slice(0, 40);
    return `<${element.localName}> ${label}`.trim();
  }

  /** Returns whether the focused element is marked: by an outline, or by a shadow or border around it. */
  function isMarked(element) {
    // A browser marks the parts of a date field itself.
    if (element.type === "date") return true;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0) return true;
    for (let box = element, level = 0; box && level < 5; box = box.parentElement, level++) {
      if (getComputedStyle(box).boxShadow !== "none") return true;
    }
    return false;
  }

  const isAbsent = "it isn't there";

  /** Returns where to press the first element that matches, or the reason why that isn't possible now. */
  function point(target) {
    const [element] = all(target);
    if (!element) return { problem: isAbsent };
    if (element.disabled) return { problem: "it is disabled" };
    if (!isInSight(element)) element.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (!openPoint(element)) element.scrollIntoView({ block: "center", inline: "nearest" });
    const open = openPoint(element);
    if (open) return open;
    const { left, top, width, height } = visiblePart(element);
    const cover = document.elementFromPoint(left + width / 2, top + height / 2);
    return { problem: `it is covered by ${describe(cover)}` };
  }

  /** Returns whether an animation moves the first element that matches, or something around it. */
  function isMoving(target) {
    const [element] = all(target);
    return document.getAnimations().some(({ playState, effect }) => {
      if (playState !== "running" || !effect.target?.contains(element)) return false;
      return effect.getKeyframes().some((keyframe) => "translate" in keyframe || "transform" in keyframe);
    });
  }

  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => resolve()));

  /** Returns the elements with exactly this text of their own. */
  function withText(text) {
    const path = `.//*[text()[normalize-space(.) = "${text}"]]`;
    const found = document.evaluate(path, document.body, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
    return Array.from({ length: found.snapshotLength }, (_, index) => found.snapshotItem(index));
  }

  /** Returns whether something that is in sight says that it is loading. */
  function isLoading() {
    const busy = [...withText("Loading…"), ...document.querySelectorAll('[aria-busy="true"]')];
    return busy.some((element) => isShown(element) && openPoint(element));
  }

  function isLost() {
    const { activeElement } = document;
    return activeElement === null || activeElement === document.body || activeElement === document.documentElement;
  }

  /** Returns by how many pixels the page is wider than the window. */
  const overflow = () => document.documentElement.scrollWidth - innerWidth;

  /** Describes where the reader is: the room's name, and the distances of the timeline from its ends. */
  function place() {
    const log = timeline();
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = log ?? {};
    const room = log?.getAttribute("aria-label")?.replace(/^Messages in /, "");
    return { room, above: scrollTop, below: scrollHeight - scrollTop - clientHeight, height: clientHeight };
  }

  globalThis.ichatView = {
    problems: () => problems,
    isAway: () => !location.href.startsWith("http"),
    count: (target) => all(target).length,
    texts: (target) => all(target).map((element) => normalized(element.innerText)),
    values: (target) => all(target).map((element) => element.value),
    boxes: (target) =>
      all(target).map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x, y, width, height };
      }),
    isInSight: (target) => all(target).some(isInSight),

    /** Returns where to press the first element that matches, once it has stopped moving, or why that isn't possible. */
    async stillPoint(target) {
      let last = point(target);
      for (let frame = 0; frame < maxMovingFrames && last.problem !== isAbsent; frame++) {
        await nextFrame();
        const now = point(target);
        const isStill = now.problem ? now.problem === last.problem : Math.hypot(now.x - last.x, now.y - last.y) < 0.5;
        if (isStill && !isMoving(target)) return now;
        last = now;
      }
      return last.problem ? last : { problem: "it moves" };
    },

    /** Describes the focus and, if there is a target, how the keyboard gets from there to it. */
    focus(target) {
      const element = document.activeElement ?? document.body;
      const state = {
        isBody: isLost(),
        isInSight: element !== document.body && visiblePart(element).width > 0 && visiblePart(element).height > 0,
        isMarked: isMarked(element),
        description: describe(element),
      };
      const wanted = target && all(target)[0];
      if (!wanted) return state;
      const composite = wanted.closest(composites);
      const byArrow = wanted.tabIndex < 0 && composite !== null && composite.contains(element) && composite !== element;
      const isRow = byArrow && /toolbar|grid|radiogroup/.test(composite.getAttribute("role"));
      const after = Boolean(element.compareDocumentPosition(wanted) & Node.DOCUMENT_POSITION_FOLLOWING);
      return { ...state, onTarget: element === wanted, byArrow, isRow, after: state.isBody || after };
    },

    /**
     * Describes where the reader is, where to put the mouse for the wheel, and the messages that the page has, in order. With
     * texts, which take longer, the messages also have their reactions as `👍 2`.
     */
    reading(hasTexts) {
      const log = timeline();
      const frame = log?.getBoundingClientRect();
      const rows = [...(log?.querySelectorAll("article[data-key]") ?? [])].map((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        const isInSight = Math.min(bottom, frame.bottom) > Math.max(top, frame.top);
        // In the timeline: a banner above it moves all of it.
        const where = { id: row.dataset.key, isInSight, bottom: bottom - frame.top };
        if (!hasTexts) return where;
        const reactions = [...row.querySelectorAll("button[aria-pressed]")];
        return { ...where, text: row.innerText, reactions: reactions.map((button) => normalized(button.innerText)) };
      });
      return { ...place(), point: log ? openPoint(log) : undefined, rows };
    },

    /** Returns whether a dialog, a pop-up, a panel or the drawer is over the timeline. */
    isCovered() {
      if (document.querySelector("dialog:modal, :popover-open")) return true;
      const log = timeline();
      if (!log) return false;
      const { left, top, width, height } = log.getBoundingClientRect();
      const corners = [left + 4, left + width - 4].map((x) => document.elementFromPoint(x, top + height / 2));
      return corners.some((hit) => hit && !log.contains(hit) && !log.parentElement.contains(hit));
    },

    place,
    isLoading,

    /** Returns whether a row of the timeline has the focus. */
    isOnRow: () => document.activeElement?.matches("[role=log] [data-key]") ?? false,

    /** Returns whether the keys go to the page, and not to the browser's own interface. */
    hasWindowFocus: () => document.hasFocus(),

    /** Returns whether something says that there is no connection, in sight or not. */
    isOffline: () => withText("not connected").length > 0 || timeline() === null,

    /** Describes what has to be right after every step. */
    health: () => ({
      hasFocus: !isLost(),
      focus: describe(document.activeElement),
      overflow: overflow(),
      isLoading: isLoading(),
    }),

    /**
     * Waits until the page is drawn and the session history at rest. Returns how long the page could work so far, in
     * milliseconds, which is less than the time that has passed on a busy machine.
     */
    async settles() {
      const begun = worked;
      do {
        await nextFrame();
        await nextFrame();
      } while (traversals > 0 && worked - begun < maxTraversalMs);
      traversals = 0;
      return worked;
    },

    clicks: () => clicks,

    /**
     * Waits until a tap has clicked something, since there were that many clicks. Returns `false` if it didn't: a tap on a page
     * that still moves only stops it.
     */
    async clicksAfter(before) {
      const begun = worked;
      for (let frame = 0; clicks === before && (frame < maxTapFrames || worked - begun < maxTapMs); frame++)
        await nextFrame();
      return clicks !== before;
    },

    /** Returns after the wheel has scrolled the timeline, which was that far from its beginning. At an end, it doesn't. */
    async scrolls(above) {
      for (let frame = 0; frame < maxWheelFrames && place().above === above; frame++) await nextFrame();
    },

    /** Returns where a step through the session history leads: `here`, `away` from the page, or `nowhere`. */
    wayTo(steps) {
      if (steps > 0) return navigation.canGoForward ? "here" : "nowhere";
      return navigation.canGoBack ? "here" : "away";
    },

    overflow,
  };
}
