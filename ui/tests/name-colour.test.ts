/**
 * The colours of names:
 * - a person's colour never changes: not with those who were shown before, and not with a new version
 * - all colours are used about as often
 */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { nameColour } from "../src/people/name-colour";

const people = (count: number) =>
  Array.from({ length: count }, (_, i) => createHash("sha256").update(`member ${i}`).digest("hex"));

describe("the colours of names", () => {
  it("never change", () => {
    const colours = ["hue-6", "hue-4", "hue-0", "hue-10"];
    expect(people(4).map(nameColour)).toEqual(colours);
    expect(people(4).toReversed().map(nameColour)).toEqual(colours.toReversed());
  });

  it("are used about as often", () => {
    const uses = new Map<string, number>();
    for (const member of people(1_200)) uses.set(nameColour(member), (uses.get(nameColour(member)) ?? 0) + 1);
    expect(uses.size).toBe(12);
    expect(Math.min(...uses.values())).toBeGreaterThan(70);
    expect(Math.max(...uses.values())).toBeLessThan(130);
  });
});
