import type { RoomId, Seq, ServerId } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import type { KeyValueStorage } from "../shared/storage";
import { strings } from "../shared/strings";
import { addressOf, type Place, placeOf } from "./place";

/** The key under which the place that was open last is stored. */
const lastPlaceKey = "place";

/** The part of the interface that its navigation uses. */
interface NavigationContext {
  servers(): readonly ServerState[];
  /** `true` if addresses name the server. */
  hasSeveralServers: boolean;
  /** Returns whether rooms are hidden, because the user has not chosen a name yet. */
  isHidden(): boolean;
  onOpen(server: ServerState, room: RoomState): void;
  showError(text: string): void;
  storage: KeyValueStorage;
}

/** The room that the user has chosen, or the lobby. It may not be known yet. */
interface Selection {
  server: ServerId | null;
  room: RoomId | null;
  /** `true` if the room was addressed. One that doesn't exist is then reported instead of replaced by another. */
  addressed: boolean;
}

/** The open room and the place in it that has an address. Opens and closes rooms. */
export class Navigation {
  readonly #context: NavigationContext;
  #selection: Selection = $state.raw({ server: null, room: null, addressed: false });
  #addressedMessage: Seq | null = $state(null);
  /** The room that was open when one was chosen that isn't known yet, because the user joins it. */
  #origin: Selection | null = null;
  /** The message that the selected room is to show as soon as it is open. */
  #destination: { seq: Seq; quiet: boolean } | null = null;
  /** The room that `RoomState.open()` was last called for, so that it can be closed. */
  #openRoom: RoomState | undefined = $state.raw();

  /** The entry at the top of the viewport, or null at the present. */
  reading: Seq | null = null;
  /** Called before the user moves to another room or message. */
  beforeMove: () => void = () => undefined;

  readonly #server = $derived.by(() => {
    const servers = this.#context.servers();
    return servers.find(({ id }) => id === this.#selection.server) ?? servers[0];
  });
  readonly #room = $derived(this.#selectRoom());

  constructor(context: NavigationContext) {
    this.#context = context;
  }

  get server() {
    return this.#server;
  }
  get room() {
    return this.#room;
  }

  /** The message that the address names. */
  get addressedMessage(): Seq | null {
    return this.#addressedMessage;
  }

  /** The open place, or the addressed room that can't be found. */
  get place(): Place | null {
    const server = this.#server;
    const room = this.#room?.id ?? this.missingRoom;
    if (!server || !room || this.#context.isHidden()) return null;
    return { server: this.#context.hasSeveralServers ? server.id : null, room, seq: this.#addressedMessage };
  }

  /** The addressed room, if the user is not in it or there is none. */
  get missingRoom(): RoomId | null {
    const { room, addressed } = this.#selection;
    if (!room || !addressed || !this.#server?.isKnown || this.#server.room(room)) return null;
    return room;
  }

  exists({ server, room }: Place): boolean {
    const servers = this.#context.servers();
    const found = server === null ? servers[0] : servers.find(({ id }) => id === server);
    return found?.room(room) !== undefined;
  }

  /** Opens a room, by default the lobby. */
  open(server: ServerId, room: RoomId | null): void {
    this.beforeMove();
    const chosen = { server, room, addressed: false };
    const origin = room === null || this.exists({ server, room, seq: null }) ? null : this.#openSelection();
    this.#select(chosen, null);
    this.#origin = origin;
    this.update();
  }

  /** Goes back to where the user was, if the room that they chose last is one that they can't join. */
  onJoinRefused(server: ServerId, room: RoomId): void {
    const { server: chosenServer, room: chosenRoom, addressed } = this.#selection;
    if (addressed || chosenServer !== server || chosenRoom !== room || this.exists({ server, room, seq: null })) return;
    this.#select(this.#origin ?? { server, room: null, addressed: false }, null);
    this.update();
  }

  /** Opens a place by its address, at what was being read there, or else at the addressed message. */
  show({ server, room, seq }: Place, reading: Seq | null = null): void {
    const wasOpen = this.#openRoom?.id === room && (server === null || this.#server?.id === server);
    this.#select({ server, room, addressed: true }, seq);
    if (reading !== null) this.#destination = { seq: reading, quiet: true };
    else if (seq !== null) this.#destination = { seq, quiet: false };
    if (wasOpen && this.#destination === null) this.#openRoom?.log.jumpToPresent();
    this.update();
  }

  /** Selects the place that was open last on this device, unless there was none. */
  restore(): void {
    const place = placeOf(this.#context.storage.get(lastPlaceKey) ?? "");
    if (place) this.#select({ ...place, addressed: false }, null);
  }

  /** Reports the open room as missing, instead of replacing it by another, if the server doesn't list it any more. */
  onRoomLost(server: ServerId, room: RoomState): void {
    if (room === this.#openRoom) this.#select({ server, room: room.id, addressed: true }, null);
  }

  /** Makes the address name a message that is shown, or none. */
  setAddressedMessage(seq: Seq | null): void {
    this.#addressedMessage = seq;
  }

  /** Opens and closes rooms after the selected room may have changed, and jumps to the addressed message. */
  update(): void {
    this.#openSelectedRoom();
    const [room, destination] = [this.#openRoom, this.#destination];
    if (!room || !destination || room.id !== this.#selection.room) return;
    this.#destination = null;
    if (destination.seq > room.log.head && !destination.quiet) this.#context.showError(strings.chat.notFound);
    room.log.jumpTo({ to: "message", seq: destination.seq, quiet: destination.quiet });
  }

  #select(selection: Selection, seq: Seq | null): void {
    this.#selection = selection;
    this.#addressedMessage = seq;
    this.#destination = null;
    this.#origin = null;
  }

  #openSelection(): Selection | null {
    const [server, room] = [this.#server, this.#openRoom];
    return server && room ? { server: server.id, room: room.id, addressed: false } : null;
  }

  #selectRoom(): RoomState | undefined {
    const server = this.#server;
    if (!server || this.missingRoom !== null) return undefined;
    const { server: selected, room } = this.#selection;
    const chosen = selected === null || selected === server.id ? room : null;
    if (chosen !== null) {
      const found = server.room(chosen);
      if (found) return found;
      // A room that was just created or joined arrives in a moment.
      if (this.#openRoom && server.rooms.includes(this.#openRoom)) return this.#openRoom;
      if (server.isListing) return undefined;
    }
    return (server.lobby !== null ? server.room(server.lobby) : undefined) ?? server.rooms[0];
  }

  #openSelectedRoom(): void {
    const open = this.#context.isHidden() ? undefined : this.#room;
    const selection = this.#selection;
    if (open && open.id === selection.room && selection.addressed) this.#selection = { ...selection, addressed: false };
    if (open === this.#openRoom) return;
    this.#openRoom?.close();
    this.#openRoom = open;
    if (!open || !this.#server) return;
    open.open();
    this.#context.onOpen(this.#server, open);
    if (open.id !== selection.room) this.#addressedMessage = null;
    const { place } = this;
    if (place) this.#context.storage.set(lastPlaceKey, addressOf({ ...place, seq: null }));
  }
}
