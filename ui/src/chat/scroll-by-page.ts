/** Scrolls by a screenful, a part of which stays in sight. */
export function scrollByPage(scroller: Element | null, direction: 1 | -1): void {
  scroller?.scrollBy({ top: direction * 0.9 * scroller.clientHeight });
}
