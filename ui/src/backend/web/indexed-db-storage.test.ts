/**
 * Storage shared by the tabs of one browser, each with a device of its own:
 * - a tab keeps its device while it renews its lease, and acquires it again after a reload
 * - another tab gets another device: a released one if there is one, otherwise a new one
 * - a crashed tab loses its device when its lease expires, and not before
 * - posts keep the order in which they were written when their state changes
 * - posts of a device with a lease are left alone; others are adopted, refused ones only at a start
 * - a device whose post was adopted learns that when it would change or withdraw it, and the other when it would later
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

function save(device: string, server: string, item: OutboxItem, isStored = false, isEdited = false) {
  return storage.savePosts(device, server, [{ item, isStored, isEdited }]);
}

async function outbox(device: string, server: string, now: number) {
  return (await storage.loadOutbox(device, server, now, "all")).map(({ id }) => id);
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
  for (const id of ["c", "a", "b", "d"]) await save(device, office, post(id));
  await save(device, home, post("elsewhere"));
  const error = { code: "too_large", message: "Too large." } as const;
  await save(device, office, { ...post("a"), state: { state: "failed", error } }, true);
  await save(device, office, post("c"), true);
  await storage.deletePosts(["b", "unknown"]);
  expect(await outbox(device, office, start)).toEqual(["c", "a", "d"]);
  expect((await storage.loadOutbox(device, office, start, "all"))[1]?.state).toEqual({ state: "failed", error });
});

test("posts of a device with a lease are left alone; others are adopted", async () => {
  const one = await storage.acquireDevice("one", start);
  const two = await storage.acquireDevice("two", start);
  await save(one, office, post("of one"));
  await save(two, office, post("of two"));
  expect(await outbox(two, office, start)).toEqual(["of two"]);
  await storage.releaseDevice("one", one);
  expect(await outbox(two, office, start)).toEqual(["of one", "of two"]);
  await storage.acquireDevice("one", start);
  expect(await outbox(one, office, start)).toEqual([]);
});

test("a tab that is open leaves refused posts to the next one that starts", async () => {
  const one = await storage.acquireDevice("one", start);
  const two = await storage.acquireDevice("two", start);
  const error = { code: "too_large", message: "Too large." } as const;
  await save(one, office, { ...post("refused"), state: { state: "failed", error } });
  await storage.releaseDevice("one", one);
  expect(await storage.loadOutbox(two, office, start, "waiting")).toEqual([]);
  expect(await outbox(one, office, start)).toEqual(["refused"]);
});

test("a device whose post was adopted learns that when it would change or withdraw it", async () => {
  const [one, two] = ["device one", "device two"];
  for (const id of ["edited", "withdrawn", "sent"]) await save(one, office, post(id));
  expect(await outbox(two, office, start)).toEqual(["edited", "withdrawn", "sent"]);
  await storage.deletePosts(["sent"]);
  const edited = { ...post("edited"), body: { kind: "message", text: "changed" } } as const;
  expect(await save(one, office, edited, true, true)).toEqual([
    { id: "edited", item: post("edited"), wanted: { item: edited, isStored: true, isEdited: true } },
  ]);
  expect(await storage.withdrawPost(one, "withdrawn")).toEqual({ id: "withdrawn", item: post("withdrawn") });
  expect(await save(one, office, post("sent"), true)).toEqual([
    { id: "sent", wanted: { item: post("sent"), isStored: true, isEdited: false } },
  ]);
  // The first device may send them now, so the second can't change them any more, but send them.
  expect(await storage.withdrawPost(two, "withdrawn")).toMatchObject({ id: "withdrawn" });
  expect(await save(two, office, edited, true, true)).toMatchObject([{ id: "edited", item: post("edited") }]);
  expect(await save(two, office, { ...post("edited"), sent: true }, true)).toEqual([]);
  expect(await outbox(two, office, start)).toEqual(["edited", "withdrawn"]);
});
