/**
 * The colours of names:
 * - as many people of a room as there are colours have different ones; after that, each colour is used about as often
 * - a person keeps their colour when others come, and has the same one in another room where nobody else has it
 */
import { describe, expect, it } from "vitest";
import { NameColours } from "../src/people/name-colour";

const people = (count: number) => Array.from({ length: count }, (_, i) => `member ${i}`);

describe("the colours of names", () => {
  it("differ as long as there are enough", () => {
    const colours = new NameColours();
    const classes = people(12).map((member) => colours.classOf(member, "lobby"));
    expect(new Set(classes).size).toBe(12);
    const more = people(36).map((member) => colours.classOf(member, "lobby"));
    const uses = classes.map((name) => more.filter((other) => other === name).length);
    expect(new Set(uses)).toEqual(new Set([3]));
  });

  it("differ in a room whose members were first seen elsewhere", () => {
    const colours = new NameColours();
    const everybody = people(60).map((member) => ({ member, usual: colours.classOf(member) }));
    const alike = everybody.filter(({ usual }) => usual === everybody[0]?.usual);
    expect(alike.length).toBe(5);
    expect(new Set(alike.map(({ member }) => colours.classOf(member, "lunch"))).size).toBe(5);
  });

  it("stay the same", () => {
    const colours = new NameColours();
    const shown = () => people(12).map((member) => colours.classOf(member, "lobby"));
    const before = shown();
    for (const member of people(200)) colours.classOf(member, "lobby");
    expect(shown()).toEqual(before);
    expect(people(12).map((member) => colours.classOf(member, "lunch"))).toEqual(before);
  });
});
