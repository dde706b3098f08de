import { canFocus, focusable } from "../shared/focusable";

/** The most focused elements that are remembered. */
const maxRemembered = 8;

/**
 * Keeps the focus inside the interface. When the focused element disappears or can't have the focus any more, the focus goes
 * to the nearest element around it that is left, otherwise to that of an earlier focused element, and at last to `main`.
 * Without this the browser focuses `body`, from where keys reach nothing and Tab starts again at the top.
 */
export class FocusKeeper {
  /** The focused elements, newest first, each with the elements around it. Removed elements no longer know theirs. */
  #paths: Element[][] = [];
  #isScheduled = false;
  /** The direction in which Tab was pressed last, until something else is done. */
  #tabbed: "forwards" | "backwards" | null = null;

  /** Follows the focus in the document until the returned function is called. */
  start(): () => void {
    if (__BROKEN__ === "focus") return () => undefined;
    const onFocusIn = ({ target }: Event) => this.#remember(target);
    const check = () => this.#schedule();
    const observer = new MutationObserver(check);
    const attributeFilter = ["disabled", "inert", "hidden", "open"];
    observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter });
    const onKeyDown = ({ key, shiftKey }: KeyboardEvent) => {
      this.#tabbed = key !== "Tab" ? null : shiftKey ? "backwards" : "forwards";
    };
    const onPointerDown = () => (this.#tabbed = null);
    addEventListener("keydown", onKeyDown, true);
    addEventListener("pointerdown", onPointerDown, true);
    document.addEventListener("focusin", onFocusIn);
    document.addEventListener("focusout", check);
    addEventListener("focus", check);
    check();
    return () => {
      observer.disconnect();
      removeEventListener("keydown", onKeyDown, true);
      removeEventListener("pointerdown", onPointerDown, true);
      document.removeEventListener("focusin", onFocusIn);
      document.removeEventListener("focusout", check);
      removeEventListener("focus", check);
    };
  }

  #remember(target: EventTarget | null): void {
    if (!(target instanceof Element)) return;
    const path: Element[] = [];
    for (let element: Element | null = target; element; element = element.parentElement) path.push(element);
    this.#paths = [path, ...this.#paths.filter(([focused]) => focused !== target)].slice(0, maxRemembered);
  }

  /**
   * Checks the focus after the current event, since between `focusout` and `focusin` nothing has it; and again when the browser
   * has drawn, since only then it takes the focus from an element that was hidden or disabled.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => this.#keep());
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        this.#isScheduled = false;
        this.#keep();
      }),
    );
  }

  #keep(): void {
    // A window without the focus needs no focused element.
    if (document.hasFocus() && isLost()) this.#restore();
  }

  #restore(): void {
    const last = this.#paths[0]?.[0];
    if (this.#tabbed !== null && last && canFocus(last)) return wrapAround(this.#tabbed);
    // In a modal dialog nothing else can have the focus.
    const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
    const base = dialog ?? document.body;
    const candidates = this.#paths.flatMap(
      (path) => path.find((element) => canFocus(element) && !isBase(element)) ?? [],
    );
    const bases = [...base.querySelectorAll("main"), ...base.querySelectorAll("[data-focus-base]")];
    for (const element of [...candidates, ...bases]) {
      if (!(element instanceof HTMLElement) || !base.contains(element)) continue;
      element.focus({ preventScroll: true });
      if (document.activeElement === element) return;
    }
  }
}

/** Goes on at the other end of the page after Tab has left it, where there is no browser around it that gets the focus. */
function wrapAround(direction: "forwards" | "backwards"): void {
  const stops = [...document.querySelectorAll<HTMLElement>(focusable)].filter(
    (element) => element.tabIndex >= 0 && canFocus(element),
  );
  stops.at(direction === "forwards" ? 0 : -1)?.focus();
}

function isLost(): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || activeElement === document.documentElement;
}

/** Returns whether an element only receives the focus if no better one is left. */
function isBase(element: Element): boolean {
  return element.matches("main, [data-focus-base]");
}
