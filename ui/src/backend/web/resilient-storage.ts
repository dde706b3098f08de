import { v4 } from "uuid";
import type { DeviceId, EntryId, ServerId, ServerInfo } from "../protocol";
import type { OutboxItem } from "../session-types";
import type { ClientStorage, DisownedPost, PostToSave, UnsavedPost } from "./client-storage";
import type { Profile } from "./identity";

/** The time after which a storage that hasn't answered counts as silent. */
const answerTimeoutMs = 3_000;

/** The ways in which a browser's storage fails: it takes no more, refuses, or doesn't answer. */
export type StorageFailure = "full" | "refused" | "silent";

/** The changes that wait only in memory, for the next page of this tab. */
interface Unsaved {
  posts: (PostToSave & { server: ServerId })[];
  deleted: EntryId[];
}

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
  /** The posts that are not stored yet, or not as they are now. */
  readonly #unsaved = new Map<EntryId, PostToSave & { server: ServerId }>();
  /** The posts that are stored, although they were to be deleted. */
  readonly #undeleted = new Set<EntryId>();
  #isCatchingUp = false;
  /** The number of operations that have not been answered in time. While there is one, no other is tried. */
  #unanswered = 0;

  /** `carried` is what the tab's last page left in `unsaved`. */
  constructor(
    open: () => Promise<ClientStorage>,
    onFailure: (failure: StorageFailure) => void,
    carried: string | null = null,
  ) {
    this.#open = open;
    this.#onFailure = onFailure;
    this.#stored = open();
    const { posts, deleted } = readUnsaved(carried);
    for (const post of posts) this.#unsaved.set(post.item.id, post);
    for (const id of deleted) this.#undeleted.add(id);
  }

  /** The changes that the browser has not stored, as text, or null if there are none. */
  get unsaved(): string | null {
    if (this.#unsaved.size === 0 && this.#undeleted.size === 0) return null;
    const unsaved: Unsaved = { posts: [...this.#unsaved.values()], deleted: [...this.#undeleted] };
    return JSON.stringify(unsaved);
  }

  /** `true` if posts are only in memory. */
  get hasUnsavedPosts(): boolean {
    return this.#unsaved.size > 0;
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

  async loadOutbox(device: DeviceId, server: ServerId, now: number, adopt: "all" | "waiting"): Promise<OutboxItem[]> {
    const loaded = await this.#try((storage) => storage.loadOutbox(device, server, now, adopt));
    const stored = (loaded?.value ?? []).filter(({ id }) => !this.#undeleted.has(id));
    const items = new Map(stored.map((item) => [item.id, item]));
    // What is in memory is newer. A post that was stored and isn't any more is another tab's.
    for (const [id, post] of this.#unsaved)
      if (post.server === server && (items.has(id) || !loaded || !post.isStored)) items.set(id, post.item);
    return [...items.values()];
  }

  /** Stores posts, and before them, in one transaction, those that could not be stored: they keep their order. */
  async savePosts(device: DeviceId, server: ServerId, posts: readonly PostToSave[]): Promise<UnsavedPost[]> {
    for (const post of posts) {
      const { id } = post.item;
      const { isStored, isEdited } = this.#unsaved.get(id) ?? post;
      this.#unsaved.set(id, { server, item: post.item, isStored, isEdited: isEdited || post.isEdited });
    }
    const all = [...this.#unsaved.values()].filter((post) => post.server === server);
    if (all.length === 0) return [];
    const saved = await this.#try((storage) => storage.savePosts(device, server, all));
    if (!saved) return [];
    for (const post of all) if (this.#unsaved.get(post.item.id) === post) this.#unsaved.delete(post.item.id);
    return saved.value;
  }

  async withdrawPost(device: DeviceId, id: EntryId): Promise<DisownedPost | null> {
    const unsaved = this.#unsaved.get(id);
    this.#unsaved.delete(id);
    if (unsaved && !unsaved.isStored) return null;
    const withdrawn = await this.#try((storage) => storage.withdrawPost(device, id));
    if (!withdrawn) this.#undeleted.add(id);
    return withdrawn?.value ?? null;
  }

  async deletePosts(ids: readonly EntryId[]): Promise<void> {
    for (const id of ids) this.#unsaved.delete(id);
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

  /** Does what couldn't be done while the storage failed, but for posts: the session saves those. */
  async #catchUp(): Promise<void> {
    const name = this.#unsavedName;
    if (this.#isCatchingUp || (name === undefined && this.#undeleted.size === 0)) return;
    this.#isCatchingUp = true;
    const deleted = [...this.#undeleted];
    if (deleted.length > 0 && (await this.#try((storage) => storage.deletePosts(deleted))))
      for (const id of deleted) this.#undeleted.delete(id);
    if (name !== undefined) await this.#saveUnsavedName(name);
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

function readUnsaved(carried: string | null): Unsaved {
  try {
    const { posts, deleted } = JSON.parse(carried ?? "{}") as Partial<Unsaved>;
    return { posts: posts ?? [], deleted: deleted ?? [] };
  } catch {
    return { posts: [], deleted: [] };
  }
}

const nameOf = (error: unknown): string => (error instanceof Error || error instanceof DOMException ? error.name : "");

function failureOf(error: unknown): StorageFailure {
  if (nameOf(error) === "QuotaExceededError") return "full";
  return error instanceof NoAnswerError ? "silent" : "refused";
}
