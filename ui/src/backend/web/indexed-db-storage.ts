/** The `ClientStorage` in the browser's own database, IndexedDB. */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { v4 } from "uuid";
import type { DeviceId, EntryId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem } from "../session-types";
import {
  type ClientStorage,
  type DisownedPost,
  leaseDurationMs,
  type PostToSave,
  type UnsavedPost,
} from "./client-storage";
import type { Profile } from "./identity";

interface Lease {
  device: DeviceId;
  /** The tab that owns the device, or was its last owner. */
  tab: string;
  expiresAt: number;
}

interface StoredPost {
  device: DeviceId;
  server: ServerId;
  item: OutboxItem;
  /** `true` if a device that was its owner may send it, too. Then it can only be sent as it is. */
  shared?: true;
}

interface Schema extends DBSchema {
  profile: { key: "me"; value: Profile };
  server: { key: "last"; value: ServerInfo };
  leases: { key: DeviceId; value: Lease };
  /** The keys are numbers in the order of writing. */
  outbox: { key: number; value: StoredPost; indexes: { id: EntryId } };
}

/** Opens the database of this name. Rejects if the browser has none, or refuses it to this page (some private windows). */
export async function openIndexedDbStorage(name = "ichat"): Promise<ClientStorage> {
  const database = await openDB<Schema>(name, 1, {
    upgrade(created) {
      created.createObjectStore("profile");
      created.createObjectStore("server");
      created.createObjectStore("leases", { keyPath: "device" });
      created.createObjectStore("outbox", { autoIncrement: true }).createIndex("id", "item.id", { unique: true });
    },
    // A later version of the page, in another tab, can't open the database as long as this one has it open.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
  return new IndexedDbStorage(database);
}

/** Makes a transaction complete only when the data is on disk. That is not the default in Chromium and Firefox. */
const durable = { durability: "strict" } as const;

class IndexedDbStorage implements ClientStorage {
  readonly #database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  async loadProfile(initial: Profile): Promise<Profile> {
    // In one transaction: otherwise two tabs that are opened at once would be two people.
    const transaction = this.#database.transaction("profile", "readwrite", durable);
    const stored = await transaction.store.get("me");
    if (!stored) await transaction.store.put(initial, "me");
    await transaction.done;
    return stored ?? initial;
  }

  async saveName(name: string): Promise<void> {
    const transaction = this.#database.transaction("profile", "readwrite", durable);
    const stored = await transaction.store.get("me");
    if (stored) await transaction.store.put({ ...stored, name, nameChosen: true }, "me");
    await transaction.done;
  }

  loadServer(): Promise<ServerInfo | undefined> {
    return this.#database.get("server", "last");
  }

  async saveServer(server: ServerInfo): Promise<void> {
    await this.#database.put("server", server, "last");
  }

  async acquireDevice(tab: string, now: number): Promise<DeviceId> {
    const transaction = this.#database.transaction("leases", "readwrite");
    const leases = await transaction.store.getAll();
    const lease = leases.find((lease) => lease.tab === tab) ?? leases.find(({ expiresAt }) => expiresAt <= now);
    const device = lease?.device ?? v4();
    await transaction.store.put({ device, tab, expiresAt: now + leaseDurationMs });
    await transaction.done;
    return device;
  }

  async releaseDevice(tab: string, device: DeviceId): Promise<void> {
    // The page is about to go: issue all requests before this function first awaits.
    const transaction = this.#database.transaction("leases", "readwrite");
    const put = transaction.store.put({ device, tab, expiresAt: 0 });
    transaction.commit();
    await Promise.all([put, transaction.done]);
  }

  async loadOutbox(device: DeviceId, server: ServerId, now: number, adopt: "all" | "waiting"): Promise<OutboxItem[]> {
    const transaction = this.#database.transaction(["leases", "outbox"], "readwrite", durable);
    const leases = await transaction.objectStore("leases").getAll();
    const leased = new Set(leases.filter(({ expiresAt }) => expiresAt > now).map((lease) => lease.device));
    const items: OutboxItem[] = [];
    const outbox = transaction.objectStore("outbox");
    for (let cursor = await outbox.openCursor(); cursor; cursor = await cursor.continue()) {
      const post = cursor.value;
      if (post.server !== server || (post.device !== device && leased.has(post.device))) continue;
      if (post.device !== device) {
        if (adopt === "waiting" && isRefused(post)) continue;
        await cursor.update({ ...post, device });
      }
      items.push(post.item);
    }
    await transaction.done;
    return items;
  }

  async savePosts(device: DeviceId, server: ServerId, posts: readonly PostToSave[]): Promise<UnsavedPost[]> {
    const transaction = this.#database.transaction("outbox", "readwrite", durable);
    const outbox = transaction.store;
    const disowned: UnsavedPost[] = [];
    for (const wanted of posts) {
      const { item, isStored } = wanted;
      const { id } = item;
      const cursor = await outbox.index("id").openCursor(id);
      const post = cursor?.value;
      if (!post || !cursor) {
        if (isStored) disowned.push({ id, wanted });
        else await outbox.put({ device, server, item });
      } else if (isOwner(device, post) && (item.sent || !post.shared)) await cursor.update({ ...post, device, item });
      else {
        await cursor.update({ ...post, shared: true });
        disowned.push({ id, item: post.item, wanted });
      }
    }
    await transaction.done;
    return disowned;
  }

  async withdrawPost(device: DeviceId, id: EntryId): Promise<DisownedPost | null> {
    const transaction = this.#database.transaction("outbox", "readwrite", durable);
    const cursor = await transaction.store.index("id").openCursor(id);
    if (!cursor) return { id };
    const post = cursor.value;
    const isOwn = isOwner(device, post) && !post.shared;
    await (isOwn ? cursor.delete() : cursor.update({ ...post, shared: true }));
    await transaction.done;
    return isOwn ? null : { id, item: post.item };
  }

  async deletePosts(ids: readonly EntryId[]): Promise<void> {
    const transaction = this.#database.transaction("outbox", "readwrite");
    for (const id of ids) {
      const key = await transaction.store.index("id").getKey(id);
      if (key !== undefined) await transaction.store.delete(key);
    }
    await transaction.done;
  }
}

/** Returns whether a device may change a post. No device sends a refused one, so each may. */
const isOwner = (device: DeviceId, post: StoredPost) => post.device === device || isRefused(post);

const isRefused = ({ item }: StoredPost) => item.state.state === "failed";
