import { contentOf, markOf, type CopiedPart, type CopiedElement } from "./copied-part";

/**
 * Returns what is copied of a selection as it is read: a line for each block, and the mark of a list item beside its text.
 * `items` are the items that get their marks if they begin in the range.
 */
export function copiedText(part: CopiedElement, range: Range, items: ReadonlySet<HTMLElement>): string {
  const writer = new TextWriter(part.element, range, items);
  writer.add(part);
  return writer.toString();
}

class TextWriter {
  readonly #root: HTMLElement;
  readonly #range: Range;
  readonly #items: ReadonlySet<HTMLElement>;
  #text = "";
  /** `true` if the next block needs no line of its own. */
  #isAtStart = true;

  constructor(root: HTMLElement, range: Range, items: ReadonlySet<HTMLElement>) {
    this.#root = root;
    this.#range = range;
    this.#items = items;
  }

  /** Returns the text without the line ends around it. */
  toString(): string {
    return this.#text.replace(/^\n+|\n+$/g, "");
  }

  add(part: CopiedPart): void {
    if (part.kind === "element") this.#addElement(part);
    else this.#write(this.#isAtStart && !part.isPreformatted ? part.text.trimStart() : part.text);
  }

  #addElement({ element, isBlock, children }: CopiedElement): void {
    if (element.matches("br")) return this.#write("\n");
    if (isBlock) this.#startLine();
    const mark = markOf(element);
    if (mark !== null && this.#hasStartOf(element)) this.#addMark(element, mark);
    if (element.matches("td + td, th + th")) this.#write("\t");
    if (element.matches(".gap")) this.#text += "\n".repeat(blankLinesOf(element));
    for (const child of children) this.add(child);
    if (isBlock) this.#startLine();
  }

  /** Returns whether an item that gets its mark begins in the range: with its first text, if it has any. */
  #hasStartOf(item: HTMLElement): boolean {
    if (!this.#items.has(item)) return false;
    if (this.#range.comparePoint(item, 0) >= 0) return true;
    const before = document.createRange();
    before.setStart(contentOf(item), 0);
    before.setEnd(this.#range.startContainer, this.#range.startOffset);
    return before.toString().trim() === "";
  }

  #addMark(item: HTMLElement, mark: string): void {
    this.#write(`${"  ".repeat(depthOf(item, this.#root))}${mark} `);
    this.#isAtStart = true;
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

/** Returns the number of blank lines that a gap between paragraphs stands for. */
const blankLinesOf = (gap: HTMLElement) => 1 + Number(gap.style.getPropertyValue("--lines"));

/** Returns the number of list items around a list item, inside `root`. */
function depthOf(item: HTMLElement, root: HTMLElement): number {
  const outer = item.parentElement?.closest("li");
  return outer && root.contains(outer) ? 1 + depthOf(outer, root) : 0;
}
