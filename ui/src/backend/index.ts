/**
 * The interface to the back end: the desktop shell, or the browser's own connection. The build chooses one
 * (`--mode app` or `--mode web`). All other code asks only what a back end *can do*, never which one it is.
 */

import type { BackendEvent, MessageNotification } from "./backend-events";
import type { Name, RoomId, ServerId } from "./protocol";
import type { Command } from "./session-types";

export type { BackendEvent, Hosting, KnownServer, MessageNotification, NearbyServer } from "./backend-events";

export interface Backend {
  /** Starts the back end. It calls `onEvent` with the current state first, then with every change. */
  start(onEvent: (event: BackendEvent) => void): Promise<void>;
  /** Passes a command to a session. Resolves when the command is stored safely, not when it is done. */
  command(server: ServerId, command: Command): Promise<void>;
  /**
   * Sets the user's name, here and on every server. This also ends the first run: a browser connects only after the user
   * has chosen a name or confirmed the suggested one, so that no user appears under an unwanted name.
   */
  setName(name: Name): Promise<void>;
  /** Connects now instead of at the next attempt, and checks the open connections: with one server, or with all. */
  reconnect(server?: ServerId): void;
  /**
   * Connects with a server soon, because the user writes there. Has no effect while there is a connection or an attempt is under
   * way, or when the server has refused the last attempt: then its time to wait counts.
   */
  hurry(server: ServerId): void;
  /** Shows a system notification. A browser shows one only where the user has allowed it. */
  notify(notification: MessageNotification): void;
  /** Removes the notification of a room, because it has been read. */
  withdrawNotification(server: ServerId, room: RoomId): void;
  /** Shows the total number of unread messages, and of those that mention the user, on the app's icon or in its title. */
  badge(unread: number, mentions: number): void;

  /** Loads the code that the back end needs later. Absent if there is none. */
  preload?(): Promise<unknown>;
  /** Lets the user be asked before the page ends, if that is needed then. Absent if the back end decides when it ends. */
  confirmUnload?(isNeeded: () => boolean): void;

  /** `true` if there is a browser around the interface, which goes back and forward on its keys and mouse buttons. */
  readonly handlesHistoryKeys: boolean;
  /** Absent if system notifications need no permission. */
  readonly notificationPermission?: NotificationPermissionControl;

  /** Absent if the page has no window of its own: a browser has its own keys for this. */
  readonly window?: WindowControl;
  /** Absent if this back end can't host a server. */
  readonly hosting?: HostingControl;
  /** Absent if this back end can't browse the local network. */
  readonly nearby?: NearbyControl;
  /** Absent if this back end can only use the server that the page came from. */
  readonly servers?: ServersControl;
  /** Absent if the window has a zoom of its own, as a browser's has. */
  readonly zoom?: ZoomControl;
}

export interface NotificationPermissionControl {
  /** `insecure`: browsers show notifications only of pages that came over HTTPS or from this computer. */
  get(): "granted" | "denied" | "undecided" | "insecure" | "unsupported";
  /** Asks the user. Call it on a click, because browsers ignore other requests. Returns whether they allow notifications. */
  request(): Promise<boolean>;
}

/** The user's choice of colours. */
export type ThemeChoice = "system" | "light" | "dark";

export interface WindowControl {
  /** Sets the colours of the window itself. They are visible until the page is painted. */
  setTheme(theme: ThemeChoice): void;
  toggleFullscreen(): void;
  /** Does what the window's close button does. */
  close(): void;
  /** Quits the app. If that would disconnect others, `ask_quit` follows. */
  requestQuit(): void;
}

export interface HostingControl {
  start(name: Name): Promise<void>;
  stop(): Promise<void>;
  /** Hides the window and keeps hosting: one answer to `ask_quit`. */
  hide(): Promise<void>;
  /** Stops hosting and ends the app: the other answer. */
  quit(): Promise<void>;
}

export interface NearbyControl {
  join(server: ServerId): Promise<void>;
}

export interface ServersControl {
  /** Joins a server by an address as people write it: `host`, `host:port`, `http://host:port`. Rejects with a `WireError`. */
  join(address: string): Promise<ServerId>;
  forget(server: ServerId): Promise<void>;
}

export interface ZoomControl {
  /** Sets the size of the whole interface. 1 is the normal size. */
  set(factor: number): void;
}
