import { visibleArea } from "./visible-area";

/** The distance from the end that still counts as being at the end, in pixels. */
const endTolerancePx = 32;
/** The number of visible rows to remember. At least one of them is still there after any change. */
const maxAnchors = 8;

/** The visible part of the timeline, by the keys of its rows. */
export interface Viewport {
  first: string | undefined;
  /** The height of the part of the first row that is above the viewport, in pixels. */
  hidden: number;
  last: string | undefined;
  /** The last row that Tab can reach: a message if there is one. */
  lastRow: string | undefined;
  atEnd: boolean;
  /** The height of the content above and below, in viewport heights. */
  above: number;
  below: number;
}

/** A visible row, and the position of one of its edges relative to the top of the visible area. */
interface Anchor {
  key: string;
  edge: "top" | "bottom";
  position: number;
}

/**
 * Keeps the visible rows in place while rows are added and removed above and below, and keeps the timeline scrolled to the
 * end if it was there. Browsers differ in their own scroll anchoring, so the scroller turns it off (`overflow-anchor: none`).
 */
export class ScrollAnchor {
  readonly #scroller: HTMLElement;
  #anchors: Anchor[] = [];
  #scrollTop = 0;
  #height = 0;
  #contentHeight = 0;
  #followsEnd = true;

  constructor(scroller: HTMLElement) {
    this.#scroller = scroller;
  }

  /**
   * Remembers the visible rows and returns the viewport. From the present on, the end is followed. Where newer rows are only
   * not loaded yet, it isn't, or they would all pass at once.
   */
  save(atPresent: boolean): Viewport {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const rows = this.#scroller.querySelectorAll<HTMLElement>("[data-key]");
    const { top, bottom } = visibleArea(this.#scroller);
    this.#scrollTop = scrollTop;
    this.#height = clientHeight;
    this.#contentHeight = scrollHeight;
    const atEnd = scrollHeight - scrollTop - clientHeight < endTolerancePx;
    this.#followsEnd = atEnd && (atPresent || this.#followsEnd);
    this.#anchors = [];
    let hidden = 0;
    let last: string | undefined;
    let lastMessage: string | undefined;
    let lastRow: string | undefined;
    for (let i = firstBelow(rows, top); i < rows.length; i++) {
      const row = rows[i] as HTMLElement;
      const rect = row.getBoundingClientRect();
      if (rect.top >= bottom) break;
      last = row.dataset.key;
      if (row.dataset.row !== undefined) lastRow = last;
      if (row.dataset.message !== undefined && rect.top >= top) lastMessage = last;
      // The *New* line moves when the user marks another message as unread.
      if (this.#anchors.length >= maxAnchors || !last || last === "new") continue;
      // Prefer the lower edge: when older rows are added above a row, it may lose its header and become less high.
      const edge = rect.bottom <= bottom ? "bottom" : "top";
      if (this.#anchors.length === 0) hidden = top - rect.top;
      this.#anchors.push({ key: last, edge, position: rect[edge] - top });
    }
    return {
      first: this.#anchors[0]?.key,
      hidden,
      last,
      lastRow: lastMessage ?? lastRow,
      atEnd,
      above: scrollTop / clientHeight,
      below: (scrollHeight - scrollTop - clientHeight) / clientHeight,
    };
  }

  /**
   * Keeps the upper edge of a row in its place while the row changes its height, and no longer follows the end. What the
   * browser has scrolled inside the row is taken over; with `inView`, the edge comes back into view.
   */
  keepTop(key: string, { scrolled, inView }: { scrolled: number; inView: boolean }): void {
    const row = this.row(key);
    if (!row) return;
    const position = row.getBoundingClientRect().top - visibleArea(this.#scroller).top - scrolled;
    this.#scrollTop = this.#scroller.scrollTop;
    this.#followsEnd = false;
    this.#anchors = [{ key, edge: "top", position: inView ? Math.max(0, position) : position }];
  }

  /**
   * `true` if the viewport's height has changed since the last save. The browser may have scrolled because of that: the
   * user's text below grows and shrinks, and for a moment of a paste it is empty.
   */
  get wasResized(): boolean {
    return this.#scroller.clientHeight !== this.#height;
  }

  /**
   * `true` if the height of the viewport or of the rows has changed since the last save. An event of scrolling may come before
   * the one of that change, and must not count as if the user had left the end.
   */
  get hasChanged(): boolean {
    return this.wasResized || this.#scroller.scrollHeight !== this.#contentHeight;
  }

  /** Scrolls after the rows have changed: to the end if `followEnd` is set and it was there, otherwise to the same rows. */
  restore(followEnd: boolean): void {
    if (__BROKEN__ === "scroll anchor") return;
    const scroller = this.#scroller;
    const end = scroller.scrollHeight - scroller.clientHeight;
    // Keep what the user has scrolled since the last save. Where rows were removed, the browser may have scrolled to the end.
    const scrolled = this.wasResized ? 0 : scroller.scrollTop - Math.min(this.#scrollTop, end);
    const scrolledUp = scrolled < -2 && scroller.scrollTop < end - endTolerancePx;
    if (followEnd && this.#followsEnd && !scrolledUp) {
      if (scroller.scrollTop < end) scroller.scrollTop = end;
      return;
    }
    const { top } = visibleArea(scroller);
    for (const anchor of this.#anchors) {
      const row = this.row(anchor.key);
      if (!row) continue;
      const moved = row.getBoundingClientRect()[anchor.edge] - top - (anchor.position - scrolled);
      if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
      return;
    }
  }

  scrollToEnd(): void {
    this.#followsEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Scrolls a row to the top, so that an upper part of it is hidden. It has become less high if a long message was folded. */
  scrollPast(row: HTMLElement, hidden: number): void {
    this.scrollToRow(row, 0);
    this.#scroller.scrollTop += Math.min(hidden, row.clientHeight);
  }

  /** Scrolls a row to a fraction of the viewport's height: 0 is the top, below the day's heading, 1 the bottom. */
  scrollToRow(row: HTMLElement, fraction: number): void {
    const { top, bottom } = visibleArea(this.#scroller);
    const rect = row.getBoundingClientRect();
    this.#followsEnd = false;
    this.#scroller.scrollTop += rect.top - top - fraction * Math.max(0, bottom - top - rect.height);
  }

  /** Returns whether a row ends above the viewport, or null if there is no such row. */
  isAbove(key: string): boolean | null {
    const row = this.row(key);
    return row && row.getBoundingClientRect().bottom <= visibleArea(this.#scroller).top;
  }

  /** Returns whether a part of a row is in the viewport. */
  isInView(key: string): boolean {
    const rect = this.row(key)?.getBoundingClientRect();
    const { top, bottom } = visibleArea(this.#scroller);
    return rect !== undefined && rect.bottom > top && rect.top < bottom;
  }

  row(key: string): HTMLElement | null {
    return this.#scroller.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }
}

/** Returns the index of the first row that ends below `top`, by a binary search. */
function firstBelow(rows: NodeListOf<HTMLElement>, top: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as HTMLElement).getBoundingClientRect().bottom <= top) low = middle + 1;
    else high = middle;
  }
  return low;
}
