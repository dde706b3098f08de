/** The browser's own database (IndexedDB). */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { v4 } from "uuid";
import type { DeviceId, EntryId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem, OutboxState } from "../session-types";
import { type Disk, leaseMs } from "./client-storage";
import type { Profile } from "./identity";

interface Lease {
  device: DeviceId;
  /** The tab that holds it, or held it last. */
  tab: string;
  until: number;
}

interface Kept {
  device: DeviceId;
  server: ServerId;
  item: OutboxItem;
}

interface Schema extends DBSchema {
  profile: { key: "me"; value: Profile };
  server: { key: "last"; value: ServerInfo };
  leases: { key: DeviceId; value: Lease };
  /** Numbered as they were written; `id` finds one again. */
  outbox: { key: number; value: Kept; indexes: { id: EntryId } };
}

/** Rejects where the browser has no database, or lends none to this page (some private windows). */
export async function openIndexedDisk(): Promise<Disk> {
  const database = await openDB<Schema>("ichat", 1, {
    upgrade(fresh) {
      fresh.createObjectStore("profile");
      fresh.createObjectStore("server");
      fresh.createObjectStore("leases", { keyPath: "device" });
      fresh.createObjectStore("outbox", { autoIncrement: true }).createIndex("id", "item.id", { unique: true });
    },
  });
  return new IndexedDisk(database);
}

/** A post is on the disk, and not only on its way there, when the transaction says so: Chromium and Firefox need to be asked. */
const durable = { durability: "strict" } as const;

class IndexedDisk implements Disk {
  readonly #database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  async profile(fresh: Profile): Promise<Profile> {
    // In one transaction, or two tabs that are opened at once would be two people.
    const change = this.#database.transaction("profile", "readwrite", durable);
    const kept = await change.store.get("me");
    if (!kept) await change.store.put(fresh, "me");
    await change.done;
    return kept ?? fresh;
  }

  async setName(name: string): Promise<void> {
    const change = this.#database.transaction("profile", "readwrite", durable);
    const kept = await change.store.get("me");
    if (kept) await change.store.put({ ...kept, name, named: true }, "me");
    await change.done;
  }

  server(): Promise<ServerInfo | undefined> {
    return this.#database.get("server", "last");
  }

  async keepServer(server: ServerInfo): Promise<void> {
    await this.#database.put("server", server, "last");
  }

  async claim(tab: string, now: number): Promise<DeviceId> {
    const change = this.#database.transaction("leases", "readwrite");
    const leases = await change.store.getAll();
    const lease = leases.find((lease) => lease.tab === tab) ?? leases.find((lease) => lease.until <= now);
    const device = lease?.device ?? v4();
    await change.store.put({ device, tab, until: now + leaseMs });
    await change.done;
    return device;
  }

  async release(tab: string, device: DeviceId): Promise<void> {
    // The page is about to go: all of it is handed over before this function returns, and nothing is waited for.
    const change = this.#database.transaction("leases", "readwrite");
    const put = change.store.put({ device, tab, until: 0 });
    change.commit();
    await Promise.all([put, change.done]);
  }

  async outbox(device: DeviceId, server: ServerId, now: number): Promise<OutboxItem[]> {
    const change = this.#database.transaction(["leases", "outbox"], "readwrite", durable);
    const leases = await change.objectStore("leases").getAll();
    const held = new Set(leases.filter((lease) => lease.until > now).map((lease) => lease.device));
    const items: OutboxItem[] = [];
    for (let at = await change.objectStore("outbox").openCursor(); at; at = await at.continue()) {
      const kept = at.value;
      if (kept.server !== server || (kept.device !== device && held.has(kept.device))) continue;
      if (kept.device !== device) await at.update({ ...kept, device });
      items.push(kept.item);
    }
    await change.done;
    return items;
  }

  async keep(device: DeviceId, server: ServerId, item: OutboxItem): Promise<void> {
    const change = this.#database.transaction("outbox", "readwrite", durable);
    const number = await change.store.index("id").getKey(item.id);
    await change.store.put({ device, server, item }, number);
    await change.done;
  }

  async keepState(id: EntryId, state: OutboxState): Promise<void> {
    const change = this.#database.transaction("outbox", "readwrite", durable);
    const at = await change.store.index("id").openCursor(id);
    if (at) await at.update({ ...at.value, item: { ...at.value.item, state } });
    await change.done;
  }

  async drop(ids: readonly EntryId[]): Promise<void> {
    const change = this.#database.transaction("outbox", "readwrite");
    for (const id of ids) {
      const number = await change.store.index("id").getKey(id);
      if (number !== undefined) await change.store.delete(number);
    }
    await change.done;
  }
}
