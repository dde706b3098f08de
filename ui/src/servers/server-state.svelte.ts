import type { Backend, KnownServer } from "../backend";
import { countsAsUnreadFor } from "../backend/entry-kinds";
import type {
  Availability,
  Entry,
  Hello,
  MemberId,
  Name,
  Person,
  RoomId,
  ServerId,
  WireError,
} from "../backend/protocol";
import type { Command, ConnectionStatus, Update } from "../backend/session-types";
import { isTransient } from "../backend/wire-error";
import type { RoomState } from "../rooms/room-state.svelte";
import { Clock } from "../shared/clock.svelte";
import { errorMessage } from "../shared/errors";
import { newId } from "../shared/ids";
import type { KeyValueStorage } from "../shared/storage";
import { strings } from "../shared/strings";
import { wellFormed } from "../shared/well-formed";
import { Directory } from "./directory.svelte";
import { RoomCreations } from "./room-creations";
import { RoomList } from "./room-list.svelte";
import { RoomNames } from "./room-names.svelte";

/** The part of the interface that a server's state reports to. */
export interface ServerListener {
  /** The user's name on this device. */
  readonly ownName: Name | undefined;
  /** Returns whether the user sees this room now. */
  isWatched(server: ServerState, room: RoomState): boolean;
  /** Called with new messages of other members: live ones, and those that were missed without a connection. */
  onNewMessages(server: ServerState, room: RoomState, entries: readonly Entry[]): void;
  showError(message: string): void;
  /** Called when the back end works from memory. */
  onStorageFailure(message: string): void;
  showNotice(text: string): void;
  /** Called with a room that the user can't join. The reason has been shown. */
  onJoinRefused(server: ServerState, room: RoomId): void;
  /** Called with a room that the server didn't list after a reconnect, although the user was in it before. */
  onRoomLost(server: ServerState, room: RoomState): void;
}

/** The part of a server's hello that this device remembers, for a start without a connection. */
type Remembered = Pick<Hello, "me" | "lobby">;

/** The least time between two attempts to connect that are made because the user writes. */
const hurryIntervalMs = 2_000;

/** One server as the interface shows it: connection, rooms and people. */
export class ServerState {
  readonly id: string;
  readonly clock = new Clock();
  readonly #backend: Backend;
  readonly #listener: ServerListener;

  #known: KnownServer;
  #connection: ConnectionStatus = $state.raw({ state: "connecting" });
  #hello: Hello | null = $state.raw(null);
  readonly #roomList: RoomList;
  readonly #storage: KeyValueStorage;
  readonly #remembered: Partial<Remembered>;
  readonly #directory: Directory;
  /** The time of the last attempt that was made because the user writes, by a clock that never goes back. */
  #hurriedAt = -Infinity;
  #people: readonly Person[] = $state.raw([]);
  readonly #presence = $derived(new Map(this.#people.map((person) => [person.id, person])));
  /** The transient error with which the server refuses all posts at the moment. */
  #postingError: WireError | null = $state.raw(null);
  readonly #creations = new RoomCreations();
  /** The names of the joined rooms, before those of others. */
  readonly roomNames = new RoomNames(() => [...this.joinedRooms, ...(this.#directory.rooms ?? [])]);
  readonly #sending = $derived(this.rooms.flatMap(({ outbox }) => outbox.sending));
  readonly #unread = $derived(this.rooms.reduce((sum, room) => sum + room.unread, 0));
  readonly #unreadMentions = $derived(this.rooms.reduce((sum, room) => sum + room.unreadMentions, 0));

  constructor(known: KnownServer, backend: Backend, listener: ServerListener, storage: KeyValueStorage) {
    this.id = known.id;
    this.#storage = storage;
    this.#remembered = parseRemembered(storage.get(rememberedKey(known.id)));
    this.#known = $state.raw(known);
    this.#backend = backend;
    this.#listener = listener;
    this.#directory = new Directory((command) => backend.command(this.id, wellFormed(command)));
    this.#roomList = new RoomList(
      {
        clock: this.clock,
        server: this.id,
        storage,
        me: () => this.me,
        nameOf: (member) => this.#presence.get(member)?.name,
        command: (command) => this.command(command),
        isWatched: (id) => {
          const room = this.room(id);
          return room !== undefined && listener.isWatched(this, room);
        },
        isOnline: () => this.#connection.state === "online",
        showNotice: (text) => listener.showNotice(text),
      },
      () => this.lobby,
      (message) => listener.showError(message),
    );
  }

  get name(): Name {
    return this.#hello?.server.name ?? this.#known.name;
  }
  get known() {
    return this.#known;
  }
  get me(): MemberId {
    return this.#hello?.me ?? this.#remembered.me ?? "";
  }
  get connection() {
    return this.#connection;
  }
  /** `true` while an attempt to connect is under way that the user has asked for. */
  get isTrying() {
    return "trying" in this.#connection && this.#connection.trying === true;
  }
  /** The rooms that the user is in, followed by those that they have left but that have unsent posts. */
  get rooms() {
    return this.#roomList.rooms;
  }
  /** The rooms that the user is in. The names of others may be out of date, or unknown. */
  get joinedRooms() {
    return this.rooms.filter(({ joined }) => joined);
  }
  get lobby(): RoomId | null {
    return this.#hello?.lobby ?? this.#remembered.lobby ?? null;
  }
  /** `true` once the server has said which rooms the user is in. */
  get isKnown() {
    return this.#hello !== null && this.rooms.length > 0 && !this.isListing;
  }
  /** `true` while the server lists the user's rooms. */
  get isListing() {
    return this.#roomList.isPartial;
  }
  /** The listed rooms: the first ones of all, and those that were looked for. Null before any is. */
  get directory() {
    return this.#directory.rooms;
  }
  /** `true` if there are rooms that are not listed, or not yet. */
  get isDirectoryPartial() {
    return this.#directory.isPartial;
  }
  /** The reason why rooms could not be listed last. */
  get directoryError() {
    return this.#directory.error;
  }
  get people() {
    return this.#people;
  }
  get unread() {
    return this.#unread;
  }
  get unreadMentions() {
    return this.#unreadMentions;
  }
  get postingError() {
    return this.#postingError;
  }
  /** The posts in all rooms that the server has not acknowledged yet. */
  get sending() {
    return this.#sending;
  }
  get textBytes() {
    return this.#hello?.limits.text_bytes;
  }

  room(id: RoomId): RoomState | undefined {
    return this.#roomList.find(id);
  }

  /** Returns whether the user is in a room. One that they have left stays here while it has posts that were not sent. */
  isIn(id: RoomId): boolean {
    return this.room(id)?.joined === true;
  }

  /** Returns the current name of a member, if this device knows it. */
  knownName(member: MemberId, room?: RoomState): Name | undefined {
    return this.#presence.get(member)?.name ?? room?.nameOf(member);
  }

  /** Returns a name for any member: if it is not known, the beginning of the key. */
  nameOf(member: MemberId, room?: RoomState): Name {
    const ownName = member === this.me ? this.#listener.ownName : undefined;
    return this.knownName(member, room) ?? ownName ?? member.slice(0, 8);
  }

  /** Returns all known people: those online, and the members of the rooms that have been opened. */
  allPeople(): Person[] {
    const all = new Map(this.#presence);
    for (const { id, name, left } of this.rooms.flatMap(({ members }) => members))
      if (!left && !all.has(id)) all.set(id, { id, name, availability: "offline" });
    return [...all.values()];
  }

  /** Returns whether a member is here, or null without a connection, when it is not known. */
  presenceOf(member: MemberId): Availability | null {
    if (this.#connection.state !== "online") return null;
    return this.#presence.get(member)?.availability ?? "offline";
  }

  setKnown(known: KnownServer): void {
    this.#known = known;
  }

  /** Forgets what this device remembers of the server. */
  forget(): void {
    this.#storage.set(rememberedKey(this.id), null);
    for (const room of this.rooms) room.forget();
  }

  /** Connects now, instead of at the next attempt, because the user asks for it. */
  reconnect(): void {
    this.#backend.reconnect(this.id);
  }

  /** Connects soon if the connection is lost, because the user writes. */
  hurry(): void {
    const now = performance.now();
    if (this.#connection.state !== "reconnecting" || now - this.#hurriedAt < hurryIntervalMs) return;
    this.#hurriedAt = now;
    this.#backend.hurry(this.id);
  }

  /** Passes a command to the back end. A rejection has already been shown to the user. */
  async command(command: Command): Promise<void> {
    if (command.command === "send" || command.command === "retry") this.hurry();
    try {
      await this.#backend.command(this.id, wellFormed(command));
    } catch (error) {
      this.#listener.showError(errorMessage(error));
      throw error;
    }
  }

  /**
   * Requests the list of all rooms, or the rooms that have a text in their names or topics. A failure is not shown to the user:
   * it is the `directoryError`.
   */
  browse(query = ""): void {
    this.#directory.request(query);
  }

  /** Returns whether a room that has this text in its name, topic or address would be listed. */
  hasLookedFor(query: string): boolean {
    return this.#directory.hasLookedFor(query);
  }

  /** Requests the list of all rooms, unless it is there: a text may name one that the user is not in. */
  loadDirectory(): void {
    if (this.#connection.state === "online") this.#directory.load();
  }

  /** Creates a room. Resolves when the user is in it. A rejection is not shown to the user. */
  async create(name: Name, topic: string): Promise<RoomId> {
    const room = newId();
    const command: Command = { command: "create", room, name, ...(topic ? { topic } : {}) };
    const created = this.#creations.wait(room);
    this.#backend
      .command(this.id, wellFormed(command))
      .catch((error: unknown) => this.#creations.refuse(room, errorMessage(error)));
    await created;
    return room;
  }

  apply(update: Update): void {
    switch (update.update) {
      case "connection":
        return this.#setConnection(update);
      case "hello":
        return this.#setHello(update);
      case "rooms":
        return this.#setRooms(update);
      case "directory":
        return this.#directory.add(update);
      case "entries":
        return this.#onEntries(update);
      case "reset":
        return this.room(update.room)?.reset();
      case "outbox":
        return this.#setOutbox(update);
      case "members":
        return this.room(update.room)?.setMembers(update.members, update.partial);
      case "presence":
        this.#people = update.people;
        return;
      case "typing":
        return this.room(update.room)?.setTyping(update.members);
      case "refused":
        return this.#onRefused(update);
    }
  }

  #setHello(hello: Hello): void {
    this.#hello = hello;
    this.#roomList.onHello();
    this.#creations.onRooms(hello.rooms);
    if (this.#connection.state !== "online") this.#creations.onReconnected();
    this.clock.set(hello.now);
    const remembered: Remembered = { me: hello.me, lobby: hello.lobby };
    this.#storage.set(rememberedKey(this.id), JSON.stringify(remembered));
  }

  #setConnection(connection: ConnectionStatus & { update?: string }): void {
    const previous = this.#connection.state;
    this.#connection = connection;
    if (connection.state !== "online") {
      this.#postingError = null;
      this.#directory.onDisconnected();
    }
    const [isOnline, wasOnline] = [connection.state === "online", previous === "online"];
    if (isOnline && !wasOnline) for (const { log } of this.rooms) log.onReconnected();
    if (!isOnline && wasOnline) for (const { log } of this.rooms) log.onDisconnected();
  }

  #setRooms({ rooms, partial }: Update & { update: "rooms" }): void {
    const lost = this.#roomList.set(rooms, partial);
    this.#creations.onRooms(rooms);
    if (!partial) this.#creations.refuseLost(strings.rooms.notCreated);
    for (const room of lost) this.#listener.onRoomLost(this, room);
  }

  #onEntries(update: Update & { update: "entries" }): void {
    // One of this device's posts was accepted.
    if (update.entries.some(({ author, device }) => author === this.me && device === this.#hello?.device))
      this.#postingError = null;
    const room = this.room(update.room);
    if (!room) return;
    this.clock.observe(update.entries.at(-1)?.at ?? 0);
    const news = room.apply(update.entries, update.later ?? [], update.head);
    const added = news.filter((entry) => countsAsUnreadFor(entry, this.me));
    if (added.length > 0) this.#listener.onNewMessages(this, room, added);
  }

  #setOutbox(update: Update & { update: "outbox" }): void {
    this.#roomList.setOutbox(update);
    if (this.#sending.length === 0) this.#postingError = null;
  }

  /**
   * Handles a refusal. What was refused shows its error itself in most cases. A transient error of a post blocks all posts.
   */
  #onRefused({ event, room, id, error }: Update & { update: "refused" }): void {
    if (event === "history" && room !== undefined) return this.room(room)?.log.onRefused(error, id);
    if (event === "create" && this.#creations.refuse(room, error.message)) return;
    if (event === "rooms") this.#directory.refuse(error.message);
    else if (event === "post" && isTransient(error.code)) this.#postingError = error;
    else if (event === "storage") this.#listener.onStorageFailure(error.message);
    else if (event !== "post" && event !== "typing") this.#listener.showError(error.message);
    if (event === "join" && room !== undefined) this.#listener.onJoinRefused(this, room);
  }
}

const rememberedKey = (server: ServerId) => `server:${server}`;

function parseRemembered(text: string | null): Partial<Remembered> {
  try {
    return (JSON.parse(text ?? "{}") ?? {}) as Partial<Remembered>;
  } catch {
    return {};
  }
}
