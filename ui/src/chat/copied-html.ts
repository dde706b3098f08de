import { markOf, type CopiedPart, type CopiedElement } from "./copied-part";

/** Returns what is copied of a selection as markup, for programs that keep its form. `items` are those of its lists. */
export function copiedHtml(part: CopiedElement, items: ReadonlySet<HTMLElement>): string {
  const copy = document.createElement("div");
  copy.append(...nodesOf(part, items));
  return copy.innerHTML;
}

function nodesOf(part: CopiedPart, items: ReadonlySet<HTMLElement>): Node[] {
  if (part.kind === "text") return part.isPreformatted ? linesOf(part.text) : [new Text(part.text)];
  const { element } = part;
  const children = part.children.flatMap((child) => nodesOf(child, items));
  const mark = markOf(element);
  if (mark !== null) return items.has(element) ? [itemOf(element, mark, children)] : children;
  // A list of which the text of one item is copied is none.
  const isList = element.matches("ol, ul");
  if (isList && !children.some((child) => child instanceof HTMLLIElement)) return children;
  // What is left of a control or a label without its text, and elements that only have a look.
  if ((children.length === 0 && !element.matches("br, td, th")) || element.matches("span, button, li > div"))
    return children;
  return [copyOf(element, children)];
}

/** Returns a text as it is shown elsewhere, too, where line ends are blanks. */
function linesOf(text: string): Node[] {
  return text.split("\n").flatMap((line, i) => [...(i > 0 ? [document.createElement("br")] : []), new Text(line)]);
}

/** Returns a list item with the number that was typed. A bullet comes with the list. */
function itemOf(element: HTMLElement, mark: string, children: readonly Node[]): HTMLLIElement {
  const item = document.createElement("li");
  const number = parseInt(mark);
  if (!Number.isNaN(number)) item.value = number;
  item.append(...(element.querySelector(":scope > input") ? [`${mark} `] : []), ...children);
  return item;
}

/** Returns an element of the same name without its style, and with the address of a link. */
function copyOf(element: HTMLElement, children: readonly Node[]): HTMLElement {
  const copy = document.createElement(element.localName);
  if (element.dir !== "") copy.dir = element.dir;
  if (element.title !== "" && element.matches("a")) copy.title = element.title;
  if (element instanceof HTMLAnchorElement) copy.setAttribute("href", element.href);
  copy.append(...children);
  return copy;
}
