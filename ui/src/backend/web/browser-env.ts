/** The browser around the back end: with `notifications.ts` the only file that uses `window` and `document`. */

import { v4 } from "uuid";
import type { MessageNotification, NotificationPermissionControl } from "../index";
import type { RoomId, ServerId } from "../protocol";
import { pagePath, storageName } from "../../shared/page-path";
import { BrowserNotifications } from "./notifications";

export interface BrowserEnv {
  /** The address of the page without its fragment, which is the server's. It ends with a slash only if it has a path. */
  readonly address: string;
  /** An id of this tab, which survives a reload. A duplicated tab has another id. */
  readonly tabId: string;
  /** Calls back when the machine has slept, or when the page becomes visible. */
  onWakeUp(callback: () => void): void;
  /** Calls back when the page is unloaded: closed, reloaded or left. */
  onPageHide(callback: () => void): void;
  /** Calls back when the page was left and is restored unchanged (by the browser's back button). */
  onPageRestored(callback: () => void): void;
  /** Leaves a text to the next page of this tab when it is unloaded. Returns what the last one has left. */
  carryOver(value: () => string | null): string | null;
  /** Lets the browser ask the user before the page is unloaded, if that is needed then. */
  confirmUnload(isNeeded: () => boolean): void;
  /** Shows in the title how many messages are unread, or how many of them mention the user. */
  setUnread(unread: number, mentions: number): void;
  readonly notificationPermission: NotificationPermissionControl;
  notify(notification: MessageNotification, onClick: () => void): void;
  /** Removes the notification of a room, if there is one. */
  withdrawNotification(server: ServerId, room: RoomId): void;
}

/** A step of the wall clock larger than `minSleepMs` means that the machine slept. (Or only the tab, which is harmless.) */
const sleepDetection = { intervalMs: 1_000, minSleepMs: 4_000 };

export function createBrowserEnv(): BrowserEnv {
  const title = document.title;
  const notifications = new BrowserNotifications();
  return {
    address: location.origin + pagePath().replace(/^\/$/, ""),
    tabId: loadTabId(),
    onWakeUp(callback) {
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") callback();
      });
      let last = Date.now();
      setInterval(() => {
        const now = Date.now();
        if (now - last > sleepDetection.minSleepMs) callback();
        last = now;
      }, sleepDetection.intervalMs);
    },
    onPageHide(callback) {
      addEventListener("pagehide", callback);
    },
    onPageRestored(callback) {
      addEventListener("pageshow", (event) => {
        if (event.persisted) callback();
      });
    },
    carryOver: (value) => carryOver("ichat-unsaved", value),
    confirmUnload(isNeeded) {
      addEventListener("beforeunload", (event) => {
        if (isNeeded()) event.preventDefault();
      });
    },
    setUnread(unread, mentions) {
      const count = mentions > 0 ? `${mentions} @` : unread;
      document.title = unread > 0 ? `(${count}) ${title}` : title;
    },
    notificationPermission: notifications.permission,
    notify: (notification, onClick) => notifications.show(notification, onClick),
    withdrawNotification: (server, room) => notifications.withdraw(server, room),
  };
}

/** Loads or creates the tab's id. Where storage is blocked, every load is a new tab. */
function loadTabId(): string {
  const id: string = carryOver("ichat-tab", () => id) ?? v4();
  return id;
}

/**
 * Leaves a text to the next page of this tab that is of the same server. It is in the session storage only while the tab is
 * between two pages: duplicating a tab copies the storage, and the copy must not get the same.
 */
function carryOver(name: string, value: () => string | null): string | null {
  const key = storageName(name);
  try {
    const carried = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    addEventListener("pagehide", () => {
      const left = value();
      try {
        if (left !== null) sessionStorage.setItem(key, left);
      } catch {
        // It is full. The page has asked the user before, if that loses something.
      }
    });
    addEventListener("pageshow", () => sessionStorage.removeItem(key));
    return carried;
  } catch {
    return null;
  }
}
