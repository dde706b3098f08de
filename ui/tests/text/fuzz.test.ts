/**
 * Random messages made of syntax, words and any characters. For each:
 * - parsing never throws, and gives the same result twice
 * - quotes, lists and emphasis are nested at most eight levels deep
 * - the steps are in proportion to the length
 * - what is seen is what was typed, without some of the syntax characters; without any form it is exactly what was typed
 * - previews and the runs of emoji can be made from it, and mentions are where they were typed
 *
 * `TEXT_FUZZ_SECONDS=60` runs it for a minute, `TEXT_FUZZ_SEED=…` repeats a run whose seed a failure has printed.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { displayRuns, isOnlyEmoji } from "../../src/text/display-runs";
import { placedMentions } from "../../src/text/found-mentions";
import { inlinesOf } from "../../src/text/inlines-of";
import { MentionFinder } from "../../src/text/mentions";
import { parse } from "../../src/text/parse";
import { preview } from "../../src/text/plain-text";
import { maxNesting, type Block } from "../../src/text/tokens";
import { countSteps } from "./count-steps";
import { depthOf, visibleText } from "./visible-text";

const seconds = Number(process.env.TEXT_FUZZ_SECONDS ?? 0);
const seed = process.env.TEXT_FUZZ_SEED === undefined ? undefined : Number(process.env.TEXT_FUZZ_SEED);
/** The runs where no time is given. */
const defaultRuns = 500;

const finder = new MentionFinder(["Ada", "*a*", "小明", "Ben [x](y)"].map((name) => ({ id: name, name })));

const fragments = [
  ..."* ** *** _ __ ~ ~~ | || ` `` ``` ~~~ \\ \\\\ [ ] ( ) ]( < > # - + 1. 12) : ! @ \" ' . , / & ; 😀 你 。 か ן م".split(
    " ",
  ),
  ...[
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    "\n- ",
    "\n  - ",
    "\n1. ",
    "\n> ",
    "\n# ",
    "\n```js\n",
    "\n```\n",
    "- [x] ",
  ],
  ...["\n|a|b|\n|-|:-:|\n", "https://a.b/c_d", "http://", "www.a.bc", "a@b.cd", "mailto:a@b.cd", "(https://a.b)", "]("],
  ...["[a](https://b.cd)", "[a](www.b.cd 't')", '](https://b.cd "t")', "<https://a.b>", "<b>", "@Ada", "@*a*", "@小明"],
  ...[
    "C:\\",
    "..\\",
    "%a%\\",
    "a",
    "Ab",
    "word",
    "12",
    "x_y",
    "don't",
    "안녕",
    "مرحبا",
    "ไทย",
    "é",
    "e\u0301",
    "\u200D",
  ],
];
/** Parts of messages that have no form, or hardly any. */
const plainFragments = [
  " ",
  "  ",
  "\n",
  "\n\n",
  "\n\n\n",
  "\n  ",
  "word",
  "Ab,",
  "12",
  "*",
  "_",
  "- ",
  ">",
  "1.",
  "~",
  "|",
  "😀",
  ".",
];
const plainMessage = fc.array(fc.constantFrom(...plainFragments), { maxLength: 20 }).map((parts) => parts.join(""));

const formedMessage = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...fragments) },
      { weight: 2, arbitrary: fc.string({ maxLength: 8 }) },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...fragments), fc.nat(40)).map(([part, n]) => part.repeat(n)) },
    ),
    { maxLength: 80, size: "max" },
  )
  .map((parts) => parts.join(""));

const message = fc.oneof({ weight: 3, arbitrary: formedMessage }, { weight: 1, arbitrary: plainMessage });

/** Characters that may be consumed, because they can be syntax. */
const syntax = /[*_~|\\`#>\-[\]()<:"'\s]/;

/** Returns the first character that was typed and is not seen, or seen and not typed; null if there is none. */
function firstLoss(typed: string, seen: string): string | null {
  let i = 0;
  for (const char of typed) {
    if (/\s/.test(char)) continue;
    while (i < seen.length && /\s/.test(seen.charAt(i))) i += 1;
    if (seen.startsWith(char, i)) i += char.length;
    else if (!syntax.test(char)) return `lost ${JSON.stringify(char)} before ${JSON.stringify(seen.slice(i, i + 20))}`;
  }
  return seen.slice(i).trim() === "" ? null : `added ${JSON.stringify(seen.slice(i, i + 20))}`;
}

/** Returns a message as it is shown if it has no form, otherwise null. */
function plainText(blocks: readonly Block[]): string | null {
  const parts = blocks.map((block) => {
    if (block.kind === "gap") return "\n".repeat(block.lines - 1);
    const [token] = block.kind === "paragraph" ? block.children : [];
    return token?.kind === "text" && block.kind === "paragraph" && block.children.length === 1 ? token.text : null;
  });
  return parts.includes(null) ? null : parts.join("\n");
}

/** The most levels of a message: quotes and lists, a paragraph, emphasised parts, and a text. */
const maxDepth = maxNesting + 1 + maxNesting + 1;

function check(text: string): void {
  const { steps, result: blocks } = countSteps(() => parse(text, finder));
  expect(parse(text, finder)).toEqual(blocks);
  expect(depthOf(blocks)).toBeLessThanOrEqual(maxDepth);
  expect(steps).toBeLessThan(5000 + 300 * text.length);
  const typed = text.replace(/\r\n?/g, "\n");
  expect(firstLoss(typed, visibleText(blocks))).toBeNull();
  const plain = plainText(blocks);
  if (plain !== null && !typed.includes("\\"))
    expect(plain.trimEnd()).toBe(typed.replace(/^[^\S\n]+$/gm, "").trimEnd());
  expect(
    displayRuns(text)
      .map((run) => run.text)
      .join(""),
  ).toBe(text);
  isOnlyEmoji(blocks);
  expect(preview(text, { mentions: finder, rooms: null })).not.toMatch(/\n/);
  for (const { name, at } of placedMentions(text, finder)) expect(text.startsWith(`@${name}`, at)).toBe(true);
  const shown = [...inlinesOf(blocks)].filter(({ kind }) => kind === "mention");
  expect(placedMentions(text, finder)).toHaveLength(shown.length);
}

it(
  "shows what was typed",
  () => {
    const time = seconds > 0 ? { numRuns: 1e9, interruptAfterTimeLimit: seconds * 1000 } : { numRuns: defaultRuns };
    fc.assert(fc.property(message, check), { seed, ...time });
  },
  (seconds + 60) * 1000,
);
