/**
 * The interface's texts:
 * - no text contains an identifier of the code, as a careless rename leaves one behind
 * - the banner counts waiting messages and changes apart
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

it("counts waiting messages and changes apart", () => {
  const { waiting } = strings.banner;
  expect(waiting(1, 0)).toBe("1 message waits to be sent.");
  expect(waiting(0, 3)).toBe("3 changes wait to be sent.");
  expect(waiting(2, 1)).toBe("2 messages and 1 change wait to be sent.");
});
