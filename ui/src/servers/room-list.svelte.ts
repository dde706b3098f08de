import type { RoomId, RoomSummary } from "../backend/protocol";
import type { Update } from "../backend/session-types";
import { isRoomChange } from "../rooms/outbox.svelte";
import { RoomState, type RoomContext } from "../rooms/room-state.svelte";
import { strings } from "../shared/strings";
import { RoomOrder } from "./room-order";

/** The rooms of a server: those that the user is in, followed by those that they have left but that have unsent posts. */
export class RoomList {
  readonly #context: RoomContext;
  readonly #showError: (message: string) => void;
  #rooms: readonly RoomState[] = $state.raw([]);
  readonly #byId = $derived(new Map(this.#rooms.map((room) => [room.id, room])));
  readonly #lobby: () => RoomId | null;
  readonly #order = new RoomOrder();
  /** The outboxes of rooms that are not known yet. */
  readonly #unassignedOutboxes = new Map<RoomId, Update & { update: "outbox" }>();
  /** `true` from the server's first hello on. Before that, the list is what this device has stored. */
  #hadHello = false;
  /** `true` from the server's hello until it has listed all rooms of the user. */
  #isPartial = $state(false);

  constructor(context: RoomContext, lobby: () => RoomId | null, showError: (message: string) => void) {
    this.#context = context;
    this.#lobby = lobby;
    this.#showError = showError;
  }

  get rooms() {
    return this.#rooms;
  }

  find(id: RoomId): RoomState | undefined {
    return this.#byId.get(id);
  }

  /** `true` while the server has not listed all rooms of the user since its last hello. */
  get isPartial() {
    return this.#isPartial;
  }

  /** Handles the server's hello. The lists that come with it show which rooms were lost meanwhile. */
  onHello(): void {
    this.#hadHello = true;
    this.#isPartial = true;
  }

  /**
   * Sets the rooms that the user is in. Returns those that were lost: they are missing when the server has listed all rooms for the
   * first time since its hello.
   */
  set(summaries: readonly RoomSummary[], partial = false): readonly RoomState[] {
    const joined = this.#order.sort(summaries, this.#lobby()).map((summary) => {
      const room = this.find(summary.id);
      room?.setSummary(summary);
      return room ?? new RoomState(summary, this.#context);
    });
    const kept = new Set(joined);
    const others = this.#rooms.filter((room) => !kept.has(room));
    const lost = this.#isPartial ? others.filter((room) => room.joined) : [];
    this.#isPartial &&= partial;
    for (const room of others) room.markNotJoined();
    if (this.#hadHello) for (const room of joined) room.startNews();
    this.#rooms = [...joined, ...others];
    this.#assignOutboxes();
    return lost;
  }

  /** Sets the outbox of a room, which may not be known yet. */
  setOutbox(update: Update & { update: "outbox" }): void {
    this.#unassignedOutboxes.set(update.room, update);
    this.#assignOutboxes();
  }

  /**
   * Moves outboxes into their rooms. After the server's hello, an outbox of a room that the user is not in gets a room of
   * its own, so that its posts are visible.
   */
  #assignOutboxes(): void {
    for (const [id, { items, merged }] of this.#unassignedOutboxes) {
      const room = this.find(id) ?? (this.#hadHello && items.length > 0 ? this.#addNotJoined(id) : undefined);
      if (!room && items.length > 0) continue;
      this.#unassignedOutboxes.delete(id);
      room?.outbox.set(items, merged);
      if (room) this.#discardRefusedChanges(room);
    }
    this.#rooms = this.#rooms.filter((room) => room.joined || !room.outbox.isEmpty);
  }

  #addNotJoined(id: RoomId): RoomState {
    const head = { epoch: "", seq: 0 };
    const summary = {
      id,
      name: strings.rooms.notJoined,
      topic: "",
      members: 0,
      head,
      joined: false,
      read: 0,
      unread: 0,
    };
    const room = new RoomState(summary, this.#context);
    this.#rooms = [...this.#rooms, room];
    return room;
  }

  /** Discards refused changes of a room, and of messages that aren't there, and shows their errors: no row could do so. */
  #discardRefusedChanges(room: RoomState): void {
    for (const error of room.discardOrphanedChanges()) this.#showError(error);
    for (const { id, body, state } of room.outbox.failed) {
      if (state.state !== "failed" || !isRoomChange(body)) continue;
      this.#showError(state.error.message);
      room.discard(id);
    }
  }
}
