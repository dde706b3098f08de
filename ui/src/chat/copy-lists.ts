/** Elements that aren't copied: the timeline's labels and controls, hidden text, and the marks of list items, which are written here. */
const notCopied =
  ".visually-hidden, time, button:not(.mention), .mention > .key, input, [aria-hidden=true], [inert], .marker, .edited, .new, .edge";

/**
 * Copies a selection that reaches beyond the text of one list item: the browser would separate items from their bullets and
 * numbers, and end a line that was selected by a triple click with blank lines. All others are left to the browser.
 */
export function copyLists(event: ClipboardEvent): void {
  const selection = getSelection();
  if (!event.clipboardData || !selection || selection.rangeCount === 0 || selection.isCollapsed) return;
  const range = selection.getRangeAt(0);
  const root = elementOf(range.commonAncestorContainer);
  const list = root.closest("ol, ul") ?? root;
  if (![...list.querySelectorAll("li")].some((item) => range.intersectsNode(item))) return;
  const texts = textsIn(range, list);
  const items = new Set(texts.map((text) => elementOf(text).closest("li")));
  const [only] = items;
  if (items.size < 2 && (!only || root.closest("li"))) return;
  const isOne = items.size === 1;
  const copied = isOne ? narrowed(range, texts) : range;
  const text = new SelectedText(copied, list, isOne ? new Set() : withOuterItems(items));
  text.add(list);
  event.clipboardData.setData("text/plain", text.toString());
  event.clipboardData.setData("text/html", htmlOf(copied));
  event.preventDefault();
}

/** The text of a range as it is read: a line for each block, and the mark of a list item beside its text. */
class SelectedText {
  readonly #range: Range;
  readonly #root: Element;
  /** The list items that get their marks if they begin in the range. */
  readonly #items: ReadonlySet<Element>;
  #text = "";
  /** `true` if the next block needs no line of its own. */
  #isAtStart = true;

  constructor(range: Range, root: Element, items: ReadonlySet<Element>) {
    this.#range = range;
    this.#root = root;
    this.#items = items;
  }

  /** Returns the text without the line ends around it. */
  toString(): string {
    return this.#text.replace(/^\n+|\n+$/g, "");
  }

  add(node: Node): void {
    if (!this.#range.intersectsNode(node)) return;
    if (node instanceof Text) this.#addText(node);
    else if (node instanceof HTMLElement) this.#addElement(node);
  }

  #addElement(element: HTMLElement): void {
    const { display } = getComputedStyle(element);
    if (display === "none" || element.matches(notCopied)) return;
    if (element instanceof HTMLBRElement) return this.#write("\n");
    const isInline = display.startsWith("inline") || display === "contents" || element.parentElement?.matches("tr");
    if (!isInline) this.#startLine();
    if (element instanceof HTMLLIElement && this.#hasStartOf(element)) this.#addMark(element);
    if (element.matches("td + td, th + th")) this.#write("\t");
    if (element.matches(".gap")) this.#text += "\n".repeat(blankLinesOf(element));
    for (const child of element.childNodes) this.add(child);
    if (!isInline) this.#startLine();
  }

  /** Returns whether an item that gets its mark begins in the range: with its first text, if it has any. */
  #hasStartOf(item: HTMLLIElement): boolean {
    const content = item.querySelector(":scope > div") ?? item;
    if (!this.#items.has(item)) return content.textContent.trim() === "";
    if (this.#range.comparePoint(item, 0) >= 0) return true;
    const before = document.createRange();
    before.setStart(content, 0);
    before.setEnd(this.#range.startContainer, this.#range.startOffset);
    return before.toString().trim() === "";
  }

  #addMark(item: HTMLLIElement): void {
    const box = item.querySelector<HTMLInputElement>(":scope > input");
    const mark = box ? markOf(box) : (item.querySelector(":scope > .marker")?.textContent ?? "");
    const indent = "  ".repeat(depthOf(item, this.#root));
    this.#write(`${indent}${mark} `);
    this.#isAtStart = true;
  }

  #addText(node: Text): void {
    if (!isSelectable(node)) return;
    const text = textIn(this.#range, node);
    if (getComputedStyle(elementOf(node)).whiteSpace.startsWith("pre")) this.#write(text);
    else if (text.trim() !== "") this.#write(this.#isAtStart ? text.trimStart() : text);
  }

  #write(text: string): void {
    if (text === "") return;
    this.#text += text;
    this.#isAtStart = text.endsWith("\n");
  }

  #startLine(): void {
    if (this.#isAtStart) return;
    this.#text += "\n";
    this.#isAtStart = true;
  }
}

function elementOf(node: Node): Element {
  return node instanceof Element ? node : (node.parentElement as Element);
}

/** Returns the texts in a range that are copied, except for blanks. */
function textsIn(range: Range, root: Element): Text[] {
  const texts: Text[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode as Text;
    if (!range.intersectsNode(text) || textIn(range, text).trim() === "") continue;
    if (!elementOf(text).closest(notCopied) && isSelectable(text)) texts.push(text);
  }
  return texts;
}

/** Returns the part of a range from its first to its last text. */
function narrowed(range: Range, texts: readonly Text[]): Range {
  const part = range.cloneRange();
  const [first, last] = [texts[0], texts.at(-1)];
  if (first && first !== range.startContainer) part.setStart(first, 0);
  if (last && last !== range.endContainer) part.setEnd(last, last.length);
  return part;
}

/** Returns the part of a text that is in a range. */
function textIn({ startContainer, startOffset, endContainer, endOffset }: Range, text: Text): string {
  return text.data.slice(text === startContainer ? startOffset : 0, text === endContainer ? endOffset : undefined);
}

function isSelectable(text: Text): boolean {
  const style: CSSStyleDeclaration & { webkitUserSelect?: string } = getComputedStyle(elementOf(text));
  return (style.userSelect || style.webkitUserSelect) !== "none";
}

/** Returns list items, those around them as well; null stands for texts outside lists. */
function withOuterItems(items: Iterable<Element | null>): Set<Element> {
  const all = new Set<Element>();
  for (const item of items)
    for (let outer = item; outer && !all.has(outer); outer = outer.parentElement?.closest("li") ?? null) all.add(outer);
  return all;
}

const markOf = (box: HTMLInputElement) => (box.checked ? "☑" : "☐");

/** Returns the number of blank lines that a gap between paragraphs stands for. */
const blankLinesOf = (gap: HTMLElement) => 1 + Number(gap.style.getPropertyValue("--lines"));

/** Returns the number of list items around a list item, inside `root`. */
function depthOf(item: Element, root: Element): number {
  const outer = item.parentElement?.closest("li");
  return outer && root.contains(outer) ? 1 + depthOf(outer, root) : 0;
}

/** Returns the markup of a range. Its lists have the bullets and numbers of their own. */
function htmlOf(range: Range): string {
  const copy = document.createElement("div");
  copy.append(range.cloneContents());
  for (const item of copy.querySelectorAll("li")) {
    const number = parseInt(item.querySelector(":scope > .marker")?.textContent ?? "");
    if (!Number.isNaN(number)) item.value = number;
  }
  for (const box of copy.querySelectorAll("input")) box.replaceWith(`${markOf(box)} `);
  for (const excluded of copy.querySelectorAll(notCopied)) excluded.remove();
  return copy.innerHTML.replaceAll("<!---->", "");
}
