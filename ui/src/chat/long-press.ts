/** The time after which a resting finger is a long press. */
const longPressMs = 500;
/** The distance that a resting finger may move, in pixels. */
const maxMovePx = 10;

/** The elements that a tap uses. On a text a long press selects, and in code a finger scrolls. */
export const controls = "a, button, input, summary, [role=button]";

/**
 * Calls a function when a finger rests on a control in an element. Neither the control nor the browser's own menu is used
 * then. Browsers report `contextmenu` sooner or later than the timer, and Safari not at all.
 */
export const longPress = (onlongpress: () => void) => (element: HTMLElement) => {
  let press: { x: number; y: number; timer: ReturnType<typeof setTimeout> } | null = null;

  const begin = ({ pointerType, isPrimary, target, clientX: x, clientY: y }: PointerEvent) => {
    end();
    if (pointerType !== "touch" || !isPrimary || !(target instanceof Element) || !target.closest(controls)) return;
    press = { x, y, timer: setTimeout(complete, longPressMs) };
  };
  const move = ({ clientX, clientY }: PointerEvent) => {
    if (press && Math.hypot(clientX - press.x, clientY - press.y) > maxMovePx) end();
  };
  const end = () => {
    if (press) clearTimeout(press.timer);
    press = null;
  };
  const complete = () => {
    end();
    // The browser may have selected the word under the finger.
    getSelection()?.removeAllRanges();
    ignoreRest();
    onlongpress();
  };
  const onContextMenu = (event: Event) => {
    if (!press) return;
    event.preventDefault();
    complete();
  };

  const listening = new AbortController();
  const { signal } = listening;
  element.addEventListener("pointerdown", begin, { signal });
  element.addEventListener("pointermove", move, { signal });
  for (const type of ["pointerup", "pointercancel"]) element.addEventListener(type, end, { signal });
  element.addEventListener("contextmenu", onContextMenu, { signal });
  return () => {
    end();
    listening.abort();
  };
};

/** Ignores what the same finger does until it is lifted: the click on the control, or beside the menu that has opened. */
function ignoreRest(): void {
  const next = new AbortController();
  const ignore = (event: Event) => {
    // A key clicks, too.
    if (event instanceof MouseEvent && event.type === "click" && event.detail === 0) return;
    event.preventDefault();
    event.stopPropagation();
  };
  for (const type of ["click", "contextmenu"])
    document.addEventListener(type, ignore, { capture: true, signal: next.signal });
  document.addEventListener("pointerdown", () => next.abort(), { capture: true, signal: next.signal });
}
