import type { Backend, BackendEvent, Hosting, KnownServer, NearbyServer } from "../backend";
import type { Entry, MemberId, Name, RoomId, ServerId } from "../backend/protocol";
import { Drafts } from "../chat/drafts";
import { plainText } from "../chat/markdown";
import type { RoomState } from "../rooms/room-state.svelte";
import { ServerState, type ServerListener } from "../servers/server-state.svelte";
import { errorMessage } from "../shared/errors";
import type { KeyValueStorage } from "../shared/storage";
import { Notifier } from "./notifier";
import { Settings } from "./settings.svelte";

export interface Nearby {
  servers: readonly NearbyServer[];
  searchingMs: number;
  checked: readonly string[];
}

/** What stands over everything, one at a time. */
export type Overlay =
  | "find"
  | "settings"
  | "shortcuts"
  | "switcher"
  | "quit"
  | { create: ServerState }
  | { browse: ServerState }
  | { change: RoomState }
  | { leave: RoomState; server: ServerState }
  | { forget: ServerState }
  | "stop";

export type Panel = "people" | "share";

export interface Toast {
  id: number;
  text: string;
}

/** How long a toast stays. */
const toastMs = 8000;

/** The whole interface's state: who one is, which servers there are, and what is looked at. */
export class AppState implements ServerListener {
  readonly backend: Backend;
  readonly settings: Settings;
  readonly drafts: Drafts;
  readonly #notifier: Notifier;

  #profile: { name: Name; firstRun: boolean } | null = $state.raw(null);
  #servers: readonly ServerState[] = $state.raw([]);
  #nearby: Nearby = $state.raw({ servers: [], searchingMs: 0, checked: [] });
  #hosting: Hosting | null = $state.raw(null);
  /** What is selected for; it may still be on its way. */
  #selection: { server: ServerId; room: RoomId | null } | null = $state.raw(null);
  #fatal: string | null = $state(null);
  #toasts: readonly Toast[] = $state.raw([]);
  #focused = $state(true);
  #firstRunDone = $state(false);
  #nextToast = 0;
  /** The room that is open, so that leaving it can be told to it. */
  #openRoom: RoomState | undefined;

  overlay: Overlay | null = $state.raw(null);
  panel: Panel | null = $state(null);
  drawer = $state(false);
  /** Whom the list of people is to show, until it has. */
  highlightedMember: MemberId | null = $state(null);

  readonly #server = $derived(this.#servers.find(({ id }) => id === this.#selection?.server) ?? this.#servers[0]);
  readonly #room = $derived(this.#roomOf(this.#server));
  readonly #unread = $derived(this.#servers.reduce((sum, server) => sum + server.unread, 0));

  constructor(backend: Backend, storage: KeyValueStorage) {
    this.backend = backend;
    this.settings = new Settings(storage);
    this.drafts = new Drafts(storage);
    this.#notifier = new Notifier(backend);
  }

  get profile() {
    return this.#profile;
  }
  get servers() {
    return this.#servers;
  }
  get nearby() {
    return this.#nearby;
  }
  get hosting() {
    return this.#hosting;
  }
  get server() {
    return this.#server;
  }
  get room() {
    return this.#room;
  }
  get unread() {
    return this.#unread;
  }
  /** Why nothing works until a person has put something right and opened the app again. */
  get fatal() {
    return this.#fatal;
  }
  get toasts() {
    return this.#toasts;
  }
  get focused() {
    return this.#focused;
  }
  /** Nothing to show yet but the first screen: no server is known, or a guest has not said a name. */
  get showsFirstRun() {
    if (!this.#profile) return false;
    if (this.backend.servers) return this.#servers.length === 0;
    return this.#profile.firstRun && !this.#firstRunDone;
  }

  start(): Promise<void> {
    return this.backend.start((event) => this.#on(event));
  }

  // What is looked at.

  open(server: ServerId, room: RoomId | null = null): void {
    this.#selection = { server, room };
    this.drawer = false;
    this.highlightedMember = null;
    this.#updateOpenRoom();
  }

  /** Shows somebody in the list of people: of the open room if they are there, else of one where they are. */
  showPerson(server: ServerState, member: MemberId): void {
    const has = (room: RoomState) => room.members.some(({ id, left }) => id === member && !left);
    const open = server === this.#server ? this.#room : undefined;
    const room = open && has(open) ? open : server.rooms.find(has);
    // Whoever is on a server is in its lobby.
    this.open(server.id, room?.id ?? server.lobby);
    this.panel = "people";
    this.highlightedMember = member;
  }

  setFocused(focused: boolean): void {
    if (focused === this.#focused) return;
    this.#focused = focused;
    this.backend.attention(focused);
    if (focused && this.#server && this.#room) this.#notifier.clear(this.#server.id, this.#room.id);
  }

  toggle(panel: Panel): void {
    this.panel = this.panel === panel ? null : panel;
  }

  // What a person does. Each tells its own failure.

  async setName(name: Name): Promise<boolean> {
    // In a browser the first name, even the one made up, is what lets the guest in.
    if (name === this.#profile?.name && !this.#profile.firstRun) return true;
    const done = await this.tryOrToast(this.backend.setName(name));
    if (done && this.#profile) this.#profile = { ...this.#profile, name };
    return done;
  }

  /** A guest has said a name and goes in. */
  finishFirstRun(): void {
    this.#firstRunDone = true;
    this.#updateOpenRoom();
  }

  async host(): Promise<boolean> {
    const { hosting } = this.backend;
    if (!hosting || !this.#profile) return false;
    const done = await this.tryOrToast(hosting.start(this.#profile.name));
    if (done) this.panel = "share";
    return done;
  }

  joinNearby(server: ServerId): Promise<boolean> {
    if (this.backend.nearby === undefined) return Promise.resolve(false);
    this.#selection = { server, room: null };
    return this.tryOrToast(this.backend.nearby.join(server));
  }

  /** Rejects with what the person should read where they typed. */
  async joinAddress(address: string): Promise<void> {
    const server = await this.backend.servers?.join(address);
    if (server !== undefined) this.open(server);
  }

  async tryOrToast(action: Promise<unknown> | undefined): Promise<boolean> {
    try {
      await action;
      return true;
    } catch (error) {
      this.showError(errorMessage(error));
      return false;
    }
  }

  showError(text: string): void {
    if (this.#toasts.some((toast) => toast.text === text)) return;
    const toast = { id: this.#nextToast++, text };
    this.#toasts = [...this.#toasts.slice(-3), toast];
    setTimeout(() => this.dismiss(toast), toastMs);
  }

  dismiss(toast: Toast): void {
    this.#toasts = this.#toasts.filter(({ id }) => id !== toast.id);
  }

  // What servers tell.

  isWatched(server: ServerState, room: RoomState): boolean {
    return this.#focused && !this.showsFirstRun && this.#server === server && this.#room === room;
  }

  onNewMessages(server: ServerState, room: RoomState, entries: readonly Entry[]): void {
    if (this.isWatched(server, room)) return;
    const last = entries.at(-1);
    if (last?.body.kind !== "message") return;
    const author = server.nameOf(last.author, room);
    const title = this.#servers.length > 1 ? `${author} · ${room.name} · ${server.name}` : `${author} · ${room.name}`;
    const notification = { server: server.id, room: room.id, title, text: plainText(last.body.text) };
    this.#notifier.arrived(notification, entries.length);
  }

  #on(event: BackendEvent): void {
    switch (event.event) {
      case "profile":
        this.#profile = { name: event.name, firstRun: event.first_run };
        return;
      case "servers":
        return this.#setServers(event.servers);
      case "session": {
        const server = this.#servers.find(({ id }) => id === event.server);
        server?.apply(event.update);
        if (event.update.update === "rooms" || event.update.update === "hello") this.#updateOpenRoom();
        return;
      }
      case "nearby":
        this.#nearby = { servers: event.servers, searchingMs: event.searching_ms, checked: event.checked };
        return;
      case "hosting":
        if (event.error) this.showError(event.error.message);
        return this.#setHosting(event.hosting);
      case "ask_quit":
        this.overlay = "quit";
        return;
      case "show":
        return this.open(event.server, event.room);
      case "fatal":
        this.#fatal = event.error.message;
        return;
    }
  }

  #setServers(known: readonly KnownServer[]): void {
    this.#servers = known.map((server) => {
      const state = this.#servers.find(({ id }) => id === server.id);
      state?.setKnown(server);
      return state ?? new ServerState(server, this.backend, this);
    });
    this.#updateOpenRoom();
  }

  #setHosting(hosting: Hosting | null): void {
    const started = hosting !== null && hosting.server !== this.#hosting?.server;
    this.#hosting = hosting;
    if (started) this.open(hosting.server);
    if (hosting === null && this.panel === "share") this.panel = null;
  }

  #roomOf(server: ServerState | undefined): RoomState | undefined {
    const selected = this.#selection?.server === server?.id ? this.#selection?.room : null;
    return (selected && server?.room(selected)) || (server?.lobby && server.room(server.lobby)) || server?.rooms[0];
  }

  /** Tells rooms of visits, whenever what is open may have changed. */
  #updateOpenRoom(): void {
    const open = this.showsFirstRun ? undefined : this.#room;
    if (open === this.#openRoom) return;
    this.#openRoom?.leave();
    this.#openRoom = open;
    open?.visit();
    if (open && this.#server) this.#notifier.clear(this.#server.id, open.id);
  }
}
