/** The keys that move the focus: from row to row of the timeline, and through the links and buttons of a row. */

import { findShortcut, type MessageShortcut, messageShortcuts } from "../shared/keyboard";
import { canFocus, focusable } from "../shared/focusable";
import { scrollByPage } from "./scroll-by-page";
import { visibleArea } from "./visible-area";

/** Matches what scrolls by the same keys, if it has the focus. */
const scrollable = "pre, [role=region]";

/** Moves the focus from an element of a row, or from the row itself. Returns `false` for keys that don't. */
export function moveFocus(event: KeyboardEvent, row: HTMLElement): boolean {
  const shortcut = findShortcut(messageShortcuts, event);
  const scroller = row.closest<HTMLElement>("[role=log]");
  if (shortcut === null || !scroller || !(event.target instanceof HTMLElement)) return false;
  if (event.target.matches(scrollable)) return false;
  const { target } = event;
  const rows = [...scroller.querySelectorAll<HTMLElement>("[data-row]")];
  const index = rows.indexOf(row);
  const moves: Partial<Record<MessageShortcut, () => HTMLElement | undefined>> = {
    previousMessage: () => rows[index - 1],
    nextMessage: () => rows[index + 1],
    firstMessage: () => rows[0],
    lastMessage: () => rows.at(-1),
    pageUp: () => turnPage(scroller, rows, -1),
    pageDown: () => turnPage(scroller, rows, 1),
    previousPart: () => partBeside(row, target, -1),
    nextPart: () => partBeside(row, target, 1),
  };
  const move = moves[shortcut];
  if (!move) return false;
  const next = move();
  next?.focus({ preventScroll: true });
  // A screenful ends where it ends, also in the middle of a high row.
  if (shortcut !== "pageUp" && shortcut !== "pageDown") next?.scrollIntoView({ block: "nearest" });
  return true;
}

/** Scrolls by a screenful, and returns the row that is then at that end. */
function turnPage(scroller: HTMLElement, rows: readonly HTMLElement[], direction: 1 | -1): HTMLElement | undefined {
  scrollByPage(scroller, direction);
  const { top, bottom } = visibleArea(scroller);
  const boxes = rows.map((row) => ({ row, box: row.getBoundingClientRect() }));
  const whole = boxes.filter(({ box }) => box.top >= top - 1 && box.bottom <= bottom + 1);
  const partial = boxes.filter(({ box }) => box.bottom > top + 1 && box.top < bottom - 1);
  return (whole.length > 0 ? whole : partial).at(direction < 0 ? 0 : -1)?.row;
}

/** Returns the link or button after an element of a row, or before it. The row itself comes before all of them. */
function partBeside(row: HTMLElement, element: HTMLElement, direction: 1 | -1): HTMLElement | undefined {
  const controls = [...row.querySelectorAll<HTMLElement>(focusable)].filter(
    (control) => control.tabIndex >= 0 && canFocus(control),
  );
  const parts = [row, ...controls];
  return parts[parts.indexOf(element) + direction];
}
