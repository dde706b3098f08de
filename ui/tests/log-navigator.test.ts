/**
 * The way through a room's log. Whatever is asked for is reached, and every load ends:
 * - jumping to the present from the top of a full window loads and keeps the end, at any distance
 * - jumping to a date, an unread message or a message from anywhere keeps that place
 * - messages that arrive while the newest page is on its way are there, too
 * - a page for one end that arrives after a jump was requested doesn't end the jump
 * - a room that was left in the middle is opened there again, whatever was written meanwhile, unless
 *   the user is mentioned there or comes for what is new
 * - the place in a room that was left in the middle outlasts a visit in which it can't be loaded
 * - a page that arrives after the room was closed leaves no gap when it is opened again
 * - a load without an answer fails after a time, can be repeated, and its late answer still counts
 * - the loss of the connection ends a load; the reconnect repeats it, and the jump that needed it
 * - a refused load shows the server's reason; the refusal of a search by time ends no load
 * - nothing is asked for in a room whose log isn't known
 * - live messages don't end the load of older ones
 * - an empty page, which the server sends to say that nothing was missed, ends neither a load nor a search
 * - the last of several jumps wins
 * - a message is found by its id, whatever the id is; one that isn't in the room is given up at once, and ends no load
 *   and no other search
 * - a day leads to what was written first on it, or else to what is next to it, also if there are only reactions on it
 * - a message beyond the end leads to the end
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Entry } from "../src/backend/protocol";
import { loadTimeoutMs } from "../src/rooms/log-navigator.svelte";
import { maxItems, pageSize } from "../src/rooms/log-window";
import { RoomFixture, RoomLog } from "./fixtures/room";

/** Scrolls to the top of what is loaded, page by page, as the timeline does. */
function scrollUp({ room }: RoomFixture, pages: number): void {
  endJump({ room });
  for (let i = 0; i < pages; i++) {
    room.log.setReaderPosition(room.items[0]?.seq ?? 0, null);
    room.log.loadOlder();
  }
  room.log.setReaderPosition(room.items[0]?.seq ?? 0, null);
}

/** Ends the jump whose place is loaded, as the timeline does after scrolling there. */
function endJump({ room }: Pick<RoomFixture, "room">): void {
  const { jump } = room.log;
  if (!jump) throw new Error("the place of the jump is not loaded");
  room.log.endJump(jump);
}

function openAtEnd(count: number): RoomFixture {
  const fixture = new RoomFixture(new RoomLog().fill(count));
  fixture.room.open();
  return fixture;
}

describe("LogNavigator", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("jumps to the present from the top of what is loaded, at any distance", () => {
    // 620 messages hang where the newest page adjoins the full window.
    for (let count = maxItems; count < 3 * maxItems; count += 20) {
      for (let pages = 0; pages < 8; pages++) {
        const fixture = openAtEnd(count);
        scrollUp(fixture, pages);
        fixture.room.log.jumpToPresent();
        expect(fixture.room.log.atPresent, `${count} messages, ${pages} pages`).toBe(true);
        expect(fixture.texts.at(-1)).toBe(`line ${count}`);
        endJump(fixture);
        expect(fixture.room.log.loading).toBeNull();
        expect(fixture.room.log.isMoving).toBe(false);
      }
    }
  });

  it("keeps any place that was jumped to", () => {
    for (let seq = 1; seq <= 900; seq += 7) {
      const fixture = openAtEnd(900);
      scrollUp(fixture, 4);
      fixture.room.log.jumpTo({ to: "message", seq: seq });
      expect(fixture.texts, `message ${seq}`).toContain(`line ${seq}`);
      endJump(fixture);
      expect(fixture.room.log.loading).toBeNull();
    }
  });

  it("has the messages that arrived while the newest page was on its way", () => {
    for (const far of [4, 20]) {
      const fixture = openAtEnd(2000);
      scrollUp(fixture, far);
      fixture.slow = true;
      fixture.room.log.jumpToPresent();
      for (let i = 0; i < 3; i++) fixture.receive(fixture.log.says("bob", `meanwhile ${i}`));
      fixture.log.fill(pageSize);
      fixture.receive(...fixture.log.range(2004, 2003 + pageSize));
      fixture.slow = false;
      fixture.answerLate();
      endJump(fixture);
      expect(fixture.texts.at(-1)).toBe(`line ${fixture.log.head}`);
      expect(fixture.room.log.atPresent).toBe(true);
    }
  });

  it("isn't stopped by a page for one end that arrives after a jump was requested", () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 3);
    fixture.slow = true;
    fixture.room.log.loadOlder();
    fixture.room.log.jumpTo({ to: "message", seq: 20 });
    const [older] = fixture.sent("history").slice(-2);
    if (older?.command !== "history") throw new Error("no page was requested");
    fixture.receive(...fixture.log.page(older.range));
    expect(fixture.room.log.loading).toBe("place");
    fixture.answerLate();
    endJump(fixture);
    expect(fixture.texts).toContain("line 20");
  });

  it("opens a room where it was left", () => {
    const fixture = openAtEnd(900);
    const { log } = fixture.room;
    const returns = () => {
      fixture.room.close();
      for (let i = 0; i < 3; i++) fixture.receive(fixture.log.says("bob", `meanwhile ${i}`));
      fixture.room.open();
      const { jump } = log;
      endJump(fixture);
      return jump;
    };
    scrollUp(fixture, 8);
    const seq = fixture.room.items[20]?.seq ?? 0;
    log.setReaderPosition(seq, { seq, hidden: 12 });
    expect(returns()).toEqual({ to: "message", seq, hidden: 12, quiet: true });
    expect(fixture.texts).toContain(`line ${seq}`);
    log.jumpToPresent();
    endJump(fixture);
    log.setReaderPosition(log.head, null);
    expect(returns()).toEqual({ to: "present" });
    // Without a connection, only what is in memory can be shown.
    fixture.disconnected = true;
    const inMemory = { seq: log.head - 5, hidden: 0 };
    log.setReaderPosition(inMemory.seq, inMemory);
    expect(returns()).toMatchObject({ to: "message", ...inMemory });
    log.setReaderPosition(20, { seq: 20, hidden: 0 });
    expect(returns()).toEqual({ to: "present" });
  });

  it("keeps the place in a room through a visit in which it can't be loaded", () => {
    const fixture = openAtEnd(900);
    const { room } = fixture;
    scrollUp(fixture, 8);
    room.log.setReaderPosition(300, { seq: 300, hidden: 12 });
    room.close();
    fixture.disconnected = true;
    room.open();
    room.log.onDisconnected();
    // The timeline is empty.
    room.log.setReaderPosition(Number.MAX_SAFE_INTEGER, null);
    room.close();
    fixture.disconnected = false;
    room.open();
    expect(room.log.jump).toMatchObject({ to: "message", seq: 300, hidden: 12 });
  });

  it("opens a room at what is new if the user is mentioned there or comes for that", () => {
    const fixture = openAtEnd(900);
    const { room, log } = fixture;
    const leaves = () => {
      room.log.setReaderPosition(800, { seq: 800, hidden: 0 });
      room.close();
    };
    const returns = () => {
      room.open();
      const { jump } = room.log;
      endJump(fixture);
      return jump;
    };
    endJump(fixture);
    leaves();
    fixture.receive(log.says("bob", "nothing special"));
    room.setSummary(fixture.summary(900, 1));
    expect(returns()).toMatchObject({ to: "message", seq: 800 });
    leaves();
    room.visit.showNews();
    expect(returns()).toEqual({ to: "new", seq: 901 });
    leaves();
    fixture.receive(log.add("bob", { kind: "message", text: "@Al", mentions: [{ member: "alice", name: "Al" }] }));
    room.setSummary(fixture.summary(900, 2));
    expect(returns()).toEqual({ to: "new", seq: 901 });
  });

  it("leaves no gap if a page arrives after the room was closed", () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 10);
    fixture.slow = true;
    fixture.room.log.jumpTo({ to: "message", seq: 500 });
    fixture.room.close();
    fixture.answerLate();
    fixture.slow = false;
    fixture.room.open();
    endJump(fixture);
    expect(fixture.texts.at(-1)).toBe("line 2000");
    expect(fixture.room.log.atPresent).toBe(true);
  });

  it("ends a load without an answer, and repeats it when asked to", () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    fixture.slow = true;
    fixture.room.log.loadOlder();
    vi.advanceTimersByTime(loadTimeoutMs);
    expect(fixture.room.log.loading).toBeNull();
    expect(fixture.room.log.failure).toEqual({ part: "older", reason: "unanswered" });
    fixture.room.log.loadOlder();
    expect(fixture.sent("history").length).toBe(1);
    fixture.slow = false;
    fixture.room.log.retry();
    expect(fixture.room.log.failure).toBeNull();
    expect(fixture.texts.length).toBe(100 + pageSize);
  });

  it("applies the late answer of a load that was given up", () => {
    const fixture = new RoomFixture(new RoomLog().fill(2000));
    fixture.slow = true;
    fixture.room.open();
    vi.advanceTimersByTime(loadTimeoutMs);
    expect(fixture.room.log.failure?.part).toBe("place");
    fixture.answerLate();
    expect(fixture.room.log.failure).toBeNull();
    endJump(fixture);
    expect(fixture.texts.at(-1)).toBe("line 2000");
  });

  it("ends loads when the connection is lost, and repeats them and their jump after the reconnect", () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 10);
    fixture.disconnected = true;
    fixture.room.log.jumpToPresent();
    expect(fixture.room.log.loading).toBe("place");
    fixture.room.log.onDisconnected();
    expect(fixture.room.log.loading).toBeNull();
    expect(fixture.room.log.failure).toEqual({ part: "place", reason: "offline" });
    // The user can read on meanwhile.
    expect(fixture.room.log.isMoving).toBe(false);
    fixture.disconnected = false;
    fixture.room.log.onReconnected();
    endJump(fixture);
    expect(fixture.texts.at(-1)).toBe("line 2000");
  });

  it("shows the reason of a refused load", () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    fixture.slow = true;
    fixture.room.log.loadOlder();
    fixture.room.log.onRefused({ code: "busy", message: "Too many requests." });
    expect(fixture.room.log.failure).toEqual({ part: "older", reason: { message: "Too many requests." } });
  });

  it("goes on loading when a search by time is refused, which may be what the refusal means", async () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    fixture.slow = true;
    fixture.room.log.loadOlder();
    const range = fixture.room.log.timeRange();
    fixture.room.log.onRefused({ code: "busy", message: "Too many requests." });
    expect(await range).toBeNull();
    expect([fixture.room.log.failure, fixture.room.log.loading]).toEqual([null, "older"]);
    fixture.answerLate();
    expect(fixture.room.log.loading).toBeNull();
  });

  it("asks for no entry of a room whose log isn't known", async () => {
    const fixture = new RoomFixture(new RoomLog());
    const { log } = fixture.room;
    expect(await log.timeRange()).toBeNull();
    expect(await log.jumpToTime(0)).toBeNull();
    expect(fixture.commands).toEqual([]);
  });

  it("goes on loading older messages while live ones arrive", () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    fixture.slow = true;
    fixture.room.log.loadOlder();
    fixture.receive(fixture.log.says("bob", "live"));
    expect(fixture.texts.at(-1)).toBe("live");
    expect(fixture.room.log.loading).toBe("older");
    fixture.answerLate();
    expect(fixture.room.log.loading).toBeNull();
  });

  it("goes on loading and searching when the server says that nothing was missed", async () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    fixture.slow = true;
    fixture.room.log.loadOlder();
    fixture.receive();
    expect(fixture.room.log.failure).toBeNull();
    expect(fixture.room.log.loading).toBe("older");
    fixture.answerLate();
    const found = fixture.room.log.jumpToTime(fixture.log.entries[499]?.at ?? 0);
    fixture.receive();
    fixture.slow = false;
    fixture.answerLate();
    expect(await found).toEqual({ at: fixture.log.entries[499]?.at });
    expect(fixture.room.log.jump).toEqual({ to: "message", seq: 500 });
  });

  it("makes the last of several jumps", async () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    const [early, late] = [fixture.log.entries[99], fixture.log.entries[1499]];
    fixture.slow = true;
    const first = fixture.room.log.jumpToTime(early?.at ?? 0);
    fixture.slow = false;
    const second = fixture.room.log.jumpToTime(late?.at ?? 0);
    expect(await second).toEqual({ at: late?.at });
    fixture.answerLate();
    expect(await first).toBe("overtaken");
    expect(fixture.room.log.jump).toEqual({ to: "message", seq: 1500 });
  });

  it("finds the first entry of a day, the one after an empty day, and the last one of the room", async () => {
    const dayMs = 86_400_000;
    const start = new Date(2026, 2, 5).getTime();
    const log = new RoomLog();
    // Nothing is written on the third day.
    for (const day of [0, 1, 3])
      for (let i = 0; i < 1000; i++)
        log.add("bob", { kind: "message", text: `day ${day}, ${i}` }, start + day * dayMs + i * 60_000);
    const fixture = new RoomFixture(log);
    fixture.room.open();
    const { room } = fixture;
    for (const [day, seq] of [
      [-1, 1],
      [0, 1],
      [1, 1001],
      [2, 2001],
      [3, 2001],
      [4, 3000],
    ] as const) {
      const found = await room.log.jumpToTime(start + day * dayMs);
      expect([day, found, room.log.jump]).toEqual([day, { at: log.entries[seq - 1]?.at }, { to: "message", seq }]);
    }
    expect(await room.log.timeRange()).toEqual({ first: start, last: start + 3 * dayMs + 999 * 60_000 });
    fixture.disconnected = true;
    const unanswered = room.log.timeRange();
    vi.advanceTimersByTime(5_000);
    expect(await unanswered).toBeNull();
  });

  it.each([
    ["is loaded", 2],
    ["isn't loaded", 1000],
  ])("says from when what is shown is, where a day has only a reaction and its place %s", async (_, lines) => {
    const dayMs = 86_400_000;
    const start = new Date(2026, 2, 5).getTime();
    const log = new RoomLog();
    const first = log.add("bob", { kind: "message", text: "first" }, start);
    log.add("ada", { kind: "react", to: first.id, emoji: "👍", on: true }, start + dayMs);
    for (let i = 0; i < lines; i++) log.add("bob", { kind: "message", text: `line ${i}` }, start + 2 * dayMs + i);
    const fixture = new RoomFixture(log);
    fixture.room.open();
    expect(await fixture.room.log.jumpToTime(start + dayMs)).toEqual({ at: start + 2 * dayMs });
  });

  it.each([
    ["no time", "6d2f1a0e-4f6b-4c1e-9d3a-2b7c8e9f0a1b"],
    ["the time of a clock that is wrong", "0f9d39b2-4f6b-7c1e-9d3a-2b7c8e9f0a1b"],
  ])("finds a message whose id has %s", async (_, id) => {
    const log = new RoomLog().fill(2000);
    const entry = log.entries[499];
    if (!entry) throw new Error("the log is full");
    log.entries[499] = { ...entry, id };
    const fixture = new RoomFixture(log);
    fixture.room.open();
    scrollUp(fixture, 0);
    expect(await fixture.room.log.jumpToMessage(id)).toBe(true);
    expect(fixture.room.log.jump).toEqual({ to: "message", seq: 500, id });
    expect(fixture.texts).toContain("line 500");
  });

  it("gives up at once to look for a message that isn't in the room, and ends no load by it", async () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    fixture.slow = true;
    fixture.room.log.loadOlder();
    const id = "6d2f1a0e-4f6b-4c1e-9d3a-2b7c8e9f0a1b";
    const found = fixture.room.log.jumpToMessage(id);
    fixture.room.log.onRefused({ code: "unknown_entry", message: "There is no such entry." }, id);
    expect(await found).toBe(false);
    expect(fixture.room.log.loading).toBe("older");
    expect(fixture.texts.at(-1)).toBe("line 2000");
  });

  it.each([
    ["a message", (fixture: RoomFixture, { id }: Entry) => fixture.room.log.jumpToMessage(id)],
    ["a date", (fixture: RoomFixture, { at }: Entry) => fixture.room.log.jumpToTime(at)],
  ])("finds %s although a search that began before it finds nothing", async (_, jumpTo) => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    const entry = fixture.log.entries[499];
    if (!entry) throw new Error("the log is full");
    fixture.slow = true;
    const missing = fixture.room.log.jumpToMessage("6d2f1a0e-4f6b-4c1e-9d3a-2b7c8e9f0a1b");
    const found = jumpTo(fixture, entry);
    fixture.slow = false;
    fixture.answerLate();
    expect(await missing).toBe(true);
    expect(await found).toBeTruthy();
    expect(fixture.room.log.jump).toMatchObject({ to: "message", seq: 500 });
  });

  it("finds a message although the refusal of an earlier search, given up meanwhile, comes late", async () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 0);
    const entry = fixture.log.entries[499];
    if (!entry) throw new Error("the log is full");
    fixture.slow = true;
    const id = "6d2f1a0e-4f6b-4c1e-9d3a-2b7c8e9f0a1b";
    const missing = fixture.room.log.jumpToMessage(id);
    vi.advanceTimersByTime(5_000);
    expect(await missing).toBe(false);
    const found = fixture.room.log.jumpToMessage(entry.id);
    fixture.room.log.onRefused({ code: "unknown_entry", message: "There is no such entry." }, id);
    fixture.slow = false;
    fixture.answerLate();
    expect(await found).toBe(true);
    expect(fixture.room.log.jump).toMatchObject({ to: "message", seq: 500 });
  });

  it("goes to the end for a message beyond it", () => {
    const fixture = openAtEnd(2000);
    scrollUp(fixture, 10);
    fixture.room.log.jumpTo({ to: "message", seq: 99_999 });
    expect(fixture.room.log.atPresent).toBe(true);
    endJump(fixture);
    expect(fixture.room.log.isMoving).toBe(false);
  });
});
