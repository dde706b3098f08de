/** Returns whether an element is drawn. Safari knows no `checkVisibility` before 17.4. */
export function isVisible(element: Element): boolean {
  return (
    element.checkVisibility?.({ visibilityProperty: true }) ??
    (element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible")
  );
}
