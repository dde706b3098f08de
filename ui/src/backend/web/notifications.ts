/** The browser's notifications about new messages. */

import type { MessageNotification, NotificationPermissionControl } from "../index";
import type { RoomId, ServerId } from "../protocol";

export class BrowserNotifications {
  readonly permission: NotificationPermissionControl = {
    get: () => this.#permission(),
    request: () => this.#request(),
  };
  /** The shown ones by room. A newer one replaces its room's, because they have the same tag. */
  readonly #shown = new Map<string, Notification>();
  /** Undefined until it was tried. */
  #isConstructible: boolean | undefined;

  show({ title, text, server, room }: MessageNotification, onClick: () => void): void {
    if (this.#permission() !== "granted") return;
    const tag = tagOf(server, room);
    const notification = this.#construct(title, { body: text, tag });
    if (!notification) return;
    this.#shown.set(tag, notification);
    notification.onclick = () => {
      window.focus();
      notification.close();
      onClick();
    };
  }

  /** Removes the notification of a room, if there is one. */
  withdraw(server: ServerId, room: RoomId): void {
    const tag = tagOf(server, room);
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
  }

  #permission(): ReturnType<NotificationPermissionControl["get"]> {
    if (!isSecureContext) return "insecure";
    if (!("Notification" in window)) return "unsupported";
    // Without permission this shows nothing, so it's known before the user is asked.
    if (this.#isConstructible === undefined && Notification.permission !== "granted") this.#construct("");
    if (this.#isConstructible === false) return "unsupported";
    return Notification.permission === "default" ? "undecided" : Notification.permission;
  }

  async #request(): Promise<boolean> {
    const permission = this.#permission();
    if (permission === "insecure" || permission === "unsupported") return false;
    return (await Notification.requestPermission()) === "granted";
  }

  /** Returns null in Chrome on Android, which has the class but lets only service workers notify. */
  #construct(title: string, options?: NotificationOptions): Notification | null {
    try {
      const notification = new Notification(title, options);
      this.#isConstructible = true;
      return notification;
    } catch {
      this.#isConstructible = false;
      return null;
    }
  }
}

const tagOf = (server: ServerId, room: RoomId) => `${server}/${room}`;
