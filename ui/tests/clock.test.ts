/**
 * Times, as people see them:
 * - "Today" becomes "Yesterday" while the page is open: at midnight, and after a sleep
 * - where this device's clock is wrong, the server's counts: for "Today", for one's own messages that wait, and in their ids
 * - a clock that was corrected meanwhile is noticed at the next message
 * - the time of day is written as the region writes it, without a zero before "AM" and "PM"
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Clock, whileTimePasses } from "../src/shared/clock.svelte";
import { dayName, dayOf, timeFormat } from "../src/shared/time";
import { timeOfId } from "../src/shared/ids";
import { RoomFixture, RoomLog } from "./fixtures/room";

const hour = 3_600_000;
const evening = new Date(2026, 2, 5, 23, 30).getTime();

describe("Clock", () => {
  let page: EventTarget;

  beforeEach(() => {
    vi.useFakeTimers({ now: evening });
    page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    vi.stubGlobal("document", new EventTarget());
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("lets the day change at midnight", () => {
    const clock = new Clock();
    const stop = whileTimePasses(() => clock.check());
    expect(dayName(evening, clock.today)).toBe("Today");
    vi.advanceTimersByTime(hour);
    expect(dayName(evening, clock.today)).toBe("Yesterday");
    stop();
    vi.advanceTimersByTime(24 * hour);
    expect(dayName(evening, clock.today)).toBe("Yesterday");
  });

  it("lets the day change after a sleep, in which no timer ran", () => {
    const clock = new Clock();
    whileTimePasses(() => clock.check());
    vi.setSystemTime(evening + 10 * hour);
    page.dispatchEvent(new Event("focus"));
    expect(dayName(evening, clock.today)).toBe("Yesterday");
  });

  it("goes by the server's clock where this device's is wrong", () => {
    const clock = new Clock();
    clock.set(evening + 48 * hour);
    expect(clock.today).toBe(dayOf(evening + 48 * hour));
    expect(clock.serverTime(evening)).toBe(evening + 48 * hour);
    // A message needs a moment to arrive.
    clock.set(evening - 20_000);
    expect(clock.now()).toBe(evening);
  });

  it("notices that this device's clock was corrected", () => {
    const clock = new Clock();
    clock.set(evening - 48 * hour);
    vi.setSystemTime(evening - 48 * hour + 1000);
    clock.observe(evening - 48 * hour + 1000);
    expect(clock.now()).toBe(evening - 48 * hour + 1000);
    // What was written earlier says nothing.
    clock.observe(evening - 96 * hour);
    expect(clock.now()).toBe(evening - 48 * hour + 1000);
  });

  it("gives one's own waiting messages the server's time, also in their ids", () => {
    const fixture = new RoomFixture(new RoomLog());
    fixture.clock.set(evening + 48 * hour);
    fixture.room.open();
    void fixture.room.send("hello");
    const item = fixture.room.pendingMessages[0]?.item;
    expect(item?.at).toBe(evening + 48 * hour);
    expect(timeOfId(item?.id ?? "")).toBe(evening + 48 * hour);
  });
});

describe("timeFormat", () => {
  it("writes the time of day as the region writes it", () => {
    const format = (region: string) =>
      [new Date(2026, 2, 5, 21, 13), new Date(2026, 2, 5, 9, 5)].map((at) =>
        timeFormat(region).format(at).replace(/\s/g, " "),
      );
    expect(format("en-US")).toEqual(["9:13 PM", "9:05 AM"]);
    expect(format("en-GB")).toEqual(["21:13", "09:05"]);
    expect(format("de-DE")).toEqual(["21:13", "09:05"]);
  });
});
