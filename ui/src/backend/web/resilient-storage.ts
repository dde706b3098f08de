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
  #server?: ServerInfo;
  #device?: DeviceId;
  /** The posts that are not stored. */
  readonly #outbox = new Map<EntryId, { server: ServerId; item: OutboxItem }>();
  /** The number of operations that have not been answered in time. While there is one, no other is tried. */
  #unanswered = 0;

  constructor(open: () => Promise<ClientStorage>, onFailure: (failure: StorageFailure) => void) {
    this.#open = open;
    this.#onFailure = onFailure;
    this.#stored = open();
  }

  async loadProfile(initial: Profile): Promise<Profile> {
    const stored = await this.#try((storage) => storage.loadProfile(initial));
    this.#profile = stored?.value ?? this.#profile ?? initial;
    return this.#profile;
  }

  async saveName(name: string): Promise<void> {
    if (this.#profile) this.#profile = { ...this.#profile, name, nameChosen: true };
    await this.#try((storage) => storage.saveName(name));
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
    const stored = (await this.#try((storage) => storage.loadOutbox(device, server, now)))?.value ?? [];
    const others = new Map(this.#outbox);
    for (const { id } of stored) others.delete(id);
    return [...stored, ...[...others.values()].filter((post) => post.server === server).map(({ item }) => item)];
  }

  async savePost(device: DeviceId, server: ServerId, item: OutboxItem): Promise<void> {
    const stored = await this.#try((storage) => storage.savePost(device, server, item));
    if (!stored) this.#outbox.set(item.id, { server, item });
  }

  async savePostState(id: EntryId, state: OutboxState): Promise<void> {
    const post = this.#outbox.get(id);
    if (post) post.item = { ...post.item, state };
    await this.#try((storage) => storage.savePostState(id, state));
  }

  async deletePosts(ids: readonly EntryId[]): Promise<void> {
    for (const id of ids) this.#outbox.delete(id);
    await this.#try((storage) => storage.deletePosts(ids));
  }

  /** Tries an operation. Returns its result, or null if the browser's storage has failed. */
  async #try<T>(operation: (storage: ClientStorage) => Promise<T>): Promise<{ value: T } | null> {
    if (this.#unanswered > 0) return null;
    try {
      return { value: await this.#inTime(this.#run(operation)) };
    } catch (error) {
      this.#onFailure(failureOf(error));
      return null;
    }
  }

  async #run<T>(operation: (storage: ClientStorage) => Promise<T>): Promise<T> {
    try {
      return await operation(await this.#stored);
    } catch (error) {
      if (!connectionErrors.includes(nameOf(error))) throw error;
      this.#stored = this.#open();
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
        answer.then(onAnswer, onAnswer);
        reject(new Error("no answer"));
      }, answerTimeoutMs);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const nameOf = (error: unknown): string => (error instanceof Error || error instanceof DOMException ? error.name : "");

function failureOf(error: unknown): StorageFailure {
  if (nameOf(error) === "QuotaExceededError") return "full";
  return nameOf(error) === "Error" ? "silent" : "refused";
}
