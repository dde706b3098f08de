import type { MemberId } from "../backend/protocol";
import { isolate, withoutDirectionControls } from "../shared/bidi";
import { cutText } from "../shared/graphemes";
import { strings } from "../shared/strings";
import type { NameFinders } from "./escapes";
import { parse } from "./parse";
import type { Block, Inline } from "./tokens";

/** The most graphemes of a preview. */
const maxPreview = 160;

const noNames: NameFinders = { mentions: null, rooms: null };

/** Returns the present name of a mentioned member, or undefined if it isn't known. */
type NameOf = (member: MemberId) => string | undefined;

/**
 * Returns the text of a message as one line without Markdown, for quotes and notifications. What a spoiler hides stays
 * hidden, and nothing reorders the text around the line or the mark of a cut. Mentions and rooms are isolated: in a line from
 * right to left, a sign would stand behind a Latin name.
 */
export function preview(text: string, finders: NameFinders = noNames, nameOf: NameOf = () => undefined): string {
  const line = new Preview(nameOf).blocks(parse(text, finders.mentions, finders.rooms)).replace(/\s+/g, " ");
  return cutText(line.trim(), maxPreview);
}

class Preview {
  readonly #nameOf: NameOf;

  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf;
  }

  blocks(blocks: readonly Block[]): string {
    return blocks.map((block) => this.#block(block)).join(" ");
  }

  #block(block: Block): string {
    switch (block.kind) {
      case "paragraph":
      case "heading":
        return this.#inline(block.children);
      case "fence":
        return withoutDirectionControls(block.text);
      case "quote":
        return this.blocks(block.children);
      case "list":
        return block.items.map(({ marker, children }) => `${marker} ${this.blocks(children)}`).join(" ");
      case "table":
        return [block.header, ...block.rows]
          .flat()
          .map((cell) => this.#inline(cell))
          .join(" ");
      case "gap":
        return "";
    }
  }

  #inline(tokens: readonly Inline[]): string {
    return tokens.map((token) => this.#token(token)).join("");
  }

  #token(token: Inline): string {
    switch (token.kind) {
      case "text":
      case "code":
        return withoutDirectionControls(token.text);
      case "room":
        return isolate(token.text);
      case "emphasis":
      case "strong":
      case "strikethrough":
      case "link":
        return this.#inline(token.children);
      case "spoiler":
        return strings.text.hidden;
      case "mention": {
        const name = this.#nameOf(token.member);
        return isolate(name === undefined ? token.text : `@${name}`);
      }
    }
  }
}
