/**
 * What tabs of one browser share, and what each has for itself.
 *
 * - a tab keeps its device while it renews its lease, and takes it again after a reload
 * - another tab gets another device, and a free one before a new one
 * - a tab that crashed loses its device when its lease is over, and not before
 * - posts come back in the order in which they were written, through changes of their state
 * - posts of a device that is held are left alone; others are adopted
 */

import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import type { OutboxItem } from "../session-types";
import { type Disk, leaseMs } from "./client-storage";
import { openIndexedDisk } from "./indexed-db-storage";

const office = "5f6a2e51-5d0c-4a2b-9a43-0c3e53a6c1d2";
const home = "0b5f1c1e-6c0e-4c0a-8f58-7d1d0c1f5a11";
const start = 1_000_000;
let disk: Disk;

beforeEach(async () => {
  Object.assign(globalThis, { indexedDB: new IDBFactory() });
  disk = await openIndexedDisk();
});

function post(id: string): OutboxItem {
  return { id, room: "room", body: { kind: "message", text: id }, written: start, state: { state: "sending" } };
}

async function outbox(device: string, server: string, now: number) {
  return (await disk.outbox(device, server, now)).map(({ id }) => id);
}

test("a tab keeps its device while it renews its lease, and takes it again after a reload", async () => {
  const device = await disk.claim("one", start);
  expect(await disk.claim("one", start + leaseMs - 1)).toBe(device);
  await disk.release("one", device);
  expect(await disk.claim("one", start + leaseMs)).toBe(device);
});

test("another tab gets another device, and a free one before a new one", async () => {
  const one = await disk.claim("one", start);
  const two = await disk.claim("two", start);
  expect(two).not.toBe(one);
  await disk.release("one", one);
  expect(await disk.claim("three", start)).toBe(one);
  expect([one, two]).not.toContain(await disk.claim("one", start));
});

test("a tab that crashed loses its device when its lease is over, and not before", async () => {
  const device = await disk.claim("crashed", start);
  expect(await disk.claim("early", start + leaseMs - 1)).not.toBe(device);
  expect(await disk.claim("late", start + leaseMs)).toBe(device);
});

test("posts come back in the order in which they were written, through changes of their state", async () => {
  const device = await disk.claim("one", start);
  for (const id of ["c", "a", "b", "d"]) await disk.keep(device, office, post(id));
  await disk.keep(device, home, post("elsewhere"));
  const error = { code: "too_large", message: "Too large." } as const;
  await disk.keepState("a", { state: "failed", error });
  await disk.keep(device, office, post("c"));
  await disk.drop(["b", "unknown"]);
  expect(await outbox(device, office, start)).toEqual(["c", "a", "d"]);
  expect((await disk.outbox(device, office, start))[1]?.state).toEqual({ state: "failed", error });
});

test("posts of a device that is held are left alone; others are adopted", async () => {
  const one = await disk.claim("one", start);
  const two = await disk.claim("two", start);
  await disk.keep(one, office, post("of one"));
  await disk.keep(two, office, post("of two"));
  expect(await outbox(two, office, start)).toEqual(["of two"]);
  await disk.release("one", one);
  expect(await outbox(two, office, start)).toEqual(["of one", "of two"]);
  await disk.claim("one", start);
  expect(await outbox(one, office, start)).toEqual([]);
});
