/**
 * The lists of rooms that the interface gets:
 * - rooms that arrive one by one, each with its page, make one list per interval, which comes before their pages
 * - a list comes at once if none came just before it, and after a hello
 * - updates of rooms that are listed, and of none, don't wait
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hello, summaryOf } from "../../../tests/fixtures/app";
import type { Update } from "../session-types";
import { PacedLists } from "./paced-lists";

let updates: Update[];
let lists: PacedLists;

beforeEach(() => {
  vi.useFakeTimers();
  updates = [];
  lists = new PacedLists((update) => updates.push(update));
});
afterEach(() => vi.useRealTimers());

const listOf = (count: number): Update => ({
  update: "rooms",
  rooms: Array.from({ length: count }, (_, n) => summaryOf(`room ${n}`)),
});
const pageOf = (n: number): Update => ({
  update: "entries",
  room: `room ${n}`,
  head: { epoch: "e", seq: 0 },
  entries: [],
});
const listed = () => updates.flatMap((update) => (update.update === "rooms" ? [update.rooms.length] : []));

test("rooms that arrive one by one, each with its page, make one list per interval, which comes before their pages", () => {
  for (let n = 0; n < 100; n++) {
    lists.add(listOf(n + 1));
    lists.add(pageOf(n));
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(20);
  expect(listed()).toEqual([1, 20, 40, 60, 80, 100]);
  let known = 0;
  const pages: string[] = [];
  for (const update of updates) {
    if (update.update === "rooms") known = update.rooms.length;
    if (update.update !== "entries") continue;
    pages.push(update.room);
    expect(Number(update.room.split(" ")[1])).toBeLessThan(known);
  }
  expect(pages).toEqual(Array.from({ length: 100 }, (_, n) => `room ${n}`));
});

test("a list comes at once if none came just before it, and after a hello", () => {
  lists.add(listOf(1));
  expect(listed()).toEqual([1]);
  vi.advanceTimersByTime(20);
  lists.add(listOf(2));
  lists.add(listOf(3));
  expect(listed()).toEqual([1, 2]);
  lists.add({ update: "hello", ...hello });
  expect(updates.map(({ update }) => update)).toEqual(["rooms", "rooms", "rooms", "hello"]);
  lists.add(listOf(4));
  expect(listed()).toEqual([1, 2, 3, 4]);
});

test("updates of rooms that are listed, and of none, don't wait", () => {
  lists.add(listOf(1));
  lists.add(listOf(2));
  lists.add(pageOf(0));
  lists.add({ update: "presence", people: [] });
  lists.add({ update: "refused", event: "join", room: "elsewhere", error: { code: "other", message: "No." } });
  expect(updates.map(({ update }) => update)).toEqual(["rooms", "entries", "presence", "refused"]);
});
