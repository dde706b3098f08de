import type { RoomId } from "../backend/protocol";

interface Waiting {
  onListed: () => void;
  onRefused: (reason: Error) => void;
}

/** The rooms that the user is creating, until the server has listed or refused them. */
export class RoomCreations {
  readonly #waiting = new Map<RoomId, Waiting>();

  /** Resolves when the room is listed. Rejects with the reason if it is refused. */
  wait(room: RoomId): Promise<void> {
    return new Promise((onListed, onRefused) => this.#waiting.set(room, { onListed, onRefused }));
  }

  /** Takes over the list of the user's rooms. */
  onRooms(rooms: Iterable<{ id: RoomId }>): void {
    for (const { id } of rooms) {
      this.#waiting.get(id)?.onListed();
      this.#waiting.delete(id);
    }
  }

  /** Ends the creation of a room with the reason why there is none. Returns `false` if the room was not being created. */
  refuse(room: RoomId | undefined, reason: string): boolean {
    const waiting = room === undefined ? undefined : this.#waiting.get(room);
    if (room === undefined || !waiting) return false;
    this.#waiting.delete(room);
    waiting.onRefused(new Error(reason));
    return true;
  }

  /** Ends the creation of all rooms. */
  refuseAll(reason: string): void {
    for (const room of [...this.#waiting.keys()]) this.refuse(room, reason);
  }
}
