/**
 * The rows of the timeline:
 * - messages of one author within five minutes form a group
 * - another author, a pause, a system entry or a new day starts another group, and so does a reply
 * - the *New* line is above the first new message of another member
 * - adjacent system entries share a row, and a sentence if they are of the same kind
 * - pending messages are at the end
 * - the row of a position is that of the next item, also within a row of system entries
 */
import { describe, expect, it } from "vitest";
import type { Entry } from "../src/backend/protocol";
import { layOutRows, rowAt } from "../src/chat/rows";
import { systemSentences } from "../src/chat/system-text";
import { Amendments, type Item } from "../src/rooms/fold";
import { RoomLog } from "./fixtures/room";

const minute = 60_000;
const morning = new Date(2026, 2, 5, 9, 0).getTime();
const fold = (...entries: Entry[]): Item[] =>
  entries.map((entry) => new Amendments().item(entry)).filter((item) => item !== null);
const kinds = (items: Item[], newAfter: number | null = null) =>
  layOutRows(items, [], newAfter, "alice").map(({ rows }) =>
    rows.map((row) => (row.kind === "message" ? (row.startsGroup ? "first" : "next") : row.kind)),
  );
const message = (log: RoomLog, who: string, at: number) => log.add(who, { kind: "message", text: "x" }, at);

describe("layOutRows", () => {
  it("groups by author within five minutes", () => {
    const log = new RoomLog();
    const items = fold(
      message(log, "bob", morning),
      message(log, "bob", morning + 4 * minute),
      message(log, "ada", morning + 5 * minute),
      message(log, "bob", morning + 6 * minute),
      message(log, "bob", morning + 12 * minute),
    );
    expect(kinds(items)).toEqual([["first", "next", "first", "first", "first"]]);
  });

  it("starts a new group on a new day", () => {
    const log = new RoomLog();
    const midnight = new Date(2026, 2, 6).getTime();
    expect(kinds(fold(message(log, "bob", midnight - 1000), message(log, "bob", midnight + 1000)))).toEqual([
      ["first"],
      ["first"],
    ]);
  });

  it("shows the author of a reply to their own group", () => {
    const log = new RoomLog();
    const [said] = [message(log, "ada", morning)];
    const items = fold(said, message(log, "bob", morning), log.says("bob", "Yes.", said.id));
    expect(kinds(items).flat()).toEqual(["first", "first", "first"]);
  });

  it("finds the row of a position", () => {
    const log = new RoomLog();
    const items = fold(
      message(log, "bob", morning),
      log.add("bob", { kind: "left" }, morning),
      log.add("ada", { kind: "left" }, morning),
      message(log, "bob", morning),
    );
    const days = layOutRows(items, [], 3, "alice");
    const keyAt = (seq: number) => rowAt(days, seq)?.key;
    expect([1, 2, 3, 4, 99].map(keyAt)).toEqual([0, 1, 1, 3, 3].map((i) => items[i]?.id));
    expect(rowAt([], 1)).toBeUndefined();
  });

  it("places the New line above the first new message of another member", () => {
    const log = new RoomLog();
    const items = fold(
      message(log, "bob", morning),
      message(log, "alice", morning + 1000),
      message(log, "bob", morning + 2000),
    );
    expect(kinds(items, 1)).toEqual([["first", "first", "new", "first"]]);
    expect(kinds(items, 3)).toEqual([["first", "first", "first"]]);
  });

  it("puts adjacent system entries in one row", () => {
    const log = new RoomLog();
    const items = fold(
      log.add("bob", { kind: "joined", name: "Bob" }, morning),
      log.add("ada", { kind: "joined", name: "Ada" }, morning),
      log.add("ada", { kind: "topic", text: "Lunch" }, morning),
      message(log, "ada", morning),
    );
    expect(kinds(items)).toEqual([["system", "first"]]);
    const plain = systemSentences(items.slice(0, 3), { knownName: (member) => member, tagged: (name) => name }).map(
      (text) => text.replace(/[\u2068\u2069]/g, ""),
    );
    expect(plain).toEqual(["Bob and Ada joined", "ada set the topic: Lunch"]);
  });

  it("puts pending messages at the end", () => {
    const log = new RoomLog();
    const [item] = fold(message(log, "bob", morning));
    const [pending] = fold(message(log, "alice", morning + 1000));
    if (!item || !pending) throw new Error("messages are items");
    const [day] = layOutRows([item], [{ item: pending, state: "sending" }], null, "alice");
    expect(day?.rows.at(-1)).toMatchObject({ kind: "message", pending: { state: "sending" } });
  });
});
