/**
 * Notices of what came in while nobody looked:
 * - the first of a conversation at once, then one in three seconds that counts the rest
 * - each conversation for itself
 * - nothing more once the room has been looked at
 * - after a quiet while, at once again
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Notifier } from "../src/app/notifier";

describe("Notifier", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const listen = () => {
    const told: string[] = [];
    const notifier = new Notifier({ notify: ({ room, text }) => void told.push(`${room}: ${text}`) });
    const says = (room: string, text: string) => notifier.arrived({ server: "s", room, title: "Bob", text }, 1);
    return { told, notifier, says };
  };

  it("tells the first at once and counts the rest", () => {
    const { told, says } = listen();
    for (const text of ["a", "b", "c"]) says("lobby", text);
    says("lunch", "pizza");
    expect(told).toEqual(["lobby: a", "lunch: pizza"]);
    vi.advanceTimersByTime(3000);
    expect(told.slice(2)).toEqual(["lobby: 2 new messages. c"]);
    vi.advanceTimersByTime(10_000);
    expect(told.length).toBe(3);
    says("lobby", "d");
    expect(told.at(-1)).toBe("lobby: d");
  });

  it("says no more of what has been looked at", () => {
    const { told, notifier, says } = listen();
    says("lobby", "a");
    says("lobby", "b");
    notifier.clear("s", "lobby");
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(["lobby: a"]);
  });
});
