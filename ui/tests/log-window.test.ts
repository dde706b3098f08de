/**
 * The loaded part of a room's log:
 * - stays bounded and without a gap while the user scrolls through 20,000 messages
 * - drops what is far from the reader, at either end
 * - ignores ranges that would leave a gap
 * - moves to a requested place when it arrives, and keeps it where it adjoins what is loaded
 * - keeps the objects of unchanged items
 * - is not displaced by a thousand reactions to one message
 * - applies an amendment that arrived before its message
 */
import { describe, expect, it } from "vitest";
import { LogWindow, maxItems, pageSize } from "../src/rooms/log-window";
import { RoomLog } from "./fixtures/room";

const seqs = (window: LogWindow) => window.items.map(({ seq }) => seq);
const contiguous = (found: number[]) => found.every((seq, i) => i === 0 || seq === (found[i - 1] ?? 0) + 1);

describe("LogWindow", () => {
  it("stays bounded and without a gap all the way up and down", () => {
    const log = new RoomLog().fill(20_000);
    const window = new LogWindow();
    window.apply(log.page({ limit: pageSize }), [], log.head);
    while (window.first > 1) {
      window.apply(log.page({ before: window.first, limit: pageSize }), [], window.first);
      expect(window.items.length).toBeLessThanOrEqual(maxItems);
    }
    expect(seqs(window)[0]).toBe(1);
    expect(contiguous(seqs(window))).toBe(true);
    while (window.last < log.head) {
      window.apply(log.page({ after: window.last, limit: pageSize }), [], window.last);
      expect(window.items.length).toBeLessThanOrEqual(maxItems);
    }
    expect(seqs(window).at(-1)).toBe(log.head);
    expect(contiguous(seqs(window))).toBe(true);
  });

  it("keeps the top while new messages arrive at the end", () => {
    const log = new RoomLog().fill(maxItems);
    const window = new LogWindow();
    for (let from = 1; from <= maxItems; from += 100) window.apply(log.range(from, from + 99), [], 10);
    const late = log.says("bob", "late");
    window.apply([late], [], 10);
    expect(seqs(window)[0]).toBe(1);
    expect(window.last).toBe(maxItems);
  });

  it("ignores ranges that would leave a gap", () => {
    const log = new RoomLog().fill(50);
    const window = new LogWindow();
    window.apply(log.range(1, 10), [], 1);
    expect(window.apply(log.range(20, 30), [], 1)).toBe(false);
    expect(window.last).toBe(10);
  });

  it("moves to a requested place, and to the present", () => {
    const log = new RoomLog().fill(500);
    const window = new LogWindow();
    window.apply(log.range(401, 500), [], 500);
    window.target = { seq: 50 };
    window.apply(log.range(301, 310), [], 500);
    expect(window.first).toBe(401);
    window.apply(log.range(1, 100), [], 500);
    expect([window.first, window.last, window.target]).toEqual([1, 100, null]);
    window.target = { end: 500 };
    window.apply(log.range(401, 500), [], 500);
    expect([window.first, window.last]).toEqual([401, 500]);
  });

  it("keeps a requested place that adjoins what is loaded, wherever the reader is", () => {
    const log = new RoomLog().fill(500);
    const window = new LogWindow();
    for (let from = 500 - maxItems - 20; window.items.length < maxItems; from += 60)
      window.apply(log.range(from, from + 59), [], 1);
    const reader = window.first;
    window.target = { end: 500 };
    window.apply(log.range(441, 500), [], reader);
    expect([window.last, window.target]).toEqual([500, null]);
    expect(seqs(window).at(-1)).toBe(500);
  });

  it("keeps the objects of unchanged items", () => {
    const log = new RoomLog().fill(3);
    const window = new LogWindow();
    window.apply(log.range(1, 3), [], 3);
    const [one, two] = window.items;
    window.apply([log.add("ada", { kind: "react", to: two?.id ?? "", emoji: "👍", on: true })], [], 3);
    expect(window.items[0]).toBe(one);
    expect(window.items[1]).not.toBe(two);
  });

  it("is not displaced by reactions", () => {
    const log = new RoomLog().fill(2);
    const window = new LogWindow();
    window.apply(log.range(1, 2), [], 2);
    const of = log.entries[0]?.id ?? "";
    for (let i = 0; i < 1000; i++) {
      window.apply([log.add(`p${i}`, { kind: "react", to: of, emoji: "👍", on: true })], [], log.head);
    }
    expect(seqs(window)).toEqual([1, 2]);
    expect(window.last).toBe(1002);
    expect(window.items[0]?.reactions[0]?.members.length).toBe(1000);
  });

  it("applies an amendment that arrived before its message", () => {
    const log = new RoomLog().fill(10);
    const edit = log.add("bob", { kind: "edit", of: log.entries[0]?.id ?? "", text: "changed" });
    const window = new LogWindow();
    window.apply(log.range(5, 10), [], 10);
    window.apply([edit], [], 10);
    window.apply(log.range(1, 4), [], 10);
    expect(window.items[0]?.text).toBe("changed");
  });
});
