/** For browsers that keep nothing: it lives as long as the tab, which is then the only one that it knows. */

import { v4 } from "uuid";
import type { DeviceId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem, OutboxState } from "../session-types";
import type { Disk } from "./client-storage";
import type { Profile } from "./identity";

export class MemoryDisk implements Disk {
  readonly #device: DeviceId = v4();
  readonly #outbox = new Map<string, { server: ServerId; item: OutboxItem }>();
  #profile?: Profile;
  #server?: ServerInfo;

  async profile(fresh: Profile): Promise<Profile> {
    return (this.#profile ??= fresh);
  }

  async setName(name: string): Promise<void> {
    if (this.#profile) this.#profile = { ...this.#profile, name, named: true };
  }

  async server(): Promise<ServerInfo | undefined> {
    return this.#server;
  }

  async keepServer(server: ServerInfo): Promise<void> {
    this.#server = server;
  }

  async claim(): Promise<DeviceId> {
    return this.#device;
  }

  async release(): Promise<void> {
    // Nobody else could take it.
  }

  async outbox(_device: DeviceId, server: ServerId): Promise<OutboxItem[]> {
    return [...this.#outbox.values()].filter((kept) => kept.server === server).map((kept) => kept.item);
  }

  async keep(_device: DeviceId, server: ServerId, item: OutboxItem): Promise<void> {
    this.#outbox.set(item.id, { server, item });
  }

  async keepState(id: string, state: OutboxState): Promise<void> {
    const kept = this.#outbox.get(id);
    if (kept) kept.item = { ...kept.item, state };
  }

  async drop(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#outbox.delete(id);
  }
}
