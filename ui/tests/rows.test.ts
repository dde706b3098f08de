/**
 * How lines stand in the timeline:
 * - one person's messages within five minutes stand as one group
 * - another person, a pause, a quiet event or a new day begins another
 * - the line stands before the first message of somebody else that is new
 * - quiet events next to each other are one row, and one sentence where they say the same
 * - what is on its way stands at the end
 */
import { describe, expect, it } from "vitest";
import type { Entry } from "../src/backend/protocol";
import { layOut } from "../src/chat/rows";
import { sentences } from "../src/chat/system-text";
import { Amendments, type Item } from "../src/rooms/fold";
import { Log } from "./fixtures/room";

const minute = 60_000;
const morning = new Date(2026, 2, 5, 9, 0).getTime();
const lines = (...entries: Entry[]): Item[] =>
  entries.map((entry) => new Amendments().item(entry)).filter((item) => item !== null);
const kinds = (items: Item[], newAfter: number | null = null) =>
  layOut(items, [], newAfter, "alice").map(({ rows }) =>
    rows.map((row) => (row.kind === "message" ? (row.head ? "head" : "more") : row.kind)),
  );
const said = (log: Log, who: string, at: number) => log.add(who, { kind: "message", text: "x" }, at);

describe("layOut", () => {
  it("groups by author within five minutes", () => {
    const log = new Log();
    const items = lines(
      said(log, "bob", morning),
      said(log, "bob", morning + 4 * minute),
      said(log, "ada", morning + 5 * minute),
      said(log, "bob", morning + 6 * minute),
      said(log, "bob", morning + 12 * minute),
    );
    expect(kinds(items)).toEqual([["head", "more", "head", "head", "head"]]);
  });

  it("begins a day anew", () => {
    const log = new Log();
    const midnight = new Date(2026, 2, 6).getTime();
    expect(kinds(lines(said(log, "bob", midnight - 1000), said(log, "bob", midnight + 1000)))).toEqual([
      ["head"],
      ["head"],
    ]);
  });

  it("draws the line before the first that is new and somebody else's", () => {
    const log = new Log();
    const items = lines(
      said(log, "bob", morning),
      said(log, "alice", morning + 1000),
      said(log, "bob", morning + 2000),
    );
    expect(kinds(items, 1)).toEqual([["head", "head", "new", "head"]]);
    expect(kinds(items, 3)).toEqual([["head", "head", "head"]]);
  });

  it("folds quiet events", () => {
    const log = new Log();
    const items = lines(
      log.add("bob", { kind: "joined", name: "Bob" }, morning),
      log.add("ada", { kind: "joined", name: "Ada" }, morning),
      log.add("ada", { kind: "topic", text: "Lunch" }, morning),
      said(log, "ada", morning),
    );
    expect(kinds(items)).toEqual([["system", "head"]]);
    const plain = sentences(items.slice(0, 3), (member) => member).map((text) => text.replace(/[\u2068\u2069]/g, ""));
    expect(plain).toEqual(["Bob and Ada joined", "ada set the topic: Lunch"]);
  });

  it("puts what is on its way at the end", () => {
    const log = new Log();
    const [item] = lines(said(log, "bob", morning));
    const [waiting] = lines(said(log, "alice", morning + 1000));
    if (!item || !waiting) throw new Error("messages are lines");
    const [day] = layOut([item], [{ item: waiting, state: "sending" }], null, "alice");
    expect(day?.rows.at(-1)).toMatchObject({ kind: "message", waiting: { state: "sending" } });
  });
});
