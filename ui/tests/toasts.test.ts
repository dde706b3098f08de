/**
 * Short texts on the page:
 * - an error disappears by itself; one that happens again is shown once, and for the whole time again
 * - an incident stays until it is dismissed
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

it("shows an incident until it is dismissed", () => {
  const toasts = new Toasts();
  toasts.add("a crash", "incident");
  vi.runAllTimers();
  expect(toasts.shown.map(({ text }) => text)).toEqual(["a crash"]);
  const [toast] = toasts.shown;
  if (toast) toasts.dismiss(toast);
  expect(toasts.shown).toEqual([]);
});
