import { copiedHtml } from "./copied-html";
import { copiedPart, emptyItemsOf, itemsOf } from "./copied-part";
import { copiedText } from "./copied-text";

/**
 * Copies a selection that reaches beyond the text of one list item: the browser would separate items from their bullets and
 * numbers, and end a line that was selected by a triple click with blank lines. All others are left to the browser.
 */
export function copyLists(event: ClipboardEvent): void {
  const selection = getSelection();
  if (!event.clipboardData || !selection || selection.rangeCount === 0 || selection.isCollapsed) return;
  const range = selectedRange(selection);
  const ancestor = elementOf(range.commonAncestorContainer);
  const root = ancestor.closest<HTMLElement>("ol, ul") ?? ancestor;
  if (![...root.querySelectorAll("li")].some((item) => range.intersectsNode(item))) return;
  const part = copiedPart(root, range);
  if (!part) return;
  const touched = itemsOf(part);
  const isOneItem = touched.size === 1;
  const isInsideOneItem = isOneItem && ancestor.closest("li") !== null;
  const isOutsideLists = [...touched].every((item) => item === null);
  if (isInsideOneItem || isOutsideLists) return;
  // The text of one item is copied without its mark.
  const items = isOneItem ? new Set<HTMLElement>() : withOuterItems([...touched, ...emptyItemsOf(part)]);
  event.clipboardData.setData("text/plain", copiedText(part, range, items));
  event.clipboardData.setData("text/html", copiedHtml(part, items));
  event.preventDefault();
}

/** Returns all that is selected. Firefox makes a range of its own of each part between what can't be selected. */
function selectedRange(selection: Selection): Range {
  const range = selection.getRangeAt(0).cloneRange();
  const last = selection.getRangeAt(selection.rangeCount - 1);
  range.setEnd(last.endContainer, last.endOffset);
  return range;
}

const elementOf = (node: Node) => (node instanceof HTMLElement ? node : (node.parentElement as HTMLElement));

/** Returns list items, those around them as well. */
function withOuterItems(items: Iterable<HTMLElement | null>): Set<HTMLElement> {
  const all = new Set<HTMLElement>();
  for (const item of items)
    for (let outer = item; outer && !all.has(outer); outer = outer.parentElement?.closest("li") ?? null) all.add(outer);
  return all;
}
