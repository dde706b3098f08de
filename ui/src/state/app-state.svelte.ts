import type { Backend, BackendEvent, Hosting, KnownServer, NearbyServer } from "../backend";
import type { Entry, MemberId, Name, RoomId, ServerId } from "../backend/protocol";
import { Drafts } from "../rooms/drafts.svelte";
import type { RoomState } from "../rooms/room-state.svelte";
import { messagePreview } from "../servers/message-preview";
import { ServerState, type ServerListener } from "../servers/server-state.svelte";
import { errorMessage } from "../shared/errors";
import type { KeyValueStorage } from "../shared/storage";
import { strings } from "../shared/strings";
import { wellFormed } from "../shared/well-formed";
import { Layers } from "./layers.svelte";
import { Links } from "./links";
import { Notifier } from "./notifier";
import { Overlays, type Overlay } from "./overlays.svelte";
import { Navigation } from "./navigation.svelte";
import { Settings } from "./settings.svelte";
import { Toasts } from "./toasts.svelte";
import { Zoom } from "./zoom.svelte";

interface Nearby {
  servers: readonly NearbyServer[];
  searchingMs: number;
  checked: readonly string[];
  /** The reason why the search does not run, if it doesn't. */
  error?: string;
}

const panels = ["people", "share"] as const;
type Panel = (typeof panels)[number];

/** The state of the whole interface: the user's profile, the servers, and which room is open. */
export class AppState implements ServerListener {
  readonly backend: Backend;
  readonly settings: Settings;
  readonly drafts: Drafts;
  /** Null if the window has a zoom of its own. */
  readonly zoom: Zoom | null;
  readonly #notifier: Notifier;
  readonly #storage: KeyValueStorage;

  #profile: { name: Name; firstRun: boolean } | null = $state.raw(null);
  #servers: readonly ServerState[] = $state.raw([]);
  #nearby: Nearby = $state.raw({ servers: [], searchingMs: 0, checked: [] });
  #hosting: Hosting | null = $state.raw(null);
  #trayVisible = $state(false);
  #fatal: string | null = $state(null);
  #focused = $state(true);
  #firstRunDone = $state(false);
  #storageFailureShown = false;
  /** `true` after the user has asked to host, until the server is there. Hosting that resumes at a start opens nothing. */
  opensHosted = false;
  readonly #overlays = new Overlays();

  /** The open room, and the way to others. */
  readonly navigation: Navigation;
  readonly links: Links;
  readonly toasts = new Toasts();
  /** The layers that components have opened over the room. */
  readonly popups = new Layers();
  panel: Panel | null = $state(null);
  drawer = $state(false);
  /** The member that the list of people scrolls to and highlights once. */
  highlightedMember: MemberId | null = $state(null);

  readonly #unread = $derived(this.#servers.reduce((sum, server) => sum + server.unread, 0));
  readonly #unreadMentions = $derived(this.#servers.reduce((sum, server) => sum + server.unreadMentions, 0));

  constructor(backend: Backend, storage: KeyValueStorage) {
    this.backend = backend;
    this.#storage = storage;
    this.settings = new Settings(storage);
    this.drafts = new Drafts(storage);
    backend.confirmUnload?.(() => this.drafts.areOnlyInMemory);
    this.zoom = backend.zoom ? new Zoom(backend.zoom, storage) : null;
    storage.onFailure?.(() => this.onStorageFailure(strings.storage.full));
    this.#notifier = new Notifier(backend);
    this.navigation = new Navigation({
      servers: () => this.#servers,
      hasSeveralServers: backend.servers !== undefined,
      isHidden: () => this.showsFirstRun,
      onOpen: (server, room) => this.#notifier.clear(server.id, room.id),
      showError: (text) => this.showError(text),
      storage,
    });
    this.links = new Links({
      servers: () => this.#servers,
      hosting: () => this.#hosting,
      hasSeveralServers: backend.servers !== undefined,
    });
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
    return this.navigation.server;
  }
  get room() {
    return this.navigation.room;
  }
  get unread() {
    return this.#unread;
  }
  get unreadMentions() {
    return this.#unreadMentions;
  }
  /** `true` if an icon in the tray brings the window back after it was hidden. */
  get trayVisible() {
    return this.#trayVisible;
  }
  /** The reason why nothing works until the user fixes it and restarts the app. */
  get fatal() {
    return this.#fatal;
  }
  get overlay(): Overlay | null {
    return this.#overlays.current;
  }
  set overlay(overlay: Overlay | null) {
    this.#overlays.current = overlay;
  }
  get focused() {
    return this.#focused;
  }
  /** `true` while the app knows no server yet, or while a browser's user has not chosen a name. */
  get showsFirstRun() {
    if (!this.#profile) return false;
    if (this.backend.servers) return this.#servers.length === 0;
    return this.#profile.firstRun && !this.#firstRunDone;
  }

  start(): Promise<void> {
    return this.backend.start((event) => this.#onEvent(event));
  }

  // Navigation.

  open(server: ServerId, room: RoomId | null = null): void {
    this.navigation.open(server, room);
    this.drawer = false;
    this.highlightedMember = null;
  }

  /** Opens a room at what is new, wherever the user has left it. */
  openNews(server: ServerId, room: RoomId): void {
    this.#servers
      .find(({ id }) => id === server)
      ?.room(room)
      ?.visit.showNews();
    this.open(server, room);
  }

  /** The names of what is open over the room, which are steps of the session history. */
  get layers(): readonly string[] {
    const overlay = this.#overlays.name;
    return [
      ...(this.panel === null ? [] : [`panel:${this.panel}`]),
      ...(this.drawer ? ["drawer"] : []),
      ...this.popups.names,
      ...(overlay === null ? [] : [overlay]),
    ];
  }

  setLayers(names: readonly string[]): void {
    this.panel = panels.find((panel) => names.includes(`panel:${panel}`)) ?? null;
    this.drawer = names.includes("drawer");
    this.popups.keepOnly(names);
    this.#overlays.show(names);
  }

  setFocused(focused: boolean): void {
    if (focused === this.#focused) return;
    this.#focused = focused;
    // A user who returns should not wait for the next attempt.
    if (focused) this.backend.reconnect();
    if (focused && this.server && this.room) this.#notifier.clear(this.server.id, this.room.id);
  }

  togglePanel(panel: Panel): void {
    this.panel = this.panel === panel ? null : panel;
  }

  // The user's actions. Each reports its own failure.

  async setName(entered: Name): Promise<boolean> {
    const name = wellFormed(entered);
    // Confirming the suggested name matters at the first run: a browser connects only then.
    if (name === this.#profile?.name && !this.#profile.firstRun) return true;
    const before = this.#profile;
    const succeeded = await this.tryOrToast(this.backend.setName(name));
    // Usually the back end has sent the name as it was accepted meanwhile.
    if (succeeded && this.#profile && this.#profile === before) this.#profile = { ...this.#profile, name };
    return succeeded;
  }

  /** Leaves the first screen after the user has chosen a name. */
  finishFirstRun(): void {
    this.#firstRunDone = true;
    this.navigation.update();
  }

  /** Awaits an action and returns whether it succeeded. A failure is shown as a toast. */
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
    this.toasts.add(text, "error");
  }

  /** Says that something was done that can't be seen otherwise. */
  showNotice(text: string): void {
    this.toasts.add(text, "notice");
  }

  // `ServerListener`.

  get ownName(): Name | undefined {
    return this.#profile?.name;
  }

  isWatched(server: ServerState, room: RoomState): boolean {
    return this.#focused && !this.showsFirstRun && this.server === server && this.room === room;
  }

  onNewMessages(server: ServerState, room: RoomState, entries: readonly Entry[]): void {
    if (this.isWatched(server, room) || !this.settings.notifies) return;
    const last = entries.at(-1);
    if (last?.body.kind !== "message") return;
    const author = server.nameOf(last.author, room);
    const title = this.#servers.length > 1 ? `${author} · ${room.name} · ${server.name}` : `${author} · ${room.name}`;
    const text = messagePreview(server, room, last.body);
    const notification = { server: server.id, room: room.id, title, text };
    this.#notifier.add(notification, entries.length);
  }

  /** Shows, once, that something is kept in memory only. */
  onStorageFailure(message: string): void {
    if (this.#storageFailureShown) return;
    this.#storageFailureShown = true;
    this.showError(message);
  }

  onJoinRefused(server: ServerState, room: RoomId): void {
    this.navigation.onJoinRefused(server.id, room);
  }

  onRoomLost(server: ServerState, room: RoomState): void {
    this.navigation.onRoomLost(server.id, room);
  }

  #onEvent(event: BackendEvent): void {
    switch (event.event) {
      case "profile":
        this.#profile = { name: event.name, firstRun: event.first_run };
        return;
      case "servers":
        return this.#setServers(event.servers);
      case "session": {
        const server = this.#servers.find(({ id }) => id === event.server);
        server?.apply(event.update);
        // New entries arrive before the number of unread ones.
        if (event.update.update === "rooms") this.#notifier.clearRead((id, room) => this.#isRead(id, room));
        if (event.update.update === "rooms" || event.update.update === "hello") this.navigation.update();
        return;
      }
      case "nearby":
        this.#nearby = {
          servers: event.servers,
          searchingMs: event.searching_ms,
          checked: event.checked,
          error: event.error,
        };
        return;
      case "hosting":
        if (event.error) this.showError(event.error.message);
        return this.#setHosting(event.hosting);
      case "ask_quit":
        this.#trayVisible = event.tray;
        this.overlay = { kind: "quit" };
        return;
      case "ask_stop":
        this.overlay = { kind: "stop" };
        return;
      case "recovered":
        this.toasts.add(strings.recovered, "incident");
        return;
      case "show":
        return this.openNews(event.server, event.room);
      case "fatal":
        this.#fatal = event.error.message;
        return;
    }
  }

  #isRead(id: ServerId, room: RoomId): boolean {
    return this.#servers.find((server) => server.id === id)?.room(room)?.unread === 0;
  }

  #setServers(known: readonly KnownServer[]): void {
    const before = this.#servers;
    this.#servers = known.map((server) => {
      const state = before.find(({ id }) => id === server.id);
      state?.setKnown(server);
      return state ?? new ServerState(server, this.backend, this, this.#storage);
    });
    for (const server of before.filter((candidate) => !this.#servers.includes(candidate))) {
      this.drafts.forget(server.id, server.rooms);
      server.forget();
    }
    this.navigation.update();
  }

  #setHosting(hosting: Hosting | null): void {
    this.#hosting = hosting;
    if (hosting !== null && this.opensHosted) {
      this.opensHosted = false;
      this.open(hosting.server);
    }
    if (hosting === null && this.panel === "share") this.panel = null;
  }
}
