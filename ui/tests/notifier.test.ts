/**
 * Notifications about new messages:
 * - the first message of a room is shown at once, then at most one notification in three seconds, which counts the rest
 * - each room has its own rate limit
 * - nothing more is shown once the user has opened the room, and what they saw there is not counted later
 * - a notification is withdrawn once, when its room is opened or has been read elsewhere
 * - a message that is read elsewhere before its notification isn't notified
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Notifier } from "../src/state/notifier";

describe("Notifier", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const setUp = () => {
    const shown: string[] = [];
    const withdrawn: string[] = [];
    const notifier = new Notifier({
      notify: ({ room, text }) => void shown.push(`${room}: ${text}`),
      withdrawNotification: (_server, room) => void withdrawn.push(room),
    });
    const add = (room: string, text: string) => notifier.add({ server: "s", room, title: "Bob", text }, 1);
    return { shown, withdrawn, notifier, add };
  };

  it("shows the first at once and counts the rest", () => {
    const { shown, add } = setUp();
    for (const text of ["a", "b", "c"]) add("lobby", text);
    add("lunch", "pizza");
    expect(shown).toEqual(["lobby: a", "lunch: pizza"]);
    vi.advanceTimersByTime(3000);
    expect(shown.slice(2)).toEqual(["lobby: 2 new messages. c"]);
    vi.advanceTimersByTime(10_000);
    expect(shown.length).toBe(3);
    add("lobby", "d");
    expect(shown.at(-1)).toBe("lobby: d");
  });

  it("shows nothing more after the room was opened", () => {
    const { shown, notifier, add } = setUp();
    add("lobby", "a");
    add("lobby", "b");
    notifier.clear("s", "lobby");
    vi.advanceTimersByTime(10_000);
    expect(shown).toEqual(["lobby: a"]);
  });

  it("withdraws what has been read", () => {
    const { withdrawn, notifier, add } = setUp();
    for (const room of ["lobby", "lunch", "tea"]) add(room, "a");
    notifier.clear("s", "lobby");
    notifier.clear("s", "lobby");
    notifier.clearRead((_server, room) => room === "lunch");
    notifier.clear("s", "never notified");
    expect(withdrawn).toEqual(["lobby", "lunch"]);
  });

  it("doesn't count messages that the user has seen", () => {
    const { shown, notifier, add } = setUp();
    add("lobby", "a");
    add("lobby", "b");
    notifier.clear("s", "lobby");
    add("lobby", "c");
    vi.advanceTimersByTime(3000);
    expect(shown).toEqual(["lobby: a", "lobby: c"]);
  });

  it("doesn't notify of a message that has been read elsewhere meanwhile", () => {
    const { shown, withdrawn, notifier, add } = setUp();
    add("lobby", "a");
    notifier.clear("s", "lobby");
    add("lobby", "b");
    notifier.clearRead((_server, room) => room === "lobby");
    vi.advanceTimersByTime(10_000);
    expect([shown, withdrawn]).toEqual([["lobby: a"], ["lobby"]]);
  });
});
