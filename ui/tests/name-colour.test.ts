/**
 * The colours of names:
 * - a person's colour never changes: not with those who were shown before, and not with a new version
 * - the first twelve people of a room have twelve colours, in any order in which a device learns of them
 * - nobody's colour changes when others join
 * - all colours are used about as often
 */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { nameColour, nameColours } from "../src/people/name-colour";

const people = (count: number) =>
  Array.from({ length: count }, (_, i) => createHash("sha256").update(`member ${i}`).digest("hex"));

describe("the colours of names", () => {
  it("never change", () => {
    const colours = ["hue-6", "hue-4", "hue-0", "hue-10"];
    expect(people(4).map(nameColour)).toEqual(colours);
    expect(people(4).toReversed().map(nameColour)).toEqual(colours.toReversed());
  });

  it("are twelve for the first twelve people of a room, on every device", () => {
    for (let room = 0; room < 50; room++) {
      const members = people(12 * (room + 1))
        .slice(-12)
        .map((id, i) => ({ id, since: i }));
      const colours = nameColours(members);
      expect(new Set(colours.values()).size).toBe(12);
      for (const { id } of members) expect(nameColours(members.toReversed()).get(id)).toBe(colours.get(id));
    }
  });

  it("stay the same when others join", () => {
    const members = people(30).map((id, i) => ({ id, since: i }));
    const colours = nameColours(members);
    for (let count = 1; count <= members.length; count++)
      for (const [id, colour] of nameColours(members.slice(0, count))) expect(colours.get(id)).toBe(colour);
  });

  it("are used about as often", () => {
    const uses = new Map<string, number>();
    for (const member of people(1_200)) uses.set(nameColour(member), (uses.get(nameColour(member)) ?? 0) + 1);
    expect(uses.size).toBe(12);
    expect(Math.min(...uses.values())).toBeGreaterThan(70);
    expect(Math.max(...uses.values())).toBeLessThan(130);
  });
});
