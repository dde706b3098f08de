/**
 * A page as a person sees it, by roles and names. The functions run in the page; `view.mjs` calls them.
 *
 * A target is a plain object: `{ role, name, expanded, text, hasText, within, nth, isTabStop }`. A name or text is a whole string or a regular
 * expression. While a modal dialog is open, only what is inside it is there, because the rest is inert.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const library = join(
  dirname(createRequire(import.meta.url).resolve("@testing-library/dom/package.json")),
  "dist/@testing-library/dom.umd.min.js",
);

/** Returns the script that makes `ichatView` in a page. */
export function viewScript() {
  return `${readFileSync(library, "utf8")}\n;(${install})();`;
}

function install() {
  const { queryAllByRole, queryAllByText } = globalThis.TestingLibraryDom;
  /** Widgets in which arrow keys move the focus. */
  const composites = "[role=toolbar], [role=listbox], [role=menu], [role=grid], [role=radiogroup], [role=log]";
  const problems = [];
  let drawn = 0;
  let lastFrame = performance.now();
  requestAnimationFrame(function count(now) {
    drawn += Math.min(100, Math.max(0, now - lastFrame));
    lastFrame = now;
    requestAnimationFrame(count);
  });

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

  function all(target) {
    const containers = target.within ? all(target.within) : [document.body];
    const options = {};
    if (target.name !== undefined) options.name = matcher(target.name);
    if (target.expanded !== undefined) options.expanded = target.expanded;
    const found = containers.flatMap((container) =>
      target.role ? queryAllByRole(container, target.role, options) : queryAllByText(container, matcher(target.text)),
    );
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

    /** Returns where to press the first element that matches, or the reason why that isn't possible now. */
    point(target) {
      const [element] = all(target);
      if (!element) return { problem: "it isn't there" };
      if (element.disabled) return { problem: "it is disabled" };
      if (!isInSight(element)) element.scrollIntoView({ block: "nearest", inline: "nearest" });
      if (!openPoint(element)) element.scrollIntoView({ block: "center", inline: "nearest" });
      const point = openPoint(element);
      if (point) return point;
      const { left, top, width, height } = visiblePart(element);
      const cover = document.elementFromPoint(left + width / 2, top + height / 2);
      return { problem: `it is covered by ${describe(cover)}` };
    },

    /** Describes the focus and, if there is a target, how the keyboard gets from there to it. */
    focus(target) {
      const element = document.activeElement ?? document.body;
      const state = {
        isBody: element === document.body || element === document.documentElement,
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

    /** Returns the messages that the page has, in order, with their reactions as `👍 2`. */
    rows() {
      const log = timeline();
      return [...(log?.querySelectorAll("article[data-key]") ?? [])].map((row) => ({
        id: row.dataset.key,
        text: row.innerText,
        isInSight: visiblePart(row).height > 0,
        // In the timeline: a banner above it moves all of it.
        bottom: row.getBoundingClientRect().bottom - log.getBoundingClientRect().top,
        reactions: [...row.querySelectorAll("button[aria-pressed]")].map((button) => normalized(button.innerText)),
      }));
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

    /** Describes where the reader is: the room's name, and the distances of the timeline from its ends. */
    place() {
      const log = timeline();
      const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = log ?? {};
      const room = log?.getAttribute("aria-label")?.replace(/^Messages in /, "");
      return { room, above: scrollTop, below: scrollHeight - scrollTop - clientHeight, height: clientHeight };
    },

    /** Returns whether something that is in sight says that it is loading. */
    isLoading: () =>
      queryAllByText(document.body, "Loading…").some((element) => isShown(element) && openPoint(element)),

    /** Returns for how long the page has drawn, in milliseconds. On a busy machine it is less than the time that has passed. */
    drawn: () => drawn,

    /** Returns after the page has drawn what there is to draw. */
    draws: () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)))),

    /** Returns by how many pixels the page is wider than the window. */
    overflow: () => document.documentElement.scrollWidth - innerWidth,
  };
}
