/** Texts as names are searched for: case, accents and forms of a character make no difference. */
import { expect, it } from "vitest";
import { foldForSearch } from "../src/shared/fold-for-search";

it.each([
  ["Café", "cafe"],
  ["Cafe\u0301", "cafe"],
  ["Ａｄａ", "ada"],
  ["ΣΊΣΥΦΟΣ", "σισυφοσ"],
  ["Σίσυφος", "σισυφοσ"],
  ["Ship it 🚀", "ship it 🚀"],
])("%s", (text, folded) => {
  expect(foldForSearch(text)).toBe(folded);
});

it("finds a name by its beginning, typed in capitals", () => {
  expect(foldForSearch("Σίσυφος").startsWith(foldForSearch("ΣΙΣ"))).toBe(true);
});
