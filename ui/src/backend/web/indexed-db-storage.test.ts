/**
 * Storage shared by the tabs of one browser, each with a device of its own:
 * - a tab keeps its device while it renews its lease, and acquires it again after a reload
 * - another tab gets another device: a released one if there is one, otherwise a new one
 * - a crashed tab loses its device when its lease expires, and not before
 * - posts keep the order in which they were written when their state changes
 * - posts of a device with a lease are left alone; others are adopted
 */

import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import type { OutboxItem } from "../session-types";
import { type ClientStorage, leaseDurationMs } from "./client-storage";
import { openIndexedDbStorage } from "./indexed-db-storage";

const office = "5f6a2e51-5d0c-4a2b-9a43-0c3e53a6c1d2";
const home = "0b5f1c1e-6c0e-4c0a-8f58-7d1d0c1f5a11";
const start = 1_000_000;
let storage: ClientStorage;

beforeEach(async () => {
  Object.assign(globalThis, { indexedDB: new IDBFactory() });
  storage = await openIndexedDbStorage();
});

function post(id: string): OutboxItem {
  return { id, room: "room", body: { kind: "message", text: id }, written: start, state: { state: "sending" } };
}

async function outbox(device: string, server: string, now: number) {
  return (await storage.loadOutbox(device, server, now)).map(({ id }) => id);
}

test("a tab keeps its device while it renews its lease, and acquires it again after a reload", async () => {
  const device = await storage.acquireDevice("one", start);
  expect(await storage.acquireDevice("one", start + leaseDurationMs - 1)).toBe(device);
  await storage.releaseDevice("one", device);
  expect(await storage.acquireDevice("one", start + leaseDurationMs)).toBe(device);
});

test("another tab gets another device: a released one if there is one", async () => {
  const one = await storage.acquireDevice("one", start);
  const two = await storage.acquireDevice("two", start);
  expect(two).not.toBe(one);
  await storage.releaseDevice("one", one);
  expect(await storage.acquireDevice("three", start)).toBe(one);
  expect([one, two]).not.toContain(await storage.acquireDevice("one", start));
});

test("a crashed tab loses its device when its lease expires, and not before", async () => {
  const device = await storage.acquireDevice("crashed", start);
  expect(await storage.acquireDevice("early", start + leaseDurationMs - 1)).not.toBe(device);
  expect(await storage.acquireDevice("late", start + leaseDurationMs)).toBe(device);
});

test("posts keep the order in which they were written when their state changes", async () => {
  const device = await storage.acquireDevice("one", start);
  for (const id of ["c", "a", "b", "d"]) await storage.savePost(device, office, post(id));
  await storage.savePost(device, home, post("elsewhere"));
  const error = { code: "too_large", message: "Too large." } as const;
  await storage.savePostState("a", { state: "failed", error });
  await storage.savePost(device, office, post("c"));
  await storage.deletePosts(["b", "unknown"]);
  expect(await outbox(device, office, start)).toEqual(["c", "a", "d"]);
  expect((await storage.loadOutbox(device, office, start))[1]?.state).toEqual({ state: "failed", error });
});

test("posts of a device with a lease are left alone; others are adopted", async () => {
  const one = await storage.acquireDevice("one", start);
  const two = await storage.acquireDevice("two", start);
  await storage.savePost(one, office, post("of one"));
  await storage.savePost(two, office, post("of two"));
  expect(await outbox(two, office, start)).toEqual(["of two"]);
  await storage.releaseDevice("one", one);
  expect(await outbox(two, office, start)).toEqual(["of one", "of two"]);
  await storage.acquireDevice("one", start);
  expect(await outbox(one, office, start)).toEqual([]);
});
