/** The page and its tab: the one place that touches `window` and `document`. */

import { v4 } from "uuid";
import type { MessageNotification } from "../index";

export interface Page {
  /** Where the page came from, and so where the server is. */
  readonly origin: string;
  /** Names this tab. A reload keeps the name; another tab, be it a copy of this one, has another. */
  readonly tab: string;
  /** The network is back, or the machine, or somebody looks at the page again. */
  onNudge(nudge: () => void): void;
  /** The tab is closed or reloaded, or goes to another page. */
  onLeave(leave: () => void): void;
  /** It was left, and has come back as it was (the browser's back button). */
  onReturn(back: () => void): void;
  setUnread(unread: number): void;
  notify(notification: MessageNotification, clicked: () => void): void;
}

/** How often the clock is looked at, and a step of it that says that the machine slept (or the tab, which does no harm). */
const clock = { everyMs: 1_000, sleptMs: 4_000 };

export function browserPage(): Page {
  const title = document.title;
  return {
    origin: location.origin,
    tab: tabName(),
    onNudge(nudge) {
      addEventListener("online", nudge);
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") nudge();
      });
      let seen = Date.now();
      setInterval(() => {
        const now = Date.now();
        if (now - seen > clock.sleptMs) nudge();
        seen = now;
      }, clock.everyMs);
    },
    onLeave(leave) {
      addEventListener("pagehide", leave);
    },
    onReturn(back) {
      addEventListener("pageshow", (event) => {
        if (event.persisted) back();
      });
    },
    setUnread(unread) {
      document.title = unread > 0 ? `(${unread}) ${title}` : title;
    },
    notify({ title, text, server, room }, clicked) {
      // Over plain http there is none, and the count in the title has to do.
      if (!isSecureContext || !("Notification" in window) || Notification.permission !== "granted") return;
      const shown = new Notification(title, { body: text, tag: `${server}/${room}` });
      shown.onclick = () => {
        window.focus();
        shown.close();
        clicked();
      };
    },
  };
}

/**
 * The name lies in the session storage only while the tab is between two pages: a tab that is copied takes the storage along,
 * and must not find it there.
 */
function tabName(): string {
  const key = "ichat-tab";
  try {
    const name = sessionStorage.getItem(key) ?? v4();
    sessionStorage.removeItem(key);
    addEventListener("pagehide", () => sessionStorage.setItem(key, name));
    addEventListener("pageshow", () => sessionStorage.removeItem(key));
    return name;
  } catch {
    return v4(); // Storage is blocked, and then there is nothing to find again.
  }
}
