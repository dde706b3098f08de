/**
 * The interface to the back end: the desktop shell, or the browser's own connection. The build chooses one
 * (`--mode app` or `--mode web`). All other code asks only what a back end *can do*, never which one it is.
 */

import type { Name, RoomId, ServerId, WireError } from "./protocol";
import type { Command, Update } from "./session-types";

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
  /** Reports that the window or tab has got or lost the focus. */
  setFocused(focused: boolean): void;
  /** Shows a system notification. A browser shows one only where the user has allowed it. */
  notify(notification: MessageNotification): void;
  /** Shows the total number of unread messages on the app's icon or in the tab's title. */
  badge(unread: number): void;

  /** Absent if this back end can't host a server. */
  readonly hosting?: HostingControl;
  /** Absent if this back end can't browse the local network. */
  readonly nearby?: NearbyControl;
  /** Absent if this back end can only use the server that the page came from. */
  readonly servers?: ServersControl;
  /** Absent if the window has a zoom of its own, as a browser's has. */
  readonly zoom?: ZoomControl;
}

export interface MessageNotification {
  server: ServerId;
  room: RoomId;
  title: string;
  text: string;
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

export type BackendEvent =
  /** `first_run` means that the name is only a suggestion: ask the user and call `setName`. */
  | { event: "profile"; name: Name; device: string; first_run: boolean }
  | { event: "servers"; servers: KnownServer[] }
  | { event: "session"; server: ServerId; update: Update }
  | { event: "nearby"; servers: NearbyServer[]; searching_ms: number; checked: string[] }
  /** `error` is set if hosting ended by itself, or could not be resumed after a restart. */
  | { event: "hosting"; hosting: Hosting | null; error?: WireError }
  | { event: "ask_quit" }
  /** The user has clicked a system notification of this room. */
  | { event: "show"; server: ServerId; room: RoomId }
  /** The app can't work until the user fixes this and restarts it: the data folder is in use, damaged or read-only. */
  | { event: "fatal"; error: WireError };

/** A server with which this device has a session. */
export interface KnownServer {
  id: ServerId;
  name: Name;
  addresses: string[];
  /** `true` if this device hosts the server. */
  own: boolean;
}

export interface NearbyServer {
  id: ServerId;
  name: Name;
  people: number;
  addresses: string[];
  /** `true` if it speaks a protocol version that this app knows. */
  compatible: boolean;
  own: boolean;
}

export interface Hosting {
  server: ServerId;
  name: Name;
  /** The addresses that others type or scan, best first: `http://192.168.1.7:4242`. */
  addresses: string[];
  /** The reason why the server is not announced on the network. Absent if it is. */
  unannounced?: string;
}
