/**
 * How far a room has been read:
 * - the line stands before what was unread when the visit began, and stays there while that is read
 * - what is read is told once, and never backwards
 * - after *mark unread* nothing that is seen counts, until all is read or the next visit
 * - what was missed moves no line that has unread messages below it, and draws one where there is none
 * - one's own messages, and what is no message, are not missed
 */
import { describe, expect, it } from "vitest";
import { ReadState } from "../src/rooms/read-state.svelte";
import { Log } from "./fixtures/room";

function reader(read: number) {
  const told: number[] = [];
  const reading = new ReadState((seq) => told.push(seq));
  reading.known(read);
  return { told, reading };
}

describe("ReadState", () => {
  it("keeps the line where it was when the visit began", () => {
    const { reading } = reader(3);
    reading.begin(3, 2);
    reading.seen(5);
    expect(reading.newLine).toEqual({ after: 3, count: 2 });
    reading.dropLine();
    reading.begin(5, 0);
    expect(reading.newLine).toBeNull();
  });

  it("tells what is read once, and never backwards", () => {
    const { told, reading } = reader(3);
    for (const seq of [2, 3, 5, 5, 4]) reading.seen(seq);
    // Another device has read further.
    reading.known(9);
    reading.seen(8);
    expect(told).toEqual([5]);
  });

  it("leaves unread what was marked so", () => {
    const { told, reading } = reader(9);
    reading.unreadFrom(4, 6);
    reading.seen(9);
    expect(told).toEqual([3]);
    expect(reading.newLine).toEqual({ after: 3, count: 6 });
    reading.all(9);
    expect(told).toEqual([3, 9]);
    expect(reading.newLine).toBeNull();

    reading.unreadFrom(4, 6);
    reading.begin(3, 6);
    reading.seen(7);
    expect(told.slice(2)).toEqual([3, 7]);
  });

  it("draws one line for what was missed", () => {
    const log = new Log().fill(5);
    const { reading } = reader(5);
    reading.missed([log.says("bob", "one")], "alice");
    reading.missed([log.says("bob", "two"), log.says("bob", "three")], "alice");
    expect(reading.newLine).toEqual({ after: 5, count: 3 });
    reading.seen(8);
    reading.missed([log.says("bob", "four")], "alice");
    expect(reading.newLine).toEqual({ after: 8, count: 1 });
  });

  it("misses only what others said", () => {
    const log = new Log().fill(5);
    const { reading } = reader(5);
    reading.missed([log.says("alice", "from my phone"), log.add("bob", { kind: "left" })], "alice");
    expect(reading.newLine).toBeNull();
  });
});
