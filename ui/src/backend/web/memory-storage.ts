/** The `ClientStorage` in memory, for browsers that store nothing. It lasts as long as the tab, and knows no other tab. */

import { v4 } from "uuid";
import type { DeviceId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem, OutboxState } from "../session-types";
import type { ClientStorage } from "./client-storage";
import type { Profile } from "./identity";

export class MemoryStorage implements ClientStorage {
  readonly #device: DeviceId = v4();
  readonly #outbox = new Map<string, { server: ServerId; item: OutboxItem }>();
  #profile?: Profile;
  #server?: ServerInfo;

  async loadProfile(initial: Profile): Promise<Profile> {
    return (this.#profile ??= initial);
  }

  async saveName(name: string): Promise<void> {
    if (this.#profile) this.#profile = { ...this.#profile, name, nameChosen: true };
  }

  async loadServer(): Promise<ServerInfo | undefined> {
    return this.#server;
  }

  async saveServer(server: ServerInfo): Promise<void> {
    this.#server = server;
  }

  async acquireDevice(): Promise<DeviceId> {
    return this.#device;
  }

  async releaseDevice(): Promise<void> {
    // No other tab can acquire it.
  }

  async loadOutbox(_device: DeviceId, server: ServerId): Promise<OutboxItem[]> {
    return [...this.#outbox.values()].filter((post) => post.server === server).map((post) => post.item);
  }

  async savePost(_device: DeviceId, server: ServerId, item: OutboxItem): Promise<void> {
    this.#outbox.set(item.id, { server, item });
  }

  async savePostState(id: string, state: OutboxState): Promise<void> {
    const post = this.#outbox.get(id);
    if (post) post.item = { ...post.item, state };
  }

  async deletePosts(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#outbox.delete(id);
  }
}
