import { setsDirection } from "../shared/bidi";
import { asciiShape, withoutInvisible } from "../shared/lookalike-table.svelte";

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
  const place = target.protocol === "mailto:" ? target.pathname : target.host;
  // With direction controls, `moc.knab` reads as `bank.com`.
  if (text.length > maxLength || setsDirection(text)) return place;
  const look = lookOf(text);
  if (looksLikeMention(look, isRoom)) return place;
  const shown = [...[...look.matchAll(writtenAddress)].filter(looksLikeAddress), ...look.matchAll(withScheme)];
  if (target.protocol === "mailto:") return shown.length > 0 && !look.includes(target.pathname) ? place : undefined;
  const others = shown.map((match) => difference(match, target));
  return others.includes("host") ? place : others.includes("path") ? withPath(target) : hiddenHost(href);
}

/** Dots that could be taken for a full stop. UTS #39 gives them a shape of their own; in a host, `。` is a full stop. */
const otherDots = /([a-z0-9])[·ꞏ‧•∙⋅・。](?=[a-z]{2})/giu;

/** Signs before a name, as a mention and a room have them. UTS #39 knows no others like them. */
const otherHashes = /[♯⌗⋕]/gu;

/**
 * Returns a text as it looks as far as addresses and mentions are concerned: without what is not seen, in NFKC, and with the
 * ASCII sign for every character that looks like one. Letters stay, and so do those that only look like others.
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

/** An address as people write it, with or without a scheme. */
const writtenAddress =
  /(?:https?:\/\/)?(?:[^\s/?#@:()[\]<>"'“”‘’]*@)?((?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,62}[\p{L}\p{N}\p{M}])?\.){1,10}\p{L}[\p{L}\p{M}]{1,62}|\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?((?:[/?#][^\s()<>"“”]*)?)/giu;

/** The host of an address with a scheme, which may have no dot. */
const withScheme = /https?:\/\/([^\s/\\?#()<>"“”]+)/giu;

/** Names of files and of programs that end like an address, but in no domain that exists. */
const fileName = /\.(?:js|ts|cs|vb|hs|kt|swift|java|html?|css|txt|pdf|json|ya?ml)$/i;

/** Returns whether a match is meant as an address. A word with a dot in it, such as "Node.js", is one only if it says so. */
const looksLikeAddress = ([shown]: RegExpExecArray): boolean =>
  /^https?:\/\/|^www\.|[/@]|^\d/i.test(shown) || !fileName.test(shown);

/** Returns in which part a written address differs from the target, or null. */
function difference([, host = "", path = ""]: RegExpExecArray, target: URL): "host" | "path" | null {
  let shown: URL;
  try {
    shown = new URL(`${target.protocol}//${host}${path}`);
  } catch {
    return "host";
  }
  if (withoutWww(shown.hostname) !== withoutWww(target.hostname)) return "host";
  const shownPath = shown.pathname + shown.search;
  return shownPath === "/" || shownPath === target.pathname + target.search || isShortened(path) ? null : "path";
}

/** Returns whether an address in a text was shortened with an ellipsis. NFKC makes three dots of one. */
const isShortened = (path: string) => path.endsWith("...");

const withPath = ({ host, pathname, search }: URL) => host + (pathname + search).replace(/\/$/, "");
const withoutWww = (host: string) => host.replace(/^www\./, "");

/** Returns the host of an address if it looks like another one: `https://bank.com@evil.com`, or letters that look like others. */
export function hiddenHost(href: string): string | undefined {
  const url = new URL(href);
  if (url.protocol === "mailto:") return undefined;
  // A backslash ends the host, too, but doesn't look so: `https://evil.com\@bank.com`.
  const [, authority = "", end] = /^https?:[/\\]*([^/\\?#]*)(\\?)/i.exec(href) ?? [];
  const typed = authority.slice(authority.lastIndexOf("@") + 1).replace(/:\d*$/, "");
  const isHidden =
    url.username !== "" || url.password !== "" || end !== "" || looksLikeOther(typed.toLowerCase(), url.hostname);
  return isHidden ? url.host : undefined;
}

/** Returns whether a host as it was typed could be taken for another one than it is. */
function looksLikeOther(typed: string, hostname: string): boolean {
  if (typed.startsWith("[")) return false;
  if (isAscii(typed)) return typed.replace(/\.$/, "") !== hostname.replace(/\.$/, "");
  if (typed !== typed.normalize("NFKC")) return true;
  const labels = typed.replace(/\.$/, "").split(".");
  const isAsciiDomain = isAscii(labels.at(-1) ?? "");
  return labels.some(
    (label) =>
      !isAscii(label) &&
      (!/^[\p{L}\p{M}\p{N}-]+$/u.test(label) ||
        mixesScripts(label) ||
        (isAsciiDomain && isAscii(asciiShape(label, (character) => !isAscii(character))))),
  );
}

/** Returns whether Latin letters stand beside others than those of East Asia, which are written together (UTS #39, 5.2). */
const mixesScripts = (label: string): boolean => /\p{sc=Latin}/u.test(label) && otherLetter.test(label);

const otherLetter =
  /(?=\p{L})[^\p{sc=Latin}\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Common}\p{sc=Inherited}]/u;

/* eslint-disable-next-line no-control-regex -- the range is ASCII */
const isAscii = (text: string): boolean => /^[\x00-\x7F]*$/.test(text);
