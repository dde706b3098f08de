/**
 * The page and its tab, with the little of a browser that they touch.
 *
 * - a reload keeps the tab's name; a copy of the tab and another tab have others
 * - where storage is blocked each load is a tab of its own
 * - the network, a look at the page and a sleep are nudges; time that passes is none
 * - the unread count stands in the title
 */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { browserPage } from "./browser-env";

class Storage {
  readonly items: Map<string, string>;

  /** A copied tab takes the storage along. */
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
  return browserPage();
}

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a reload keeps the tab's name; a copy of the tab and another tab have others", () => {
  const storage = new Storage();
  const first = load(storage).tab;
  browserWindow.dispatchEvent(new Event("pagehide"));
  expect(load(storage).tab).toBe(first);
  expect(load(new Storage(storage.items)).tab).not.toBe(first);
  expect(load(new Storage()).tab).not.toBe(first);
});

test("where storage is blocked each load is a tab of its own", () => {
  const refuse = () => {
    throw new DOMException("blocked", "SecurityError");
  };
  const blocked = { getItem: refuse, setItem: refuse, removeItem: refuse };
  expect(load(blocked).tab).not.toBe(load(blocked).tab);
});

test("the network, a look at the page and a sleep are nudges; time that passes is none", () => {
  const page = load(new Storage());
  const nudge = vi.fn();
  page.onNudge(nudge);
  vi.advanceTimersByTime(60_000);
  expect(nudge).not.toHaveBeenCalled();
  browserWindow.dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("visibilitychange"));
  expect(nudge).toHaveBeenCalledTimes(2);
  vi.setSystemTime(Date.now() + 600_000);
  vi.advanceTimersByTime(2_000);
  expect(nudge).toHaveBeenCalledTimes(3);
});

test("the unread count stands in the title", () => {
  const page = load(new Storage());
  page.setUnread(3);
  expect(document.title).toBe("(3) I-Chat");
  page.setUnread(0);
  expect(document.title).toBe("I-Chat");
});
