import type { Block, Inline, ListItem } from "../../src/text/tokens";

/** Writes tokens in the notation of the corpus: text as it is shown, and tags where it has a form. */
export function notation(blocks: readonly Block[]): string {
  return blocks.map(block).join("\n");
}

function block(token: Block): string {
  switch (token.kind) {
    case "paragraph":
      return inline(token.children);
    case "heading":
      return `<h${String(token.level)}>${inline(token.children)}</h${String(token.level)}>`;
    case "fence":
      return `<pre${token.language === "" ? "" : ` ${token.language}`}>${token.text}</pre>`;
    case "quote":
      return `<quote>${notation(token.children)}</quote>`;
    case "list":
      return token.items.map((item) => `<li>${label(item)}${notation(item.children)}</li>`).join("\n");
    case "table": {
      const row = (cells: Inline[][]) => cells.map(inline).join(" | ");
      const alignments = token.alignments.map((alignment) => alignment ?? "-").join(" ");
      return `<table ${alignments}>${[token.header, ...token.rows].map(row).join("\n")}</table>`;
    }
    case "gap":
      return "\n".repeat(token.lines - 1);
  }
}

function label({ marker, done }: ListItem): string {
  return (marker === "" ? "" : `${marker} `) + (done === undefined ? "" : done ? "☑ " : "☐ ");
}

const tags = { emphasis: "i", strong: "b", strikethrough: "s", spoiler: "spoiler" };

export function inline(tokens: readonly Inline[]): string {
  return tokens
    .map((token) => {
      switch (token.kind) {
        case "text":
          return token.text;
        case "code":
          return `<code>${token.text}</code>`;
        case "mention":
          return `<@${token.member}>`;
        case "room":
          return `<#${token.room}>`;
        case "link": {
          const text = inline(token.children);
          const title = token.title === undefined ? "" : ` "${token.title}"`;
          const shown = token.shownAddress === undefined ? "" : ` → ${token.shownAddress}`;
          return `<a${text === token.href ? "" : ` ${token.href}`}${title}>${text}${shown}</a>`;
        }
        case "emphasis":
        case "strong":
        case "strikethrough":
        case "spoiler":
          return `<${tags[token.kind]}>${inline(token.children)}</${tags[token.kind]}>`;
      }
    })
    .join("");
}
