import { isVisible } from "./visible";

/** Matches the elements that can have the focus, unless they are disabled or hidden. */
export const focusable = "a[href], button, input, select, textarea, summary, [tabindex]";

/** Returns whether an element can get the focus now. */
export function canFocus(element: Element): boolean {
  return (
    element.isConnected &&
    element.matches(focusable) &&
    !element.matches(":disabled") &&
    element.closest("[inert]") === null &&
    isVisible(element)
  );
}
