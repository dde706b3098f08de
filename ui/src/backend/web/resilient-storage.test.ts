/**
 * A browser's storage that fails, and what works all the same:
 * - one that never opens, or opens and never answers, doesn't keep the start waiting; it is reported
 * - one that answers late is used again, also for the posts that were written meanwhile
 * - one that is full at first stores the posts as soon as it has room
 * - a name that it doesn't store at first is used all the same, and stored as soon as it works
 * - a full one keeps the posts of this tab in memory
 * - a full one keeps them, with their last changes and in their order, also through a reload
 * - a post that was stored, and is another tab's when the storage works again, is given up
 * - a connection that the browser has closed is opened again, once for all operations that need it
 * - a later version in another tab can open the database, and this one goes on
 * - a name changed in another tab is seen
 */

import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { openDB } from "idb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { OutboxItem } from "../session-types";
import type { ClientStorage } from "./client-storage";
import { createProfile } from "./identity";
import { openIndexedDbStorage } from "./indexed-db-storage";
import { ResilientStorage, type StorageFailure } from "./resilient-storage";

const office = "5f6a2e51-5d0c-4a2b-9a43-0c3e53a6c1d2";
const failures: StorageFailure[] = [];
const report = (failure: StorageFailure) => failures.push(failure);
const never = () => new Promise<never>(() => undefined);
const refuse = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
/** `true` while the storage has no room. */
let full = false;

beforeEach(() => {
  failures.length = 0;
  full = false;
  Object.assign(globalThis, { indexedDB: new IDBFactory() });
});
afterEach(() => void vi.useRealTimers());

function post(id: string): OutboxItem {
  return { id, room: "room", body: { kind: "message", text: id }, written: 1, state: { state: "sending" } };
}

function save(storage: ClientStorage, device: string, item: OutboxItem, isStored = false) {
  return storage.savePosts(device, office, [{ item, isStored, isEdited: false }]);
}

/** Does what a page does at its start, and returns its profile. */
async function start(storage: ClientStorage) {
  const profile = await storage.loadProfile(createProfile());
  const device = await storage.acquireDevice("tab", 0);
  await storage.loadServer();
  await storage.saveName("Ada");
  await save(storage, device, post("a"));
  return {
    name: (await storage.loadProfile(profile)).name,
    outbox: await storage.loadOutbox(device, office, 0, "all"),
  };
}

/** Returns an operation that fails while the storage is full. */
const orFull =
  <P extends unknown[], R>(operation: (...args: P) => Promise<R>) =>
  (...args: P) =>
    full ? refuse() : operation(...args);

const storageWith = (parts: Partial<ClientStorage>) => async () =>
  new Proxy({} as ClientStorage, {
    get: (_, name) => (name === "then" ? undefined : (parts[name as keyof ClientStorage] ?? never)),
  });

test.each([
  ["never opens", never],
  ["opens and never answers", storageWith({})],
])("a storage that %s doesn't keep the start waiting", async (_, open) => {
  vi.useFakeTimers();
  const started = start(new ResilientStorage(open, report));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await started).toEqual({ name: "Ada", outbox: [post("a")] });
  expect(failures).toEqual(["silent"]);
});

test("a storage that answers late is used again", async () => {
  vi.useFakeTimers();
  let answer: () => void = () => undefined;
  const saved: string[] = [];
  const open = storageWith({
    loadProfile: (initial) => new Promise((resolve) => (answer = () => resolve(initial))),
    savePosts: async (_device, _server, posts) => {
      saved.push(...posts.map(({ item }) => item.id));
      return [];
    },
  });
  const storage = new ResilientStorage(open, report);
  const loading = storage.loadProfile(createProfile());
  await vi.advanceTimersByTimeAsync(5_000);
  await loading;
  await save(storage, "device", post("in memory"));
  answer();
  await vi.advanceTimersByTimeAsync(0);
  await save(storage, "device", post("stored"));
  expect(saved).toEqual(["in memory", "stored"]);
});

test("a storage that is full at first stores the posts as soon as it has room", async () => {
  full = true;
  const stored = await openIndexedDbStorage();
  const savePosts = orFull((...posts: Parameters<ClientStorage["savePosts"]>) => stored.savePosts(...posts));
  const deletePosts: ClientStorage["deletePosts"] = (ids) => stored.deletePosts(ids);
  const storage = new ResilientStorage(storageWith({ savePosts, deletePosts }), report);
  for (const id of ["a", "b"]) await save(storage, "device", post(id));
  full = false;
  await storage.deletePosts(["a"]);
  await save(storage, "device", post("c"));
  expect(await stored.loadOutbox("device", office, 0, "all")).toEqual([post("b"), post("c")]);
});

test("a name that isn't stored at first is used all the same, and stored as soon as that works", async () => {
  full = true;
  const stored = await openIndexedDbStorage();
  const saveName = orFull((name: string) => stored.saveName(name));
  const loadProfile: ClientStorage["loadProfile"] = (initial) => stored.loadProfile(initial);
  const storage = new ResilientStorage(storageWith({ saveName, loadProfile }), report);
  const profile = await storage.loadProfile(createProfile());
  await storage.saveName("Ada");
  expect(await storage.loadProfile(profile)).toMatchObject({ name: "Ada", nameChosen: true });
  full = false;
  await storage.loadProfile(profile);
  await vi.waitFor(async () =>
    expect(await stored.loadProfile(profile)).toMatchObject({ name: "Ada", nameChosen: true }),
  );
});

test("a full storage keeps the posts of this tab in memory", async () => {
  const loadOutbox = () => Promise.resolve([post("earlier")]);
  const open = storageWith({
    loadProfile: refuse,
    acquireDevice: refuse,
    loadServer: refuse,
    saveName: refuse,
    savePosts: refuse,
    withdrawPost: refuse,
    loadOutbox,
    deletePosts: refuse,
  });
  const storage = new ResilientStorage(open, report);
  expect(await start(storage)).toEqual({ name: "Ada", outbox: [post("earlier"), post("a")] });
  expect(new Set(failures)).toEqual(new Set(["full"]));
  const error = { code: "too_large", message: "Too large." } as const;
  await save(storage, "device", { ...post("a"), state: { state: "failed", error } });
  expect((await storage.loadOutbox("device", office, 0, "all"))[1]?.state).toEqual({ state: "failed", error });
  await storage.deletePosts(["a"]);
  expect(await storage.loadOutbox("device", office, 0, "all")).toEqual([post("earlier")]);
});

test("a connection that the browser has closed is opened again", async () => {
  let opened = 0;
  const closed = () => Promise.reject(new DOMException("closed", "InvalidStateError"));
  const open = () => (opened++ === 0 ? storageWith({ savePosts: closed })() : openIndexedDbStorage());
  const storage = new ResilientStorage(open, report);
  await save(storage, "device", post("a"));
  expect(await (await openIndexedDbStorage()).loadOutbox("device", office, 0, "all")).toEqual([post("a")]);
  expect([opened, failures]).toEqual([2, []]);
});

test("operations that fail together open one new connection", async () => {
  let opened = 0;
  const closed = () => Promise.reject(new DOMException("closed", "InvalidStateError"));
  const open = () => (opened++ === 0 ? storageWith({ savePosts: closed })() : openIndexedDbStorage());
  const storage = new ResilientStorage(open, report);
  await Promise.all(["a", "b"].map((id) => save(storage, "device", post(id))));
  expect([opened, failures]).toEqual([2, []]);
});

test("a later version in another tab can open the database, and this one goes on", async () => {
  const storage = new ResilientStorage(openIndexedDbStorage, report);
  await start(storage);
  await openDB("ichat", 2);
  await save(storage, "device", post("b"));
  expect(await storage.loadOutbox("device", office, 0, "all")).toEqual([post("b")]);
  expect(new Set(failures)).toEqual(new Set(["refused"]));
});

test("a name changed in another tab is seen", async () => {
  const [one, two] = [
    new ResilientStorage(openIndexedDbStorage, report),
    new ResilientStorage(openIndexedDbStorage, report),
  ];
  const profile = await one.loadProfile(createProfile());
  await two.loadProfile(createProfile());
  await two.saveName("Ada Lovelace");
  expect((await one.loadProfile(profile)).name).toBe("Ada Lovelace");
});

test("a full storage keeps the posts, with their last changes and in their order, through a reload", async () => {
  const stored = await openIndexedDbStorage();
  const open = storageWith({
    savePosts: orFull((...posts: Parameters<ClientStorage["savePosts"]>) => stored.savePosts(...posts)),
    withdrawPost: orFull((...post: Parameters<ClientStorage["withdrawPost"]>) => stored.withdrawPost(...post)),
    loadOutbox: (...outbox) => stored.loadOutbox(...outbox),
  });
  const load = (storage: ClientStorage) => storage.loadOutbox("device", office, 0, "all");
  const edited = { ...post("a"), body: { kind: "message", text: "edited" } } as const;
  const storage = new ResilientStorage(open, report);
  for (const id of ["a", "withdrawn"]) await save(storage, "device", post(id));
  full = true;
  await save(storage, "device", edited, true);
  await save(storage, "device", post("b"));
  await storage.withdrawPost("device", "withdrawn");
  expect(storage.hasUnsavedPosts).toBe(true);
  const reloaded = new ResilientStorage(open, report, storage.unsaved);
  expect(await load(reloaded)).toEqual([edited, post("b")]);
  full = false;
  await save(reloaded, "device", post("c"));
  expect(reloaded.hasUnsavedPosts).toBe(false);
  const next = new ResilientStorage(open, report, reloaded.unsaved);
  expect(await load(next)).toEqual([edited, post("b"), post("c")]);
});

test("a post that is another tab's when the storage works again is given up", async () => {
  const stored = await openIndexedDbStorage();
  const savePosts = orFull((...posts: Parameters<ClientStorage["savePosts"]>) => stored.savePosts(...posts));
  const storage = new ResilientStorage(storageWith({ savePosts }), report);
  await save(storage, "device", post("a"));
  full = true;
  const edited = { ...post("a"), body: { kind: "message", text: "edited" } } as const;
  await storage.savePosts("device", office, [{ item: edited, isStored: true, isEdited: true }]);
  await stored.loadOutbox("other", office, 0, "all");
  full = false;
  const wanted = { server: office, item: edited, isStored: true, isEdited: true };
  expect(await storage.savePosts("device", office, [])).toEqual([{ id: "a", item: post("a"), wanted }]);
  expect(storage.hasUnsavedPosts).toBe(false);
});
