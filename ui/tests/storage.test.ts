/**
 * The key-value storage in a browser:
 * - if it is full, the newest value is kept in memory, and that is reported once
 * - the values of two servers at one origin are kept apart
 * - if it is blocked, values are kept in memory
 */
import { afterEach, expect, it, vi } from "vitest";
import { LocalKeyValueStorage } from "../src/shared/storage";
import { stubLocalStorage } from "./fixtures/storage";

afterEach(() => void vi.unstubAllGlobals());

it("keeps the newest value in memory if the storage is full, and says so once", () => {
  const values = stubLocalStorage(10);
  const storage = new LocalKeyValueStorage();
  const reported = vi.fn();
  storage.onFailure(reported);
  storage.set("draft", "short");
  storage.set("draft", "too long for it");
  expect(storage.get("draft")).toBe("too long for it");
  storage.set("draft", "much too long for it");
  expect(values.get("draft")).toBeUndefined();
  storage.set("draft", "short");
  expect(storage.get("draft")).toBe("short");
  expect(values.get("draft")).toBe("short");
  storage.set("draft", "too long for it");
  storage.set("draft", null);
  expect(storage.get("draft")).toBeNull();
  expect(reported).toHaveBeenCalledTimes(1);
});

it("keeps the values of two servers at one origin apart", () => {
  const values = stubLocalStorage(100);
  const [root, chat] = [new LocalKeyValueStorage(), new LocalKeyValueStorage("chat/")];
  root.set("draft", "here");
  chat.set("draft", "there");
  expect([root.get("draft"), chat.get("draft")]).toEqual(["here", "there"]);
  chat.set("draft", null);
  expect([...values]).toEqual([["draft", "here"]]);
});

it("works from memory if the storage is blocked", () => {
  vi.stubGlobal("localStorage", undefined);
  const storage = new LocalKeyValueStorage();
  storage.set("theme", null);
  storage.set("draft", "hello");
  expect(storage.get("draft")).toBe("hello");
  storage.set("draft", null);
  expect(storage.get("draft")).toBeNull();
  const reported = vi.fn();
  storage.onFailure(reported);
  expect(reported).toHaveBeenCalledTimes(1);
});
