/**
 * Names that look the same:
 * - are told apart by a piece of each one's key; who is alone with a name has no mark
 * - look the same in another case, in full width, composed otherwise, or with invisible signs
 * - a longer piece when keys begin alike
 * - guests by the end of their number
 * - in a room: also after somebody took the name, and of somebody who has left
 */
import { describe, expect, it } from "vitest";
import { skeleton, keyFingerprints } from "../src/people/confusables";
import { Log, Visit } from "./fixtures/room";

const called = (...people: [id: string, name: string][]) =>
  Object.fromEntries(keyFingerprints(people.map(([id, name]) => ({ id, name }))));

describe("keyFingerprints", () => {
  it("marks only those who share a name", () => {
    expect(called(["AbCd12", "Ada"], ["x9Yz34", "ada"], ["BoBb56", "Bob"])).toEqual({ AbCd12: "AbCd", x9Yz34: "x9Yz" });
    // One person who is listed twice is no two.
    expect(called(["AbCd12", "Ada"], ["AbCd12", "Ada"])).toEqual({});
  });

  it("takes a longer piece when keys begin alike", () => {
    expect(called(["AbCd12", "Ada"], ["AbCd1x", "Ada"])).toEqual({ AbCd12: "AbCd12", AbCd1x: "AbCd1x" });
  });

  it("marks guests by the end of their number", () => {
    const marks = called(["guest-0199-aaaa-1111", "Tim"], ["guest-0199-aaaa-2222", "Tim"], ["TiMm78", "Tim"]);
    expect(Object.values(marks)).toEqual(["1111", "2222", "TiMm"]);
  });
});

describe("skeleton", () => {
  it("sees what the eye sees", () => {
    for (const other of ["ADA LOVELACE", "Ａｄａ Lovelace", "Ada\u00a0 Lovelace", "A\u200bda Love\u00adlace"])
      expect(skeleton(other)).toBe(skeleton("Ada Lovelace"));
    expect(skeleton("Zoe\u0308")).toBe(skeleton("ZOË"));
    expect(skeleton("STRASSE")).toBe(skeleton("Straße"));
    expect(skeleton("Zoe")).not.toBe(skeleton("Zoë"));
  });
});

describe("a room", () => {
  it("marks by the names that are shown, and also who has left", () => {
    const visit = new Visit(new Log().fill(1));
    visit.room.setMembers([
      { id: "BoBb56", name: "Bob", left: true },
      { id: "x9Yz34", name: "Eve" },
    ]);
    expect(visit.room.fingerprintOf("x9Yz34")).toBeUndefined();
    visit.names.set("x9Yz34", "bob");
    visit.room.setMembers([...visit.room.members]);
    expect([visit.room.fingerprintOf("x9Yz34"), visit.room.fingerprintOf("BoBb56")]).toEqual(["x9Yz", "BoBb"]);
  });
});
