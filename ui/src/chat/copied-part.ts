/** The part of a selection that is copied: what can be selected, as an element's style says. */

/** A text, or an element of the page with what is copied of it. */
export type CopiedPart = CopiedText | CopiedElement;

export interface CopiedText {
  kind: "text";
  text: string;
  /** `true` if its line ends and blanks are shown. */
  isPreformatted: boolean;
}

export interface CopiedElement {
  kind: "element";
  element: HTMLElement;
  /** `true` if it has lines of its own. */
  isBlock: boolean;
  children: readonly CopiedPart[];
}

/** Returns what is copied of an element that a range selects, or reaches into. */
export function copiedPart(element: HTMLElement, range: Range): CopiedElement | null {
  if (!range.intersectsNode(element)) return null;
  const style = getComputedStyle(element);
  // The mark of a list item is written by those who know the item.
  if (style.display === "none" || element.matches(markSelector)) return null;
  const isPreformatted = style.whiteSpace.startsWith("pre");
  const isSelected = style.visibility === "visible" && isSelectable(element);
  const children: CopiedPart[] = [];
  for (const node of element.childNodes) {
    const text = isSelected && node instanceof Text ? selectedText(node, range) : "";
    if (isPreformatted ? text !== "" : text.trim() !== "") children.push({ kind: "text", text, isPreformatted });
    else if (text !== "") children.push({ kind: "text", text: " ", isPreformatted });
    const child = node instanceof HTMLElement && copiedPart(node, range);
    if (child) children.push(child);
  }
  const shown = isPreformatted ? children : withoutOuterBlanks(children);
  if (!isSelected && shown.length === 0) return null;
  const isInline = style.display.startsWith("inline") || style.display === "contents";
  return { kind: "element", element, isBlock: !isInline && !element.matches("td, th"), children: shown };
}

/** Leaves out the blanks that aren't between two texts or elements of one line: no blank is shown there. Several are one. */
export function withoutOuterBlanks(children: readonly CopiedPart[]): CopiedPart[] {
  const parts = children.filter((part, i) => !isBlank(part) || !isBlank(children[i - 1]));
  const isInLine = (part: CopiedPart | undefined) =>
    part !== undefined && (part.kind === "text" ? !isBlank(part) : !part.isBlock);
  return parts.filter((part, i) => !isBlank(part) || (isInLine(parts[i - 1]) && isInLine(parts[i + 1])));
}

const isBlank = (part: CopiedPart | undefined) =>
  part?.kind === "text" && !part.isPreformatted && part.text.trim() === "";

/** Returns whether the text of an element can be selected. In some browsers the style says only where that changes. */
function isSelectable(element: Element): boolean {
  const style: CSSStyleDeclaration & { webkitUserSelect?: string } = getComputedStyle(element);
  const value = style.userSelect || style.webkitUserSelect;
  return value === "auto" && element.parentElement ? isSelectable(element.parentElement) : value !== "none";
}

/** Returns the part of a text that a range selects. */
function selectedText(text: Text, range: Range): string {
  if (!range.intersectsNode(text)) return "";
  const { startContainer, startOffset, endContainer, endOffset } = range;
  return text.data.slice(text === startContainer ? startOffset : 0, text === endContainer ? endOffset : undefined);
}

/** The elements that are the marks of list items. */
const markSelector = "li > .marker, li > input";

/** Returns the mark that is shown beside a list item: a bullet, a number as it was typed, or the box of a task. */
export function markOf(element: HTMLElement): string | null {
  const mark = element.querySelector<HTMLElement>(":scope > .marker, :scope > input");
  if (!element.matches("li") || !mark) return null;
  if (mark instanceof HTMLInputElement) return mark.checked ? "☑" : "☐";
  return mark.textContent;
}

/** Returns the list items whose text is copied; null stands for text outside lists. */
export function itemsOf({ element, children }: CopiedElement): Set<HTMLElement | null> {
  const items = new Set<HTMLElement | null>();
  for (const child of children) {
    if (child.kind === "element") for (const item of itemsOf(child)) items.add(item);
    else if (child.text.trim() !== "") items.add(element.closest("li"));
  }
  return items;
}

/** Returns the list items in a part that have no text. */
export function emptyItemsOf({ element, children }: CopiedElement): HTMLElement[] {
  const inner = children.flatMap((child) => (child.kind === "element" ? emptyItemsOf(child) : []));
  return markOf(element) !== null && contentOf(element).textContent.trim() === "" ? [element] : inner;
}

/** Returns the element beside the mark of a list item. */
export const contentOf = (item: HTMLElement): Element => item.querySelector(":scope > div") ?? item;
