/** Scrolls by a screenful, a part of which stays in sight. */
export function scrollByPage(scroller: Element | null, direction: 1 | -1): void {
  scroller?.scrollBy({ top: direction * 0.9 * scroller.clientHeight });
}

/** Scrolls the timeline of the open room, for fields that keep the focus. */
export const scrollTimelineByPage = (direction: 1 | -1): void =>
  scrollByPage(document.querySelector("[role=log]"), direction);
