import type { RoomId } from "../backend/protocol";

/** The end of a creation that is waited for. */
interface PendingCreation {
  onListed: () => void;
  onRefused: (reason: Error) => void;
}

/** The rooms that the user is creating, until the server has listed or refused them. */
export class RoomCreations {
  readonly #pending = new Map<RoomId, PendingCreation>();
  /** The rooms whose request may have been lost with the connection. */
  #unanswered: readonly RoomId[] = [];

  /** Resolves when the room is listed. Rejects with the reason if it is refused. */
  wait(room: RoomId): Promise<void> {
    return new Promise((onListed, onRefused) => this.#pending.set(room, { onListed, onRefused }));
  }

  /** Takes over the list of the user's rooms. */
  onRooms(rooms: Iterable<{ id: RoomId }>): void {
    for (const { id } of rooms) {
      this.#pending.get(id)?.onListed();
      this.#pending.delete(id);
    }
  }

  /** Ends the creation of a room with the reason why there is none. Returns `false` if the room was not being created. */
  refuse(room: RoomId | undefined, reason: string): boolean {
    const creation = room === undefined ? undefined : this.#pending.get(room);
    if (room === undefined || !creation) return false;
    this.#pending.delete(room);
    creation.onRefused(new Error(reason));
    return true;
  }

  /** Records that no request which was made before is answered any more. */
  onReconnected(): void {
    this.#unanswered = [...this.#pending.keys()];
  }

  /** Ends the creation of the rooms that were lost with a connection, once all rooms are listed and they are not among them. */
  refuseLost(reason: string): void {
    for (const room of this.#unanswered) this.refuse(room, reason);
    this.#unanswered = [];
  }
}
