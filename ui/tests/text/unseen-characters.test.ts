/**
 * Characters of code that reorder it or are not seen:
 * - each is a part of its own, with its code point
 * - letters, emoji and the joiners that they need are no such characters
 * - the parts are the code
 */
import { expect, it } from "vitest";
import { codeParts } from "../../src/text/unseen-characters";

it("makes a part of each character that reorders code or is not seen", () => {
  expect(codeParts("a\u202Eb\u2066\u200F")).toEqual([
    { text: "a" },
    { text: "\u202E", point: "U+202E" },
    { text: "b" },
    { text: "\u2066", point: "U+2066" },
    { text: "\u200F", point: "U+200F" },
  ]);
  for (const character of "\u061C\u200B\u200E\u202A\u2069\u00AD\u3164\uFEFF")
    expect(codeParts(character)).toHaveLength(1);
});

it("leaves letters, emoji and their joiners alone", () => {
  for (const code of ["", "x = 1", "שלום", "می\u200Cخواهم", "👨\u200D👩\u200D👧 ❤\uFE0F", "\ta\n"])
    expect(codeParts(code)).toEqual(code === "" ? [] : [{ text: code }]);
});

it("keeps the code", () => {
  const code = "\u202Eif (a)\u2066\u2069 {\u200B}";
  expect(
    codeParts(code)
      .map(({ text }) => text)
      .join(""),
  ).toBe(code);
});
