/**
 * The limits of what one message may cost:
 * - quotes and lists are nested at most eight levels deep, and so is emphasis; deeper ones are shown as typed
 * - a message has a limited number of tokens; what comes after them is shown as typed
 * - what comes before a block that has the most tokens keeps its form and its mentions
 * - a message has a limited number of elements for emoji, stacked marks and unseen characters, also in names; with more it is
 *   shown without
 * - of a text that is longer than any server allows, the beginning is shown, and that it is not all
 * - a limited number of links is compared with the text beside them; the others show their address
 * - any 16 KiB take a number of steps in proportion to their length
 */
import { beforeAll, expect, it } from "vitest";
import { limits } from "../../src/backend/protocol";
import { limitRuns, maxRuns } from "../../src/text/limit-runs";
import { ListedMentions, MentionFinder } from "../../src/text/mentions";
import { strings } from "../../src/shared/strings";
import { maxCompared, maxText, parse } from "../../src/text/parse";
import { RoomFinder } from "../../src/text/room-links";
import { maxNesting, maxTokens, type Block } from "../../src/text/tokens";
import { loadLookalikes } from "../../src/shared/lookalike-table.svelte";
import { inlinesOf } from "../../src/text/inlines-of";
import { loadLinkRules } from "../../src/text/link-addresses.svelte";
import { countSteps } from "./count-steps";
import { depthOf, elementCount, tokenCount, visibleText } from "./visible-text";

const noNames = { nameOf: () => undefined };

// The rules for links are part of the work.
beforeAll(() => Promise.all([loadLookalikes(), loadLinkRules()]));

it.each([
  [">".repeat(3000) + "x"],
  ["> ".repeat(3000) + "x"],
  ["- ".repeat(3000) + "x"],
  ["1. ".repeat(3000) + "x"],
  ["> - ".repeat(1500) + "x"],
  ["*a ".repeat(3000) + "x" + "*".repeat(3000)],
  ["*a **b ~~c ||d ".repeat(900) + "x" + " d||~~** *".repeat(900)],
  ["[".repeat(8000) + "x" + "](https://x.yz)".repeat(500)],
])("nests at most eight levels: %.12s…", (text) => {
  const blocks = parse(text);
  // The paragraph and its text are levels, too.
  expect(depthOf(blocks)).toBeLessThanOrEqual(maxNesting + 2);
  expect(visibleText(blocks)).toContain("x");
});

/** The parts of messages that have the most tokens, and what such a message begins with. */
const manyTokens: [about: string, unit: string, head?: string][] = [
  ["emphasis", "*a* "],
  ["spoilers", "||a|| "],
  ["code", "`a` "],
  ["links", "[a](https://b.cd) "],
  ["lines of emphasis", "**a**\n"],
  ["paragraphs", "**a**\n\n"],
  ["headings", "## a\n"],
  ["a list", "- [x] **a**\n"],
  ["lists in lists", "- a\n  1. b\n"],
  ["quotes", "> # a\n\nb\n"],
  ["blocks of code", "```js\na\n```\n"],
  ["a table", "|a|b|\n|-|-|\n"],
  ["rows", "|*a*|b|\n", "|a|b|\n|-|-|\n"],
];

it.each(manyTokens)("shows what comes after the most tokens as typed: %s", (_, unit, head = "") => {
  const text = head + unit.repeat(2 * maxTokens);
  const blocks = parse(text);
  expect(tokenCount(blocks)).toBeGreaterThan(maxTokens / 20);
  expect(tokenCount(blocks)).toBeLessThan(2 * maxTokens + 10);
  const shown = visibleText(blocks);
  // Its beginning has its form.
  expect(shown.startsWith(text.slice(0, 20))).toBe(false);
  expect(shown.trimEnd().endsWith(unit.repeat(10).trimEnd())).toBe(true);
  expect(shown.match(/a/g)).toHaveLength(text.match(/a/g)?.length ?? 0);
});

it.each([...manyTokens, ["a quote", "> # a\n"] as const])(
  "keeps the form of what comes before the most tokens: %s",
  (_, unit, head = "") => {
    const names = new MentionFinder([{ id: "ada", name: "Ada" }]);
    for (const above of ["**@Ada**, please check:\n", "> **@Ada**, please check:\n> "]) {
      const text = above + (head + unit.repeat(2 * maxTokens)).replaceAll("\n", above.startsWith(">") ? "\n> " : "\n");
      const [first] = inlinesOf(parse(text, names));
      expect(first).toMatchObject({ kind: "strong", children: [{ kind: "mention", member: "ada" }] });
    }
  },
);

it.each(["a\u200B", "`\u200B` ", "`a\u200Bb\u200B` ", "```\n\u200B\n```\n", "👩\u200D", "a\u0301\u0301\u0301\u0301"])(
  "gives a limited number of runs an element of their own: %j",
  (unit) => {
    for (const fence of ["", "```\n"]) {
      const text = fence + unit.repeat(limits.maxTextBytes / unit.length / 2);
      const blocks = limitRuns(parse(text), noNames);
      expect(elementCount(blocks)).toBeLessThanOrEqual(maxRuns);
      expect(visibleText(blocks)).toBe(visibleText(parse(text)));
    }
    const few = (fence: string) => elementCount(limitRuns(parse(fence + unit.repeat(10)), noNames));
    expect(Math.max(few(""), few("```\n"))).toBeGreaterThanOrEqual(10);
  },
);

it("gives a limited number of runs in names an element of their own", () => {
  const name = "😀a".repeat(32);
  const names = { nameOf: () => name };
  const finder = new MentionFinder([{ id: "ada", name: "Ada" }]);
  const rooms = new RoomFinder([{ id: "room", name }]);
  for (const unit of ["@Ada ", "**@Ada** ", `#${name} `]) {
    expect(elementCount(limitRuns(parse(unit.repeat(200), finder, rooms), names), names)).toBeLessThanOrEqual(maxRuns);
    expect(elementCount(limitRuns(parse(unit.repeat(10), finder, rooms), names), names)).toBe(320);
  }
});

it("compares a limited number of links with the text beside them, and shows the addresses of the others", () => {
  const shown = (blocks: Block[]) =>
    [...inlinesOf(blocks)].flatMap((token) => (token.kind === "link" ? [token.shownAddress] : []));
  const touching = shown(parse("[a-b](https://x.yz)\n\n-[a](https://x.yz)\n\n".repeat(maxCompared)));
  expect(touching).toHaveLength(2 * maxCompared);
  expect(touching.filter((address) => address !== undefined)).toEqual([]);
  const more = shown(parse("-[a](https://x.yz)-[b](https://x.yz)".repeat(maxCompared)));
  expect(more.slice(0, maxCompared).every((address) => address === undefined)).toBe(true);
  expect(more.slice(maxCompared).every((address) => address === "x.yz")).toBe(true);
});

it("shows the beginning of a text that is far too long", () => {
  const { steps, result } = countSteps(() => parse("word ".repeat(1_000_000)));
  expect(steps).toBeLessThan(200 * maxText);
  expect(visibleText(result)).toBe(`${"word ".repeat(maxText).slice(0, maxText)}\n${strings.text.cut}`);
});

/** Parts of messages that make a careless parser start again and again. */
const units = [
  ..."> - [ ] *a _ ` | \\ ~ # @ ( ) < ! \n \t 1 . : 😀".split(" "),
  ...["> ", "- ", "1. ", "- a\n", "  - a\n", "> a\n", "# a\n", "- [ ] a\n", "a|b\n-|-\n", "| a | b |\n", "|| a ||\n"],
  ...["*a ", "_a_", "a_", "`a", "``a`", "~~a~~", "||a||", "**a*", "***a**b*", "*a **b ", "*a_b~~c||d", "*.*", "a**"],
  ...["[a](", "[a](<b", '[a](https://x.y "', "[a](https://x.yz)", "[a-](https://x.yz)", "![[[", "](", "[a]"],
  ...["\\*", "\\[", "\\`", "\\_a", "C:\\*", "%a%\\", "$env:a\\", "\\\\a\\*"],
  ...["```\n", "```a\n", "```a\nb```\n", "~~~\n", "````\n```\n"],
  ...[
    "http://",
    "https://a.b ",
    "https://a_b*c(",
    "www.",
    "www.a.b ",
    "a@b.c ",
    "a@",
    "@ada ",
    "@ada1 ",
    "#ada ",
    "#ada1 ",
    "<https://",
    "a.a",
  ],
  ...[
    "(https://a^",
    "(https://a%",
    "(https://[",
    "(www.a.b^",
    "(www.",
    "<https://a^",
    "<www.a^",
    "[a](https://",
    "[a](www.a^",
  ],
  ...[
    "(https://a.co가",
    "www.a.b)",
    "https://a^?",
    "(https://a@",
    "https://a.b/)",
    "[a](https://a.b^",
    "(https://a:",
    "a@b.c^",
  ],
  ...["\u0301", "مر ", "你**好。**", "\u200D", "\uD83D"],
];
const people = new MentionFinder(
  Array.from({ length: 10_000 }, (_, i) => ({ id: `${i}`, name: `Ada${"a".repeat(i % 60)}${i}` })),
);

const listed = new ListedMentions(
  Array.from({ length: 2 * limits.maxMentions }, (_, i) => ({ member: `${i}`, name: `ada${i % 10}` })),
);
const rooms = new RoomFinder(Array.from({ length: 1000 }, (_, i) => ({ id: `${i}`, name: `Ada${i}` })));

it.each(units.map((unit) => [JSON.stringify(unit), unit]))("takes linear time: %s", (_, unit) => {
  for (const prefix of ["", "> ".repeat(7), "- ".repeat(7)]) {
    const text = (prefix + unit.repeat(limits.maxTextBytes)).slice(0, limits.maxTextBytes - 1) + "x";
    for (const mentions of prefix === "" ? [people, listed] : [people]) {
      const { steps, result } = countSteps(() => parse(text, mentions, rooms));
      expect(tokenCount(result)).toBeLessThan(2 * maxTokens + 10);
      expect(steps).toBeLessThan(200 * limits.maxTextBytes);
    }
  }
});
