/**
 * Key fingerprints for confusable names:
 * - only people who share a name have one
 * - names are equal regardless of case, width, Unicode composition and invisible characters
 * - a fingerprint is longer if keys begin alike
 * - a guest's fingerprint is the end of the id
 * - a room compares current names, and includes former members
 */
import { describe, expect, it } from "vitest";
import { skeleton, keyFingerprints } from "../src/people/confusables";
import { RoomFixture, RoomLog } from "./fixtures/room";

const fingerprints = (...people: [id: string, name: string][]) =>
  Object.fromEntries(keyFingerprints(people.map(([id, name]) => ({ id, name }))));

describe("keyFingerprints", () => {
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
    expect(Object.values(found)).toEqual(["1111", "2222", "TiMm"]);
  });
});

describe("skeleton", () => {
  it("is equal for names that look the same", () => {
    for (const other of ["ADA LOVELACE", "Ａｄａ Lovelace", "Ada\u00a0 Lovelace", "A\u200bda Love\u00adlace"])
      expect(skeleton(other)).toBe(skeleton("Ada Lovelace"));
    expect(skeleton("Zoe\u0308")).toBe(skeleton("ZOË"));
    expect(skeleton("STRASSE")).toBe(skeleton("Straße"));
    expect(skeleton("Zoe")).not.toBe(skeleton("Zoë"));
  });
});

describe("a room", () => {
  it("compares current names and includes former members", () => {
    const fixture = new RoomFixture(new RoomLog().fill(1));
    fixture.room.setMembers([
      { id: "BoBb56", name: "Bob", left: true },
      { id: "x9Yz34", name: "Eve" },
    ]);
    expect(fixture.room.fingerprintOf("x9Yz34")).toBeUndefined();
    fixture.onlineNames.set("x9Yz34", "bob");
    fixture.room.setMembers([...fixture.room.members]);
    expect([fixture.room.fingerprintOf("x9Yz34"), fixture.room.fingerprintOf("BoBb56")]).toEqual(["x9Yz", "BoBb"]);
  });
});
