/** The rules for hosts that look like others. */

import { asciiShape } from "../shared/lookalike-table.svelte";
import { isAscii } from "./characters";
import { asciiHost, recipientsOf, splitMail } from "./mail-recipients";

/**
 * Returns the host of an address if it looks like another one: `https://bank.com@evil.com`, or letters that look like others.
 */
export function hiddenHost(href: string): string | undefined {
  const url = new URL(href);
  if (url.protocol === "mailto:") return hiddenMailHost(url);
  // A backslash ends the host, too, but doesn't look so: `https://evil.com\@bank.com`.
  const [, authority = "", end] = /^https?:[/\\]*([^/\\?#]*)(\\?)/i.exec(href) ?? [];
  const typed = authority.slice(authority.lastIndexOf("@") + 1).replace(/:\d*$/, "");
  const isHidden =
    url.username !== "" || url.password !== "" || end !== "" || looksLikeOther(typed.toLowerCase(), url.hostname);
  return isHidden ? url.host : undefined;
}

/** Returns the host of the first mail address whose host looks like another one: `ada@bank.com@evil.com`, for example. */
function hiddenMailHost(url: URL): string | undefined {
  for (const { user, domain } of recipientsOf(url).map(splitMail)) {
    const host = asciiHost(domain);
    if (host !== undefined && (user.includes("@") || looksLikeOther(domain.toLowerCase(), host))) return host;
  }
  return undefined;
}

/** Returns whether a host as it was typed could be taken for another one than it is. */
function looksLikeOther(typed: string, hostname: string): boolean {
  if (typed.startsWith("[")) return false;
  if (isAscii(typed)) return typed.replace(/\.$/, "") !== hostname.replace(/\.$/, "");
  if (typed !== typed.normalize("NFKC")) return true;
  const labels = typed.replace(/\.$/, "").split(".");
  const isInAsciiDomain = isAscii(labels.at(-1) ?? "");
  return labels.some((label) => !isAscii(label) && isDeceptive(label, isInAsciiDomain));
}

/**
 * Returns whether a label of a host could be taken for another one: in a domain such as `.com`, also one that looks like
 * ASCII.
 */
function isDeceptive(label: string, isInAsciiDomain: boolean): boolean {
  if (!/^[\p{L}\p{M}\p{N}-]+$/u.test(label) || mixesScripts(label)) return true;
  return isInAsciiDomain && isAscii(asciiShape(label, (character) => !isAscii(character)));
}

/** Returns whether Latin letters stand beside others than those of East Asia, which are written together (UTS #39, 5.2). */
const mixesScripts = (label: string): boolean => /\p{sc=Latin}/u.test(label) && otherLetter.test(label);

const otherLetter =
  /(?=\p{L})[^\p{sc=Latin}\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Common}\p{sc=Inherited}]/u;
