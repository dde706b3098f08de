import { Marked, type Token, type Tokens } from "marked";

/**
 * Messages are Markdown, read into tokens and drawn by components: no HTML is ever made of them, so none can be smuggled in.
 * What surprises people who just type is left out: HTML, tables, underlined headings, indented code, link definitions.
 */
const never = () => undefined;
const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: { html: never, tag: never, table: never, lheading: never, code: never, def: never },
});

export type { Token, Tokens };

export function parse(text: string): Token[] {
  return marked.lexer(text);
}

/** A link's address if it leads where a message may lead, else null. */
export function safeHref(href: string): string | null {
  try {
    const { protocol } = new URL(href);
    return ["http:", "https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

/** One line without marks, for quotes and notices. */
export function plainText(text: string, most = 160): string {
  const line = flat(parse(text.slice(0, 4 * most)))
    .replace(/\s+/g, " ")
    .trim();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

function flat(tokens: Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "list") return (token as Tokens.List).items.map((item) => flat(item.tokens)).join(" ");
      if ("tokens" in token && token.tokens) return flat(token.tokens) + (token.type === "paragraph" ? " " : "");
      if (token.type === "br" || token.type === "space" || token.type === "hr") return " ";
      return "text" in token ? String(token.text) : "";
    })
    .join("");
}
