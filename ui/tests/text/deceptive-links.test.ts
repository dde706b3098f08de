/**
 * The address that is shown beside a link, by its text and its target:
 * - none beside an honest link of the web, also to a path with signs, brackets or letters of other scripts
 * - none beside the links of a long list with commas
 * - the host, if the text names another one, hides it behind a user, or could be taken for a mention or a room
 * - the host, if the text is a host without a dot, or has something else in the place of one
 * - the host, if the text together with what is next to it could be taken for another one
 * - the host and the path, if only the path differs
 * - none beside an honest mail link
 * - all recipients of a mail, if the text names others, not all, or an address of the web
 * - the host of a mail address that looks like another one
 */
import { beforeAll, expect, it } from "vitest";
import { loadLookalikes } from "../../src/shared/lookalike-table.svelte";
import { addressToShow } from "../../src/text/deceptive-links";
import { inlinesOf } from "../../src/text/inlines-of";
import { loadLinkRules } from "../../src/text/link-addresses.svelte";
import { parse } from "../../src/text/parse";

beforeAll(async () => {
  await Promise.all([loadLookalikes(), loadLinkRules()]);
});

/** Returns the address that is shown beside the link of a text. */
function linkIn(text: string): string | undefined {
  const [link] = [...inlinesOf(parse(text))].filter((token) => token.kind === "link");
  if (!link) throw new Error("there is no link");
  return link.shownAddress;
}

it("shows none beside the links of a long list with commas", () => {
  const list = Array.from({ length: 60 }, (_, n) => `[page ${n}](https://bank.com/${n})`).join(", ");
  const addresses = [...inlinesOf(parse(list))].flatMap((token) => (token.kind === "link" ? [token.shownAddress] : []));
  expect(addresses).toEqual(Array.from({ length: 60 }, () => undefined));
});

const shown = (text: string, href: string) => addressToShow(text, href, (place, sign) => place.startsWith("#1", sign));

it.each([
  ["here", "https://bank.com"],
  ["bank.com", "https://bank.com"],
  ["See https://bank.com.", "https://bank.com"],
  ["bank.com, or www.bank.com!", "https://bank.com/login"],
  ["bank.com/a, page 2; bank.com/a; page 3", "https://bank.com/a"],
  ["https://mastodon.social/@ada", "https://mastodon.social/@ada"],
  ["mastodon.social/@ada", "https://mastodon.social/@ada"],
  ["ada at https://mastodon.social/@ada", "https://mastodon.social/@ada"],
  ["https://example.com/?to=@ada", "https://example.com/?to=@ada"],
  ["https://example.com/#/room", "https://example.com/#/room"],
  ["see https://en.wikipedia.org/wiki/X_(y)", "https://en.wikipedia.org/wiki/X_(y)"],
  ["[https://bank.com]", "https://bank.com"],
  ["https://example.com/½", "https://example.com/½"],
  ["http://nas/a", "http://nas/a"],
  ["http://[::1]:8080/", "http://[::1]:8080/"],
  ["C# and Node.js", "https://example.com"],
  ["#42", "https://example.com/42"],
  ["Node, net and more", "https://example.com"],
  ["Learn .NET, or the .env file", "https://example.com"],
  ["It works.\nSee here", "https://example.com"],
  ["Chapter:12, 12:30 [12:30:45]", "https://example.com"],
  ["20251127", "https://example.com/20251127"],
  ["localhost", "https://example.com"],
  ["localhost:8080", "http://localhost:8080/a"],
  ["[::1]:8080", "http://[::1]:8080/"],
  ["ftp://example.com", "https://example.com"],
  ["docs, communities, etc", "https://example.com"],
  ["src/main", "https://example.com/blob/main/src/main"],
  ["127.1 million users", "https://example.com"],
  ["192.168.1 and so on", "https://example.com"],
  ["20260412345678", "https://example.com"],
  ["TCP/IP", "https://example.com"],
  ["and/or", "https://example.com"],
  ["version 127.1, or 10.15", "https://example.com"],
  ["see docs/readme here", "https://example.com"],
  ["Olá. Com licença. Info", "https://example.com"],
])("shows nothing beside %s, which leads to %s", (text, href) => {
  expect(shown(text, href)).toBeUndefined();
});

it.each([
  ["https://bank.com@evil.com", "https://evil.com", "evil.com"],
  ["https://bank.com:x@evil.com", "https://evil.com", "evil.com"],
  ["https://bank.com@evil.com", "https://bank.com@evil.com", "evil.com"],
  ["https://evil.com\\@bank.com", "https://evil.com/@bank.com", "evil.com"],
  ["https://evil.com,bank.com", "https://evil.com", "evil.com"],
  ["ada@bank.com", "https://evil.com", "evil.com"],
  ["@ada", "https://evil.com", "evil.com"],
  ["https://@ada", "https://evil.com", "evil.com"],
  ["evil.com/ @ada", "https://evil.com", "evil.com"],
  ["#1", "https://evil.com", "evil.com"],
  ["x".repeat(301), "https://evil.com", "evil.com"],
])("shows the host beside %s, which leads to %s", (text, href, address) => {
  expect(shown(text, href)).toBe(address);
});

it.each([
  "bank.\ncom",
  "bank\n.com",
  "bank .com",
  "bank. com",
  "bank .Com",
  "bank,com",
  "bank .de",
  "bank,io",
  "bankꓸcom",
  "bank٠com",
  "bank۰com",
  "bank\u200A.com",
  "bank.中国",
  "127.1",
  "127.1:8080/admin",
  "192.168.7",
  "127.1/admin",
  "intranet/",
  "nas1/files",
  "wiki/home/start",
  "intranet/login",
  "bank，com",
  "bank\u0307com",
  "bank\u0323com",
  "localhost:8080",
  "localhost/admin",
  "nas:8080",
  "[::1]",
  "[::1]:8080",
  "2130706433",
  "0x7f000001",
  "hxxps://bank",
  "ftp://bank",
])("shows the host beside %j, which could be taken for another one", (text) => {
  expect(shown(text, "https://evil.com")).toBe("evil.com");
});

it.each([
  ["", "bank", "\uFEFF.com"],
  ["", "bank", `${"\u2061".repeat(500)}.com`],
  [`bank${"\u200B".repeat(500)}`, ".com", ""],
  ["", "bank", "ꓸcom"],
  ["", "bank", "٠com"],
  ["bank۰", "com", ""],
  ["", "银行", ".中国"],
  ["", "bank", "\u200A.com"],
  ["", "bank", "\u202F.com/login"],
  ["", "bank", " .de"],
  ["", "bank", ",io"],
])(
  "shows the host of a link between %j, %j and %j, which together could be taken for another one",
  (before, text, after) => {
    expect(linkIn(`${before}[${text}](https://evil.com)${after}`)).toBe("evil.com");
  },
);

it("shows nothing beside a link between words and signs of a sentence", () => {
  for (const text of [
    "the [file](https://evil.com) .env",
    "a [list](https://evil.com), or",
    "[中国](https://evil.com).中国是",
  ])
    expect(linkIn(text)).toBeUndefined();
});

it("shows the path as well if only that differs", () => {
  expect(shown("example.com/a", "https://example.com/b/")).toBe("example.com/b");
  expect(shown("https://example.com/a…", "https://example.com/abc")).toBeUndefined();
});

it.each([
  ["write to us", "mailto:ada@bank.com"],
  ["Ada@Bank.com", "mailto:ada@bank.com"],
  ["Write to ada@bank.com!", "mailto:ada@bank.com?subject=Hello"],
  ["ada+x@bank.com", "mailto:ada+x@bank.com"],
  ["ada@bank.com and bob@bank.com", "mailto:bob@bank.com?cc=ada%40bank.com"],
  ["mailto:?to=ada@bank.com", "mailto:?to=ada@bank.com"],
])("shows nothing beside %s, which writes to %s", (text, href) => {
  expect(shown(text, href)).toBeUndefined();
});

it.each([
  ["support@paypal.com", "mailto:support@paypal.co", "support@paypal.co"],
  ["bob@bank.com", "mailto:b@bank.com", "b@bank.com"],
  ["ada@bank.com", "mailto:?to=eve@evil.com", "eve@evil.com"],
  ["ada@bank.com", "mailto:ada@bank.com?BCC=eve%2Bx@evil.com", "ada@bank.com, eve+x@evil.com"],
  ["ada@bank.com", "mailto:ada@bank.com;eve@evil.com", "ada@bank.com, eve@evil.com"],
  ["ada@bank.com", "mailto:?subject=Hello", "mailto:"],
  ["ada@bank.com", "mailto:Ada <eve@evil.com>", "Ada%20%3Ceve@evil.com%3E"],
  ["ada@bank.com", "mailto:аda@bank.com", "%D0%B0da@bank.com"],
  ["bank.com", "mailto:eve@evil.com", "eve@evil.com"],
  ["ada@bank.com (https://bank.com)", "mailto:ada@bank.com", "ada@bank.com"],
  ["@ada", "mailto:eve@evil.com", "eve@evil.com"],
])("shows all recipients beside %s, which writes to %s", (text, href, recipients) => {
  expect(shown(text, href)).toBe(recipients);
});

it("shows the host of a mail address that looks like another one", () => {
  expect(shown("support@аpple.com", "mailto:support@аpple.com")).toBe("xn--pple-43d.com");
  expect(shown("write to us", "mailto:support@аpple.com")).toBe("xn--pple-43d.com");
  expect(shown("mailto:ada@bank.com@evil.com", "mailto:ada@bank.com@evil.com")).toBe("evil.com");
});
