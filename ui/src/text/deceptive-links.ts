/** The rules for links that could be taken for others. They are loaded when a text needs them. */

import { withoutInvisible } from "../backend/visibility";
import { setsDirection } from "../shared/bidi";
import { asciiShape } from "../shared/lookalike-table.svelte";
import { isAscii } from "./characters";
import { hiddenHost } from "./deceptive-hosts";
import { asciiMail, recipientsOf } from "./mail-recipients";
import { addressesIn, mailsIn, withoutMails, withoutPaths, type WrittenAddress } from "./written-addresses";

// One chunk with the rules below, for `link-addresses.svelte.ts`.
export { hiddenHost };

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
  const isMail = target.protocol === "mailto:";
  const address = isMail ? recipientsOf(target).map(asciiMail).join(", ") || target.protocol : target.host;
  // With direction controls, `moc.knab` reads as `bank.com`.
  if (text.length > maxLength || setsDirection(text)) return address;
  if (text === href) return hiddenHost(href);
  const look = lookOf(text);
  if (looksLikeMention(withoutPaths(look), isRoom)) return address;
  const difference = isMail ? mailDifference(look, target) : webDifference(look, target);
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

function differenceFrom({ address, hasScheme, isShortened }: WrittenAddress, target: URL): Difference {
  let shown: URL;
  try {
    shown = new URL(hasScheme ? address : `https://${address}`);
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

/** Dots that could be taken for a full stop. UTS #39 gives them a shape of their own; in a host, `。` is a full stop. */
const otherDots = /([a-z0-9])[·ꞏ‧•∙⋅・。](?=[a-z]{2})/giu;

/** Signs of music and the like that could be taken for a `#`. */
const otherHashes = /[♯⌗⋕]/gu;

/**
 * Returns a text as it looks: without invisible characters, and with the signs of ASCII for those that look alike. Letters
 * stay, also those that only look like others: a host that has them is another host.
 */
function lookOf(text: string): string {
  const visible = withoutInvisible(text.normalize("NFKC")).replace(/\p{Mn}+(?=[./@:])/gu, "");
  const signs = asciiShape(visible, (character, look) => !isAscii(character) && !/[\p{L}\p{N}]/u.test(look));
  return signs.replace(otherDots, "$1.").replace(otherHashes, "#");
}

/** Returns whether a text could be taken for a mention or a room. Numbers such as `#42` are links in many places. */
function looksLikeMention(text: string, isRoom: IsRoom): boolean {
  for (const { 1: before = "", index } of text.matchAll(/(^|[^\p{L}\p{N}_])[@#](?=[^\s@#])/gu)) {
    const sign = index + before.length;
    if (!/^#\p{Nd}+(?![\p{L}\p{N}_])/u.test(text.slice(sign)) || isRoom(text, sign)) return true;
  }
  return false;
}
