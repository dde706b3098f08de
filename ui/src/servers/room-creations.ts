import type { RoomId } from "../backend/protocol";

/** The end of a creation that is waited for. */
interface PendingCreation {
  onListed: () => void;
  onRefused: (reason: Error) => void;
}

/** The rooms that the user is creating, until the server has listed or refused them. */
export class RoomCreations {
  readonly #pending = new Map<RoomId, PendingCreation>();

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

  /** Ends the creation of all rooms. */
  refuseAll(reason: string): void {
    for (const room of [...this.#pending.keys()]) this.refuse(room, reason);
  }
}
