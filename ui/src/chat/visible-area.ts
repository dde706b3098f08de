/**
 * Returns the upper and lower edge of the part of a scroller that no sticky heading covers. The stylesheet says how high one
 * is.
 */
export function visibleArea(scroller: HTMLElement): { top: number; bottom: number } {
  const { top } = scroller.getBoundingClientRect();
  const covered = Number.parseFloat(getComputedStyle(scroller).scrollPaddingTop);
  return { top: top + (covered || 0), bottom: top + scroller.clientHeight };
}
