/**
 * Characters of code that reorder it or are not seen:
 * - each run of them is a part of its own, with the code points
 * - the mark of a run counts equal characters, and names only the first few
 * - where the marks are text, the code around them stays
 * - so are tags, fillers, controls and blank signs, and joiners and selectors that shape nothing
 * - so are the separators of lines and paragraphs, and all spaces but the usual one
 * - letters, emoji, and the joiners and selectors that they need are no such characters
 * - the parts are the code
 */
import { expect, it } from "vitest";
import { codeParts, withMarks } from "../../src/text/unseen-characters";

it("makes a part of each run of characters that reorder code or are not seen", () => {
  expect(codeParts("a\u202Eb\u2066\u200F")).toEqual([
    { text: "a" },
    { text: "\u202E", mark: "U+202E" },
    { text: "b" },
    { text: "\u2066\u200F", mark: "U+2066 U+200F" },
  ]);
  for (const character of "\u061C\u200B\u200E\u202A\u2069\u00AD\u3164\uFEFF")
    expect(codeParts(character)).toEqual([{ text: character, mark: expect.stringMatching(/^U\+[0-9A-F]{4}$/) }]);
});

it.each([
  ["\u200B".repeat(2700), "U+200B ×2700"],
  ["\u202E\u200B\u200B\u2066", "U+202E U+200B ×2 U+2066"],
  ["\u200B\u2066".repeat(2700), "U+200B U+2066 U+200B U+2066 and 5,396 more"],
])("makes one part of a long run", (run, mark) => {
  expect(codeParts(`a${run}b`)).toEqual([{ text: "a" }, { text: run, mark }, { text: "b" }]);
});

it("puts marks into a text in place of what is not seen", () => {
  expect(withMarks("if (a\u202E\u2066) {}")).toBe("if (a[U+202E U+2066]) {}");
});

it.each([
  ["\u{E0041}", "U+E0041"],
  ["\u034F", "U+034F"],
  ["\u2065", "U+2065"],
  ["\u206A", "U+206A"],
  ["\u17B4", "U+17B4"],
  ["\uFFF9", "U+FFF9"],
  ["\uFFFC", "U+FFFC"],
  ["\u2800", "U+2800"],
  ["\u001B", "U+001B"],
  ["\u0085", "U+0085"],
  ["\u{1D173}", "U+1D173"],
])("makes a part of the unseen character %j", (character, point) => {
  expect(codeParts(`rm ${character}-rf`)).toEqual([{ text: "rm " }, { text: character, mark: point }, { text: "-rf" }]);
});

it.each([
  ["\u2028", "U+2028"],
  ["\u2029", "U+2029"],
  ["\u00A0", "U+00A0"],
  ["\u1680", "U+1680"],
  ["\u2003", "U+2003"],
  ["\u202F", "U+202F"],
  ["\u205F", "U+205F"],
  ["\u3000", "U+3000"],
])("makes a part of the separator %j", (character, mark) => {
  expect(codeParts(`// x${character}evil()`)).toEqual([
    { text: "// x" },
    { text: character, mark },
    { text: "evil()" },
  ]);
  expect(codeParts(`${character}\uFE0F`)).toHaveLength(1);
});

it.each([
  ["a joiner between letters of ASCII", "ad\u200Dmin", ["U+200D"]],
  ["a joiner at the beginning", "\u200Cمی", ["U+200C"]],
  ["a second joiner", "می\u200C\u200Cخواهم", ["U+200C"]],
  ["data in selectors behind an emoji", "😀\uFE0F\u{E0141}\u{E0142}", ["U+E0141 U+E0142"]],
  ["a selector that shapes a space", " \uFE0F", ["U+FE0F"]],
  ["tags that are no flag", "🏴\u{E0072}\u{E006D}", ["U+E0072 U+E006D"]],
])("makes a part of %s", (_, code, points) => {
  expect(codeParts(code).flatMap(({ mark }) => mark ?? [])).toEqual(points);
});

it.each([
  "x = 1",
  "\ta\r\n",
  "שלום",
  "می\u200Cخواهم",
  "क्\u200Dष",
  "ᠭ\u180Bᠠ",
  "葛\u{E0100}城",
  "👨\u200D👩🏽\u200D👧 ❤\uFE0F\u200D🔥 1\uFE0F\u20E3",
  "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
])("leaves %j as it is", (code) => {
  expect(codeParts(code)).toEqual([{ text: code }]);
});

it("keeps the code", () => {
  const code = "\u202Eif (a)\u2066\u2069 {\u200B}";
  expect(
    codeParts(code)
      .map(({ text }) => text)
      .join(""),
  ).toBe(code);
});
