import { Marked, type Token, type Tokens } from "marked";

/**
 * Messages are parsed into tokens, which components render. No HTML string is ever produced, so none can be injected.
 * Syntax that surprises people who type plain text is disabled: HTML, tables, underlined headings, indented code and link
 * definitions.
 */
const disabled = () => undefined;
const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: { html: disabled, tag: disabled, table: disabled, lheading: disabled, code: disabled, def: disabled },
});

export type { Token, Tokens };

export function parse(text: string): Token[] {
  return marked.lexer(text);
}

/** Returns a link's address if its scheme is allowed in messages, otherwise null. */
export function safeHref(href: string): string | null {
  try {
    const { protocol } = new URL(href);
    return ["http:", "https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

/** Returns the text of a message as one line without Markdown, for quotes and notifications. */
export function plainText(text: string, maxLength = 160): string {
  const line = flat(parse(text.slice(0, 4 * maxLength)))
    .replace(/\s+/g, " ")
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
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
