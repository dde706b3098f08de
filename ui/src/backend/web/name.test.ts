/**
 * The rules for names, with the cases of `crates/protocol/src/name.rs`:
 * - names are normalized
 * - empty, long and misleading names are refused with a sentence
 */

import { expect, test } from "vitest";
import { parseName } from "./name";

test("names are normalized", () => {
  expect(parseName("  Ada   Lovelace\n")).toBe("Ada Lovelace");
  expect(parseName("Zoe\u0308")).toBe("Zoë");
  expect(parseName("👩‍👩‍👧 Familie")).toBe("👩‍👩‍👧 Familie");
  expect(parseName("x".repeat(64))).toHaveLength(64);
});

test.each([
  [" \t ", /at least one/],
  ["x".repeat(65), /at most 64/],
  ["x".repeat(10_000), /at most 64/],
  ["Ad\u202Ea", /invisible/],
  ["Ada\u200B", /invisible/],
  ["Ada\u001b[31m", /invisible/],
  [`A${"\u0316".repeat(30)}`, /combining/],
])("%j is refused", (text, sentence) => {
  expect(() => parseName(text)).toThrow(expect.objectContaining({ code: "bad_request" }));
  expect(() => parseName(text)).toThrow(expect.objectContaining({ message: expect.stringMatching(sentence) }));
});
