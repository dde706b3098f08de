/**
 * Short texts on the page:
 * - an error disappears by itself; one that happens again is shown once, and for the whole time again
 * - an incident stays until it is dismissed
 * - a notice that offers something stays longer than others, and two that say the same offer each their own
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

it("shows a notice that offers something for longer, and each with its own offer", () => {
  const toasts = new Toasts();
  const [first, second] = [vi.fn(), vi.fn()];
  toasts.add("done", "notice");
  toasts.add("canceled", "notice", { label: "Undo", run: first });
  toasts.add("canceled", "notice", { label: "Undo", run: second });
  vi.advanceTimersByTime(8_000);
  for (const { action } of toasts.shown) action?.run();
  expect([toasts.shown.length, first.mock.calls.length, second.mock.calls.length]).toEqual([2, 1, 1]);
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
