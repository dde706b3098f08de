/** The labels in the timeline, which are not copied, and the marks, which are written here. */
const labels = ".visually-hidden, time, button, input, [aria-hidden=true], .marker, .edited, .new, .edge";

/**
 * Copies a selection that contains list items, each of which the browser would separate from its bullet or number. All others
 * are left to the browser.
 */
export function copyLists(event: ClipboardEvent): void {
  const selection = getSelection();
  if (!event.clipboardData || !selection || selection.rangeCount === 0 || selection.isCollapsed) return;
  const range = selection.getRangeAt(0);
  const root = elementOf(range.commonAncestorContainer);
  const list = root.closest("ol, ul") ?? root;
  if (![...list.querySelectorAll("li")].some((item) => range.intersectsNode(item))) return;
  const text = new SelectedText(range);
  text.add(list);
  event.clipboardData.setData("text/plain", text.toString());
  event.clipboardData.setData("text/html", htmlOf(range));
  event.preventDefault();
}

/** The text of a range as it is read: a line for each block, and the mark of a list item beside its text. */
class SelectedText {
  readonly #range: Range;
  #text = "";
  /** `true` if the next block needs no line of its own. */
  #isAtStart = true;

  constructor(range: Range) {
    this.#range = range;
  }

  toString(): string {
    return this.#text.replace(/^\n+/, "");
  }

  add(node: Node): void {
    if (!this.#range.intersectsNode(node)) return;
    if (node instanceof Text) this.#addText(node);
    else if (node instanceof HTMLElement) this.#addElement(node);
  }

  #addElement(element: HTMLElement): void {
    const { display } = getComputedStyle(element);
    if (display === "none" || element.matches(labels)) return;
    if (element instanceof HTMLBRElement) return this.#write("\n");
    const isInline = display.startsWith("inline") || display === "contents" || element.parentElement?.matches("tr");
    if (!isInline) this.#startLine();
    if (element instanceof HTMLLIElement) this.#addMark(element);
    if (element.matches("td + td, th + th")) this.#write("\t");
    // A blank line of a message.
    if (element.matches(".gap")) this.#text += "\n";
    for (const child of element.childNodes) this.add(child);
    if (!isInline) this.#startLine();
  }

  #addMark(item: HTMLLIElement): void {
    const box = item.querySelector<HTMLInputElement>(":scope > input");
    const mark = box ? markOf(box) : (item.querySelector(":scope > .marker")?.textContent ?? "");
    const indent = "  ".repeat(depthOf(item));
    this.#write(`${indent}${mark} `);
    this.#isAtStart = true;
  }

  #addText(node: Text): void {
    const { startContainer, startOffset, endContainer, endOffset } = this.#range;
    const end = node === endContainer ? endOffset : node.data.length;
    const text = node.data.slice(node === startContainer ? startOffset : 0, end);
    const style: CSSStyleDeclaration & { webkitUserSelect?: string } = getComputedStyle(elementOf(node));
    if ((style.userSelect || style.webkitUserSelect) === "none") return;
    if (style.whiteSpace.startsWith("pre")) this.#write(text);
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

const markOf = (box: HTMLInputElement) => (box.checked ? "☑" : "☐");

/** Returns the number of list items around a list item. */
function depthOf(item: Element): number {
  const outer = item.parentElement?.closest("li");
  return outer ? 1 + depthOf(outer) : 0;
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
  for (const label of copy.querySelectorAll(labels)) label.remove();
  return copy.innerHTML.replaceAll("<!---->", "");
}
