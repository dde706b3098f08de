/**
 * The state of a room:
 * - opens at the end when everything is read
 * - opens at the first unread message, however far back, and keeps the *New* line there while older entries arrive
 * - messages that arrive while the user looks away get a line; messages that arrive while they look don't
 * - who comes for what is new is led there, also if it is written far below what they read in the open room
 * - the first new message is known where it is loaded, and no other is taken for it
 * - the read marker moves forwards only, and not after *mark unread*
 * - after *mark unread* only others' messages count as unread
 * - the user's own message is shown at once, once, and in its final position when the log contains it
 * - a reply to an unread message keeps the place, any other message leads to the end
 * - a failed message can be retried or discarded
 * - the user's own edit is shown at once, and shows its error if it failed
 * - live messages are not added below a gap; jumping to the present loads them
 * - a message that isn't loaded is found by its id
 * - a reset starts again from the new history
 * - unanswered requests are repeated after a reconnect
 * - a room that was opened without a connection is loaded when there is one
 * - a room that was opened without a connection, with all messages on this device, asks the server for its members
 * - a page that can't be loaded is requested once, and again after a reconnect
 * - a page that the server refuses is not waited for, and requested again at the next visit
 * - messages that were missed without a connection get a line
 * - the text of a deleted message is not quoted
 * - unread messages that mention the user are counted, also in a room that was never opened, and after a restart
 * - a refused deletion of a message that isn't loaded shows its error
 * - a mention counts that an edit of an unread message has added, and doesn't any more when one has removed it
 */
import { describe, expect, it } from "vitest";
import { pageSize } from "../src/rooms/log-window";
import { RoomFixture, RoomLog } from "./fixtures/room";
import { DeviceStorage } from "./fixtures/storage";

describe("RoomState", () => {
  it("counts the unread messages that mention the user", () => {
    const storage = new DeviceStorage();
    const fixture = new RoomFixture(new RoomLog().fill(3), { storage });
    const { log, room } = fixture;
    fixture.onlineNames.set("alice", "Alice");
    const mention = (member: string) =>
      log.add("bob", { kind: "message", text: "@A", mentions: [{ member, name: "A" }] });
    const deleted = mention("alice");
    fixture.receive(log.says("bob", "hello"), mention("alice"), mention("anna"), deleted);
    fixture.receive(log.says("bob", "by name: @alice"), log.says("bob", "not in code: `@alice`"));
    fixture.receive(log.add("alice", { kind: "message", text: "@A", mentions: [{ member: "alice", name: "A" }] }));
    room.setSummary(fixture.summary(3, 5));
    expect(room.unreadMentions).toBe(3);
    fixture.receive(log.add("bob", { kind: "delete", of: deleted.id }));
    expect(room.unreadMentions).toBe(2);
    room.setSummary(fixture.summary(6, 2));
    expect(room.unreadMentions).toBe(1);
    const afterRestart = new RoomFixture(log, { read: 6, unread: 2, storage });
    expect(afterRestart.room.unreadMentions).toBe(1);
    room.setSummary(fixture.summary(log.head, 0));
    expect(room.unreadMentions).toBe(0);
  });

  it("counts a mention that an edit has added, also after the user has scrolled far back", () => {
    // More than the 1,000 messages without a mention that are remembered.
    const fixture = new RoomFixture(new RoomLog().fill(1_200));
    const { log, room } = fixture;
    fixture.onlineNames.set("alice", "Alice");
    const unread = log.says("bob", "hello");
    fixture.receive(unread);
    room.setSummary(fixture.summary(1_200, 1));
    room.apply(log.entries.slice(100, 1_200), [], { epoch: "e", seq: log.head });
    fixture.receive(log.add("bob", { kind: "edit", of: unread.id, text: "hello, @Alice" }));
    expect(room.unreadMentions).toBe(1);
  });

  it("shows the error of a refused deletion of a message that isn't loaded", () => {
    const fixture = new RoomFixture(new RoomLog().fill(3));
    const { room } = fixture;
    const refused = (of: string) => ({
      id: `delete-${of}`,
      room: room.id,
      body: { kind: "delete" as const, of },
      written: 0,
      state: { state: "failed" as const, error: { code: "unknown_entry" as const, message: "damaged" } },
    });
    room.outbox.set([refused("elsewhere")]);
    expect(room.discardOrphanedChanges()).toEqual(["damaged"]);
    expect(room.discardOrphanedChanges()).toEqual([]);
  });

  it("counts a mention that an edit of an unread message has added", () => {
    const fixture = new RoomFixture(new RoomLog().fill(3));
    const { log, room } = fixture;
    fixture.onlineNames.set("alice", "Alice");
    const [read] = log.entries;
    const [first, second] = [log.says("bob", "first"), log.says("bob", "second")];
    fixture.receive(first, second);
    room.setSummary(fixture.summary(3, 2));
    expect(room.unreadMentions).toBe(0);
    const edits = (of: string, text: string) => fixture.receive(log.add("bob", { kind: "edit", of, text }));
    edits(first.id, "first, @Alice");
    edits(first.id, "first, @Alice!");
    edits(read?.id ?? "", "read, @Alice");
    expect(room.unreadMentions).toBe(1);
    edits(second.id, "second, @Alice");
    edits(first.id, "first");
    expect(room.unreadMentions).toBe(1);
    room.setSummary(fixture.summary(5, 0));
    expect(room.unreadMentions).toBe(0);
  });

  it("leads who comes for what is new there, also from far above in the open room", () => {
    const fixture = new RoomFixture(new RoomLog().fill(900));
    const { room, log } = fixture;
    room.open();
    room.log.jumpTo({ to: "message", seq: 100 });
    fixture.watched = false;
    fixture.receive(log.says("bob", "the news"));
    room.setSummary(fixture.summary(900, 1));
    expect(room.log.contains(901)).toBe(false);
    room.visit.showNews();
    expect(room.log.jump).toEqual({ to: "new", seq: 901 });
    expect(fixture.texts).toContain("the news");
    expect(room.visit.newLine).toEqual({ after: 900, count: 1 });
  });

  it("opens at the end when everything is read", () => {
    const fixture = new RoomFixture(new RoomLog().fill(300));
    fixture.room.open();
    expect(fixture.texts.at(-1)).toBe("line 300");
    expect(fixture.room.log.atPresent).toBe(true);
    expect(fixture.room.visit.newLine).toBeNull();
    expect(fixture.room.log.jump).toEqual({ to: "present" });
  });

  it("opens at the first unread message and keeps the line there", () => {
    const fixture = new RoomFixture(new RoomLog().fill(5000), { read: 3000, unread: 2000 });
    fixture.room.open();
    expect(fixture.texts).toContain("line 3001");
    expect(fixture.room.visit.newLine).toEqual({ after: 3000, count: 2000 });
    expect(fixture.room.log.jump).toEqual({ to: "new", seq: 3001 });
    fixture.watched = false;
    fixture.room.log.loadNewer();
    expect(fixture.room.visit.newLine?.count).toBe(2000);
    fixture.room.log.loadOlder();
    fixture.room.visit.markRead(3010);
    fixture.room.setSummary(fixture.summary(3010, 1990));
    expect(fixture.room.visit.newLine?.after).toBe(3000);
  });

  it("places the line above unseen messages", () => {
    const fixture = new RoomFixture(new RoomLog().fill(5));
    fixture.room.open();
    fixture.receive(fixture.log.says("bob", "seen"));
    expect(fixture.room.visit.newLine).toBeNull();
    fixture.room.visit.markRead(6);
    fixture.watched = false;
    fixture.receive(fixture.log.says("alice", "from my phone"));
    expect(fixture.room.visit.newLine).toBeNull();
    fixture.receive(fixture.log.says("bob", "unseen"));
    fixture.receive(fixture.log.says("bob", "too"));
    expect(fixture.room.visit.newLine).toEqual({ after: 7, count: 2 });
  });

  it("knows the first new message only where it is loaded", () => {
    const log = new RoomLog().fill(3000);
    log.add("bob", { kind: "left" });
    const first = log.says("bob", "first");
    log.fill(2000);
    const fixture = new RoomFixture(log, { read: 3000, unread: 2001 });
    fixture.room.open();
    expect([fixture.room.visit.firstNew?.id, fixture.room.visit.shownNewLine]).toEqual([first.id, 3000]);
    fixture.room.log.jumpToPresent();
    expect(fixture.texts.at(-1)).toBe(`line ${log.head}`);
    expect([fixture.room.visit.firstNew, fixture.room.visit.shownNewLine]).toEqual([undefined, undefined]);
    expect(fixture.room.visit.newLine?.after).toBe(3000);
  });

  it("moves the read marker forwards only, and not after mark unread", () => {
    const fixture = new RoomFixture(new RoomLog().fill(10), { read: 5, unread: 5 });
    fixture.room.open();
    fixture.room.visit.markRead(8);
    fixture.room.visit.markRead(7);
    expect(fixture.sent("read")).toEqual([{ command: "read", room: "room", seq: 8 }]);
    const item = fixture.room.items.find(({ seq }) => seq === 4);
    if (item) fixture.room.visit.markUnreadFrom(item);
    fixture.room.visit.markRead(10);
    expect(fixture.sent("read").at(-1)).toEqual({ command: "read", room: "room", seq: 3 });
    expect(fixture.room.visit.newLine).toEqual({ after: 3, count: 7 });
    fixture.room.visit.markAllRead();
    expect(fixture.sent("read").at(-1)).toEqual({ command: "read", room: "room", seq: 10 });
    expect(fixture.room.visit.newLine).toBeNull();
  });

  it("counts only others' messages as unread after mark unread", () => {
    const fixture = new RoomFixture(new RoomLog().fill(2).fill(3, "alice"));
    fixture.room.open();
    const [first] = fixture.room.items;
    if (first) fixture.room.visit.markUnreadFrom(first);
    expect(fixture.room.visit.newLine).toEqual({ after: 0, count: 2 });
  });

  it("shows the user's own message at once, and once", () => {
    const fixture = new RoomFixture(new RoomLog().fill(3));
    fixture.room.open();
    fixture.room.send("hi");
    const [pending] = fixture.room.pendingMessages;
    expect(pending).toMatchObject({ state: "sending", item: { text: "hi", author: "alice" } });
    // A list from before the post does not remove it.
    fixture.room.outbox.set([]);
    expect(fixture.room.pendingMessages.length).toBe(1);
    fixture.receive({ ...fixture.log.says("alice", "hi"), id: pending?.item.id ?? "" });
    expect(fixture.room.pendingMessages).toEqual([]);
    expect(fixture.texts.filter((text) => text === "hi").length).toBe(1);
  });

  it("keeps the place of a reply to an unread message", () => {
    const fixture = new RoomFixture(new RoomLog().fill(300), { read: 100, unread: 200 });
    fixture.room.open();
    fixture.room.log.endJump(fixture.room.log.jump ?? { to: "present" });
    fixture.room.send("I'll do that", fixture.log.entries[101]?.id);
    expect(fixture.room.log.isMoving).toBe(false);
    expect(fixture.room.visit.newLine?.after).toBe(100);
    expect(fixture.notices.length).toBe(1);
    fixture.room.send("Hello");
    expect(fixture.room.log.jump).toEqual({ to: "present" });
    expect(fixture.room.visit.newLine).toBeNull();
  });

  it("lets a failed message be retried or discarded", () => {
    const fixture = new RoomFixture(new RoomLog().fill(3));
    fixture.room.open();
    fixture.room.send("hi");
    const post = fixture.commands.find((command) => command.command === "send");
    if (post?.command !== "send") throw new Error("no message was sent");
    const failed = {
      ...post,
      state: { state: "failed" as const, error: { code: "busy" as const, message: "Too busy." } },
    };
    fixture.room.outbox.set([failed]);
    expect(fixture.room.pendingMessages[0]).toMatchObject({ state: "failed", error: "Too busy." });
    fixture.room.retry(post.id);
    expect(fixture.room.pendingMessages[0]?.state).toBe("sending");
    fixture.room.outbox.set([failed]);
    fixture.room.discard(post.id);
    fixture.room.outbox.set([failed]);
    expect(fixture.room.pendingMessages).toEqual([]);
    expect(fixture.sent("discard").length).toBe(1);
  });

  it("shows the user's own edit at once, and its error", () => {
    const log = new RoomLog();
    const mine = log.says("alice", "helo");
    const fixture = new RoomFixture(log);
    fixture.room.open();
    fixture.room.post({ kind: "edit", of: mine.id, text: "hello" });
    expect(fixture.room.items[0]).toMatchObject({ text: "hello", edited: true });
    const post = fixture.commands.find((command) => command.command === "send");
    if (post?.command !== "send") throw new Error("no edit was sent");
    fixture.room.outbox.set([
      { ...post, state: { state: "failed", error: { code: "not_yours", message: "Not yours." } } },
    ]);
    expect(fixture.room.items[0]).toMatchObject({ text: "helo", pending: { id: post.id, error: "Not yours." } });
  });

  it("adds nothing below a gap until it jumps to the present", () => {
    const fixture = new RoomFixture(new RoomLog().fill(2000), { read: 100, unread: 1900 });
    fixture.room.open();
    fixture.receive(fixture.log.says("bob", "live"));
    expect(fixture.texts).not.toContain("live");
    expect(fixture.room.log.atPresent).toBe(false);
    fixture.room.log.jumpToPresent();
    expect(fixture.texts.at(-1)).toBe("live");
    expect(fixture.room.log.atPresent).toBe(true);
  });

  it("finds a message that isn't loaded", async () => {
    const fixture = new RoomFixture(new RoomLog().fill(5000));
    fixture.room.open();
    const far = fixture.log.entries[1233];
    await fixture.room.log.jumpToMessage(far?.id ?? "");
    expect(fixture.texts).toContain("line 1234");
    expect(fixture.room.log.jump).toEqual({ to: "message", seq: 1234, id: far?.id });
  });

  it("starts again after a reset", () => {
    const fixture = new RoomFixture(new RoomLog().fill(50));
    fixture.room.open();
    fixture.log.entries.length = 0;
    fixture.log.says("bob", "another history");
    fixture.room.reset();
    expect(fixture.texts).toEqual(["another history"]);
  });

  it("repeats unanswered requests after a reconnect", () => {
    const fixture = new RoomFixture(new RoomLog().fill(500));
    fixture.room.open();
    fixture.disconnected = true;
    fixture.room.log.loadOlder();
    fixture.room.log.loadOlder();
    expect(fixture.sent("history").length).toBe(1);
    fixture.disconnected = false;
    fixture.room.log.onReconnected();
    expect(fixture.texts.length).toBe(100 + pageSize);
  });

  it("requests a page that can't be loaded once, and again after a reconnect", async () => {
    for (const backendError of [null, "The disk is full."]) {
      const fixture = new RoomFixture(new RoomLog().fill(500));
      fixture.room.open();
      fixture.disconnected = true;
      fixture.backendError = backendError;
      for (let i = 0; i < 3; i++) {
        fixture.room.log.loadOlder();
        // Without a connection, the session reports that it has none of the entries.
        if (backendError === null) fixture.receive();
        await Promise.resolve();
        await Promise.resolve();
      }
      expect(fixture.room.log.loading).toBeNull();
      expect(fixture.sent("history").length).toBe(1);
      fixture.disconnected = false;
      fixture.backendError = null;
      fixture.room.log.onReconnected();
      expect(fixture.texts.length).toBe(100 + pageSize);
    }
  });

  it("doesn't wait for a page that the server refuses, and requests it again at the next visit", () => {
    const fixture = new RoomFixture(new RoomLog().fill(500));
    fixture.room.open();
    fixture.disconnected = true;
    fixture.room.log.loadOlder();
    expect(fixture.room.log.loading).toBe("older");
    fixture.room.log.onRefused({ code: "busy", message: "Too many requests." });
    expect(fixture.room.log.loading).toBeNull();
    fixture.room.log.loadOlder();
    expect(fixture.sent("history").length).toBe(1);
    fixture.disconnected = false;
    fixture.room.open();
    fixture.room.log.loadOlder();
    expect(fixture.texts.length).toBe(100 + pageSize);
  });

  it("places the line above messages that were missed without a connection", () => {
    const fixture = new RoomFixture(new RoomLog().fill(5));
    fixture.room.open();
    fixture.watched = false;
    const missed = fixture.log.says("bob", "missed");
    // After a reconnect, the list of rooms arrives before the entries.
    fixture.room.setSummary(fixture.summary(5, 1));
    fixture.receive(missed);
    expect(fixture.room.visit.newLine).toEqual({ after: 5, count: 1 });
  });

  it("counts the messages of the visit's line once", () => {
    const fixture = new RoomFixture(new RoomLog().fill(5));
    fixture.watched = false;
    fixture.log.says("bob", "missed");
    fixture.room.setSummary(fixture.summary(5, 1));
    fixture.room.open();
    expect(fixture.room.visit.newLine).toEqual({ after: 5, count: 1 });
  });

  it("doesn't quote the text of a message that was deleted while it wasn't loaded", () => {
    const fixture = new RoomFixture(new RoomLog().fill(500));
    const quoted = fixture.log.entries[499];
    if (!quoted) throw new Error("no entry");
    fixture.room.open();
    expect(fixture.room.findQuoted(quoted.id)?.text).toBe("line 500");
    fixture.room.log.endJump(fixture.room.log.jump ?? { to: "present" });
    fixture.room.log.setReaderPosition(1, null);
    for (let i = 0; i < 4; i++) fixture.room.log.loadOlder();
    expect(fixture.room.find(quoted.id)).toBeUndefined();
    expect(fixture.room.findQuoted(quoted.id)?.text).toBe("line 500");
    fixture.receive(fixture.log.add("bob", { kind: "delete", of: quoted.id }));
    expect(fixture.room.findQuoted(quoted.id)).toBeUndefined();
  });

  it("warns of a name that was taken, after a reconnect, if it was opened without a connection", () => {
    const fixture = new RoomFixture(new RoomLog().fill(3));
    const { log, room } = fixture;
    const taken = () => room.mentions.nameMarkOf("eve")?.taken;
    fixture.disconnected = true;
    room.open();
    // The device has the messages, and a list of members without the times of their names.
    fixture.receive(...log.entries);
    room.setMembers([
      { id: "bob", name: "Bob" },
      { id: "eve", name: "Bob" },
    ]);
    expect([fixture.texts.length, taken()]).toEqual([3, undefined]);
    fixture.disconnected = false;
    fixture.membersOnServer = [
      { id: "bob", name: "Bob", since: 1 },
      { id: "eve", name: "Bob", since: 2 },
    ];
    room.log.onReconnected();
    expect(taken()).toEqual({ from: "Bob", since: 2 });
    const requests = fixture.sent("open").length;
    room.log.onReconnected();
    expect(fixture.sent("open").length).toBe(requests);
  });

  it("is loaded after a reconnect if it was opened without a connection", () => {
    for (const unread of [0, 400]) {
      const fixture = new RoomFixture(new RoomLog().fill(500), { read: 500 - unread, unread });
      fixture.disconnected = true;
      fixture.room.open();
      expect(fixture.texts).toEqual([]);
      fixture.disconnected = false;
      fixture.room.log.onReconnected();
      expect(fixture.texts).toContain(`line ${unread === 0 ? 500 : 101}`);
    }
  });
});
