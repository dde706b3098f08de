/** Links whose text continues in the text next to it. */

import { withoutInvisible } from "../backend/visibility";
import type { IsRoom } from "./deceptive-links";
import { inlineText } from "./inline-text";
import { addressToShowAmong } from "./link-addresses.svelte";
import type { Inline, Link } from "./tokens";

/** The most characters before or after a link that are looked at. */
const maxJoined = 64;

/** A part of a text that is a link, or none. */
interface Part {
  text: string;
  link?: Link;
}

/**
 * Gives links an address to show that could be taken for others together with the text or the link next to them. Only the
 * `enclosed` links can be: `[text](address)` and `<address>`. Any other ends where its address does. Once `mayCompare` says
 * no, every link next to a text shows its address.
 */
export function showJoinedAddresses(
  tokens: readonly Inline[],
  enclosed: ReadonlySet<Inline>,
  isRoom: IsRoom,
  mayCompare: () => boolean,
): void {
  const parts = [...partsOf(tokens)];
  const text = parts.map((part) => part.text).join("");
  let end = 0;
  for (const part of parts) {
    const start = end;
    end += part.text.length;
    if (!part.link || part.link.shownAddress !== undefined || !enclosed.has(part.link)) continue;
    const before = wordBefore.exec(text.slice(Math.max(0, start - maxJoined), start))?.[0] ?? "";
    const after = wordAfter.exec(text.slice(end, end + maxJoined))?.[0] ?? "";
    // A comma ends an address, as a blank does.
    if (before === "" && /^[,;]?$/.test(after)) continue;
    const joined = mayCompare() ? { before, text: part.text, after } : null;
    part.link.shownAddress = addressToShowAmong(joined, part.link.href, isRoom);
  }
}

/** Blanks that are too thin to separate words. */
const thinBlanks = "\\u2006\\u2008-\\u200A\\u202F";
const wordBefore = new RegExp(`[\\S${thinBlanks}]*$`, "u");
/** After a blank, a word that begins with a dot could be the end of an address. */
const wordAfter = new RegExp(`^(?: ?\\.)?[\\S${thinBlanks}]*`, "u");

/** Returns the parts of a text as it is seen, without invisible characters. */
function* partsOf(tokens: readonly Inline[]): Iterable<Part> {
  for (const token of tokens) {
    if (token.kind === "link") yield { text: withoutInvisible(inlineText(token.children)), link: token };
    else if ("children" in token) yield* partsOf(token.children);
    else yield { text: withoutInvisible(token.text) };
  }
}
