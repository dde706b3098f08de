/** What stands behind the interface in a browser: the server that the page came from. */

import type { Backend, BackendEvent, MessageNotification } from "../index";
import type { Auth, Challenge, DeviceId, Name, ServerId, ServerInfo } from "../protocol";
import type { Command, Update } from "../session-types";
import { type Disk, renewMs } from "./client-storage";
import { answer, freshProfile, type Profile } from "./identity";
import { openIndexedDisk } from "./indexed-db-storage";
import { LiveSession } from "./session-driver";
import { parseName } from "./name";
import { MemoryDisk } from "./memory-storage";
import type { Page } from "./browser-env";
import { askHello } from "./transport";

/** Where the first hello finds no server it is asked for again after this, and then after twice as long, up to the second. */
const helloAgainMs = { first: 1_000, most: 15_000 };

export class WebBackend implements Backend {
  readonly #page: Page;
  #on: (event: BackendEvent) => void = () => undefined;
  #disk: Disk = new MemoryDisk();
  #profile: Profile = freshProfile();
  #device: DeviceId = "";
  #server?: ServerInfo;
  #session?: LiveSession;
  #renewal?: ReturnType<typeof setInterval>;
  #helloTimer?: ReturnType<typeof setTimeout>;
  #renewed = Date.now();
  #unkept = false;
  #toldUnkept = false;

  constructor(page: Page) {
    this.#page = page;
  }

  async start(on: (event: BackendEvent) => void): Promise<void> {
    this.#on = on;
    await this.#openDisk();
    on({ event: "profile", name: this.#profile.name, device: this.#device, first_run: !this.#profile.named });
    const server = await this.#disk.server();
    if (server) this.#meet(server);
    else void this.#findServer(helloAgainMs.first);
    this.#page.onNudge(() => this.#nudge());
    this.#page.onLeave(() => void this.#release());
    this.#page.onReturn(() => void this.#renew());
    this.#renewal = setInterval(() => void this.#renew(), renewMs);
  }

  async command(server: ServerId, command: Command): Promise<void> {
    if (server !== this.#server?.id || !this.#session)
      throw { code: "other", message: "This page is not connected to that server." };
    await this.#session.input({ input: "command", ...command });
  }

  async setName(wanted: Name): Promise<void> {
    const name = parseName(wanted);
    this.#profile = { ...this.#profile, name, named: true };
    await this.#disk.setName(name).catch(() => this.#tellUnkept());
    if (!this.#session) {
      if (this.#server) this.#begin(this.#server);
      return;
    }
    await this.#session.input({ input: "command", command: "set_name", name });
    // A server that refused the old name may take the new one.
    this.#nudge();
  }

  attention(focused: boolean): void {
    if (focused) this.#nudge();
  }

  notify(notification: MessageNotification): void {
    const { server, room } = notification;
    this.#page.notify(notification, () => this.#on({ event: "show", server, room }));
  }

  badge(unread: number): void {
    this.#page.setUnread(unread);
  }

  /** Ends all that goes on by itself, as closing the tab does. */
  stop(): void {
    clearInterval(this.#renewal);
    clearTimeout(this.#helloTimer);
    this.#session?.stop();
    this.#session = undefined;
  }

  async #openDisk(): Promise<void> {
    try {
      this.#disk = await openIndexedDisk();
      this.#profile = await this.#disk.profile(this.#profile);
    } catch {
      this.#disk = new MemoryDisk();
      this.#profile = await this.#disk.profile(this.#profile);
      this.#unkept = true;
    }
    this.#device = await this.#disk.claim(this.#page.tab, Date.now());
  }

  /** The page's server, before it was ever met. */
  async #findServer(againMs: number): Promise<void> {
    try {
      const { server } = await askHello(this.#page.origin);
      await this.#disk.keepServer(server).catch(() => this.#tellUnkept());
      this.#meet(server);
    } catch {
      const next = Math.min(againMs * 2, helloAgainMs.most);
      this.#helloTimer = setTimeout(() => void this.#findServer(next), againMs);
    }
  }

  #meet(server: ServerInfo): void {
    this.#server = server;
    const { id, name } = server;
    this.#on({ event: "servers", servers: [{ id, name, addresses: [this.#page.origin], own: false }] });
    if (this.#unkept) this.#tellUnkept();
    if (this.#profile.named) this.#begin(server);
  }

  #begin(server: ServerInfo): void {
    this.#session = new LiveSession({
      origin: this.#page.origin,
      server: server.id,
      disk: this.#disk,
      device: () => this.#device,
      met: (challenge, protocol) => this.#answer(challenge, protocol),
      up: (update) => this.#up(server.id, update),
      unkept: () => this.#tellUnkept(),
    });
  }

  /** Nothing, when another server has taken the place of the one that this session is with. */
  async #answer(challenge: Challenge, protocol: number): Promise<Auth | undefined> {
    const { server } = challenge;
    const known = this.#server;
    if (known?.id !== server.id || known.name !== server.name) {
      await this.#disk.keepServer(server).catch(() => this.#tellUnkept());
      if (known?.id !== server.id) {
        // What waits for the other one is not for this one.
        this.#session?.stop();
        this.#session = undefined;
        this.#meet(server);
        return undefined;
      }
      this.#server = server;
    }
    // Another tab may have chosen another name.
    const kept = await this.#disk.profile(this.#profile).catch(() => this.#profile);
    this.#profile = { ...this.#profile, name: kept.named ? kept.name : this.#profile.name };
    return answer(this.#profile, challenge, protocol, this.#device);
  }

  async #renew(): Promise<void> {
    const now = Date.now();
    const slept = now - this.#renewed > 4 * renewMs;
    this.#renewed = now;
    this.#device = await this.#disk.claim(this.#page.tab, now).catch(() => this.#device);
    // Who has slept has not seen the others renew their leases, who may have slept as well.
    if (!slept) await this.#session?.adopt().catch(() => undefined);
  }

  /** Should it fail, the lease ends by itself. */
  async #release(): Promise<void> {
    await this.#disk.release(this.#page.tab, this.#device).catch(() => undefined);
  }

  #nudge(): void {
    void this.#session?.input({ input: "nudge" });
  }

  #up(server: ServerId, update: Update): void {
    this.#on({ event: "session", server, update });
  }

  #tellUnkept(): void {
    if (this.#toldUnkept || !this.#server) {
      this.#unkept = true;
      return;
    }
    this.#toldUnkept = true;
    const message =
      "This browser lets the page keep nothing. Leave the tab open until your messages are sent; you will be somebody new at the next visit.";
    this.#up(this.#server.id, { update: "refused", event: "storage", error: { code: "storage", message } });
  }
}
