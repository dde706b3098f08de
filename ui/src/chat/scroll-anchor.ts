/** How near to the end still counts as being there, in pixels. */
const nearEnd = 32;
/** How many rows on screen are remembered: one of them is still there after any change. */
const remembered = 8;

/** What is on screen, by the rows' keys. */
export interface InView {
  first: string | undefined;
  last: string | undefined;
  /** The last message, of those that can take the focus. */
  lastMessage: string | undefined;
  atEnd: boolean;
  /** Screens of content above and below what is seen. */
  above: number;
  below: number;
}

/** A row on screen, and where one of its edges is below the top of what is seen. */
interface Anchor {
  key: string;
  edge: "top" | "bottom";
  at: number;
}

/**
 * Keeps what a person reads where it is while rows come and go above and below, and keeps the end in sight for who is
 * at the end. Browsers differ in doing this by themselves, so the scroller says `overflow-anchor: none`.
 */
export class ScrollKeeper {
  readonly #scroller: HTMLElement;
  #anchors: Anchor[] = [];
  #scrollTop = 0;
  #atEnd = true;

  constructor(scroller: HTMLElement) {
    this.#scroller = scroller;
  }

  /** Remembers what is on screen, and tells it. */
  note(): InView {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const rows = this.#scroller.querySelectorAll<HTMLElement>("[data-key]");
    const top = this.#scroller.getBoundingClientRect().top;
    this.#scrollTop = scrollTop;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    this.#anchors = [];
    let last: string | undefined;
    let lastMessage: string | undefined;
    for (let i = firstBelow(rows, top); i < rows.length; i++) {
      const row = rows[i] as HTMLElement;
      const rect = row.getBoundingClientRect();
      if (rect.top >= top + clientHeight) break;
      last = row.dataset.key;
      if (row.dataset.message !== undefined && rect.top >= top) lastMessage = last;
      if (this.#anchors.length >= remembered || !last) continue;
      // The lower edge if it is in sight: older rows that come in take the author's name off the row below them.
      const edge = rect.bottom <= top + clientHeight ? "bottom" : "top";
      this.#anchors.push({ key: last, edge, at: rect[edge] - top });
    }
    return {
      first: this.#anchors[0]?.key,
      last,
      lastMessage,
      atEnd: this.#atEnd,
      above: scrollTop / clientHeight,
      below: (scrollHeight - scrollTop - clientHeight) / clientHeight,
    };
  }

  /** After rows changed: the same rows at the same place, or the end for who is at the end and follows. */
  restore(follows: boolean): void {
    const scroller = this.#scroller;
    const end = scroller.scrollHeight - scroller.clientHeight;
    const movedUp = scroller.scrollTop < this.#scrollTop - 2 && scroller.scrollTop < end - nearEnd;
    if (follows && this.#atEnd && !movedUp) {
      if (scroller.scrollTop < end) scroller.scrollTop = end;
      return;
    }
    // What the person scrolled since the last note is theirs.
    const scrolled = scroller.scrollTop - this.#scrollTop;
    const top = scroller.getBoundingClientRect().top;
    for (const anchor of this.#anchors) {
      const row = this.row(anchor.key);
      if (!row) continue;
      const moved = row.getBoundingClientRect()[anchor.edge] - top - (anchor.at - scrolled);
      if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
      return;
    }
  }

  toEnd(): void {
    this.#atEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Brings a row to a part of the height: 0 the top, 1 the bottom. */
  to(row: HTMLElement, part: number): void {
    const { top, height } = this.#scroller.getBoundingClientRect();
    const rect = row.getBoundingClientRect();
    this.#scroller.scrollTop += rect.top - top - part * Math.max(0, height - rect.height);
  }

  /** Whether a row ends above what is seen; null if there is no such row. */
  isAbove(key: string): boolean | null {
    const row = this.row(key);
    return row && row.getBoundingClientRect().bottom <= this.#scroller.getBoundingClientRect().top;
  }

  row(key: string): HTMLElement | null {
    return this.#scroller.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }
}

function firstBelow(rows: NodeListOf<HTMLElement>, top: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as HTMLElement).getBoundingClientRect().bottom <= top) low = middle + 1;
    else high = middle;
  }
  return low;
}
