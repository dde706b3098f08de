import { displayRuns } from "../../src/text/display-runs";
import { mentionText, type MemberNames } from "../../src/text/mention-view";
import type { Block, Inline } from "../../src/text/tokens";
import { codeParts } from "../../src/text/unseen-characters";

/** Returns what a reader can see or reach of a message: its text, addresses, titles and languages, in the typed order. */
export function visibleText(blocks: readonly Block[]): string {
  return blocks.map(ofBlock).join("\n");
}

function ofBlock(block: Block): string {
  switch (block.kind) {
    case "paragraph":
    case "heading":
      return ofInline(block.children);
    case "fence":
      return `${block.language}\n${block.text}`;
    case "quote":
      return visibleText(block.children);
    case "list":
      return block.items
        .map(({ marker, done, children }) => `${marker} ${done === true ? "x" : ""} ${visibleText(children)}`)
        .join("\n");
    case "table":
      return [block.header, ...block.rows].map((row) => row.map(ofInline).join(" ")).join("\n");
    case "gap":
      return "\n".repeat(block.lines);
  }
}

function ofInline(tokens: readonly Inline[]): string {
  return tokens
    .map((token) => {
      if (!("children" in token)) return token.text;
      const text = ofInline(token.children);
      if (token.kind !== "link") return text;
      const isBare = text === token.href || `https://${text}` === token.href || `mailto:${text}` === token.href;
      return isBare ? text : `${text} ${token.href.replace(/^https:\/\/(?=www\.)/i, "")} ${token.title ?? ""}`;
    })
    .join("");
}

/** Returns the number of tokens of a message. */
export function tokenCount(blocks: readonly Block[]): number {
  return sum(blocks.map((block) => 1 + sum(childrenOf(block).map((children) => tokenCountOf(children)))));
}

const tokenCountOf = (tokens: readonly (Block | Inline)[]): number =>
  sum(tokens.map((token) => 1 + sum(childrenOf(token).map(tokenCountOf))));

/**
 * Returns the number of elements inside the texts, names and code of a message: for emoji, stacked and unseen characters.
 * `names` has the present names of mentioned members.
 */
export function elementCount(
  tokens: readonly (Block | Inline)[],
  names: MemberNames = { nameOf: () => undefined },
): number {
  const count = (text: string) => displayRuns(text).filter(({ kind }) => kind !== "plain").length;
  return sum(
    tokens.map((token) => {
      if (token.kind === "text" || token.kind === "room") return token.isPlain ? 0 : count(token.text);
      if (token.kind === "mention") return token.isPlain ? 0 : count(mentionText(token, names));
      if (token.kind === "code" || token.kind === "fence")
        return token.isPlain ? 0 : codeParts(token.text).filter(({ mark }) => mark !== undefined).length;
      return sum(childrenOf(token).map((children) => elementCount(children, names)));
    }),
  );
}

/** Returns the number of levels of a message. */
export function depthOf(tokens: readonly (Block | Inline)[]): number {
  return Math.max(0, ...tokens.map((token) => 1 + Math.max(0, ...childrenOf(token).map(depthOf))));
}

function childrenOf(token: Block | Inline): (Block | Inline)[][] {
  if (token.kind === "list") return token.items.map(({ children }) => children);
  if (token.kind === "table") return [token.header, ...token.rows].flat();
  return "children" in token ? [token.children] : [];
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
