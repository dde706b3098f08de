/**
 * Short texts that disappear by themselves:
 * - an error that happens again is shown once, and for the whole time again
 */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Toasts } from "../src/state/toasts.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("shows an error that happens again for the whole time again", () => {
  const toasts = new Toasts();
  toasts.add("once", "error");
  vi.runAllTimers();
  expect(toasts.shown).toEqual([]);
  toasts.add("again", "error");
  vi.advanceTimersByTime(7_900);
  toasts.add("again", "error");
  vi.advanceTimersByTime(7_900);
  expect(toasts.shown.map(({ text }) => text)).toEqual(["again"]);
  vi.runAllTimers();
  expect(toasts.shown).toEqual([]);
});
