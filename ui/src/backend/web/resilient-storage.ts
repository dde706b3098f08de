import { v4 } from "uuid";
import type { DeviceId, EntryId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem, OutboxState } from "../session-types";
import type { ClientStorage } from "./client-storage";
import type { Profile } from "./identity";

/** The time after which a storage that hasn't answered counts as silent. */
const answerTimeoutMs = 3_000;

/** The ways in which a browser's storage fails: it takes no more, refuses, or doesn't answer. */
export type StorageFailure = "full" | "refused" | "silent";

/** The errors after which only a new connection to the database helps. Browsers close one that is in the background. */
const connectionErrors = ["InvalidStateError", "UnknownError"];

/**
 * A `ClientStorage` that never fails and always answers: in memory what the browser can't store. It uses the browser's
 * storage again as soon as that works.
 */
export class ResilientStorage implements ClientStorage {
  readonly #open: () => Promise<ClientStorage>;
  readonly #onFailure: (failure: StorageFailure) => void;
  #stored: Promise<ClientStorage>;
  #profile?: Profile;
  /** The name that is not stored yet. */
  #unsavedName?: string;
  #server?: ServerInfo;
  #device?: DeviceId;
  /** The posts that are not stored yet. */
  readonly #outbox = new Map<EntryId, { device: DeviceId; server: ServerId; item: OutboxItem }>();
  /** The posts that are stored, although they were to be deleted. */
  readonly #undeleted = new Set<EntryId>();
  #isCatchingUp = false;
  /** The number of operations that have not been answered in time. While there is one, no other is tried. */
  #unanswered = 0;

  constructor(open: () => Promise<ClientStorage>, onFailure: (failure: StorageFailure) => void) {
    this.#open = open;
    this.#onFailure = onFailure;
    this.#stored = open();
  }

  async loadProfile(initial: Profile): Promise<Profile> {
    const stored = await this.#try(async (storage) => this.#withUnsavedName(await storage.loadProfile(initial)));
    this.#profile = stored?.value ?? this.#profile ?? initial;
    return this.#profile;
  }

  async saveName(name: string): Promise<void> {
    if (this.#profile) this.#profile = { ...this.#profile, name, nameChosen: true };
    this.#unsavedName = name;
    await this.#saveUnsavedName(name);
  }

  async loadServer(): Promise<ServerInfo | undefined> {
    const stored = await this.#try((storage) => storage.loadServer());
    return stored?.value ?? this.#server;
  }

  async saveServer(server: ServerInfo): Promise<void> {
    this.#server = server;
    await this.#try((storage) => storage.saveServer(server));
  }

  async acquireDevice(tab: string, now: number): Promise<DeviceId> {
    const stored = await this.#try((storage) => storage.acquireDevice(tab, now));
    this.#device = stored?.value ?? this.#device ?? v4();
    return this.#device;
  }

  async releaseDevice(tab: string, device: DeviceId): Promise<void> {
    await this.#try((storage) => storage.releaseDevice(tab, device));
  }

  async loadOutbox(device: DeviceId, server: ServerId, now: number): Promise<OutboxItem[]> {
    const loaded = (await this.#try((storage) => storage.loadOutbox(device, server, now)))?.value ?? [];
    const stored = loaded.filter(({ id }) => !this.#undeleted.has(id));
    const others = new Map(this.#outbox);
    for (const { id } of stored) others.delete(id);
    return [...stored, ...[...others.values()].filter((post) => post.server === server).map(({ item }) => item)];
  }

  async savePost(device: DeviceId, server: ServerId, item: OutboxItem): Promise<void> {
    const stored = await this.#try((storage) => storage.savePost(device, server, item));
    // What is stored now replaces an older state that wasn't.
    if (stored) this.#outbox.delete(item.id);
    else this.#outbox.set(item.id, { device, server, item });
  }

  async savePostState(id: EntryId, state: OutboxState): Promise<void> {
    const post = this.#outbox.get(id);
    if (post) post.item = { ...post.item, state };
    await this.#try((storage) => storage.savePostState(id, state));
  }

  async deletePosts(ids: readonly EntryId[]): Promise<void> {
    for (const id of ids) this.#outbox.delete(id);
    if (await this.#try((storage) => storage.deletePosts(ids))) return;
    for (const id of ids) this.#undeleted.add(id);
  }

  #withUnsavedName(profile: Profile): Profile {
    return this.#unsavedName === undefined ? profile : { ...profile, name: this.#unsavedName, nameChosen: true };
  }

  async #saveUnsavedName(name: string): Promise<void> {
    await this.#try(async (storage) => {
      await storage.saveName(name);
      if (this.#unsavedName === name) this.#unsavedName = undefined;
    });
  }

  /** Tries an operation. Returns its result, or null if the browser's storage has failed. */
  async #try<T>(operation: (storage: ClientStorage) => Promise<T>): Promise<{ value: T } | null> {
    if (this.#unanswered > 0) return null;
    try {
      const value = await this.#inTime(this.#run(operation));
      void this.#catchUp();
      return { value };
    } catch (error) {
      this.#onFailure(failureOf(error));
      return null;
    }
  }

  /** Does what couldn't be done while the storage failed. Call it when the storage has worked. */
  async #catchUp(): Promise<void> {
    const name = this.#unsavedName;
    if (this.#isCatchingUp || (name === undefined && this.#outbox.size === 0 && this.#undeleted.size === 0)) return;
    this.#isCatchingUp = true;
    const deleted = [...this.#undeleted];
    const saved = [...this.#outbox].map(async ([id, post]) => {
      const { device, server, item } = post;
      const stored = await this.#try((storage) => storage.savePost(device, server, item));
      if (stored && this.#outbox.get(id) === post && post.item === item) this.#outbox.delete(id);
    });
    if (deleted.length > 0 && (await this.#try((storage) => storage.deletePosts(deleted))))
      for (const id of deleted) this.#undeleted.delete(id);
    if (name !== undefined) await this.#saveUnsavedName(name);
    await Promise.all(saved);
    this.#isCatchingUp = false;
  }

  async #run<T>(operation: (storage: ClientStorage) => Promise<T>): Promise<T> {
    const used = this.#stored;
    try {
      return await operation(await used);
    } catch (error) {
      if (!connectionErrors.includes(nameOf(error))) throw error;
      // Another operation that failed may have opened a new one already.
      if (this.#stored === used) this.#stored = this.#open();
      return operation(await this.#stored);
    }
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#unanswered += 1;
        // A late answer means that the storage is back. It may have been slow, or the machine asleep.
        const onAnswer = () => (this.#unanswered -= 1);
        answer.then(onAnswer, onAnswer).then(() => this.#catchUp());
        reject(new NoAnswerError());
      }, answerTimeoutMs);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

class NoAnswerError extends Error {}

const nameOf = (error: unknown): string => (error instanceof Error || error instanceof DOMException ? error.name : "");

function failureOf(error: unknown): StorageFailure {
  if (nameOf(error) === "QuotaExceededError") return "full";
  return error instanceof NoAnswerError ? "silent" : "refused";
}
