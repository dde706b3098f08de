/** The rule for a link whose text could be taken for something else than the link's address. */

import { withoutInvisible } from "../backend/visibility";
import { setsDirection } from "../shared/bidi";
import { asciiShape } from "../shared/lookalike-table.svelte";
import { isAscii } from "./characters";
import { hiddenHost } from "./deceptive-hosts";
import { hostOrRecipients, isMail, recipientsOf } from "./mail-recipients";
import {
  addressesIn,
  capitalizedEndings,
  commonEndings,
  countryEndings,
  mailsIn,
  withoutMails,
  withoutPaths,
  type WrittenAddress,
} from "./written-addresses";

/** Returns whether a `#` begins the name of a known room. */
export type IsRoom = (text: string, sign: number) => boolean;

/** The most characters of a text that are looked at. The address is shown beside a longer one. */
const maxLength = 300;

/**
 * Returns the address to show beside a link, because its host looks like another one, or because its text could be taken for
 * another address, or for a mention or a room.
 */
export function addressToShow(text: string, href: string, isRoom: IsRoom): string | undefined {
  const target = new URL(href);
  const address = hostOrRecipients(target);
  // With direction controls, `moc.knab` reads as `bank.com`.
  if (text.length > maxLength || setsDirection(text)) return address;
  if (text === href) return hiddenHost(href);
  const look = lookOf(text);
  if (countMentions(withoutPaths(look), isRoom) > 0 || isNumberOfHost(look, href) || isPathOfHost(look, href))
    return address;
  const difference = isMail(target) ? mailDifference(look, target) : webDifference(look, target);
  if (difference === null) return hiddenHost(href);
  return difference === "path" ? withPath(target) : address;
}

/** The part in which an address in a text differs from the one that a link has. */
type Difference = "host" | "path" | null;

/** Returns a difference unless a text has no address at all, or those of all recipients and no other. */
function mailDifference(look: string, target: URL): Difference {
  if (addressesIn(withoutMails(look)).length > 0) return "host";
  const mails = mailsIn(look);
  return mails.length === 0 || listOf(mails) === listOf(recipientsOf(target)) ? null : "host";
}

/** Returns mail addresses in a form in which two lists of the same ones are equal. */
const listOf = (mails: readonly string[]) => [...new Set(mails.map((mail) => mail.toLowerCase()))].sort().join(", ");

/** Returns in which part any address in a text differs from the target. */
function webDifference(look: string, target: URL): Difference {
  const differences = addressesIn(look).map((written) => differenceFrom(written, target));
  return differences.find((part) => part === "host") ?? differences.find((part) => part !== null) ?? null;
}

/** Returns in which part an address in a text differs from the target. */
export function differenceFrom({ address, hasScheme, isShortened }: WrittenAddress, target: URL): Difference {
  let shown: URL;
  try {
    // Any scheme makes it an address: `hxxps://` is how people write one that must not be opened.
    shown = new URL(`https://${hasScheme ? address.slice(address.indexOf("://") + 3) : address}`);
  } catch {
    return "host";
  }
  // What stands before an `@` looks like the host: `https://bank.com@evil.com`.
  if (hasScheme && shown.username !== "") return "host";
  if (plainHost(shown) !== plainHost(target)) return "host";
  const shownPath = shown.pathname + shown.search;
  return shownPath === "/" || shownPath === target.pathname + target.search || isShortened ? null : "path";
}

const withPath = ({ host, pathname, search }: URL) => host + (pathname + search).replace(/\/$/, "");
const plainHost = ({ hostname }: URL) => hostname.replace(/^www\./, "").replace(/\.$/, "");

/**
 * Dots that could be taken for a full stop, and letters and digits that look like one. UTS #39 gives most a shape of their own;
 * in a host, `。` is a full stop.
 */
const otherDots = /([a-z0-9])[·ꞏ‧•∙⋅・。ꓸ٠۰۔܁܂᙮ᐧ˙⸱⸳](?=[a-z]{2})/giu;

/** A comma, or a dot with blanks around it, which could be taken for a full stop before the end of a known domain. */
const looseDots = new RegExp(
  `([\\p{L}\\p{N}])(?:(?:,|\\s*\\.\\s*)(?=${commonEndings})|\\s*\\.(?=${capitalizedEndings})|(?:,|\\s+\\.)(?=${countryEndings}))`,
  "gu",
);

/** Marks above, below and beside a letter that could be taken for a full stop after it. */
const dotMarks = new RegExp(`[\u0307\u0323\u0358](?=${commonEndings})`, "gu");

/** A line end inside an address, which a narrow window could have made. */
const splitAtDot = /([\p{L}\p{N}])(?:\.[^\S\n]*\n\s*|[^\S\n]*\n\s*\.)(?=[\p{Ll}\p{N}])/gu;

/** Signs of music and the like that could be taken for a `#`. */
const otherHashes = /[♯⌗⋕]/gu;

/**
 * Returns a text as it looks: without invisible characters, and with the signs of ASCII for those that look alike. Letters
 * stay, also those that only look like others: a host that has them is another host.
 */
export function lookOf(text: string): string {
  const dotted = text.normalize("NFKD").replace(dotMarks, ".");
  const visible = withoutInvisible(dotted.normalize("NFKC")).replace(/\p{Mn}+(?=[./@:])/gu, "");
  const signs = asciiShape(visible, (character, look) => !isAscii(character) && !/[\p{L}\p{N}]/u.test(look));
  return signs.replace(otherDots, "$1.").replace(looseDots, "$1.").replace(splitAtDot, "$1.").replace(otherHashes, "#");
}

/**
 * Returns whether a text is nothing but the number of a host, as `2130706433` and `127.1` are, unless the address has it, too. A
 * path or a port may follow one with dots.
 */
function isNumberOfHost(text: string, href: string): boolean {
  const written = text.trim();
  const number = /^(0x[0-9a-f]{7,8}|\d{8,10}|(?:127(?:\.\d{1,8}){1,2}|192\.168\.\d{1,5})(?=\/|:\d|$))/i.exec(
    written,
  )?.[1];
  if (number === undefined || href.includes(number)) return false;
  if (number.includes(".")) return true;
  return number === written && Number(number) >= 2 ** 24 && Number(number) < 2 ** 32;
}

/** Words written with a slash that name no host: *TCP/IP*, *and/or*. */
const wordsWithSlash = /^(?:[A-Z]{1,4}\/[A-Z]{1,4}|and\/or)$/;

/**
 * Returns whether a text is nothing but a name and a path, which a browser in an office might open: `intranet/login`. If the
 * address has the same, it is the path of a file, or the like.
 */
const isPathOfHost = (text: string, href: string): boolean =>
  /^\s*[a-z][a-z0-9-]+\/[\w%./-]*\s*$/i.test(text) &&
  !wordsWithSlash.test(text.trim()) &&
  !href.toLowerCase().includes(text.trim().toLowerCase());

/** Counts what could be taken for a mention or a room. Numbers such as `#42` are links in many places. */
export function countMentions(text: string, isRoom: IsRoom): number {
  let count = 0;
  for (const { 1: before = "", index } of text.matchAll(/(^|[^\p{L}\p{N}_])[@#](?=[^\s@#])/gu)) {
    const sign = index + before.length;
    if (!/^#\p{Nd}+(?![\p{L}\p{N}_])/u.test(text.slice(sign)) || isRoom(text, sign)) count += 1;
  }
  return count;
}
