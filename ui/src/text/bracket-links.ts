import type { CodeSpans } from "./code-spans";
import type { Escapes } from "./escapes";
import { angleLink, destination } from "./links";

/** A link `[text](address "title")`. */
export interface BracketLink {
  /** The index of the closing bracket. */
  textEnd: number;
  end: number;
  href: string;
  title?: string;
}

/** Finds the links with brackets, by the index of their opening bracket. Links don't contain links. */
export function findBracketLinks(text: string, code: CodeSpans, escapes: Escapes): ReadonlyMap<number, BracketLink> {
  const links = new Map<number, BracketLink>();
  if (!text.includes("](")) return links;
  let openers: { index: number; isImage: boolean }[] = [];
  const special = /[`[\]\\<]/g;
  for (let match = special.exec(text); match; match = special.exec(text)) {
    const { index } = match;
    switch (match[0]) {
      case "`":
        special.lastIndex = code.spans.get(index)?.end ?? skipRun(text, index);
        break;
      case "\\":
        special.lastIndex = escapes.at(index).end;
        break;
      case "<":
        special.lastIndex = angleLink(text, index)?.end ?? index + 1;
        break;
      case "[":
        openers.push({ index, isImage: text.charAt(index - 1) === "!" });
        break;
      default: {
        const opener = openers.pop();
        if (!opener || opener.isImage || text.charAt(index + 1) !== "(") break;
        const target = text.slice(opener.index + 1, index).trim() === "" ? null : destination(text, index + 1);
        if (!target) break;
        links.set(opener.index, { textEnd: index, ...target });
        special.lastIndex = target.end;
        openers = [];
      }
    }
  }
  return links;
}

function skipRun(text: string, index: number): number {
  while (text.charAt(index) === "`") index += 1;
  return index;
}
