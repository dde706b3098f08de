/**
 * What a browser keeps: who it is, which server it came from, and what is not acknowledged yet.
 *
 * All tabs of a browser share the key and the name: they are one person. Each tab is a *device* of its own, with its own
 * part of the outbox, because two tabs that send the same post at the same time would each show the other's.
 *
 * - A tab holds its device by a **lease**, taken in one transaction and renewed while the tab lives. (The Web Locks API would
 *   do this, but a page that came over plain http has none, and that is what most guests have.)
 * - A tab that reloads takes its own device again; a tab that is closed gives its lease back, and one that crashed
 *   loses it after a while.
 * - Posts whose device nobody holds are **adopted** by the next tab that starts, or by one that is open.
 *
 * Should a tab that slept wake up and find its lease gone, then two tabs may send the same posts. That does no harm: a post
 * keeps its id, and the server takes an id once.
 */

import type { DeviceId, EntryId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem, OutboxState } from "../session-types";
import type { Profile } from "./identity";

export interface Disk {
  /** Who this browser is; `fresh` is kept when it was nobody yet. */
  profile(fresh: Profile): Promise<Profile>;
  /** Another name, chosen by a person. */
  setName(name: string): Promise<void>;
  /** The server that was last met at this address. */
  server(): Promise<ServerInfo | undefined>;
  keepServer(server: ServerInfo): Promise<void>;

  /** The device of this tab from now on, held until `now + leaseMs`. The same one again, unless another tab has taken it. */
  claim(tab: string, now: number): Promise<DeviceId>;
  /** Gives the tab's device back. The tab may be gone as soon as this has returned. */
  release(tab: string, device: DeviceId): Promise<void>;
  /** The device's posts to this server, and those that it adopts, in the order in which they were written. */
  outbox(device: DeviceId, server: ServerId, now: number): Promise<OutboxItem[]>;
  keep(device: DeviceId, server: ServerId, item: OutboxItem): Promise<void>;
  keepState(id: EntryId, state: OutboxState): Promise<void>;
  drop(ids: readonly EntryId[]): Promise<void>;
}

/** Longer than the minute that browsers let the timers of a hidden tab wait. */
export const leaseMs = 150_000;
/** How often a tab renews its lease. */
export const renewMs = 20_000;
