import { focusable } from "../shared/focusable";

/** The parts of the timeline whose controls Tab reaches only while the focus is in a row of them. */
const parts = "[data-row], section > h2";

/**
 * Makes the timeline one tab stop, which is a row: Tab reaches the links, buttons and code of a row, and the heading of its
 * day, only while the focus is in that row. Rows that are added or change later are included.
 */
export class RovingFocus {
  readonly #scroller: HTMLElement;
  readonly #observer: MutationObserver;
  #active: string | null = null;
  /** The active row, as it was found last. */
  #activeRow: Element | null = null;

  constructor(scroller: HTMLElement) {
    this.#scroller = scroller;
    this.#observer = new MutationObserver((mutations) => {
      for (const { addedNodes } of mutations) for (const node of addedNodes) this.#update(node);
    });
    this.#observer.observe(scroller, { childList: true, subtree: true });
    this.#update(scroller);
  }

  stop(): void {
    this.#observer.disconnect();
  }

  /** Sets the row that the focus is in, by its key, or null if it is elsewhere. */
  setActive(key: string | null): void {
    if (key === this.#active) return;
    const before = this.#findActive();
    this.#active = key;
    const now = this.#findActive();
    for (const part of [before, now]) if (part) this.#updatePart(part);
    // The day's heading belongs to all rows of its section.
    for (const heading of new Set([headingOf(before), headingOf(now)])) if (heading) this.#updatePart(heading);
  }

  #findActive(): Element | null {
    const key = this.#active;
    const isFound = this.#activeRow?.isConnected && this.#activeRow.getAttribute("data-key") === key;
    if (!isFound)
      this.#activeRow = key === null ? null : this.#scroller.querySelector(`[data-row][data-key="${CSS.escape(key)}"]`);
    return this.#activeRow;
  }

  #update(node: Node): void {
    if (!(node instanceof Element)) return;
    const own = node.closest(parts);
    if (own) return this.#updatePart(own);
    for (const part of node.querySelectorAll(parts)) this.#updatePart(part);
  }

  #updatePart(part: Element): void {
    const active = this.#findActive();
    const isReached = active !== null && (part === active || part === headingOf(active));
    for (const control of part.querySelectorAll<HTMLElement>(focusable)) {
      const { skipped } = control.dataset;
      if (isReached && skipped !== undefined) {
        delete control.dataset.skipped;
        if (skipped === "") control.removeAttribute("tabindex");
        else control.setAttribute("tabindex", skipped);
      } else if (!isReached && skipped === undefined) {
        control.dataset.skipped = control.getAttribute("tabindex") ?? "";
        control.setAttribute("tabindex", "-1");
      }
    }
  }
}

const headingOf = (row: Element | null) => row?.closest("section")?.querySelector(":scope > h2") ?? null;
