/**
 * Marks for confusable names:
 * - only people who share a name have one
 * - names are equal regardless of case, width, Unicode composition and invisible characters, and if they look alike
 * - a fingerprint is longer if keys begin alike
 * - a guest's fingerprint is the end of the id
 * - the second of a name is marked with the first and the time, unless it isn't known who was first
 * - a name that sounds like a role is marked
 * - a room compares current names, and includes former members
 */
import { beforeAll, describe, expect, it } from "vitest";
import { findConfusable, nameMarks } from "../src/people/confusables";
import { loadLookalikes } from "../src/shared/lookalike-table.svelte";
import { RoomFixture, RoomLog } from "./fixtures/room";

beforeAll(loadLookalikes);

type Person = [id: string, name: string, since?: number];

const marks = (...people: Person[]) => nameMarks(people.map(([id, name, since]) => ({ id, name, since })));

const fingerprints = (...people: Person[]) =>
  Object.fromEntries([...marks(...people)].map(([id, { fingerprint }]) => [id, fingerprint]));

describe("a fingerprint", () => {
  it("distinguishes only people who share a name", () => {
    expect(fingerprints(["AbCd12", "Ada"], ["x9Yz34", "ada"], ["BoBb56", "Bob"])).toEqual({
      AbCd12: "AbCd",
      x9Yz34: "x9Yz",
    });
    // A person who is listed twice is not confused with themselves.
    expect(fingerprints(["AbCd12", "Ada"], ["AbCd12", "Ada"])).toEqual({});
  });

  it("is longer if keys begin alike", () => {
    expect(fingerprints(["AbCd12", "Ada"], ["AbCd1x", "Ada"])).toEqual({ AbCd12: "AbCd12", AbCd1x: "AbCd1x" });
  });

  it("uses the end of a guest's id", () => {
    const found = fingerprints(["guest-0199-aaaa-1111", "Tim"], ["guest-0199-aaaa-2222", "Tim"], ["TiMm78", "Tim"]);
    expect(Object.values(found).sort()).toEqual(["1111", "2222", "TiMm"]);
  });
});

describe("the second of a name", () => {
  it("is marked with the first and the time", () => {
    const found = marks(["ben", "ada lovelace", 2000], ["ada", "Ada Lovelace", 1000], ["bob", "Bob", 1]);
    expect(found.get("ben")?.taken).toEqual({ from: "Ada Lovelace", since: 2000 });
    expect(found.get("ada")?.taken).toBeUndefined();
    expect(found.has("bob")).toBe(false);
  });

  it("is not guessed", () => {
    const found = marks(["ben", "Ada", 2000], ["ada", "Ada"]);
    expect([...found.values()].map(({ taken }) => taken)).toEqual([undefined, undefined]);
  });
});

it("a name that sounds like a role is marked", () => {
  for (const name of ["Admin", "SYSTEM", "Ａｄｍｉｎ", "аdmin", "Moderator"])
    expect(marks(["x", name]).get("x")?.isRole).toBe(true);
  expect(marks(["x", "Administrative"]).size).toBe(0);
});

describe("names that can be confused", () => {
  it.each([
    ["Ada Lovelace", "ADA LOVELACE"],
    ["Ada Lovelace", "Ａｄａ Lovelace"],
    ["Ada Lovelace", "Ada\u00a0 Lovelace"],
    ["Ada Lovelace", "A\u200bda Love\u00adlace"],
    ["Ada Lovelace", "Ad\u180ba Lovelace"],
    ["Ada Lovelace", "Ada\u{1d173} Lovelace"],
    ["Ada Lovelace", "Аdа Lоvelаce"],
    ["Ada Lovelace", "Ada Iovelace"],
    ["Zoe\u0308", "ZOË"],
    ["STRASSE", "Straße"],
    ["Нина", "нина"],
    ["Bob", "B0b"],
    ["Lobby", "Lоbby"],
    ["Ben ❤", "Ben ❤️"],
  ])("%s and %s", (one, other) => {
    expect(findConfusable(one, ["Somebody Else", other])).toBe(other);
    expect(findConfusable(other, [one])).toBe(one);
  });

  it.each([
    ["Zoe", "Zoë"],
    ["Ada", "Adam"],
    ["Lea", "Lee"],
  ])("but not %s and %s", (one, other) => {
    expect(findConfusable(one, [other])).toBeUndefined();
  });
});

describe("a room", () => {
  it("compares current names and includes former members", () => {
    const fixture = new RoomFixture(new RoomLog().fill(1));
    const fingerprintOf = (member: string) => fixture.room.mentions.nameMarkOf(member)?.fingerprint;
    fixture.room.setMembers([
      { id: "BoBb56", name: "Bob", left: true },
      { id: "x9Yz34", name: "Eve" },
    ]);
    expect(fingerprintOf("x9Yz34")).toBeUndefined();
    fixture.onlineNames.set("x9Yz34", "bob");
    fixture.room.setMembers([...fixture.room.members]);
    expect([fingerprintOf("x9Yz34"), fingerprintOf("BoBb56")]).toEqual(["x9Yz", "BoBb"]);
  });
});
