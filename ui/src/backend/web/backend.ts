/** The browser's back end: a session with the server that the page came from. */

import type { Backend, BackendEvent, MessageNotification, NotificationPermissionControl } from "../index";
import { parseName } from "../name";
import type { Auth, Challenge, DeviceId, MemberId, Name, RoomId, ServerId, ServerInfo } from "../protocol";
import type { Command, Update } from "../session-types";
import { storageName } from "../../shared/page-path";
import { strings } from "../../shared/strings";
import type { BrowserEnv } from "./browser-env";
import { leaseRenewalIntervalMs } from "./client-storage";
import { createProfile, type Profile, signChallenge } from "./identity";
import { openIndexedDbStorage } from "./indexed-db-storage";
import { ResilientStorage, type StorageFailure } from "./resilient-storage";
import { SessionDriver } from "./session-driver";
import { fetchHello, loadSocketIo } from "./transport";

/** The delay before the first hello is tried again. It doubles with each failure up to the maximum. */
const helloRetryMs = { first: 1_000, max: 15_000 };

export class WebBackend implements Backend {
  readonly handlesHistoryKeys = true;
  readonly notificationPermission: NotificationPermissionControl;
  readonly #env: BrowserEnv;
  #emit: (event: BackendEvent) => void = () => undefined;
  readonly #storage: ResilientStorage;
  #profile: Profile = createProfile();
  #device: DeviceId = "";
  #server?: ServerInfo;
  #session?: SessionDriver;
  /** The user's id on the server. */
  #me?: MemberId;
  #renewalTimer?: ReturnType<typeof setInterval>;
  #helloTimer?: ReturnType<typeof setTimeout>;
  #lastRenewal = Date.now();
  #storageFailure: StorageFailure | "reported" | null = null;

  constructor(env: BrowserEnv) {
    this.#env = env;
    this.notificationPermission = env.notificationPermission;
    const carried = env.carryOver(() => this.#storage.unsaved);
    this.#storage = new ResilientStorage(
      () => openIndexedDbStorage(storageName("ichat", new URL(env.address).pathname)),
      (failure) => this.#reportStorageFailure(failure),
      carried,
    );
    env.confirmUnload(() => this.#storage.hasUnsavedPosts);
  }

  async start(onEvent: (event: BackendEvent) => void): Promise<void> {
    this.#emit = onEvent;
    this.#profile = await this.#storage.loadProfile(this.#profile);
    this.#device = await this.#storage.acquireDevice(this.#env.tabId, Date.now());
    const { name, nameChosen } = this.#profile;
    this.#emit({ event: "profile", name, device: this.#device, first_run: !nameChosen });
    const server = await this.#storage.loadServer();
    if (server) this.#setServer(server);
    else void this.#findServer(helloRetryMs.first);
    this.#env.onWakeUp(() => this.reconnect());
    this.#env.onPageHide(() => void this.#releaseLease());
    this.#env.onPageRestored(() => void this.#renewLease());
    this.#renewalTimer = setInterval(() => void this.#renewLease(), leaseRenewalIntervalMs);
  }

  async command(server: ServerId, command: Command): Promise<void> {
    if (server !== this.#server?.id || !this.#session) throw { code: "other", message: strings.banner.otherServer };
    await this.#session.input({ input: "command", ...command });
  }

  async setName(entered: Name): Promise<void> {
    const name = parseName(entered);
    // Still the first run: the first screen stays until its user leaves it.
    const first_run = !this.#profile.nameChosen;
    this.#profile = { ...this.#profile, name, nameChosen: true };
    await this.#storage.saveName(name);
    this.#emit({ event: "profile", name, device: this.#device, first_run });
    if (!this.#session) {
      if (this.#server) this.#startSession(this.#server);
      return;
    }
    await this.#session.input({ input: "command", command: "set_name", name });
    // A server that refused the old name may accept the new one.
    await this.#session.input({ input: "reconnect" });
  }

  reconnect(server?: ServerId): void {
    void this.#session?.input({ input: server === undefined ? "nudge" : "reconnect" });
  }

  hurry(): void {
    this.#session?.hurry();
  }

  notify(notification: MessageNotification): void {
    const { server, room } = notification;
    this.#env.notify(notification, () => this.#emit({ event: "show", server, room }));
  }

  withdrawNotification(server: ServerId, room: RoomId): void {
    this.#env.withdrawNotification(server, room);
  }

  badge(unread: number, mentions: number): void {
    this.#env.setUnread(unread, mentions);
  }

  confirmUnload(isNeeded: () => boolean): void {
    this.#env.confirmUnload(isNeeded);
  }

  preload(): Promise<unknown> {
    return Promise.all([import("./signature"), loadSocketIo()]);
  }

  /** Stops the session and all timers, as closing the tab does. */
  stop(): void {
    clearInterval(this.#renewalTimer);
    clearTimeout(this.#helloTimer);
    this.#session?.stop();
    this.#session = undefined;
  }

  /** Finds out which server the page came from, at the first visit. */
  async #findServer(retryMs: number): Promise<void> {
    try {
      const { server } = await fetchHello(this.#env.address);
      await this.#storage.saveServer(server);
      this.#setServer(server);
    } catch {
      const next = Math.min(retryMs * 2, helloRetryMs.max);
      this.#helloTimer = setTimeout(() => void this.#findServer(next), retryMs);
    }
  }

  #setServer(server: ServerInfo): void {
    this.#server = server;
    const { id, name } = server;
    this.#emit({ event: "servers", servers: [{ id, name, addresses: [this.#env.address], own: false }] });
    const failure = this.#storageFailure;
    if (failure !== null && failure !== "reported") this.#reportStorageFailure(failure);
    if (this.#profile.nameChosen) this.#startSession(server);
  }

  #startSession(server: ServerInfo): void {
    this.#session = new SessionDriver({
      address: this.#env.address,
      server: server.id,
      storage: this.#storage,
      device: () => this.#device,
      onChallenge: (challenge, protocol) => this.#answerChallenge(challenge, protocol),
      onUpdate: (update) => this.#emitUpdate(server.id, update),
    });
  }

  /** Signs a challenge. Returns undefined, and starts a new session, if another server now answers at this address. */
  async #answerChallenge(challenge: Challenge, protocol: number): Promise<Auth | undefined> {
    const { server } = challenge;
    const known = this.#server;
    if (known?.id !== server.id || known.name !== server.name) {
      await this.#storage.saveServer(server);
      if (known?.id !== server.id) {
        // The old session's outbox must not be sent to another server.
        this.#session?.stop();
        this.#session = undefined;
        this.#setServer(server);
        return undefined;
      }
      this.#server = server;
    }
    // The name may have been changed in another tab.
    const stored = await this.#storage.loadProfile(this.#profile);
    this.#profile = { ...this.#profile, name: stored.nameChosen ? stored.name : this.#profile.name };
    return signChallenge(this.#profile, challenge, protocol, this.#device);
  }

  async #renewLease(): Promise<void> {
    const now = Date.now();
    const slept = now - this.#lastRenewal > 4 * leaseRenewalIntervalMs;
    this.#lastRenewal = now;
    this.#device = await this.#storage.acquireDevice(this.#env.tabId, now);
    // After a sleep other tabs may not have renewed their leases yet, so their posts must not be adopted.
    if (!slept) await this.#session?.adoptPosts().catch(() => undefined);
  }

  /** Releases the lease. If that fails, the lease expires. */
  #releaseLease(): Promise<void> {
    return this.#storage.releaseDevice(this.#env.tabId, this.#device);
  }

  #emitUpdate(server: ServerId, update: Update): void {
    if (update.update === "hello") this.#me = update.me;
    if (update.update === "presence") {
      const own = update.people.find(({ id }) => id === this.#me);
      if (own && own.name !== this.#profile.name) void this.#reloadName();
    }
    this.#emit({ event: "session", server, update });
  }

  /** Takes over a name that the user has chosen in another tab. */
  async #reloadName(): Promise<void> {
    const { name, nameChosen } = await this.#storage.loadProfile(this.#profile).catch(() => this.#profile);
    if (name === this.#profile.name) return;
    this.#profile = { ...this.#profile, name, nameChosen };
    this.#emit({ event: "profile", name, device: this.#device, first_run: !nameChosen });
  }

  /** Reports once that the browser can't store something, as soon as there is a server to report it for. */
  #reportStorageFailure(failure: StorageFailure): void {
    if (this.#storageFailure === "reported") return;
    this.#storageFailure = this.#server ? "reported" : failure;
    if (!this.#server) return;
    const message = strings.storage[failure];
    this.#emitUpdate(this.#server.id, { update: "refused", event: "storage", error: { code: "storage", message } });
  }
}
