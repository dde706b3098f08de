/**
 * The browser around the back end, with stubs of the globals that it uses:
 * - a reload keeps the tab's id; a duplicated tab and a new tab have other ids
 * - the page of another server at the same origin is another tab, and has another address
 * - where storage is blocked, each load has an id of its own
 * - a visible page and a sleep count as waking up; passing time doesn't
 * - the title contains the number of unread messages, or of mentions
 * - where the browser lets the page notify, a newer notification replaces its room's, and a click leads to the room
 * - where only service workers may notify, as in Chrome on Android, nothing fails, and the switch is off before anybody is asked
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

function load(sessionStorage: unknown, pathname = "/") {
  browserWindow = new EventTarget();
  const browserDocument = Object.assign(new EventTarget(), { title: "I-Chat", visibilityState: "visible" });
  vi.stubGlobal("addEventListener", browserWindow.addEventListener.bind(browserWindow));
  vi.stubGlobal("document", browserDocument);
  vi.stubGlobal("location", { origin: "http://192.168.1.7:4242", pathname });
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

test("the page of another server at the same origin is another tab, and has another address", () => {
  const storage = new Storage();
  const first = load(storage, "/chat/");
  browserWindow.dispatchEvent(new Event("pagehide"));
  const other = load(storage, "/other/index.html");
  browserWindow.dispatchEvent(new Event("pagehide"));
  expect(load(storage, "/chat/").tabId).toBe(first.tabId);
  expect(other.tabId).not.toBe(first.tabId);
  expect([first.address, other.address, load(storage).address]).toEqual([
    "http://192.168.1.7:4242/chat/",
    "http://192.168.1.7:4242/other/",
    "http://192.168.1.7:4242",
  ]);
});

test("where storage is blocked, each load has an id of its own", () => {
  const refuse = () => {
    throw new DOMException("blocked", "SecurityError");
  };
  const blocked = { getItem: refuse, setItem: refuse, removeItem: refuse };
  expect(load(blocked).tabId).not.toBe(load(blocked).tabId);
});

test("a visible page and a sleep count as waking up; passing time doesn't", () => {
  const env = load(new Storage());
  const onWakeUp = vi.fn();
  env.onWakeUp(onWakeUp);
  vi.advanceTimersByTime(60_000);
  expect(onWakeUp).not.toHaveBeenCalled();
  document.dispatchEvent(new Event("visibilitychange"));
  expect(onWakeUp).toHaveBeenCalledTimes(1);
  vi.setSystemTime(Date.now() + 600_000);
  vi.advanceTimersByTime(2_000);
  expect(onWakeUp).toHaveBeenCalledTimes(2);
});

test("the title contains the number of unread messages, or of mentions", () => {
  const env = load(new Storage());
  env.setUnread(3, 0);
  expect(document.title).toBe("(3) I-Chat");
  env.setUnread(3, 2);
  expect(document.title).toBe("(2 @) I-Chat");
  env.setUnread(0, 0);
  expect(document.title).toBe("I-Chat");
});

/** Stubs the browser's notifications, and returns those that are shown. */
function stubNotifications({ permission, throws = false }: { permission: NotificationPermission; throws?: boolean }) {
  const shown = new Map<string, { title: string; onclick?: () => void }>();
  class StubNotification {
    static permission = permission;
    onclick?: () => void;
    constructor(
      readonly title: string,
      readonly options: NotificationOptions = {},
    ) {
      if (throws) throw new TypeError("Failed to construct 'Notification': Illegal constructor.");
      if (StubNotification.permission === "granted") shown.set(options.tag ?? "", this);
    }
    close() {
      shown.delete(this.options.tag ?? "");
    }
  }
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("Notification", StubNotification);
  vi.stubGlobal("window", { Notification: StubNotification, focus: () => undefined });
  return shown;
}

const message = (room: string, text: string) => ({ server: "s", room, title: `Ben · ${room}`, text });

test("where the browser lets the page notify, a newer notification replaces its room's, and a click leads to the room", () => {
  const env = load(new Storage());
  const shown = stubNotifications({ permission: "granted" });
  const clicked: string[] = [];
  for (const room of ["lobby", "lunch", "lunch"]) env.notify(message(room, "hi"), () => void clicked.push(room));
  expect([...shown.keys()]).toEqual(["s/lobby", "s/lunch"]);
  shown.get("s/lunch")?.onclick?.();
  env.withdrawNotification("s", "lobby");
  expect([clicked, shown.size]).toEqual([["lunch"], 0]);
  stubNotifications({ permission: "default" });
  expect(env.notificationPermission.get()).toBe("undecided");
});

test("where only service workers may notify, nothing fails, and the switch is off before anybody is asked", async () => {
  const env = load(new Storage());
  stubNotifications({ permission: "granted", throws: true });
  env.notify(message("lobby", "hi"), () => undefined);
  expect(env.notificationPermission.get()).toBe("unsupported");
  const other = load(new Storage());
  stubNotifications({ permission: "default", throws: true });
  expect(other.notificationPermission.get()).toBe("unsupported");
  expect(await other.notificationPermission.request()).toBe(false);
});
