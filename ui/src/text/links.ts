import { invisibleCharacters, shapingCharacters } from "../backend/visibility";
import { charBefore, isInsideWord } from "./characters";
import { hiddenHost } from "./link-addresses.svelte";

/** Returns an address if its scheme is allowed in messages, otherwise null. */
export function safeHref(address: string): string | null {
  const href = /^www\./i.test(address) ? `https://${address}` : address;
  if (!/^(?:https?:\/\/|mailto:)/i.test(href)) return null;
  return isUrl(href) ? href : null;
}

/** The constructor of addresses. Safari can check one without an exception, which takes far more time, from version 17. */
const url: { canParse?: (address: string) => boolean } = URL;

function isUrl(address: string): boolean {
  // eslint-disable-next-line no-restricted-syntax -- it is looked for before
  if (url.canParse) return url.canParse(address);
  try {
    new URL(address);
    return true;
  } catch {
    return false;
  }
}

/** A place in a text that is a link. */
export interface FoundLink {
  start: number;
  end: number;
  href: string;
  /** The text between `start` and `end` that is shown. */
  text: string;
  shownAddress?: string;
}

const spacesAndQuotes = '\\s<>"`|\\u2018\\u2019\\u201C\\u201D';
/** Punctuation that no address contains: an ellipsis, and that of East Asia, of Arabic and of Hindi. */
const foreignPunctuation =
  "\\u2026\\u3000-\\u3003\\u3008-\\u3011\\u3014-\\u301F\\u30FB\\uFF01-\\uFF0F\\uFF1A-\\uFF20\\uFF3B-\\uFF40\\uFF5B-\\uFF65،؛؟।";
/** A character that would reorder an address or is not seen in it (RFC 3987, 4.1), unless it shapes letters. */
const unseen = `(?![${shapingCharacters}])[${invisibleCharacters}]`;

/** The characters that end an address. `**` and `~~` do so only after the same signs, which they close. */
const addressEnd = new RegExp(
  `[${spacesAndQuotes}${foreignPunctuation}\\p{Extended_Pictographic}]|${unseen}|\\*\\*|~~`,
  "gu",
);
const trailing = /[?!.,:;*~']/;
const brackets: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** The most characters of an address before its path: a host has at most 253, and a user and a password may be before it. */
const maxAuthority = 512;
const authorityEnd = new RegExp(`[/?#]|${addressEnd.source}`, "u");

/**
 * Returns the bare link whose `://` or whose `www.` ends right before `index`, if there is one. Only an address with a valid
 * host is followed to its end, so that a text full of others takes linear time.
 */
export function bareLink(text: string, index: number): FoundLink | null {
  const scheme = /(?:https?:\/\/|www\.)$/i.exec(text.slice(Math.max(0, index - 8), index));
  if (!scheme) return null;
  const start = index - scheme[0].length;
  if (isInsideWord(charBefore(text, start), text.charAt(start)) || !/[\p{L}\p{N}[]/u.test(text.charAt(index)))
    return null;
  const near = text.slice(index, index + maxAuthority);
  const authority = authorityEnd.exec(near)?.index ?? near.length;
  if (authority === maxAuthority) return null;
  const hasMore = /[/?#]/.test(near.charAt(authority)) && isAddress(text.slice(start, index + authority));
  const untrimmed = hasMore ? untrimmedEnd(text, start, index) : index + hostLength(near.slice(0, authority));
  const end = trimmedEnd(text, start, index, untrimmed);
  const shown = text.slice(start, end);
  const href = isAddress(shown) ? safeHref(shown) : null;
  return href === null ? null : { start, end, href, text: shown, shownAddress: hiddenHost(href) };
}

/** Returns whether an address is valid. `www.` needs two more names. */
const isAddress = (address: string) =>
  safeHref(address) !== null && (/^http/i.test(address) || /^www\.[^./]+\.[^./]/i.test(address));

function untrimmedEnd(text: string, start: number, from: number): number {
  addressEnd.lastIndex = from;
  for (let match = addressEnd.exec(text); match; match = addressEnd.exec(text)) {
    const isMark = match[0] === "**" || match[0] === "~~";
    if (!isMark || isBefore(text, start, match[0])) return match.index;
  }
  return text.length;
}

/** The most characters before an address in which something that ends with it is looked for. */
const maxBefore = 500;

/** Returns whether a mark is in the text before an index. */
const isBefore = (text: string, index: number, mark: string) =>
  text.slice(Math.max(0, index - maxBefore), index).includes(mark);

/** Returns the length of a host, without the text that one such as `example.com` runs into: `example.com에서`. */
function hostLength(host: string): number {
  if (/[:[\]]/.test(host)) return host.length;
  return /^[a-z0-9.-]*\.[a-z]{2,}(?=[^\p{ASCII}])/iu.exec(host)?.[0].length ?? host.length;
}

/** Leaves the punctuation of the sentence, and brackets that were opened before the address, out of it. */
function trimmedEnd(text: string, start: number, from: number, end: number): number {
  const counts = new Map<string, number>();
  for (let i = from; i < end; i++) counts.set(text.charAt(i), (counts.get(text.charAt(i)) ?? 0) + 1);
  const emphasised = text.charAt(start - 1) === "_";
  /** `true` if a `*` at the end closes nothing outside of the address: `https://example.com/*a*`. */
  const hasOwnStars = (counts.get("*") ?? 0) % 2 === 0 && !isBefore(text, start, "*");
  while (end > from) {
    const last = text.charAt(end - 1);
    const opened = brackets[last];
    const unbalanced = opened !== undefined && (counts.get(last) ?? 0) > (counts.get(opened) ?? 0);
    const isTrailing = trailing.test(last) && !(last === "*" && hasOwnStars);
    if (!unbalanced && !isTrailing && !(emphasised && last === "_")) break;
    counts.set(last, (counts.get(last) ?? 0) - 1);
    end -= 1;
  }
  return end;
}

/** Returns the mail address around the `@` at `index`, if there is one. */
export function mailAddress(text: string, index: number): FoundLink | null {
  const user = /[\w.+-]{1,64}$/.exec(text.slice(Math.max(0, index - 64), index))?.[0].replace(/^[.+-]+/, "");
  if (!user) return null;
  const host = /^[a-z0-9](?:[a-z0-9-]{0,62}\.)+[a-z][a-z0-9-]*[a-z0-9]/i.exec(text.slice(index + 1, index + 256))?.[0];
  const start = index - user.length;
  const end = index + 1 + (host?.length ?? 0);
  if (!host || isInsideWord(charBefore(text, start), user.charAt(0)) || /^[\w@]/.test(text.slice(end, end + 1)))
    return null;
  const address = text.slice(start, end);
  return { start, end, href: `mailto:${address}`, text: address };
}

/** Returns the link `<https://…>` that begins at `index`, if there is one. */
export function angleLink(text: string, index: number): FoundLink | null {
  if (!/\w/.test(text.charAt(index + 1))) return null;
  const found = /^<((?:https?:\/\/|mailto:)[^\s<>]{1,2000}|[\w.+-]{1,64}@[a-z0-9.-]{1,250}\.[a-z]{2,63})>/i.exec(
    text.slice(index, index + 2020),
  );
  const address = found?.[1];
  if (!found || address === undefined) return null;
  const href = safeHref(/^(?:https?|mailto):/i.test(address) ? address : `mailto:${address}`);
  if (href === null) return null;
  return { start: index, end: index + found[0].length, href, text: address, shownAddress: hiddenHost(href) };
}

const maxDestination = 2000;
const maxTitle = 500;
const maxParentheses = 8;

/** Parses `(address "title")` at `index`. Returns null if it isn't complete, or if the address isn't allowed. */
export function destination(text: string, index: number): { end: number; href: string; title?: string } | null {
  let i = skipSpaces(text, index + 1);
  let address: string;
  if (text.charAt(i) === "<") {
    const enclosed = /^<([^\s<>]*)>/.exec(text.slice(i, i + maxDestination));
    if (!enclosed) return null;
    address = enclosed[1] ?? "";
    i += enclosed[0].length;
  } else {
    const end = balancedEnd(text, i);
    if (end === null) return null;
    address = text.slice(i, end).replace(/\\([()])/g, "$1");
    i = end;
  }
  const href = safeHref(address);
  if (href === null) return null;
  const afterAddress = skipSpaces(text, i);
  const title =
    afterAddress > i ? /^(?:"([^"\n]*)"|'([^'\n]*)')/.exec(text.slice(afterAddress, afterAddress + maxTitle)) : null;
  const end = title ? skipSpaces(text, afterAddress + title[0].length) : afterAddress;
  if (text.charAt(end) !== ")") return null;
  return { end: end + 1, href, title: (title?.[1] ?? title?.[2]) || undefined };
}

function skipSpaces(text: string, index: number): number {
  while (text.charAt(index) === " ") index += 1;
  return index;
}

/** Returns the end of an address in parentheses, which may contain pairs of them. */
function balancedEnd(text: string, from: number): number | null {
  let depth = 0;
  for (let i = from; i < Math.min(text.length, from + maxDestination); i++) {
    const char = text.charAt(i);
    if (char === "\\" && /[()]/.test(text.charAt(i + 1))) i += 1;
    else if (char === "(" && ++depth > maxParentheses) return null;
    else if (char === ")" && depth-- === 0) return i;
    else if (/[\s<]/.test(char)) return depth === 0 ? i : null;
  }
  return null;
}
