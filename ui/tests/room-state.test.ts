/**
 * A visit to a room:
 * - opens at the present when everything is read
 * - opens at the first unread message, however far back, and keeps the line there while older history arrives
 * - what comes in while nobody looks gets a line; what comes in while somebody looks does not
 * - marks as read forwards only, and not after *mark unread*
 * - one's own message is shown at once, once, and in its place when the log has it
 * - a message that failed can be tried again or dropped
 * - an edit of one's own shows at once, and says when it failed
 * - scrolled up, live messages are not appended, and the way to the present brings them
 * - a message out of sight is found by the time in its id
 * - a reset starts afresh
 * - what was asked for and never answered is asked for again after a reconnect
 * - a room that was opened without a connection fills when there is one
 */
import { describe, expect, it } from "vitest";
import { pageSize } from "../src/rooms/log-window";
import { Log, Visit } from "./fixtures/room";

describe("RoomState", () => {
  it("opens at the present when everything is read", () => {
    const visit = new Visit(new Log().fill(300));
    visit.room.visit();
    expect(visit.texts.at(-1)).toBe("line 300");
    expect(visit.room.atPresent).toBe(true);
    expect(visit.room.newLine).toBeNull();
    expect(visit.room.jump).toEqual({ to: "present" });
  });

  it("opens at the first unread message and keeps the line there", () => {
    const visit = new Visit(new Log().fill(5000), { read: 3000, unread: 2000 });
    visit.room.visit();
    expect(visit.texts).toContain("line 3001");
    expect(visit.room.newLine).toEqual({ after: 3000, count: 2000 });
    expect(visit.room.jump).toEqual({ to: "new" });
    visit.watched = false;
    visit.room.loadNewer();
    expect(visit.room.newLine?.count).toBe(2000);
    visit.room.loadOlder();
    visit.room.seen(3010);
    visit.room.summarise(visit.summary(3010, 1990));
    expect(visit.room.newLine?.after).toBe(3000);
  });

  it("draws the line before what nobody saw", () => {
    const visit = new Visit(new Log().fill(5));
    visit.room.visit();
    visit.arrives(visit.log.says("bob", "seen"));
    expect(visit.room.newLine).toBeNull();
    visit.room.seen(6);
    visit.watched = false;
    visit.arrives(visit.log.says("alice", "from my phone"));
    expect(visit.room.newLine).toBeNull();
    visit.arrives(visit.log.says("bob", "unseen"));
    visit.arrives(visit.log.says("bob", "too"));
    expect(visit.room.newLine).toEqual({ after: 7, count: 2 });
  });

  it("reads forwards only, and not after mark unread", () => {
    const visit = new Visit(new Log().fill(10), { read: 5, unread: 5 });
    visit.room.visit();
    visit.room.seen(8);
    visit.room.seen(7);
    expect(visit.of("read")).toEqual([{ command: "read", room: "room", seq: 8 }]);
    const item = visit.room.items.find(({ seq }) => seq === 4);
    if (item) visit.room.markUnread(item);
    visit.room.seen(10);
    expect(visit.of("read").at(-1)).toEqual({ command: "read", room: "room", seq: 3 });
    expect(visit.room.newLine).toEqual({ after: 3, count: 7 });
    visit.room.readAll();
    expect(visit.of("read").at(-1)).toEqual({ command: "read", room: "room", seq: 10 });
    expect(visit.room.newLine).toBeNull();
  });

  it("shows one's own message at once, and once", () => {
    const visit = new Visit(new Log().fill(3));
    visit.room.visit();
    visit.room.send("hi");
    const [waiting] = visit.room.waiting;
    expect(waiting).toMatchObject({ state: "sending", item: { text: "hi", author: "alice" } });
    // A list from before the post does not take it away.
    visit.room.outbox.set([]);
    expect(visit.room.waiting.length).toBe(1);
    visit.arrives({ ...visit.log.says("alice", "hi"), id: waiting?.item.id ?? "" });
    expect(visit.room.waiting).toEqual([]);
    expect(visit.texts.filter((text) => text === "hi").length).toBe(1);
  });

  it("lets a failed message be tried again or dropped", () => {
    const visit = new Visit(new Log().fill(3));
    visit.room.visit();
    visit.room.send("hi");
    const post = visit.commands.find((command) => command.command === "send");
    if (post?.command !== "send") throw new Error("a message is posted");
    const failed = {
      ...post,
      state: { state: "failed" as const, error: { code: "busy" as const, message: "Too busy." } },
    };
    visit.room.outbox.set([failed]);
    expect(visit.room.waiting[0]).toMatchObject({ state: "failed", error: "Too busy." });
    visit.room.retry(post.id);
    expect(visit.room.waiting[0]?.state).toBe("sending");
    visit.room.outbox.set([failed]);
    visit.room.discard(post.id);
    visit.room.outbox.set([failed]);
    expect(visit.room.waiting).toEqual([]);
    expect(visit.of("discard").length).toBe(1);
  });

  it("shows one's own edit at once, and says when it failed", () => {
    const log = new Log();
    const mine = log.says("alice", "helo");
    const visit = new Visit(log);
    visit.room.visit();
    visit.room.post({ kind: "edit", of: mine.id, text: "hello" });
    expect(visit.room.items[0]).toMatchObject({ text: "hello", edited: true });
    const post = visit.commands.find((command) => command.command === "send");
    if (post?.command !== "send") throw new Error("an edit is posted");
    visit.room.outbox.set([
      { ...post, state: { state: "failed", error: { code: "not_yours", message: "Not yours." } } },
    ]);
    expect(visit.room.items[0]).toMatchObject({ text: "helo", pending: { id: post.id, error: "Not yours." } });
  });

  it("does not append below a gap, and comes back to the present", () => {
    const visit = new Visit(new Log().fill(2000), { read: 100, unread: 1900 });
    visit.room.visit();
    visit.arrives(visit.log.says("bob", "live"));
    expect(visit.texts).not.toContain("live");
    expect(visit.room.atPresent).toBe(false);
    visit.room.toPresent();
    expect(visit.texts.at(-1)).toBe("live");
    expect(visit.room.atPresent).toBe(true);
  });

  it("finds a message that is out of sight", async () => {
    const visit = new Visit(new Log().fill(5000));
    visit.room.visit();
    const far = visit.log.entries[1233];
    await visit.room.toMessage(far?.id ?? "");
    expect(visit.texts).toContain("line 1234");
    expect(visit.room.jump).toEqual({ to: far?.id });
  });

  it("starts afresh after a reset", () => {
    const visit = new Visit(new Log().fill(50));
    visit.room.visit();
    visit.log.entries.length = 0;
    visit.log.says("bob", "another history");
    visit.room.reset();
    expect(visit.texts).toEqual(["another history"]);
  });

  it("asks again after a reconnect", () => {
    const visit = new Visit(new Log().fill(500));
    visit.room.visit();
    visit.silent = true;
    visit.room.loadOlder();
    visit.room.loadOlder();
    expect(visit.of("history").length).toBe(1);
    visit.silent = false;
    visit.room.reconnected();
    visit.room.loadOlder();
    expect(visit.texts.length).toBe(100 + pageSize);
  });

  it("fills after a reconnect when it was opened without a connection", () => {
    for (const unread of [0, 400]) {
      const visit = new Visit(new Log().fill(500), { read: 500 - unread, unread });
      visit.silent = true;
      visit.room.visit();
      expect(visit.texts).toEqual([]);
      visit.silent = false;
      visit.room.reconnected();
      expect(visit.texts).toContain(`line ${unread === 0 ? 500 : 101}`);
    }
  });
});
