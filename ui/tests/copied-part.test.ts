/**
 * The part of a selection that is copied (in browsers: `e2e/browser-copying.test.mjs`):
 * - the blanks between two words of a line are one blank, and those beside a block none
 */
import { expect, it } from "vitest";
import { type CopiedPart, withoutOuterBlanks } from "../src/chat/copied-part";

const text = (text: string): CopiedPart => ({ kind: "text", text, isPreformatted: false });
const block = { kind: "element", isBlock: true, children: [] } as unknown as CopiedPart;
const copied = (...parts: CopiedPart[]) =>
  withoutOuterBlanks(parts).map((part) => (part.kind === "text" ? part.text : "block"));

it("keeps one blank between two words, however many there are", () => {
  expect(copied(text("Ada"), text(" "), text("joined"))).toEqual(["Ada", " ", "joined"]);
  expect(copied(text("Ada"), text(" "), text(" "), text(" "), text("joined"))).toEqual(["Ada", " ", "joined"]);
  expect(copied(text(" "), text(" "), text("Ada"), text(" "), block, text(" "), text(" "))).toEqual(["Ada", "block"]);
});
