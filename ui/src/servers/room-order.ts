import type { RoomId, RoomSummary } from "../backend/protocol";
import { compareNames } from "../shared/compare-names";

/** The order of a server's rooms: the lobby first, then by name. */
export class RoomOrder {
  /** The names of the rooms that were sorted last. */
  #names = new Map<RoomId, string>();
  #lobby: RoomId | null = null;
  #sorted: readonly RoomId[] = [];

  /** Returns the rooms in order. Those of one name keep theirs. The same names as the last time aren't compared again. */
  sort(rooms: readonly RoomSummary[], lobby: RoomId | null): readonly RoomSummary[] {
    const isKnown =
      lobby === this.#lobby &&
      rooms.length === this.#names.size &&
      rooms.every(({ id, name }) => this.#names.get(id) === name);
    if (!isKnown) this.#compare(rooms, lobby);
    const byId = new Map(rooms.map((room) => [room.id, room]));
    return this.#sorted.flatMap((id) => byId.get(id) ?? []);
  }

  #compare(rooms: readonly RoomSummary[], lobby: RoomId | null): void {
    const rank = ({ id }: RoomSummary) => (id === lobby ? 0 : 1);
    const sorted = rooms.toSorted((a, b) => rank(a) - rank(b) || compareNames(a.name, b.name));
    this.#sorted = sorted.map(({ id }) => id);
    this.#names = new Map(rooms.map(({ id, name }) => [id, name]));
    this.#lobby = lobby;
  }
}
