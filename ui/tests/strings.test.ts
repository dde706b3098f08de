/**
 * The interface's texts:
 * - no text contains an identifier of the code, as a careless rename leaves one behind
 */
import { expect, it } from "vitest";
import { strings } from "../src/shared/strings";

/** Returns all texts without parameters. */
function texts(node: unknown): string[] {
  if (typeof node === "string") return [node];
  if (typeof node === "object" && node !== null) return Object.values(node).flatMap(texts);
  return [];
}

it("contains no identifier of the code", () => {
  expect(texts(strings).filter((text) => /[a-z][A-Z]/.test(text))).toEqual([]);
});
