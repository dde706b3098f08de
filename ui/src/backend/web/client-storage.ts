/**
 * A browser's persistent state: the user's identity, the server, and the posts that are not acknowledged yet.
 *
 * All tabs of a browser share the key and the name, so they are the same person. Each tab is a *device* of its own, with its
 * own part of the outbox: if two tabs sent the same post at the same time, each would show the other's as well.
 *
 * - A tab owns its device through a **lease**, acquired in one transaction and renewed while the tab is open. (The Web Locks
 *   API would do, but it is not available to pages served over plain HTTP, as most are.)
 * - A reloaded tab acquires its own device again. A closed tab releases its lease, and that of a crashed tab expires.
 * - Posts of a device without a lease are **adopted** by the next tab that starts, or by one that is open.
 *
 * If a tab wakes from sleep after its lease has expired, its posts may have been adopted. It learns that from the transaction
 * in which it would change or send one: see `DisownedPost`. Then both tabs may send the same post, in the same form. That is
 * harmless: a post keeps its id, and the server accepts an id once.
 */

import type { DeviceId, EntryId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem } from "../session-types";
import type { Profile } from "./identity";

/** A post to store. */
export interface PostToSave {
  item: OutboxItem;
  /** `true` if it was stored before. If it is not there any more, another tab has sent or withdrawn it. */
  isStored: boolean;
  /** `true` if the user has changed its text since. */
  isEdited: boolean;
}

/** A post of this tab that another tab has adopted. It was not changed. */
export interface DisownedPost {
  id: EntryId;
  /** The post as the other tab sends it, unless it has sent or withdrawn it already. It now knows that this tab may send it. */
  item?: OutboxItem;
}

/** A post that another tab has adopted, and what this tab would have stored. */
export interface UnsavedPost extends DisownedPost {
  wanted: PostToSave;
}

export interface ClientStorage {
  /** Returns the stored profile. Stores and returns `initial` if there is none yet. */
  loadProfile(initial: Profile): Promise<Profile>;
  /** Stores a name that the user has chosen. */
  saveName(name: string): Promise<void>;
  /** Returns the server that was last found at this address. */
  loadServer(): Promise<ServerInfo | undefined>;
  saveServer(server: ServerInfo): Promise<void>;

  /** Acquires a device for a tab until `now + leaseDurationMs`: the tab's last one, unless another tab has acquired it. */
  acquireDevice(tab: string, now: number): Promise<DeviceId>;
  /** Releases the tab's device. The tab may be gone as soon as this has returned. */
  releaseDevice(tab: string, device: DeviceId): Promise<void>;
  /**
   * Adopts posts without a lease, of the refused ones only `all`, and returns all of the device's posts to a server in the
   * order they were written.
   */
  loadOutbox(device: DeviceId, server: ServerId, now: number, adopt: "all" | "waiting"): Promise<OutboxItem[]>;
  /** Stores posts, each in its position, and returns those that are not the device's any more. */
  savePosts(device: DeviceId, server: ServerId, posts: readonly PostToSave[]): Promise<UnsavedPost[]>;
  /** Deletes a stored post before it is sent. Returns it if it is not the device's any more. */
  withdrawPost(device: DeviceId, id: EntryId): Promise<DisownedPost | null>;
  /** Deletes posts that need not be sent any more, also those of other devices. */
  deletePosts(ids: readonly EntryId[]): Promise<void>;
}

/** Longer than the minute for which browsers delay the timers of a hidden tab. */
export const leaseDurationMs = 150_000;
export const leaseRenewalIntervalMs = 20_000;
