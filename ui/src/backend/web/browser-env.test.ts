/**
 * The browser around the back end, with stubs of the globals that it uses:
 * - a reload keeps the tab's id; a duplicated tab and a new tab have other ids
 * - where storage is blocked, each load has an id of its own
 * - the network, a visible page and a sleep nudge; passing time doesn't
 * - the title contains the unread count
 */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBrowserEnv } from "./browser-env";

class Storage {
  readonly items: Map<string, string>;

  /** A duplicated tab starts with a copy of the items. */
  constructor(items: Iterable<[string, string]> = []) {
    this.items = new Map(items);
  }
  getItem(key: string) {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.items.set(key, value);
  }
  removeItem(key: string) {
    this.items.delete(key);
  }
}

let browserWindow: EventTarget;

function load(sessionStorage: unknown) {
  browserWindow = new EventTarget();
  const browserDocument = Object.assign(new EventTarget(), { title: "I-Chat", visibilityState: "visible" });
  vi.stubGlobal("addEventListener", browserWindow.addEventListener.bind(browserWindow));
  vi.stubGlobal("document", browserDocument);
  vi.stubGlobal("location", { origin: "http://192.168.1.7:4242" });
  vi.stubGlobal("sessionStorage", sessionStorage);
  return createBrowserEnv();
}

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a reload keeps the tab's id; a duplicated tab and a new tab have other ids", () => {
  const storage = new Storage();
  const first = load(storage).tabId;
  browserWindow.dispatchEvent(new Event("pagehide"));
  expect(load(storage).tabId).toBe(first);
  expect(load(new Storage(storage.items)).tabId).not.toBe(first);
  expect(load(new Storage()).tabId).not.toBe(first);
});

test("where storage is blocked, each load has an id of its own", () => {
  const refuse = () => {
    throw new DOMException("blocked", "SecurityError");
  };
  const blocked = { getItem: refuse, setItem: refuse, removeItem: refuse };
  expect(load(blocked).tabId).not.toBe(load(blocked).tabId);
});

test("the network, a visible page and a sleep nudge; passing time doesn't", () => {
  const env = load(new Storage());
  const nudge = vi.fn();
  env.onNudge(nudge);
  vi.advanceTimersByTime(60_000);
  expect(nudge).not.toHaveBeenCalled();
  browserWindow.dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("visibilitychange"));
  expect(nudge).toHaveBeenCalledTimes(2);
  vi.setSystemTime(Date.now() + 600_000);
  vi.advanceTimersByTime(2_000);
  expect(nudge).toHaveBeenCalledTimes(3);
});

test("the title contains the unread count", () => {
  const env = load(new Storage());
  env.setUnread(3);
  expect(document.title).toBe("(3) I-Chat");
  env.setUnread(0);
  expect(document.title).toBe("I-Chat");
});
