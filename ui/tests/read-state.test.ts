/**
 * The read state of a room:
 * - the *New* line stays where it was at the start of the visit while the messages below it are read
 * - the read marker is sent once, and never moves backwards
 * - after *mark unread* nothing counts as read until everything is marked as read, or the next visit
 * - unseen messages place a line, unless there is one with unread messages below it, whether others there are read or not
 * - the user's own messages and system entries don't count as unseen
 */
import { describe, expect, it } from "vitest";
import { ReadState } from "../src/rooms/read-state.svelte";
import { RoomLog } from "./fixtures/room";

function setUp(read: number) {
  const sent: number[] = [];
  const state = new ReadState((seq) => sent.push(seq));
  state.setRead(read);
  return { sent, state };
}

describe("ReadState", () => {
  it("keeps the line where it was at the start of the visit", () => {
    const { state } = setUp(3);
    state.startVisit(3, 2);
    state.markRead(5);
    expect(state.newLine).toEqual({ after: 3, count: 2 });
    state.clearNewLine();
    state.startVisit(5, 0);
    expect(state.newLine).toBeNull();
  });

  it("sends the read marker once, and never backwards", () => {
    const { sent, state } = setUp(3);
    for (const seq of [2, 3, 5, 5, 4]) state.markRead(seq);
    // Another device has read further.
    state.setRead(9);
    state.markRead(8);
    expect(sent).toEqual([5]);
  });

  it("keeps entries unread after mark unread", () => {
    const { sent, state } = setUp(9);
    state.markUnreadFrom(4, 6);
    state.markRead(9);
    expect(sent).toEqual([3]);
    expect(state.newLine).toEqual({ after: 3, count: 6 });
    state.markAllRead(9);
    expect(sent).toEqual([3, 9]);
    expect(state.newLine).toBeNull();

    state.markUnreadFrom(4, 6);
    state.startVisit(3, 6);
    state.markRead(7);
    expect(sent.slice(2)).toEqual([3, 7]);
  });

  it("places one line for unseen messages", () => {
    const log = new RoomLog().fill(5);
    const { state } = setUp(5);
    state.addUnseen([log.says("bob", "one")], "alice", log.entries);
    state.addUnseen([log.says("bob", "two"), log.says("bob", "three")], "alice", log.entries);
    expect(state.newLine).toEqual({ after: 5, count: 3 });
    state.markRead(8);
    state.addUnseen([log.says("bob", "four")], "alice", log.entries);
    expect(state.newLine).toEqual({ after: 8, count: 1 });
  });

  it("keeps a line below which some messages are read and others are not", () => {
    const log = new RoomLog().fill(5);
    const { state } = setUp(5);
    log.fill(5);
    state.startVisit(5, 5);
    state.markRead(8);
    state.addUnseen([log.says("bob", "unseen")], "alice", log.entries);
    expect(state.newLine).toEqual({ after: 5, count: 6 });
    // What is left of them counts as unread for nobody.
    state.markRead(11);
    log.says("alice", "from my phone");
    log.add("bob", { kind: "left" });
    state.addUnseen([log.says("bob", "later")], "alice", log.entries);
    expect(state.newLine).toEqual({ after: 13, count: 1 });
  });

  it("counts only messages of others", () => {
    const log = new RoomLog().fill(5);
    const { state } = setUp(5);
    state.addUnseen([log.says("alice", "from my phone"), log.add("bob", { kind: "left" })], "alice", log.entries);
    expect(state.newLine).toBeNull();
  });
});
