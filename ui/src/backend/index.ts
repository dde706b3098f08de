/**
 * The one place that knows what stands behind the interface: the desktop shell, or a browser's own socket.
 * Which one is chosen when the interface is built (`--mode app` or `--mode web`); the rest asks only what it *can do*.
 */

import type { Name, RoomId, ServerId, WireError } from "./protocol";
import type { Command, Update } from "./session-types";

export interface Backend {
  /** Starts, and tells everything that happens from then on, beginning with what is known already. */
  start(on: (event: BackendEvent) => void): Promise<void>;
  /** Does what a person wants of one server. Resolves when it is safe (on disk), not when it is done. */
  command(server: ServerId, command: Command): Promise<void>;
  /**
   * Takes another name, here and on every server. It also ends the first run: a browser connects only when a name has
   * been chosen, be it the made-up one, so that nobody is seen under a name that they did not want.
   */
  setName(name: Name): Promise<void>;
  /** The window or the tab has come to the front, or left it. */
  attention(focused: boolean): void;
  /** Shows a system notification (the desktop) or counts in the title (a browser). */
  notify(notification: MessageNotification): void;
  /** How many unread messages there are in all, for the badge. */
  badge(unread: number): void;

  /** Absent where this back end can't host. */
  readonly hosting?: HostingControl;
  /** Absent where this back end can't look around. */
  readonly nearby?: NearbyControl;
  /** Absent where this back end has only the server that served it. */
  readonly servers?: ServersControl;
}

export interface MessageNotification {
  server: ServerId;
  room: string;
  title: string;
  text: string;
}

export interface HostingControl {
  start(name: Name): Promise<void>;
  stop(): Promise<void>;
  /** Goes on hosting without the window: one answer to `ask_quit`. */
  hide(): Promise<void>;
  /** Stops hosting and ends the app: the other answer. */
  quit(): Promise<void>;
}

export interface NearbyControl {
  join(server: ServerId): Promise<void>;
}

export interface ServersControl {
  /** An address as people write it: `host`, `host:port`, `http://host:port`. Rejects with a `WireError`. */
  join(address: string): Promise<ServerId>;
  forget(server: ServerId): Promise<void>;
}

export type BackendEvent =
  /** `first_run`: nobody has chosen the name yet, it is a made-up one. Ask, and call `setName` with the answer. */
  | { event: "profile"; name: Name; device: string; first_run: boolean }
  | { event: "servers"; servers: KnownServer[] }
  | { event: "session"; server: ServerId; update: Update }
  | { event: "nearby"; servers: NearbyServer[]; searching_ms: number; checked: string[] }
  /** `error` says why hosting ended by itself, or could not go on after a restart. */
  | { event: "hosting"; hosting: Hosting | null; error?: WireError }
  | { event: "ask_quit" }
  /** The person clicked a system notification: show this room. */
  | { event: "show"; server: ServerId; room: RoomId }
  /** Nothing works until this is put right and the app is started again: the data folder is in use, damaged or read-only. */
  | { event: "fatal"; error: WireError };

/** A server that this device has a session with. */
export interface KnownServer {
  id: ServerId;
  name: Name;
  addresses: string[];
  /** Whether this device hosts it. */
  own: boolean;
}

export interface NearbyServer {
  id: ServerId;
  name: Name;
  people: number;
  addresses: string[];
  /** Whether this version can talk with it. */
  compatible: boolean;
  own: boolean;
}

export interface Hosting {
  server: ServerId;
  name: Name;
  /** What others type or scan, best first: `http://192.168.1.7:4242`. */
  addresses: string[];
  /** Absent when the server is announced; else why it is not. */
  unannounced?: string;
}
